"""Frames of the two streams (§16.5).

Of zstd (RFC 8878) only frames of raw and run-length blocks are unpacked here;
`Unpackable` tells of one that has compressed blocks.
"""

from .refusal import demand

LIMIT = 4_194_304
BODY_LIMIT = LIMIT - 5
MAGIC = bytes.fromhex("28b52ffd")


class Unpackable(Exception):
    """A zstd frame with compressed blocks: not for the standard library."""


def length(data, limit):
    number = int.from_bytes(data, "big")
    demand(number > 0, "empty-frame")
    demand(number <= limit, "oversized-frame")
    return number


def frames(stream):
    """The bodies of a stream's frames."""
    bodies = []
    while stream:
        demand(len(stream) >= 4, "truncated-frame")
        count = length(stream[:4], LIMIT)
        demand(len(stream) >= 4 + count, "truncated-frame")
        bodies.append(stream[4 : 4 + count])
        stream = stream[4 + count :]
    return bodies


def bulk(body):
    """What is inside a frame's body of the bulk stream."""
    demand(len(body) > 5, "no-data")
    codec, data = body[0], body[5:]
    demand(codec in (0, 1), "unknown-codec")
    declared = length(body[1:5], BODY_LIMIT)
    out = data if codec == 0 else unpack(data, declared)
    demand(len(out) == declared, "wrong-length")
    return out


def take(data, at, count):
    demand(at + count <= len(data), "not-compressed", "cut short")
    return data[at : at + count], at + count


def unpack(data, most):
    """The contents of exactly one zstd frame (RFC 8878 §3.1.1)."""
    demand(data[:4] == MAGIC and len(data) > 4, "not-compressed", "no zstd frame")
    descriptor = data[4]
    single = descriptor >> 5 & 1
    sized = (1 if single else 0, 2, 4, 8)[descriptor >> 6]
    header = (0 if single else 1) + (0, 1, 2, 4)[descriptor & 3]
    _, at = take(data, 5, header)
    size, at = take(data, at, sized)
    told = int.from_bytes(size, "little") + (256 if sized == 2 else 0)
    out, last = b"", False
    while not last:
        block, at = take(data, at, 3)
        block = int.from_bytes(block, "little")
        last, kind, count = block & 1, block >> 1 & 3, block >> 3
        if kind == 2:
            raise Unpackable
        demand(kind < 2, "not-compressed", "a reserved block")
        content, at = take(data, at, count if kind == 0 else 1)
        demand(len(out) + count <= most, "not-compressed", "more than declared")
        out += content * (count if kind == 1 else 1)
    at += 4 if descriptor >> 2 & 1 else 0
    demand(at == len(data), "not-compressed", "more than one frame, or cut short")
    demand(not sized or told == len(out), "not-compressed", "another size than the frame tells")
    return out
