"""Log ids, headers, contents, leaves, checkpoints and openings (chapters 4 to 9)."""

import base64
import binascii
import re
from dataclasses import dataclass

from . import cbor, ed25519
from .refusal import Refused, demand
from .tree import sha256

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
PAYLOAD_BYTES_MAX = 1_048_576
HEADER_BYTES_MAX = 65_536


def is_name(text):
    return NAME.fullmatch(text) is not None


def name(value):
    """The shape of a scope's name in CBOR."""
    demand(is_name(cbor.text(value)), "malformed", "no scope's name")
    return value


def from_base64(text):
    """Base64 in its one spelling."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise Refused("malformed", "no base64") from None
    demand(base64.b64encode(data).decode() == text, "malformed", "a second spelling of base64")
    return data


@dataclass(frozen=True)
class Log:
    """One author key's records in one scope and one epoch."""

    author: bytes
    scope: str
    epoch: bytes

    def to_bytes(self):
        return self.author + self.epoch + self.scope.encode()

    def digest(self):
        return sha256(self.to_bytes())

    def origin(self, federation):
        return f"nguon/{federation.hex()}/{self.author.hex()}/{self.scope}/{self.epoch.hex()}"


ORIGIN = re.compile(r"nguon/([0-9a-f]{64})/([0-9a-f]{64})/([^/]*)/([0-9a-f]{32})")


def read_origin(text):
    """The federation and log of an origin line."""
    found = ORIGIN.fullmatch(text)
    demand(found and is_name(found[3]), "malformed", "no origin line")
    federation, author, scope, epoch = found.groups()
    return bytes.fromhex(federation), Log(bytes.fromhex(author), scope, bytes.fromhex(epoch))


@dataclass(frozen=True)
class Header:
    """A header of format 1."""

    kind: int
    flags: int
    time: int
    charter_version: int
    charter_hash: bytes
    payload_len: int
    commitment: bytes
    subject: bytes

    def encode(self, elided=False):
        return cbor.encode([
            1, self.kind, self.flags, self.time, self.charter_version, self.charter_hash,
            self.payload_len, b"" if elided else self.commitment, self.subject,
        ])


def read_header(data, elided=False):
    """A header of format 1, or the number of a later format."""
    demand(len(data) <= HEADER_BYTES_MAX, "too-long")
    try:
        reader = cbor.Reader(data)
        major, _ = reader.head()
        demand(major == cbor.ARRAY, "no-format")
        major, number = reader.head()
        demand(major == cbor.UNSIGNED and number > 0, "no-format")
    except Refused:
        raise Refused("no-format") from None
    if number != 1:
        return number
    items = cbor.array(
        cbor.unsigned(), cbor.unsigned(16), cbor.unsigned(16), cbor.unsigned(64),
        cbor.unsigned(32), cbor.blob(8), cbor.unsigned(32), cbor.blob(0 if elided else 32),
        cbor.blob(),
    )(cbor.read(data))
    header = Header(*items[1:])
    demand(header.encode(elided) == data, "not-canonical")
    return header


def commitment(salt, payload):
    return sha256(salt, payload)


def check_content(header, content):
    """Refuses content that does not agree with its header (chapter 7)."""
    if content is None:
        return
    salt, payload = content
    demand(len(payload) <= PAYLOAD_BYTES_MAX, "record", "the payload is too long")
    if isinstance(header, Header):
        demand(len(payload) == header.payload_len, "record", "the payload has another length")
        demand(commitment(salt, payload) == header.commitment, "record", "another payload")


def leaf_hash(log_digest, index, header):
    return sha256(b"\x00", log_digest, index.to_bytes(8, "big"), header)


@dataclass(frozen=True)
class Checkpoint:
    federation: bytes
    log: Log
    size: int
    root: bytes

    def text(self):
        root = base64.b64encode(self.root).decode()
        return f"{self.log.origin(self.federation)}\n{self.size}\n{root}\n"

    def check(self, signature):
        """Refuses unless the log's author signed it."""
        held = ed25519.holds(self.log.author, self.text().encode(), signature)
        demand(held, "signature")

    def key_id(self):
        origin = self.log.origin(self.federation).encode()
        return sha256(origin, b"\n\x01", self.log.author)[:4]

    def note(self, signature):
        """The checkpoint as a signed note."""
        line = base64.b64encode(self.key_id() + signature).decode()
        return f"{self.text()}\n— {self.log.origin(self.federation)} {line}\n"


def read_checkpoint(text):
    lines = text.split("\n")
    demand(len(lines) == 4 and lines[3] == "", "malformed", "a checkpoint has three lines")
    federation, log = read_origin(lines[0])
    size = read_decimal(lines[1])
    root = from_base64(lines[2])
    demand(len(root) == 32, "malformed", "a root has 32 bytes")
    return Checkpoint(federation, log, size, root)


def read_decimal(text):
    demand(re.fullmatch(r"0|[1-9][0-9]{0,19}", text), "malformed", "no number")
    demand(int(text) < 1 << 64, "malformed", "a number beyond 64 bits")
    return int(text)


def read_note(note):
    """The checkpoint and the author's signature of a signed note."""
    body, blank, lines = note.rpartition("\n\n")
    demand(blank and lines.endswith("\n"), "malformed", "no signed note")
    signatures = []
    for line in lines[:-1].split("\n"):
        found = re.fullmatch(r"— ([^\s+]+) ([^ ]*)", line)
        demand(found and len(signatures) < 64, "malformed", "no signature line")
        data = from_base64(found[2])
        demand(len(data) >= 4, "malformed", "no key id")
        signatures.append((found[1], data))
    checkpoint = read_checkpoint(body + "\n")
    origin = checkpoint.log.origin(checkpoint.federation)
    for key_name, data in signatures:
        if key_name == origin and data[:4] == checkpoint.key_id() and len(data) == 68:
            return checkpoint, data[4:]
    raise Refused("malformed", "the author's signature line is missing")


PARENT = cbor.array(cbor.blob(32), cbor.blob(16), cbor.unsigned(least=1), cbor.blob(32))


def read_opening(payload):
    """The parents that an opening names (§9.2)."""
    parents = [tuple(p) for p in cbor.array_of(PARENT, 4_096)(cbor.decode(payload))]
    ascending = all(a < b for a, b in zip(parents, parents[1:]))
    demand(ascending, "malformed", "parents out of order")
    return parents
