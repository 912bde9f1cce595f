"""Proof files and disclosures (chapters 12 and 13)."""

import base64
from dataclasses import dataclass

from . import cbor, record, tree
from .refusal import Refused, demand

MAGIC = "c2sp.org/tlog-proof@v1"
FILE_BYTES_MAX = 4_194_304


def read_shown(value):
    """The header and content of a record shown."""
    if isinstance(value, list) and len(value) == 1:
        return cbor.blob()(value[0]), None
    header, salt, payload = cbor.array(cbor.blob(), cbor.blob(16), cbor.blob())(value)
    return header, (salt, payload)


def write_shown(header, content):
    return [header, *content] if content else [header]


@dataclass
class Proof:
    federation: bytes
    log: record.Log
    index: int
    header: bytes
    content: tuple
    path: list
    size: int
    root: bytes
    signature: bytes

    def checkpoint(self):
        return record.Checkpoint(self.federation, self.log, self.size, self.root)

    def record_id(self):
        return record.leaf_hash(self.log.digest(), self.index, self.header)

    def verify(self):
        """Refuses unless the record is proved; gives its header."""
        header = check_shown(self.header, self.content)
        tree.check_inclusion(self.path, self.size, self.root, self.index, self.record_id())
        self.checkpoint().check(self.signature)
        return header

    def to_text(self):
        """The proof file."""
        extra = cbor.encode(write_shown(self.header, self.content))
        path = "".join(base64.b64encode(each).decode() + "\n" for each in self.path)
        note = self.checkpoint().note(self.signature)
        extra = base64.b64encode(extra).decode()
        return f"{MAGIC}\nextra {extra}\nindex {self.index}\n{path}\n{note}"


def check_shown(header_bytes, content):
    try:
        header = record.read_header(header_bytes)
        record.check_content(header, content)
    except Refused as refused:
        raise Refused("record", str(refused)) from None
    demand(isinstance(header, record.Header) or content is None, "unknown-format")
    return header


def read_file(text):
    """Reads a proof file."""
    demand(len(text.encode()) <= FILE_BYTES_MAX, "malformed", "the file is too long")
    head, blank, note = text.partition("\n\n")
    lines = head.split("\n")
    demand(blank and len(lines) >= 3 and lines[0] == MAGIC, "malformed", "no proof file")
    demand(lines[1].startswith("extra "), "malformed", "no line extra")
    header, content = read_shown(cbor.decode(record.from_base64(lines[1][6:])))
    demand(lines[2].startswith("index "), "malformed", "no line index")
    index = record.read_decimal(lines[2][6:])
    path = [record.from_base64(line) for line in lines[3:]]
    demand(all(len(each) == 32 for each in path), "malformed", "a hash has 32 bytes")
    checkpoint, signature = record.read_note(note)
    return Proof(
        checkpoint.federation, checkpoint.log, index, header, content, path,
        checkpoint.size, checkpoint.root, signature,
    )


PATH = cbor.array_of(cbor.blob(32), 64)
DISCLOSURE = cbor.array(
    cbor.unsigned(),
    cbor.array(
        cbor.blob(32), record.name, cbor.blob(16), cbor.unsigned(), read_shown, PATH,
        cbor.unsigned(), cbor.blob(32), cbor.blob(64),
    ),
    cbor.null_or(cbor.array(cbor.unsigned(), cbor.blob(32), cbor.array_of(cbor.blob(32), 128))),
    cbor.null_or(cbor.array(read_shown, PATH)),
    cbor.array_of(cbor.array(cbor.blob(32), cbor.unsigned(), cbor.blob(64)), 64),
)


@dataclass
class Disclosure:
    proof: Proof
    since: tuple
    opening: tuple
    cosignatures: list

    def encode(self):
        p = self.proof
        since = list(self.since) if self.since else None
        opening = [write_shown(*self.opening[0]), self.opening[1]] if self.opening else None
        shown = write_shown(p.header, p.content)
        proof = [p.log.author, p.log.scope, p.log.epoch, p.index, shown, p.path, p.size, p.root,
                 p.signature]
        return cbor.encode([1, proof, since, opening, self.cosignatures])

    def verify(self):
        demand((self.since is None) != (self.opening is None), "unanchored")
        if self.since:
            self.check_since(*self.since)
        else:
            self.check_opening(*self.opening)
        try:
            self.proof.verify()
        except Refused as refused:
            raise Refused("proof", str(refused)) from None

    def check_since(self, size, root, path):
        try:
            demand(size >= 1, "since")
            tree.check_consistency(path, size, root, self.proof.size, self.proof.root)
        except Refused as refused:
            raise Refused("since", str(refused)) from None

    def check_opening(self, shown, path):
        header_bytes, content = shown
        try:
            header = check_shown(header_bytes, content)
            demand(isinstance(header, record.Header) and header.kind == 0, "opening")
            demand(content is not None, "opening", "its content is missing")
            record.read_opening(content[1])
            leaf = record.leaf_hash(self.proof.log.digest(), 0, header_bytes)
            tree.check_inclusion(path, self.proof.size, self.proof.root, 0, leaf)
        except Refused as refused:
            raise Refused("opening", str(refused)) from None


def read_disclosure(payload, federation):
    number, proof, since, opening, cosignatures = DISCLOSURE(cbor.decode(payload))
    demand(number == 1, "malformed", "another form")
    author, scope, epoch, index, (header, content), path, size, root, signature = proof
    shown = Proof(
        federation, record.Log(author, scope, epoch), index, header, content, path, size, root,
        signature,
    )
    return Disclosure(shown, since, opening, cosignatures)
