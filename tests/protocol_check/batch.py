"""Batches as they travel (chapter 15)."""

from dataclasses import dataclass

from . import cbor, record, tree
from .refusal import Refused, demand

RECORDS_MAX = 8_192


def read_record(value):
    """The form, header and content of a record on the road."""
    demand(isinstance(value, list) and value, "malformed", "no record")
    if value[0] == 0:
        _, header = cbor.array(cbor.unsigned(), cbor.blob())(value)
        return 0, header, None
    form, header, salt, payload = cbor.array(
        cbor.unsigned(), cbor.blob(), cbor.blob(16), cbor.blob()
    )(value)
    demand(form in (1, 2), "malformed", "no known form")
    if form == 2:
        demand(not is_format_1(header), "malformed", "format 1 travels elided")
    return form, header, (salt, payload)


def is_format_1(header):
    try:
        return isinstance(record.read_header(header), record.Header)
    except Refused:
        return False


BATCH = cbor.array(
    cbor.blob(32), record.name, cbor.blob(16), cbor.unsigned(63),
    cbor.array_of(read_record, RECORDS_MAX, least=1), cbor.blob(32), cbor.blob(64),
)


def whole(form, header, content):
    """The whole header of a record, its content checked against it."""
    try:
        read = record.read_header(header, elided=form == 1)
        if form == 1:
            demand(isinstance(read, record.Header), "malformed")
            fields = {**vars(read), "commitment": record.commitment(*content)}
            read = record.Header(**fields)
            header = read.encode()
        record.check_content(read, content)
    except Refused as refused:
        raise Refused("record", str(refused)) from None
    return header


@dataclass
class Taken:
    """A batch taken in: its new records, and the checkpoint over all."""

    log: record.Log
    first: int
    new: list  # (record id, header, content)
    leaves: list  # of the whole log
    checkpoint: record.Checkpoint


def take(data, federation, held):
    """Takes a batch in where the log is held with the leaf hashes `held`."""
    author, scope, epoch, start, records, root, signature = BATCH(cbor.decode(data))
    log = record.Log(author, scope, epoch)
    whole_records = [(whole(*each), each[2]) for each in records]
    end = start + len(records)
    demand(start <= len(held), "gap")
    demand(end > len(held), "known")
    leaves, new = list(held), []
    for header, content in whole_records[len(held) - start :]:
        leaf = record.leaf_hash(log.digest(), len(leaves), header)
        leaves.append(leaf)
        new.append((leaf, header, content))
    demand(tree.root(leaves) == root, "root")
    checkpoint = record.Checkpoint(federation, log, end, root)
    checkpoint.check(signature)
    return Taken(log, len(held), new, leaves, checkpoint)


def write(log, start, records, root, signature):
    """The wire form of records given as (header, content)."""

    def put(header, content):
        read = record.read_header(header)
        if content is None:
            return [0, header]
        if isinstance(read, record.Header):
            return [1, read.encode(elided=True), *content]
        return [2, header, *content]

    listed = [put(*each) for each in records]
    return cbor.encode([log.author, log.scope, log.epoch, start, listed, root, signature])
