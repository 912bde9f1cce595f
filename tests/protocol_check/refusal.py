"""The one way in which everything here says no."""


class Refused(Exception):
    """What was read breaks a rule; `reason` is the class that vectors name."""

    def __init__(self, reason, detail="", pointer=None):
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.pointer = pointer


def demand(held, reason, detail=""):
    """Refuses for `reason` unless `held`."""
    if not held:
        raise Refused(reason, detail)
