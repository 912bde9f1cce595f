"""Charter files and enrolment requests (chapter 5)."""

import datetime
import re
import unicodedata

from . import ed25519, strict_json
from .record import is_name
from .refusal import Refused, demand
from .tree import sha256

REQUIRED = object()
ABSENT = object()
SCHEMA = 1

LIMITS = {
    "record_payload_bytes_max": (1048576, 1024, 1048576),
    "change_operations_max": (10000, 1, 1000000),
    "fork_branches_max": (8, 2, 64),
    "clock_skew_ms_max": (300000, 0, 86400000),
    "heartbeat_interval_s": (60, 1, 86400),
    "log_witnesses": (5, 0, 100),
    "disclosure_cosignatures": (3, 0, 100),
    "erasure_waiting_days": (30, 1, 3650),
}
KINDS = {"province", "ministry", "national-authority", "agency", "other"}


# Forms of text and values. Each function checks a value and gives it back.


def string(value):
    demand(isinstance(value, str), "wrong-type", "a text is due")
    return value


def human(value):
    string(value)
    hidden = any(
        unicodedata.category(c) == "Cc" or c in "\u061c\u200e\u200f"
        or "\u202a" <= c <= "\u202e" or "\u2066" <= c <= "\u2069"
        for c in value
    )
    demand(1 <= len(value) <= 200 and not hidden and value == value.strip(), "bad-text", value)
    return value


def printable(least, most):
    def check(value):
        sound = least <= len(string(value)) <= most and all("!" <= c <= "~" for c in value)
        demand(sound, "bad-text", value)
        return value

    return check


code = printable(1, 64)


def address(value):
    printable(2, 255)(value)
    demand(value.startswith("/"), "bad-text", value)
    return value


def url(value):
    printable(1, 1024)(value)
    demand(re.match(r"https?://.", value), "bad-text", value)
    return value


def name(value):
    demand(is_name(string(value)), "bad-name", value)
    return value


def hexadecimal(length, reason):
    def check(value):
        demand(re.fullmatch(f"[0-9a-f]{{{length}}}", string(value)), reason, value)
        return bytes.fromhex(value)

    return check


digest = hexadecimal(64, "bad-text")
raw_key = hexadecimal(64, "bad-key")
signature = hexadecimal(128, "bad-text")


def key(value):
    data = raw_key(value)
    try:
        ed25519.check_key(data)
    except Refused as refused:
        raise Refused("bad-key", str(refused)) from None
    return data


def day(value):
    demand(re.fullmatch(r"\d{4}-\d\d-\d\d", string(value), re.ASCII), "bad-text", value)
    try:
        # The calendar repeats after 400 years; Python's begins with year 1.
        year = int(value[:4]) or 400
        datetime.date(year, int(value[5:7]), int(value[8:]))
    except ValueError:
        raise Refused("bad-text", value) from None
    return value


def boolean(value):
    demand(isinstance(value, bool), "wrong-type", "true or false is due")
    return value


def integer(least, most):
    def check(value):
        demand(isinstance(value, strict_json.Number), "wrong-type", "a number is due")
        whole = re.fullmatch(r"-?[0-9]+", value.literal) and value.literal != "-0"
        demand(whole and abs(int(value.literal)) < 1 << 53, "not-an-integer", value.literal)
        demand(least <= int(value.literal) <= most, "out-of-range", value.literal)
        return int(value.literal)

    return check


def list_of(form, most, distinct=True):
    def check(value):
        demand(isinstance(value, list), "wrong-type", "an array is due")
        demand(len(value) <= most, "too-many")
        items = [form(item) for item in value]
        demand(not distinct or len(set(items)) == len(items), "listed-twice")
        return items

    return check


def map_of(key_form, form):
    def check(value):
        demand(isinstance(value, dict), "wrong-type", "an object is due")
        return {key_form(k): form(v) for k, v in value.items()}

    return check


def members(**forms):
    """An object of these members: name=(form, default)."""

    def check(value):
        demand(isinstance(value, dict), "wrong-type", "an object is due")
        for found in value:
            demand(found in forms, "unknown-member", found)
        out = {}
        for member, (form, default) in forms.items():
            if member in value:
                out[member] = form(value[member])
            else:
                demand(default is not REQUIRED, "missing", member)
                out[member] = default
        return out

    return check


