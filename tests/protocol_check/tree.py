"""The Merkle tree of a log (chapter 8), by RFC 6962's own definitions."""

import hashlib

from .refusal import demand


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def node(left, right):
    return sha256(b"\x01", left, right)


def split(count):
    """The largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1


def root(leaves):
    """The root over leaf hashes (RFC 6962 §2.1)."""
    if not leaves:
        return sha256()
    if len(leaves) == 1:
        return leaves[0]
    half = split(len(leaves))
    return node(root(leaves[:half]), root(leaves[half:]))


def inclusion(leaves, index):
    """The path of a leaf (RFC 6962 §2.1.1)."""
    if len(leaves) == 1:
        return []
    half = split(len(leaves))
    if index < half:
        return inclusion(leaves[:half], index) + [root(leaves[half:])]
    return inclusion(leaves[half:], index - half) + [root(leaves[:half])]


def consistency(leaves, old):
    """The proof that the first `old` leaves are a prefix (RFC 6962 §2.1.2)."""

    def between(leaves, old, known):
        if old == len(leaves):
            return [] if known else [root(leaves)]
        half = split(len(leaves))
        if old <= half:
            return between(leaves[:half], old, known) + [root(leaves[half:])]
        return between(leaves[half:], old - half, False) + [root(leaves[:half])]

    return between(leaves, old, True) if old else []


def check_inclusion(path, size, root_hash, index, leaf):
    """Refuses unless the path leads from the leaf to the root."""
    demand(index < size and len(path) <= 64, "inclusion", "an index or path outside the tree")
    found = leaf
    last, rest = size - 1, list(path)
    while last:
        if index & 1:
            demand(rest, "inclusion", "the path is too short")
            found = node(rest.pop(0), found)
        elif index < last:
            demand(rest, "inclusion", "the path is too short")
            found = node(found, rest.pop(0))
        index, last = index >> 1, last >> 1
    demand(not rest and found == root_hash, "inclusion", "the path does not lead to the root")


def check_consistency(path, old, old_root, size, root_hash):
    """Refuses unless the old tree is a prefix of the new one."""
    demand(old <= size and len(path) <= 128, "consistency", "a larger old tree")
    if old == 0:
        demand(not path and old_root == sha256(), "consistency", "an empty tree with a past")
        return
    if old == size:
        demand(not path and old_root == root_hash, "consistency", "one size with two roots")
        return
    rest = list(path)

    def take():
        demand(rest, "consistency", "the path is too short")
        return rest.pop(0)

    index, last = old - 1, size - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    before = after = take() if index else old_root
    while last:
        if index & 1:
            left = take()
            before, after = node(left, before), node(left, after)
        elif index < last:
            after = node(after, take())
        index, last = index >> 1, last >> 1
    demand(not rest and before == old_root and after == root_hash, "consistency", "other roots")
