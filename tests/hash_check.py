#!/usr/bin/env python3
"""Compares hash ids with those of another implementation, on generated events.

    python3 tests/hash_check.py --nguon PATH [--events N] [--seed N]
        compares `nguon epcis hash` with the package epcis-event-hash-generator
        1.9.3; says so and exits with 0 where that package is not installed
    python3 tests/hash_check.py --nguon PATH --install
        has pip put the package into a temporary environment first

The package computes CBV 2.0 as its authors read it before July 2026. The events
avoid what has changed since: sensor data, the namespace of gs1:, certification
information, a parent beside an EPC list, source lists beside what it sorts before
them, extensions inside standard fields, digits after the millisecond, and truth
values in extensions, which it writes as Python does. Exit status 1 if one differs.
"""

import argparse
import importlib.metadata
import json
import os
import random
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

PACKAGE = "epcis-event-hash-generator"
VERSION = "1.9.3"
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
NAMESPACES = {"vuon": "https://ns.vuon.example.vn/epcis/", "kho": "http://ns.kho.example.vn/v1/"}
DOCUMENT_EVENTS = 50

BIZ_STEPS = ["commissioning", "departing", "packing", "receiving", "shipping", "storing"]
DISPOSITIONS = ["active", "in_progress", "in_transit", "sellable_accessible"]
TRANSACTIONS = ["desadv", "inv", "po", "prodorder"]
PARTIES = ["location", "owning_party", "possessing_party"]


