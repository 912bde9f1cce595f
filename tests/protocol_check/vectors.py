"""Holds everything against docs/vectors: each output is made from its inputs,
and what must be refused is refused for the reason told."""

import json
from hashlib import sha256

from . import (
    batch, cbor, charter, ed25519, event, frame, frontier, master_data, proof, record, tree,
)
from .refusal import Refused


class Tally:
    """Counts the cases of one file, and prints those that fail."""

    def __init__(self, name):
        self.name, self.passed, self.failed, self.notes = name, 0, 0, []

    def same(self, case, made, told):
        """Counts whether two values are the same."""
        if made == told:
            self.passed += 1
        else:
            self.failed += 1
            print(f"{self.name}: {case}: made {made!r}, told {told!r}")

    def refused(self, case, reason, attempt):
        """Counts whether an attempt is refused, for the reason if one is told."""
        try:
            made = f"accepted: {attempt()!r}"
        except Refused as refused:
            made = refused.reason if reason else None
        self.same(case, made, reason)

    def accepted(self, case, attempt):
        """Runs a case that must hold; a refusal counts as its failure."""
        try:
            attempt()
        except Refused as refused:
            self.same(case, f"refused: {refused}", "accepted")


unhex = bytes.fromhex


def maybe(text):
    return None if text is None else unhex(text)


# record.json


def check_record(told, tally):
    federation, author = unhex(told["federation"]), unhex(told["author"])
    seeds = {unhex(each["key"]): unhex(each["seed"]) for each in told["keys"]["accepted"]}
    keys(told["keys"], tally)
    signatures(told["signatures"], tally)
    logs(told["logs"], federation, tally)
    headers(told["headers"], tally)
    contents(told["contents"], tally)
    for leaf in told["leaves"]:
        made = record.leaf_hash(unhex(leaf["log_digest"]), leaf["index"], unhex(leaf["header"]))
        tally.same("leaf", made.hex(), leaf["record_id"])
    trees(told["tree"], tally)
    checkpoints(told["checkpoint"], author, tally)
    openings(told["openings"], tally)
    batches(told["batches"], federation, seeds[author], tally)
    proofs(told["proofs"], tally)
    disclosures(told["disclosures"], federation, tally)


def keys(told, tally):
    for case in told["accepted"]:
        key = ed25519.public_key(unhex(case["seed"]))
        tally.same("key", key.hex(), case["key"])
        tally.accepted(case["key"], lambda: ed25519.check_key(key))
    for case in told["refused"]:
        attempt = lambda: ed25519.check_key(unhex(case["key"]))
        tally.refused(case["name"], case["reason"], attempt)


def signatures(told, tally):
    key, message = unhex(told["key"]), unhex(told["message"])
    tally.same("signature", ed25519.sign(unhex(told["seed"]), message).hex(), told["signature"])
    tally.same("signature", ed25519.holds(key, message, unhex(told["signature"])), True)
    for case in told["refused"]:
        tally.same(case["name"], ed25519.holds(key, message, unhex(case["signature"])), False)


def logs(told, federation, tally):
    for case in told["accepted"]:
        log = record.Log(unhex(case["author"]), case["scope"], unhex(case["epoch"]))
        made = [log.to_bytes().hex(), log.digest().hex(), log.origin(federation)]
        tally.same("log", made, [case["bytes"], case["digest"], case["origin"]])
        tally.same("origin", record.read_origin(case["origin"]), (federation, log))
    for case in told["refused_origins"]:
        tally.refused(case["name"], None, lambda: record.read_origin(case["origin"]))


def headers(told, tally):
    for case in told["format_1"]:
        header = record.Header(
            case["kind"], case["flags"], case["time"]["ms"] << 16 | case["time"]["counter"],
            case["charter"]["version"], unhex(case["charter"]["hash"]), case["payload_len"],
            unhex(case["commitment"]), unhex(case["subject"]),
        )
        name = case["name"]
        tally.same(name, header.encode().hex(), case["header"])
        tally.same(name, header.encode(elided=True).hex(), case["elided"])
        tally.same(name, record.read_header(unhex(case["header"])), header)
    for case in told["later_formats"]:
        found = record.read_header(unhex(case["header"]))
        tally.same("a later format", str(found), case["format"])
    for case in told["refused"]:
        attempt = lambda: record.read_header(unhex(case["header"]))
        tally.refused(case["name"], case["reason"], attempt)


