//! Leaves, the tree, its proofs, and the checkpoint over it.

use record::tree::{self, Edge};
use record::{Checkpoint, Digest, SignedCheckpoint, leaf_hash};
use serde_json::{Value, json};

use crate::history::{author, federation, history};
use crate::proofs::note_of;

/// How many leaves the tree of the vectors has.
const LEAVES: u64 = 9;

pub(crate) fn leaves() -> Vec<Value> {
    let history = history();
    let batches = [&history.first, &history.second];
    let records = batches.into_iter().flat_map(|batch| batch.records());
    let log = history.first.log().digest();
    (0u64..)
        .zip(records)
        .map(|(index, (id, record))| {
            assert_eq!(leaf_hash(&log, index, record.header_bytes()), *id);
            json!({
                "log_digest": log.to_string(),
                "index": index,
                "header": hex::encode(record.header_bytes()),
                "record_id": id.to_string(),
            })
        })
        .collect()
}

pub(crate) fn tree() -> Value {
    let leaves: Vec<Digest> = (0..LEAVES)
        .map(|i| leaf_hash(&Digest::of(&[b"log"]), i, b"header").0)
        .collect();
    let (mut edge, mut stored) = (Edge::default(), Vec::new());
    let mut roots = vec![edge.root()];
    for leaf in &leaves {
        edge.push(*leaf, &mut stored);
        roots.push(edge.root());
    }
    let texts =
        |digests: &[Digest]| -> Vec<String> { digests.iter().map(ToString::to_string).collect() };
    let pairs = |from: u64| (from..=LEAVES).flat_map(|size| (0..=size).map(move |at| (size, at)));
    let inclusion = pairs(1).filter(|(size, index)| index < size);
    let inclusion = inclusion.map(|(size, index)| {
        let path = tree::prove_inclusion(stored.as_slice(), size, index).expect("in range");
        json!({"size": size, "index": index, "path": texts(&path)})
    });
    let consistency = pairs(0).map(|(size, old)| {
        let path = tree::prove_consistency(stored.as_slice(), old, size).expect("in range");
        json!({"size": size, "old": old, "path": texts(&path)})
    });
    json!({
        "leaves": texts(&leaves),
        "roots": texts(&roots),
        "inclusion": inclusion.collect::<Vec<_>>(),
        "consistency": consistency.collect::<Vec<_>>(),
        "refused_inclusion": refused_inclusion(&leaves, &roots, &stored),
        "refused_consistency": refused_consistency(&roots, &stored),
    })
}

fn refused_inclusion(leaves: &[Digest], roots: &[Digest], stored: &[Digest]) -> Vec<Value> {
    let path = tree::prove_inclusion(stored, 7, 3).expect("in range");
    let refused = |name: &str, (size, index): (u64, u64), leaf: &Digest, path: &[Digest]| {
        let root = roots[7];
        assert!(
            tree::check_inclusion(path, size, &root, index, leaf).is_err(),
            "{name}"
        );
        json!({
            "name": name, "size": size, "index": index, "root": root.to_string(),
            "leaf": leaf.to_string(),
            "path": path.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })
    };
    let longer = [&path[..], &path[..1]].concat();
    let turned: Vec<Digest> = path.iter().rev().copied().collect();
    vec![
        refused("another leaf", (7, 3), &leaves[4], &path),
        refused("another index", (7, 2), &leaves[3], &path),
        refused("an index outside", (7, 7), &leaves[3], &path),
        refused("another size", (8, 3), &leaves[3], &path[..2]),
        refused("an empty tree", (0, 0), &leaves[3], &[]),
        refused("a hash too many", (7, 3), &leaves[3], &longer),
        refused("a hash too few", (7, 3), &leaves[3], &path[1..]),
        refused("the path turned round", (7, 3), &leaves[3], &turned),
    ]
}

fn refused_consistency(roots: &[Digest], stored: &[Digest]) -> Vec<Value> {
    let path = tree::prove_consistency(stored, 5, 9).expect("in range");
    let refused = |name: &str, old: (u64, Digest), new: (u64, Digest), path: &[Digest]| {
        let held = tree::check_consistency(path, (old.0, &old.1), (new.0, &new.1));
        assert!(held.is_err(), "{name}");
        json!({
            "name": name,
            "old": old.0, "old_root": old.1.to_string(), "size": new.0, "root": new.1.to_string(),
            "path": path.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })
    };
    let (five, nine) = ((5, roots[5]), (9, roots[9]));
    vec![
        refused("another old root", (5, roots[4]), nine, &path),
        refused("another new root", five, (9, roots[8]), &path),
        refused("a hash too few", five, nine, &path[1..]),
        refused(
            "a hash too many",
            five,
            nine,
            &[&path[..], &path[..1]].concat(),
        ),
        refused("a larger old tree", nine, five, &path),
        refused("one size with two roots", (9, roots[8]), nine, &[]),
        refused("an empty tree with a root", (0, roots[1]), nine, &[]),
        refused("an empty tree with a path", (0, roots[0]), nine, &path),
    ]
}

pub(crate) fn checkpoint() -> Value {
    let history = history();
    let signed = history.second.checkpoint();
    let checkpoint = signed.checkpoint();
    let note = note_of(&history);
    json!({
        "size": checkpoint.size,
        "root": checkpoint.root.to_string(),
        "origin": checkpoint.log.origin(&federation()),
        "text": checkpoint.text(),
        "seed": hex::encode(author().seed()),
        "signature": hex::encode(signed.signature().0),
        "note": note,
        "refused": refused_checkpoints(signed),
        "refused_texts": refused_texts(checkpoint),
    })
}

/// The same signature under another statement.
fn refused_checkpoints(signed: &SignedCheckpoint) -> Vec<Value> {
    let key = author().public();
    let refused = |name: &str, change: &dyn Fn(&mut Checkpoint)| {
        let mut other = signed.checkpoint().clone();
        change(&mut other);
        let text = other.text();
        assert!(SignedCheckpoint::verify(other, signed.signature(), &key).is_err());
        json!({"name": name, "text": text, "signature": hex::encode(signed.signature().0)})
    };
    vec![
        refused("another size", &|c| c.size += 1),
        refused("another root", &|c| c.root = Digest::of(&[])),
        refused("another epoch", &|c| c.log.epoch.0[0] ^= 1),
        refused("another scope", &|c| {
            c.log.scope = record::ScopeName::new("public").expect("a name");
        }),
        refused("another federation", &|c| c.federation.0 = Digest::of(&[])),
    ]
}

fn refused_texts(checkpoint: &Checkpoint) -> Vec<Value> {
    let text = checkpoint.text();
    let refused = |name: &str, from: &str, to: &str| {
        let broken = text.replacen(from, to, 1);
        assert_ne!(broken, text, "{name}");
        assert_eq!(Checkpoint::from_text(&broken), None, "{name}");
        json!({"name": name, "text": broken})
    };
    vec![
        refused("a size with a zero before it", "\n6\n", "\n06\n"),
        refused("a size with a sign", "\n6\n", "\n+6\n"),
        refused("a root without padding", "=\n", "\n"),
        refused("a line more", "=\n", "=\nextension\n"),
        refused("lines that end as on Windows", "\n6\n", "\r\n6\n"),
    ]
}
