#!/usr/bin/env python3
"""Checks the protocol's vectors and proof files with a second implementation.

    python3 tests/protocol_check.py
        recomputes every vector of docs/vectors; exit status 1 if one differs
    python3 tests/protocol_check.py --proof FILE [--charter FILE]
        verifies a proof file as `nguon prove` writes it

Written from docs/protocol.md alone, with nothing but the standard library.
"""

import argparse
import sys
from hashlib import sha256
from pathlib import Path

from protocol_check import ed25519, event, proof, record
from protocol_check.charter import Charter
from protocol_check.refusal import Refused
from protocol_check.vectors import check_all

VECTORS = Path(__file__).resolve().parent.parent / "docs" / "vectors"
KINDS = {0: "opening", 1: "event", 6: "disclosure"}


def verify_proof(path, charter_path):
    """Verifies a proof file and says what was checked."""
    shown = proof.read_file(path.read_bytes().decode("utf-8"))
    ed25519.check_key(shown.log.author)
    header = shown.verify()
    print(f"record:     {shown.record_id().hex()}")
    print(f"log:        {shown.log.origin(shown.federation)}")
    print(f"index:      {shown.index}, under a checkpoint of {shown.size} records")
    print("signature:  holds under the log's author key")
    if isinstance(header, record.Header):
        print(f"kind:       {header.kind} ({KINDS.get(header.kind, 'not known here')})")
    else:
        print(f"header:     of format {header}, which is not known here")
    if shown.content is None:
        print("payload:    not shown")
    else:
        show_payload(header, shown.content[1])
    if charter_path is None:
        print("author:     no charter given: the key is bound to no member")
    else:
        show_author(shown, charter_path)


def show_payload(header, payload):
    print(f"payload:    {len(payload)} bytes, as the header commits to")
    if header.kind != 1:
        return
    try:
        event.check_payload(payload)
        print(f"content id: {sha256(payload).hexdigest()}, a canonical event")
    except Refused as refused:
        print(f"event:      none: the payload is not canonical ({refused}), and has no effect")


def show_author(shown, charter_path):
    charter = Charter(charter_path.read_bytes())
    charter.verify(shown.federation)
    print(f"charter:    version 1 of {shown.federation.hex()}, signed by its governors")
    found = charter.author(shown.log.author)
    if found is None:
        raise Refused("stranger", "the charter binds the key to no member")
    member, node = found
    if not charter.may_write(member, shown.log.scope):
        raise Refused("no-right", f"{member} may not write {shown.log.scope}")
    print(f"author:     {member}, node {node}, which may write {shown.log.scope}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--proof", type=Path, metavar="FILE", help="a proof file to verify")
    parser.add_argument("--charter", type=Path, metavar="FILE", help="the charter's first version")
    arguments = parser.parse_args()
    if arguments.proof is None:
        return 0 if check_all(VECTORS) else 1
    try:
        verify_proof(arguments.proof, arguments.charter)
    except (Refused, UnicodeDecodeError) as refused:
        print(f"refused: {refused}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