def contents(told, tally):
    for case in told:
        salt, payload = unhex(case["salt"]), unhex(case["payload"])
        made = [record.commitment(salt, payload).hex(), sha256(payload).hexdigest()]
        tally.same("content", made, [case["commitment"], case["content_id"]])


def trees(told, tally):
    leaves = [unhex(leaf) for leaf in told["leaves"]]
    roots = [unhex(root) for root in told["roots"]]
    tally.same("roots", [tree.root(leaves[:n]) for n in range(len(roots))], roots)
    for case in told["inclusion"]:
        size, index = case["size"], case["index"]
        path = tree.inclusion(leaves[:size], index)
        tally.same(f"inclusion of {index} in {size}", [h.hex() for h in path], case["path"])
        check = lambda: tree.check_inclusion(path, size, roots[size], index, leaves[index])
        tally.accepted(f"inclusion of {index} in {size}", check)
    for case in told["consistency"]:
        size, old = case["size"], case["old"]
        path = tree.consistency(leaves[:size], old)
        tally.same(f"consistency from {old} to {size}", [h.hex() for h in path], case["path"])
        check = lambda: tree.check_consistency(path, old, roots[old], size, roots[size])
        tally.accepted(f"consistency from {old} to {size}", check)
    for case in told["refused_inclusion"]:
        path = [unhex(each) for each in case["path"]]
        root, leaf = unhex(case["root"]), unhex(case["leaf"])
        check = lambda: tree.check_inclusion(path, case["size"], root, case["index"], leaf)
        tally.refused(case["name"], None, check)
    for case in told["refused_consistency"]:
        path = [unhex(each) for each in case["path"]]
        old, new = unhex(case["old_root"]), unhex(case["root"])
        check = lambda: tree.check_consistency(path, case["old"], old, case["size"], new)
        tally.refused(case["name"], None, check)


def checkpoints(told, author, tally):
    federation, log = record.read_origin(told["origin"])
    checkpoint = record.Checkpoint(federation, log, told["size"], unhex(told["root"]))
    signature = ed25519.sign(unhex(told["seed"]), checkpoint.text().encode())
    tally.same("checkpoint", log.author, author)
    tally.same("checkpoint", checkpoint.text(), told["text"])
    tally.same("checkpoint", signature.hex(), told["signature"])
    tally.same("checkpoint", checkpoint.note(signature), told["note"])
    tally.same("checkpoint", record.read_note(told["note"]), (checkpoint, signature))
    for case in told["refused"]:
        attempt = lambda: record.read_checkpoint(case["text"]).check(unhex(case["signature"]))
        tally.refused(case["name"], "signature", attempt)
    for case in told["refused_texts"]:
        tally.refused(case["name"], None, lambda: record.read_checkpoint(case["text"]))


def openings(told, tally):
    for case in told["accepted"]:
        parents = [
            (unhex(p["author"]), unhex(p["epoch"]), p["size"], unhex(p["root"]))
            for p in case["parents"]
        ]
        tally.same("opening", cbor.encode([list(p) for p in parents]).hex(), case["payload"])
        tally.same("opening", record.read_opening(unhex(case["payload"])), parents)
    for case in told["refused"]:
        tally.refused(case["name"], None, lambda: record.read_opening(unhex(case["payload"])))


def batches(told, federation, seed, tally):
    """Each batch is taken in on what its log is held of, told by the others."""
    history = {}  # log: the longest list of leaves seen
    for case in told["accepted"]:
        data = unhex(case["batch"])
        log, held = held_of(data, case["held"], history)
        taken = batch.take(data, federation, held)
        history[log] = max(history.get(log, []), taken.leaves, key=len)
        made = [
            {
                "record_id": leaf.hex(), "header": header.hex(),
                "salt": content and content[0].hex(), "payload": content and content[1].hex(),
            }
            for leaf, header, content in taken.new
        ]
        found = [taken.first, made, len(taken.leaves), taken.checkpoint.root.hex()]
        told_of_it = [case["first_new"], case["new_records"], case["size"], case["root"]]
        tally.same(case["name"], found, told_of_it)
        if taken.first == batch.BATCH(cbor.decode(data))[3]:
            records = [(header, content) for _, header, content in taken.new]
            signature = ed25519.sign(seed, taken.checkpoint.text().encode())
            root = taken.checkpoint.root
            written = batch.write(taken.log, taken.first, records, root, signature)
            tally.same(case["name"], written.hex(), case["batch"])
    longest = max(history.values(), key=len)
    for case in told["refused"]:
        data, held = unhex(case["batch"]), longest[: case["held"]]
        tally.refused(case["name"], case["reason"], lambda: batch.take(data, federation, held))


