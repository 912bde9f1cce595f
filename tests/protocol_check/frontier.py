"""Frontiers and the messages of the control stream (chapter 17)."""

from dataclasses import dataclass

from . import cbor
from .record import Log, is_name, name
from .refusal import demand
from .tree import sha256


@dataclass(frozen=True)
class Head:
    """How far a log is held."""

    log: Log
    size: int
    root: bytes


def order(log):
    """What logs are ordered by."""
    return log.author, log.scope.encode(), log.epoch


def root_of(heads):
    """The root that names a frontier (§17.2)."""
    entries = []
    for head in sorted(heads, key=lambda each: order(each.log)):
        log = head.log.to_bytes()
        entries.append(bytes([len(log)]) + log + head.size.to_bytes(8, "big") + head.root)
    return sha256(b"nguon/frontier/1\n", *entries)


# Packed lists (§17.3).


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


class Packed:
    """Steps through packed bytes."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def __bool__(self):
        return self.at < len(self.data)

    def take(self, count):
        demand(self.at + count <= len(self.data), "malformed", "a packed list ends early")
        self.at += count
        return self.data[self.at - count : self.at]

    def varint(self, least=0):
        number = shift = 0
        while True:
            byte = self.take(1)[0]
            number |= (byte & 127) << shift
            demand(number < 1 << 64, "malformed", "a varint beyond 64 bits")
            if byte < 128:
                demand(byte or not shift, "malformed", "a varint that is not shortest")
                demand(number >= least, "malformed", "a varint too small")
                return number
            shift += 7


def scopes_of(heads):
    return sorted({head.log.scope for head in heads})


def pack_logs(heads):
    """Packed entries, of heads in order."""
    table, authors = scopes_of(heads), {}
    for head in heads:
        scopes = authors.setdefault(head.log.author, {})
        scopes.setdefault(head.log.scope, []).append(head)
    out = b""
    for author, scopes in authors.items():
        out += author + varint(len(scopes))
        for scope, logs in scopes.items():
            out += varint(table.index(scope)) + varint(len(logs))
            for head in logs:
                out += head.log.epoch + varint(head.size) + head.root
    return out


def unpack_logs(data, table):
    packed, heads = Packed(data), []
    while packed:
        author = packed.take(32)
        for _ in range(packed.varint(1)):
            index = packed.varint()
            demand(index < len(table), "malformed", "a scope outside the table")
            for _ in range(packed.varint(1)):
                log = Log(author, table[index], packed.take(16))
                heads.append(Head(log, packed.varint(1), packed.take(32)))
    keys = [order(head.log) for head in heads]
    demand(all(a < b for a, b in zip(keys, keys[1:])), "malformed", "logs out of order")
    return heads


def pack_changes(changes):
    """Packed (position, increment) pairs."""
    out, following = b"", 0
    for position, increment in changes:
        out += varint(position - following) + varint(increment)
        following = position + 1
    return out


def unpack_changes(data):
    packed, changes, following = Packed(data), [], 0
    while packed:
        position = following + packed.varint()
        demand(position < 1 << 32, "malformed", "a position beyond 32 bits")
        changes.append((position, packed.varint(1)))
        following = position + 1
    return changes


# Messages.

CHARTER = cbor.array(cbor.unsigned(32), cbor.blob(8))
SCOPES = cbor.array_of(name, 1 << 18)


def read_log(value):
    data = cbor.blob()(value)
    demand(48 < len(data) <= 111, "malformed", "no log id")
    scope = data[48:].decode("ascii", "replace")
    demand(is_name(scope), "malformed", "no log id")
    return Log(data[:32], scope, data[32:48])


POSITIVE = cbor.unsigned(least=1)
DIGEST = cbor.blob(32)
SHAPES = {
    0: (CHARTER, DIGEST),
    1: (CHARTER, SCOPES, cbor.blob(), cbor.null_or(DIGEST)),
    2: (CHARTER, cbor.boolean, DIGEST, DIGEST, cbor.blob(), SCOPES, cbor.blob()),
    3: (),
    4: (DIGEST,),
    5: (read_log, cbor.unsigned()),
    6: (POSITIVE,),
    7: (read_log, POSITIVE),
}


def in_sync(charter, root):
    return cbor.encode([0, list(charter), root])


def full_map(charter, heads, root):
    return cbor.encode([1, list(charter), scopes_of(heads), pack_logs(heads), root])


def delta(charter, keep, baseline, heads):
    """What makes `heads` of the frontier `baseline`."""
    old = sorted(baseline, key=lambda each: order(each.log))
    sizes = {head.log: head.size for head in heads}
    grown = [(at, sizes[h.log] - h.size) for at, h in enumerate(old) if sizes[h.log] > h.size]
    known = {head.log for head in old}
    new = [head for head in heads if head.log not in known]
    return cbor.encode([
        2, list(charter), keep, root_of(old), root_of(heads), pack_changes(grown), scopes_of(new),
        pack_logs(new),
    ])


def decode(data):
    """A message's number and items, its packed lists unpacked."""
    demand(len(data) <= 4_194_304, "malformed", "too long")
    value = cbor.decode(data)
    demand(isinstance(value, list) and value, "malformed", "no array")
    number = cbor.unsigned()(value[0])
    demand(number in SHAPES, "malformed", "an unknown number")
    items = cbor.array(*SHAPES[number])(value[1:])
    if number == 1:
        items[1:3] = [read_table(items[1], items[2])]
    if number == 2:
        items[4:] = [unpack_changes(items[4]), read_table(items[5], items[6])]
    return number, items


def read_table(table, packed):
    heads = unpack_logs(packed, table)
    again = scopes_of(heads) == table and pack_logs(heads) == packed
    demand(again, "malformed", "another packing than the one")
    return heads
