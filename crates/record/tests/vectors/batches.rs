//! Openings, and batches as they travel.

use record::tree::Edge;
use record::{
    Batch, BatchError, Checkpoint, CheckpointError, Opening, Record, Salt, Sealed,
    SignedCheckpoint, Statement, UnverifiedBatch, leaf_hash,
};
use serde_json::{Value, json};

use crate::history::{author, federation, history, parents, stranger};
use crate::{flipped, replaced};

pub(crate) fn openings() -> Value {
    let told = |parents: Vec<record::Parent>| {
        let opening = Opening::new(parents);
        let parents = opening.parents().iter().map(|parent| {
            json!({
                "author": parent.author.to_string(),
                "epoch": parent.epoch.to_string(),
                "size": parent.size,
                "root": parent.root.to_string(),
            })
        });
        json!({"parents": parents.collect::<Vec<_>>(), "payload": hex::encode(opening.encode())})
    };
    let bytes = Opening::new(parents()).encode();
    let refused = |name: &str, payload: Vec<u8>| {
        assert!(Opening::decode(&payload).is_err(), "{name}");
        json!({"name": name, "payload": hex::encode(payload)})
    };
    let each = (bytes.len() - 1 - 2) / 2;
    let (one, two) = bytes[1..].split_at(each);
    json!({
        "accepted": [told(Vec::new()), told(parents())],
        "refused": [
            refused("nothing", Vec::new()),
            refused("parents out of order", [&[0x82], two, one].concat()),
            refused("a parent twice", [&[0x82], one, one].concat()),
            refused("a parent of size 0", [&[0x81][..], &replaced(one, &[7, 0x58, 0x20], &[0, 0x58, 0x20])].concat()),
            refused("a size in two bytes", [&[0x81][..], &replaced(one, &[7, 0x58, 0x20], &[0x18, 7, 0x58, 0x20])].concat()),
            refused("a byte left over", [&bytes[..], &[0]].concat()),
        ],
    })
}

fn sent(start: u64, records: Vec<Record>, checkpoint: &SignedCheckpoint) -> Vec<u8> {
    UnverifiedBatch::from_stored(start, records, checkpoint).encode()
}

fn records(batch: &Batch) -> Vec<Record> {
    batch
        .records()
        .iter()
        .map(|(_, record)| record.clone())
        .collect()
}

fn bare(record: &Record) -> Record {
    Record::check(record.header_bytes().to_vec(), None).expect("a header stands alone")
}

/// What a batch is after it was taken in: its ids, and the log's new state.
fn taken(name: &str, bytes: &[u8], held: &Edge) -> Value {
    let batch = verified(bytes, held).expect(name);
    let records = batch.records().iter().map(|(id, record)| {
        let content = record.content();
        json!({
            "record_id": id.to_string(),
            "header": hex::encode(record.header_bytes()),
            "salt": content.map(|sealed| hex::encode(sealed.salt.0)),
            "payload": content.map(|sealed| hex::encode(&sealed.payload)),
        })
    });
    json!({
        "name": name,
        "batch": hex::encode(bytes),
        "held": held.size(),
        "first_new": batch.start(),
        "new_records": records.collect::<Vec<_>>(),
        "size": batch.edge().size(),
        "root": batch.edge().root().to_string(),
    })
}

fn verified(bytes: &[u8], held: &Edge) -> Result<Batch, BatchError> {
    UnverifiedBatch::decode(bytes)?.verify(federation(), &author().public(), held.clone())
}

pub(crate) fn batches() -> Value {
    let history = history();
    let (first, second) = (&history.first, &history.second);
    let both = [records(first), records(second)].concat();
    let withheld: Vec<Record> = records(second).iter().map(bare).collect();
    let empty = Edge::default();
    let (later, _) = later_format(true);
    let (later_bare, _) = later_format(false);
    json!({
        "accepted": [
            taken("a log's first batch", &sent(0, records(first), first.checkpoint()), &empty),
            taken("its second", &sent(4, records(second), second.checkpoint()), first.edge()),
            taken("both at once", &sent(0, both.clone(), second.checkpoint()), &empty),
            taken("both, the first held already", &sent(0, both, second.checkpoint()), first.edge()),
            taken("without payloads", &sent(4, withheld, second.checkpoint()), first.edge()),
            taken("a header of a later format", &later, &empty),
            taken("the same without its content", &later_bare, &empty),
        ],
        "refused": refused_batches(),
    })
}