def held_of(data, size, history):
    author, scope, epoch = cbor.decode(data)[:3]
    log = record.Log(author, scope, epoch)
    return log, history.get(log, [])[:size]


def proofs(told, tally):
    for case in told["accepted"]:
        read = proof.read_file(case["file"])
        tally.accepted(case["name"], read.verify)
        salt, payload = read.content or (None, None)
        made = [read.record_id().hex(), read.index, read.header.hex(), salt, payload, read.size,
                read.root.hex()]
        tally.same(case["name"], made, [
            case["record_id"], case["index"], case["header"], maybe(case["salt"]),
            maybe(case["payload"]), case["size"], case["root"],
        ])
        tally.same(case["name"], read.to_text(), case["file"])
    other = proof.read_file(told["with_another_signature_line"])
    tally.accepted("with another signature line", other.verify)
    for case in told["refused"]:
        attempt = lambda: proof.read_file(case["file"]).verify()
        tally.refused(case["name"], case["reason"], attempt)


def disclosures(told, federation, tally):
    for case in told["accepted"]:
        payload = unhex(case["payload"])
        read = proof.read_disclosure(payload, federation)
        tally.accepted(case["name"], read.verify)
        shown = read.proof
        made = [
            shown.record_id().hex(), shown.log.origin(federation), shown.index, shown.size,
            read.since and read.since[0], len(read.cosignatures),
        ]
        tally.same(case["name"], made, [
            case["record_id"], case["source"], case["index"], case["size"], case["since_size"],
            case["cosignatures"],
        ])
        tally.same(case["name"], read.encode(), payload)
    for case in told["refused"]:
        payload = unhex(case["payload"])
        attempt = lambda: proof.read_disclosure(payload, federation).verify()
        tally.refused(case["name"], case["reason"], attempt)


# charter.json


def check_charter(told, tally):
    one_charter(told["charter"], tally)
    one_enrolment(told["enrolment"], tally)
    for case in told["refused_charters"]:
        pin = unhex(case["federation"])
        attempt = lambda: charter.Charter(case["file"].encode()).verify(pin)
        tally.refused(case["name"], case["reason"], attempt)
    for case in told["refused_enrolments"]:
        attempt = lambda: charter.Enrolment(case["file"].encode())
        tally.refused(case["name"], case["reason"], attempt)


def one_charter(told, tally):
    pin = unhex(told["federation"])
    for layout in ("file", "same_in_another_layout"):
        read = charter.Charter(told[layout].encode())
        tally.accepted(layout, lambda: read.verify(pin))
        made = [read.canonical.decode(), read.canonical.hex(), read.message.hex(), read.hash.hex()]
        told_of_it = [told[n] for n in ("canonical", "canonical_hex", "message_hex", "hash")]
        tally.same(layout, made, told_of_it)
        tally.same("limits", read.body["limits"], told["limits"])
        scopes = {
            scope: {role: sorted(ids) for role, ids in access.items()}
            for scope, access in read.scopes.items()
        }
        tally.same("scopes", scopes, told["scopes"])
        reference = {"version": read.body["version"], "hash": read.hash[:8].hex()}
        tally.same("reference", reference, told["reference"])
    in_file = {each["key"]: each["signature"] for each in read.signatures}
    for case in told["signatures"]:
        seed, key = unhex(case["seed"]), unhex(case["key"])
        tally.same("governor", ed25519.public_key(seed), key)
        tally.same("governor", ed25519.sign(seed, read.message).hex(), case["signature"])
        tally.same("governor", key in in_file, case["in_file"])


def one_enrolment(told, tally):
    for layout in ("file", "same_in_another_layout"):
        read = charter.Enrolment(told[layout].encode())
        made = [read.canonical.decode(), read.canonical.hex(), read.message.hex()]
        tally.same(layout, made, [told[n] for n in ("canonical", "canonical_hex", "message_hex")])
        for role in ("author", "transport"):
            seed = unhex(told[f"{role}_seed"])
            tally.same(role, ed25519.public_key(seed), read.signed[role])
            tally.same(role, ed25519.sign(seed, read.message).hex(), told["proofs"][role])


# canonical-event.json


def check_canonical_event(told, tally):
    check_forms(told, tally, event.canonical_events, "event", event.check_payload)


def check_master_data(told, tally):
    check_forms(told, tally, master_data.canonical_elements, "element", master_data.check_payload)
    for case in told["payloads_refused"]:
        refuse = lambda: master_data.check_payload(case["payload"].encode())
        tally.refused(case["name"], case["reason"], refuse)