def one_of(values):
    def check(value):
        demand(string(value) in values, "bad-text", value)
        return value

    return check


def reserved(empty):
    def check(value):
        demand(isinstance(value, type(empty)), "wrong-type")
        demand(not value, "not-known-here", "a place that this edition reserves")
        return value

    return check


def party(value):
    """An entry of a scope's readers or writers."""
    name(string(value).removeprefix("group:"))
    return value


UINT32 = (1 << 32) - 1
GOVERNORS = members(
    threshold=(integer(1, UINT32), REQUIRED), keys=(map_of(key, human), REQUIRED)
)
NAMES = members(vi=(human, REQUIRED), en=(human, REQUIRED))
ALIAS = members(
    scheme=(code, REQUIRED), code=(code, REQUIRED), **{"from": (day, REQUIRED)}, until=(day, ABSENT)
)
NODE = members(
    name=(name, REQUIRED), author=(key, REQUIRED), transport=(key, REQUIRED),
    addresses=(list_of(address, 16), []), relay=(boolean, False),
)
MEMBER = members(
    names=(NAMES, REQUIRED), kind=(one_of(KINDS), REQUIRED),
    aliases=(list_of(ALIAS, 1000, distinct=False), []),
    nodes=(list_of(NODE, 1000, distinct=False), []), public_url=(url, ABSENT),
)
PARTIES = (list_of(party, 10000), REQUIRED)
SCOPE = members(readers=PARTIES, writers=PARTIES)
SIGNED = members(
    format=(integer(1, 1), REQUIRED), version=(integer(1, UINT32), REQUIRED),
    federation_name=(human, REQUIRED), federation=(digest, ABSENT), previous=(digest, ABSENT),
    issued=(code, ABSENT), governors=(GOVERNORS, REQUIRED),
    members=(map_of(name, MEMBER), REQUIRED),
    groups=(map_of(name, list_of(name, 10000)), {}),
    scopes=(map_of(name, SCOPE), REQUIRED),
    limits=(members(**{n: (integer(low, top), d) for n, (d, low, top) in LIMITS.items()}),
            {n: d for n, (d, _, _) in LIMITS.items()}),
    schema_floor=(integer(1, UINT32), 1), ended_keys=(reserved([]), []),
    successions=(reserved([]), []), siblings=(reserved([]), []), position_lists=(reserved({}), {}),
    disclosure_policies=(reserved([]), []),
)
SIGNATURE = members(key=(raw_key, REQUIRED), signature=(signature, REQUIRED))


def read_json(data, bytes_max):
    demand(len(data) <= bytes_max, "too-large")
    return strict_json.read(data, "not-json", "repeated-member")


def canonical(signed):
    """The canonical bytes of a value whose numbers were all found whole."""

    def whole(value):
        if isinstance(value, strict_json.Number):
            return int(value.literal)
        if isinstance(value, list):
            return [whole(item) for item in value]
        if isinstance(value, dict):
            return {k: whole(v) for k, v in value.items()}
        return value

    return strict_json.canonical(whole(signed)).encode()


def read_signed(value):
    """`signed` of format 1; of a later format nothing else can be read."""
    if isinstance(value, dict) and "format" in value:
        number = integer(1, UINT32)(value["format"])
        demand(number == 1, "not-known-here", "a later format")
    return SIGNED(value)