def check_digit(digits):
    total = sum(int(digit) * (3 if place % 2 == 0 else 1)
                for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


class Events:
    """Makes events, all from one seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def digits(self, count):
        return "".join(self.random.choice("0123456789") for _ in range(count))

    def name(self):
        length = self.random.randint(1, 12)
        return "".join(self.random.choice("ABCDEFabcdef0123456789-_.") for _ in range(length))

    def prefix(self):
        return "893" + self.digits(self.random.randint(4, 9))

    def item(self):
        prefix = self.prefix()
        if self.random.random() < 0.3:
            gtin = self.digits(1) + "893" + self.digits(9)
            lot = f"/10/{self.name()}" if self.random.random() < 0.3 else ""
            host = self.random.choice(["id.gs1.org", "vuon.example.vn"])
            return f"https://{host}/01/{gtin}{check_digit(gtin)}{lot}/21/{self.name()}"
        return f"urn:epc:id:sgtin:{prefix}.{self.digits(13 - len(prefix))}.{self.name()}"

    def thing(self):
        prefix = self.prefix()
        kind = self.random.randrange(5)
        if kind == 0:
            return f"urn:epc:id:sscc:{prefix}.{self.digits(17 - len(prefix))}"
        if kind == 1:
            return f"urn:epc:id:giai:{prefix}.{self.name()}"
        if kind == 2 and len(prefix) < 12:
            return f"urn:epc:id:grai:{prefix}.{self.digits(12 - len(prefix))}.{self.name()}"
        if kind == 3:
            return f"urn:uuid:{self.digits(8)}-0000-4000-8000-{self.digits(12)}"
        return self.item()

    def goods(self):
        prefix = self.prefix()
        reference = self.digits(13 - len(prefix))
        if self.random.random() < 0.3:
            return f"urn:epc:idpat:sgtin:{prefix}.{reference}.*"
        return f"urn:epc:class:lgtin:{prefix}.{reference}.{self.name()}"

    def place(self):
        prefix = self.prefix()
        if self.random.random() < 0.1:
            return "geo:11.9404,108.4583"
        extension = self.random.choice(["0", self.name()])
        return f"urn:epc:id:sgln:{prefix}.{self.digits(12 - len(prefix))}.{extension}"

    def party(self):
        prefix = self.prefix()
        return f"urn:epc:id:pgln:{prefix}.{self.digits(12 - len(prefix))}"

    def some(self, make, least=0):
        made = [make() for _ in range(self.random.randint(least, 5))]
        return sorted(set(made), key=made.index) if all(isinstance(m, str) for m in made) else made

    def quantity(self):
        element = {"epcClass": self.goods()}
        if self.random.random() < 0.8:
            element["quantity"] = self.number()
            if self.random.random() < 0.7:
                element["uom"] = self.random.choice(["KGM", "LTR", "TNE"])
        return element

    def number(self):
        return self.random.choice([
            self.random.randint(0, 100_000),
            self.random.randint(0, 10_000_000) / 1000,
            float(self.random.randint(0, 1000)),
        ])

    def time(self):
        fraction = self.random.choice(["", ".5", ".25", ".125", ".000"])
        zone = self.random.choice(["Z", "+07:00", "-05:30"])
        r = self.random.randint
        return (f"20{r(10, 40)}-{r(1, 12):02}-{r(1, 28):02}"
                f"T{r(0, 23):02}:{r(0, 59):02}:{r(0, 59):02}{fraction}{zone}")

    def extension_name(self):
        return f"{self.random.choice(list(NAMESPACES))}:{self.random.choice('abcdefgh')}" \
               f"{self.random.choice(['Grade', 'note', 'x-1', '_y'])}"

    def extension(self, depth):
        kind = self.random.randrange(6 if depth < 3 else 4)
        if kind == 0:
            return self.number()
        if kind == 1:
            return self.random.choice(["007", "-3.50", "12.0", "0.10", ".5"])
        if kind == 2:
            return self.random.choice(["hái buổi sáng", " A-1 ", "2026-10-12", "lô 7"])
        if kind == 3:
            return self.thing()
        if kind == 4:
            return [self.extension(3) for _ in range(self.random.randint(1, 4))]
        return self.extensions(depth + 1)

    def extensions(self, depth=0):
        count = self.random.randint(0 if depth == 0 else 1, 4)
        return {self.extension_name(): self.extension(depth) for _ in range(count)}

    def objects(self, event):
        """Gives an event its type and what it is about."""
        kind = event["type"]
        if kind == "TransformationEvent":
            event["inputEPCList"] = self.some(self.item, 1)
            event["inputQuantityList"] = self.some(self.quantity)
            event["outputEPCList"] = self.some(self.item, 1)
            event["outputQuantityList"] = self.some(self.quantity)
            if self.random.random() < 0.3:
                event["transformationID"] = f"urn:epc:id:gdti:8938505.00001.{self.name()}"
        else:
            event["action"] = "ADD"
        if kind in ("AggregationEvent", "AssociationEvent"):
            event["parentID"] = self.thing()
            event["childEPCs"] = self.some(self.thing, 1)
            event["childQuantityList"] = self.some(self.quantity)
        if kind in ("ObjectEvent", "TransactionEvent"):
            event["epcList"] = self.some(self.thing, 1)
            event["quantityList"] = self.some(self.quantity)

    def transactions(self):
        return {"type": self.random.choice(TRANSACTIONS),
                "bizTransaction": f"urn:epcglobal:cbv:bt:8938505000007:{self.name()}"}

    def event(self):
        kind = self.random.choice(["ObjectEvent", "AggregationEvent", "TransactionEvent",
                                   "TransformationEvent", "AssociationEvent"])
        event = {"type": kind, "eventTime": self.time(), "eventTimeZoneOffset": "+07:00"}
        self.objects(event)
        often = lambda: self.random.random() < 0.5
        if often():
            event["eventID"] = f"urn:uuid:{self.digits(8)}-0000-4000-8000-{self.digits(12)}"
        if often():
            event["bizStep"] = self.random.choice(BIZ_STEPS)
        if often():
            event["disposition"] = self.random.choice(DISPOSITIONS)
        if often():
            event["persistentDisposition"] = {"set": ["completeness_verified"],
                                              "unset": ["completeness_inferred"]}
        if often():
            event["readPoint"] = {"id": self.place()}
        if often():
            event["bizLocation"] = {"id": self.place()}
        if kind == "TransactionEvent" or often():
            event["bizTransactionList"] = self.some(self.transactions, 1)
        self.parties(event, kind)
        if often():
            event["errorDeclaration"] = {"declarationTime": self.time(),
                                         "reason": "incorrect_data"}
        event.update(self.extensions())
        shuffled = list(event.items())
        self.random.shuffle(shuffled)
        return dict(shuffled)

    def parties(self, event, kind):
        """Adds master data of lots, or sources, or destinations, not two of them
        that the package puts in another order."""
        chosen = self.random.randrange(5)
        if chosen == 0:
            event["sourceList"] = [{"type": self.random.choice(PARTIES), "source": self.party()}]
        if chosen in (1, 2):
            event["destinationList"] = [{"type": kind, "destination": self.party()}
                                        for kind in PARTIES]
        if chosen in (2, 3) and kind in ("ObjectEvent", "TransformationEvent"):
            event["ilmd"] = self.extensions(1)

    def document(self, count):
        return {"@context": [CONTEXT, NAMESPACES], "type": "EPCISDocument",
                "schemaVersion": "2.0", "creationDate": "2026-10-12T18:00:00Z",
                "epcisBody": {"eventList": [self.event() for _ in range(count)]}}


def theirs(path):
    """Returns the package's hash ids of a document, and what it hashed."""
    import logging

    logging.disable(logging.CRITICAL)
    from epcis_event_hash_generator import hash_generator, json_to_py

    events = json_to_py.event_list_from_epcis_document_str(path.read_text("utf-8"))
    prehashes = hash_generator.derive_prehashes_from_events(events)
    return hash_generator.calculate_hashes_from_pre_hashes(prehashes), prehashes


def ours(nguon, path):
    """Returns the hash ids that nguon prints, and what it hashed."""
    command = [nguon, "epcis", "hash", "--prehash", "--json", str(path)]
    run = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    [document] = json.loads(run.stdout)
    events = document["events"]
    return [event["hash"] for event in events], [event["prehash"] for event in events]


def compare(nguon, count, seed):
    """Compares document by document; returns the number of events compared, and
    says where the first difference lies."""
    events = Events(seed)
    compared = 0
    with tempfile.TemporaryDirectory() as folder:
        while compared < count:
            path = Path(folder) / "events.jsonld"
            document = events.document(min(DOCUMENT_EVENTS, count - compared))
            path.write_text(json.dumps(document, ensure_ascii=False), "utf-8")
            our_ids, our_texts = ours(nguon, path)
            their_ids, their_texts = theirs(path)
            if our_ids != their_ids:
                texts = zip(our_texts, their_texts)
                index, (our, their) = next(
                    (i, pair) for i, pair in enumerate(texts) if pair[0] != pair[1])
                print(f"event {compared + index} of seed {seed} differs:\n"
                      f"{json.dumps(document['epcisBody']['eventList'][index])}\n"
                      f"nguon:   {our}\npackage: {their}")
                return None
            compared += len(our_ids)
    return compared


def installed():
    try:
        return importlib.metadata.version(PACKAGE) == VERSION
    except importlib.metadata.PackageNotFoundError:
        return False


def with_package(arguments):
    """Runs this script again in an environment that has the package."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "--quiet", f"{PACKAGE}=={VERSION}"],
                       check=True)
        here = [argument for argument in arguments if argument != "--install"]
        return subprocess.run([python, os.path.abspath(__file__), *here]).returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--nguon", required=True, help="the program")
    parser.add_argument("--events", type=int, default=1000, help="how many events")
    parser.add_argument("--seed", type=int, default=20261012, help="what they are made from")
    parser.add_argument("--install", action="store_true", help="install the package first")
    options = parser.parse_args()
    if not installed():
        if options.install:
            return with_package(sys.argv[1:])
        print(f"hash check: skipped: {PACKAGE} {VERSION} is not installed; "
              "--install has pip put it into a temporary environment")
        return 0
    compared = compare(options.nguon, options.events, options.seed)
    if compared is None:
        return 1
    print(f"hash check: {compared} events of seed {options.seed} have the same ids")
    return 0


if __name__ == "__main__":
    sys.exit(main())