def check_forms(told, tally, read, index, check_payload):
    for case in told["cases"]:
        name, document = case["name"], case["document"].encode()
        try:
            made = read(document)
        except Refused as refused:
            found = {"pointer": refused.pointer, "reason": refused.reason}
            tally.same(name, found, case.get("refused"))
            continue
        if "refused" in case:
            tally.same(name, "accepted", case["refused"])
            continue
        payload = made[case[index]]
        tally.same(name, payload.decode(), case["canonical"])
        tally.same(name, sha256(payload).hexdigest(), case["content_id"])
        tally.accepted(name, lambda: check_payload(payload))


# frontier.json


def check_frontier(told, tally):
    def heads(of):
        return [
            frontier.Head(
                record.Log(unhex(log["author"]), log["scope"], unhex(log["epoch"])),
                log["size"], unhex(log["root"]),
            )
            for log in told[of]["logs"]
        ]

    old, new = heads("baseline"), heads("frontier")
    for name, made in (("baseline", old), ("frontier", new)):
        tally.same(name, frontier.root_of(made).hex(), told[name]["root"])
    version = (told["charter"]["version"], unhex(told["charter"]["hash"]))
    root, first = frontier.root_of(new), new[0].log.to_bytes()
    meant = {
        "in sync": frontier.in_sync(version, root),
        "full map": frontier.full_map(version, new, root),
        "full map, first part": frontier.full_map(version, new[:2], None),
        "full map, last part": frontier.full_map(version, new[2:], root),
        "full map of nothing": frontier.full_map(version, [], frontier.root_of([])),
        "delta": frontier.delta(version, True, old, new),
        "need full": cbor.encode([3]),
        "baseline acknowledged": cbor.encode([4, root]),
        "want": cbor.encode([5, first, 300]),
        "credit": cbor.encode([6, 1_048_576]),
        "acknowledgement": cbor.encode([7, first, 300]),
    }
    tally.same("messages", [case["name"] for case in told["messages"]], list(meant))
    for case in told["messages"]:
        tally.same(case["name"], meant[case["name"]].hex(), case["hex"])
        tally.accepted(case["name"], lambda: frontier.decode(unhex(case["hex"])))
    for case in told["refused"]:
        tally.refused(case["why"], None, lambda: frontier.decode(unhex(case["hex"])))


# frame.json


def check_frame(told, tally):
    tally.same("limits", [frame.LIMIT, frame.BODY_LIMIT],
               [told["control_bytes_max"], told["body_bytes_max"]])
    for case in told["control"]:
        bodies = [body.hex() for body in frame.frames(unhex(case["stream"]))]
        tally.same(case["name"], bodies, case["messages"])
        written = b"".join(len(b).to_bytes(4, "big") + b for b in map(unhex, case["messages"]))
        tally.same(case["name"], written.hex(), case["stream"])
    for case in told["bulk"]:
        unpacked(case["name"], tally, lambda: tally.same(
            case["name"], [frame.bulk(b).hex() for b in frame.frames(unhex(case["stream"]))],
            [case["body"]],
        ))
    for case in told["refused"]:
        inside = frame.bulk if case["on"] == "bulk" else bytes
        unpacked(case["name"], tally, lambda: tally.refused(
            case["name"], case["reason"],
            lambda: [inside(body) for body in frame.frames(unhex(case["stream"]))],
        ))


def unpacked(name, tally, check):
    try:
        check()
    except frame.Unpackable:
        tally.notes.append(f"{name}: not unpacked, since it has compressed zstd blocks")


FILES = {
    "record.json": check_record,
    "charter.json": check_charter,
    "canonical-event.json": check_canonical_event,
    "master-data.json": check_master_data,
    "frontier.json": check_frontier,
    "frame.json": check_frame,
}


def check_all(folder):
    """Checks every file of a folder; tells whether all of it holds."""
    sound = True
    for path in sorted(folder.glob("*.json")):
        tally = Tally(path.name)
        if path.name in FILES:
            FILES[path.name](json.loads(path.read_text(encoding="utf-8")), tally)
        else:
            tally.same("the file", "unknown to this check", "known")
        for note in tally.notes:
            print(f"{path.name}: {note}")
        print(f"vectors: {path.name}: {tally.passed} passed, {tally.failed} failed")
        sound = sound and tally.failed == 0 and tally.passed > 0
    missing = [name for name in FILES if not (folder / name).is_file()]
    for name in missing:
        print(f"vectors: {name}: missing")
    return sound and not missing