class Charter:
    """The first version of a charter, as a file says it; `verify` judges it."""

    def __init__(self, data):
        file = read_json(data, 8 << 20)
        envelope = members(
            signed=(read_signed, REQUIRED),
            signatures=(list_of(SIGNATURE, 1000, distinct=False), REQUIRED),
        )(file)
        self.canonical = canonical(file["signed"])
        self.hash = sha256(self.canonical)
        self.message = b"nguon-charter/v1\n" + self.canonical
        self.body, self.signatures = envelope["signed"], envelope["signatures"]
        signers = [each["key"] for each in self.signatures]
        demand(len(set(signers)) == len(signers), "listed-twice", "one key signs twice")
        self.check_alone()

    def check_alone(self):
        """The rest of step 1: what a part's own values must satisfy."""
        body = self.body
        demand(body["schema_floor"] <= SCHEMA, "not-known-here", "a later schema")
        for field in ("federation", "previous"):
            first, there = body["version"] == 1, body[field] is not ABSENT
            demand(not (first and there), "misplaced", field)
            demand(first or there, "missing", field)
        for member in body["members"].values():
            for alias in member["aliases"]:
                ends = alias["until"] is ABSENT or alias["from"] < alias["until"]
                demand(ends, "date-order")

    def check_between(self):
        """Step 2: the rules between parts."""
        body = self.body
        governors = body["governors"]
        demand(governors["threshold"] <= len(governors["keys"]), "bad-threshold")
        nodes = [node for m in body["members"].values() for node in m["nodes"]]
        keys = [*governors["keys"]]
        keys += [node[role] for node in nodes for role in ("author", "transport")]
        demand(len(set(keys)) == len(keys), "key-reused")
        for member in body["members"].values():
            names = [node["name"] for node in member["nodes"]]
            demand(len(set(names)) == len(names), "listed-twice", "a node's name")
        self.check_aliases()
        for group in body["groups"].values():
            demand(all(m in body["members"] for m in group), "no-such-member")
        self.scopes = {n: self.access(s) for n, s in body["scopes"].items()}
        self.check_scopes()

    def check_aliases(self):
        spans = {}
        for member in self.body["members"].values():
            for alias in member["aliases"]:
                until = "9999-99" if alias["until"] is ABSENT else alias["until"]
                same = spans.setdefault((alias["scheme"], alias["code"]), [])
                same.append((alias["from"], until))
        for same in spans.values():
            same.sort()
            apart = all(one[1] <= two[0] for one, two in zip(same, same[1:]))
            demand(apart, "alias-overlap")

    def access(self, scope):
        """Readers and writers with groups resolved."""

        def resolve(entries):
            found = set()
            for entry in entries:
                if entry.startswith("group:"):
                    group = self.body["groups"].get(entry[6:])
                    demand(group is not None, "no-such-group", entry)
                    found.update(group)
                else:
                    demand(entry in self.body["members"], "no-such-member", entry)
                    found.add(entry)
            return found

        return {role: resolve(scope[role]) for role in ("readers", "writers")}

    def check_scopes(self):
        for scope, access in self.scopes.items():
            demand(access["writers"] <= access["readers"], "writer-cannot-read", scope)
        demand("public" in self.scopes, "no-public-scope")
        for scope, access in self.scopes.items():
            if scope.startswith("with-"):
                partner = scope[5:]
                demand(partner in self.body["members"], "no-such-member", partner)
                demand(partner in access["readers"], "partner-cannot-read", scope)

    def verify(self, federation):
        """Steps 2 to 5, with the node pinned to `federation`."""
        self.check_between()
        demand(self.body["version"] == 1, "not-the-first")
        demand(self.hash == federation, "other-federation")
        governors = self.body["governors"]
        signed = [
            each for each in self.signatures
            if each["key"] in governors["keys"]
            and ed25519.holds(each["key"], self.message, each["signature"])
        ]
        demand(len(signed) >= governors["threshold"], "too-few-signatures")

    def author(self, author_key):
        """The member and node whose author key this is."""
        for member_id, member in self.body["members"].items():
            for node in member["nodes"]:
                if node["author"] == author_key:
                    return member_id, node["name"]
        return None

    def may_write(self, member_id, scope):
        return scope in self.scopes and member_id in self.scopes[scope]["writers"]


ENROLMENT = members(
    format=(integer(1, 1), REQUIRED), author=(key, REQUIRED), transport=(key, REQUIRED),
    node_name=(name, REQUIRED), addresses=(list_of(address, 16), []), public_url=(url, ABSENT),
    member=(name, ABSENT), names=(NAMES, ABSENT), kind=(one_of(KINDS), ABSENT),
)
PROOFS = members(author=(signature, REQUIRED), transport=(signature, REQUIRED))


class Enrolment:
    """An enrolment request (§5.5), verified."""

    def __init__(self, data):
        file = read_json(data, 64 << 10)
        envelope = members(signed=(ENROLMENT, REQUIRED), proofs=(PROOFS, REQUIRED))(file)
        self.signed, self.proofs = envelope["signed"], envelope["proofs"]
        self.canonical = canonical(file["signed"])
        self.message = b"nguon-enrolment/v1\n" + self.canonical
        demand(self.signed["author"] != self.signed["transport"], "key-reused")
        for role in ("author", "transport"):
            held = ed25519.holds(self.signed[role], self.message, self.proofs[role])
            demand(held, "bad-proof", role)