/// A log of one record whose header is of a format that format 1 cannot read.
fn later_format(with_content: bool) -> (Vec<u8>, Vec<u8>) {
    let header = vec![0x83, 0x02, 0x41, 0x00, 0xf6];
    let mut log = history().first.log().clone();
    log.epoch.0 = [0xe2; 16];
    let checkpoint = Checkpoint {
        federation: federation(),
        size: 1,
        root: leaf_hash(&log.digest(), 0, &header).0,
        log,
    };
    let signature = author().sign(&Statement::Checkpoint(&checkpoint));
    let signed = SignedCheckpoint::verify(checkpoint, signature, &author().public());
    let content = with_content.then(|| Sealed {
        salt: Salt([0x11; 16]),
        payload: b"of a later format".to_vec(),
    });
    let record = Record::check(header.clone(), content).expect("kept unread");
    let bytes = sent(0, vec![record], &signed.expect("honestly signed"));
    (bytes, header)
}

fn refused(name: &str, bytes: &[u8], held: &Edge) -> Value {
    let reason = match verified(bytes, held).expect_err(name) {
        BatchError::Malformed(_) => "malformed",
        BatchError::Gap { .. } => "gap",
        BatchError::Known { .. } => "known",
        BatchError::Record { .. } => "record",
        BatchError::Root => "root",
        BatchError::Checkpoint(CheckpointError::Signature) => "signature",
        BatchError::Checkpoint(CheckpointError::OtherKey) => "other-key",
    };
    json!({"name": name, "batch": hex::encode(bytes), "held": held.size(), "reason": reason})
}

fn refused_batches() -> Vec<Value> {
    let history = history();
    let (first, second) = (&history.first, &history.second);
    let none = Edge::default();
    let bytes = sent(0, records(first), first.checkpoint());
    let next = sent(4, records(second), second.checkpoint());
    let end = bytes.len();
    let mut turned = records(first);
    turned.swap(1, 3);
    let other_scope = replaced(&bytes, b"\x68national", b"\x68Rational");
    let another = replaced(&bytes, b"\x68national", b"\x68rational");
    let events = &first.records()[1].1;
    let whole = whole_form(&bytes, events);
    vec![
        refused("a gap before it", &next, &none),
        refused("held already", &bytes, second.edge()),
        refused("a byte left over", &[&bytes[..], &[0]].concat(), &none),
        refused("cut short", &bytes[..end - 1], &none),
        refused("no scope's name", &other_scope, &none),
        refused("copied into another log", &another, &none),
        refused(
            "records in another order",
            &sent(0, turned, first.checkpoint()),
            &none,
        ),
        refused(
            "a bit of the root flipped",
            &flipped(&bytes, end - 67),
            &none,
        ),
        refused(
            "a bit of the signature flipped",
            &flipped(&bytes, end - 1),
            &none,
        ),
        refused(
            "a bit of a payload flipped",
            &replaced(&bytes, b"durian", b"eurian"),
            &none,
        ),
        refused(
            "a payload longer than its header says",
            &replaced(&bytes, b"\x58\x19{\"durian", b"\x58\x1a {\"durian"),
            &none,
        ),
        refused("form 2 with a header of format 1", &whole, &none),
        refused("signed by another key", &signed_by_another(first), &none),
    ]
}

/// The batch with one elided record sent whole.
fn whole_form(bytes: &[u8], record: &Record) -> Vec<u8> {
    let record::AnyHeader::V1(header) = record.header() else {
        panic!("format 1");
    };
    let string = |bytes: &[u8]| {
        let len = u8::try_from(bytes.len()).expect("short");
        [&[0x58, len], bytes].concat()
    };
    let elided = [&[0x84, 1][..], &string(&header.encode_elided())].concat();
    let whole = [&[0x84, 2][..], &string(record.header_bytes())].concat();
    replaced(bytes, &elided, &whole)
}

fn signed_by_another(batch: &Batch) -> Vec<u8> {
    let signed = batch.checkpoint();
    let forged = stranger().sign(&Statement::Checkpoint(signed.checkpoint()));
    let bytes = sent(0, records(batch), signed);
    let body = bytes.len() - 64;
    [&bytes[..body], &forged.0].concat()
}
