//! Signing and verifying batches.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::Criterion;
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use record::tree::Edge;
use record::{
    Batch, CharterRef, Digest, Entry, Epoch, FederationId, Flags, Kind, Run, Salt, UnverifiedBatch,
};
use sha2::{Digest as _, Sha256};

use crate::federation::{author, national};
use crate::report::{Case, Report};

/// The payload of every record.
const PAYLOAD: [u8; 600] = [b'x'; 600];
const SEED: u8 = 1;

fn federation() -> FederationId {
    FederationId(Digest::of(&[b"bench"]))
}

/// A run whose log has its opening already.
fn run() -> Run {
    let mut run = Run::start(author(SEED), federation(), Epoch([1; 16]), &[]);
    black_box(batch(&mut run, 1));
    run
}

fn entries(count: usize) -> Vec<Entry> {
    let entry = Entry {
        kind: Kind::EVENT,
        flags: Flags::NONE,
        subject: Vec::new(),
        payload: PAYLOAD.to_vec(),
    };
    vec![entry; count]
}

fn batch_of(run: &mut Run, entries: Vec<Entry>) -> Batch {
    const CHARTER: CharterRef = CharterRef {
        version: 1,
        hash: [7; 8],
    };
    let mut salt = 0u128;
    let salts = || {
        salt += 1;
        Salt(salt.to_be_bytes())
    };
    run.batch(1_790_000_000_000, &national(), CHARTER, entries, salts)
        .expect("fits")
}

fn batch(run: &mut Run, count: usize) -> Batch {
    batch_of(run, entries(count))
}

/// Returns how long some work took, without the disposal of its result.
fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let begun = Instant::now();
    let result = black_box(work());
    let took = begun.elapsed();
    drop(result);
    took
}

/// SHA-256 over as many payloads.
fn hash_payloads(count: usize) {
    for _ in 0..count {
        black_box(Sha256::digest(black_box(PAYLOAD)));
    }
}

/// A signed text as long as a checkpoint's.
fn text() -> Vec<u8> {
    vec![b'c'; 260]
}

/// Signs batches, beside SHA-256 over the same payloads and one signature.
pub(crate) fn sign(criterion: &mut Criterion, report: &mut Report) {
    let key = SigningKey::from_bytes(&[SEED; 32]);
    let text = text();
    for count in [256, 1_024] {
        let mut run = run();
        let case = Case {
            what: &format!("sign a batch of {count}"),
            bound: "SHA-256 of the payloads, one signature",
            units: count,
            target: None,
        };
        let ours = || {
            let entries = entries(count);
            timed(|| batch_of(&mut run, entries))
        };
        let bound = || {
            timed(|| {
                hash_payloads(count);
                key.sign(black_box(&text))
            })
        };
        report.compare(criterion, &case, ours, bound);
    }
}

/// What a batch is verified with, and what the bound then cannot do without.
#[derive(Clone, Copy)]
enum Shown {
    /// Whole headers; the leaf hashes are given to the bound.
    HeadersBesideHashes,
    /// Whole headers, which the bound hashes too.
    Headers,
    /// Elided headers with payloads, which the bound hashes too.
    Payloads,
}

/// Verifies batches as they were received, beside their Merkle root alone and
/// one `verify_strict`.
pub(crate) fn verify(criterion: &mut Criterion, report: &mut Report) {
    for (count, shown, what, bound, target) in [
        (
            256,
            Shown::HeadersBesideHashes,
            "headers only",
            "root of 256 leaf hashes, one verify_strict",
            None,
        ),
        (
            256,
            Shown::Headers,
            "headers only",
            "Merkle root, one verify_strict",
            Some(0.5),
        ),
        (
            256,
            Shown::Payloads,
            "with payloads",
            "Merkle root, one verify_strict, SHA-256 of the payloads",
            Some(0.5),
        ),
        (
            1_024,
            Shown::Payloads,
            "with payloads",
            "Merkle root, one verify_strict, SHA-256 of the payloads",
            Some(0.5),
        ),
    ] {
        let mut run = run();
        let edge = edge_of(&mut run);
        let received = received(&batch(&mut run, count), shown);
        let own = author(SEED).public();
        let ours = || {
            let batch = received.clone();
            timed(|| {
                batch
                    .verify(federation(), &own, edge.clone())
                    .expect("honest")
            })
        };
        let bare = Bare::new(count);
        let case = Case {
            what: &format!("verify a batch of {count}, {what}"),
            bound,
            units: count,
            target,
        };
        report.compare(criterion, &case, ours, || timed(|| bare.verify(shown)));
    }
    decode(criterion, report);
}

/// Decodes and verifies what came over the wire.
fn decode(criterion: &mut Criterion, report: &mut Report) {
    let count = 256;
    let mut run = run();
    let edge = edge_of(&mut run);
    let bytes = received(&batch(&mut run, count), Shown::Payloads).encode();
    let own = author(SEED).public();
    let bare = Bare::new(count);
    let case = Case {
        what: "decode and verify a batch of 256, with payloads",
        bound: "Merkle root, one verify_strict, SHA-256 of the payloads",
        units: count,
        target: None,
    };
    let ours = || {
        timed(|| {
            let batch = UnverifiedBatch::decode(black_box(&bytes)).expect("honest");
            batch
                .verify(federation(), &own, edge.clone())
                .expect("honest")
        })
    };
    report.compare(criterion, &case, ours, || {
        timed(|| bare.verify(Shown::Payloads))
    });
}

/// Writes one more batch and returns the tree's edge after it.
fn edge_of(run: &mut Run) -> Edge {
    batch(run, 1).edge().clone()
}

/// A batch as it was decoded, with its payloads or with whole headers alone.
fn received(batch: &Batch, shown: Shown) -> UnverifiedBatch {
    let record = |record: &record::Record| {
        if matches!(shown, Shown::Payloads) {
            return record.clone();
        }
        let header = record.header_bytes().to_vec();
        record::Record::check(header, None).expect("a header")
    };
    let records = batch.records().iter().map(|(_, r)| record(r)).collect();
    UnverifiedBatch::from_stored(batch.start(), records, batch.checkpoint())
}

/// The bytes that a record's leaf hash is made of: its log's digest, its index
/// and its header.
const LEAF: [u8; 100] = [b'l'; 100];

/// What verification cannot do without: a Merkle root, and one signature.
struct Bare {
    hashes: Vec<tlog_tiles::Hash>,
    key: VerifyingKey,
    text: Vec<u8>,
    signature: ed25519_dalek::Signature,
}

impl Bare {
    fn new(count: usize) -> Self {
        let key = SigningKey::from_bytes(&[SEED; 32]);
        let text = text();
        let leaf = |n: usize| tlog_tiles::record_hash(&n.to_be_bytes());
        Self {
            hashes: (0..count).map(leaf).collect(),
            signature: key.sign(&text),
            key: key.verifying_key(),
            text,
        }
    }

    fn verify(&self, shown: Shown) {
        if matches!(shown, Shown::Payloads) {
            hash_payloads(self.hashes.len());
        }
        let mut level = self.hashes.clone();
        if !matches!(shown, Shown::HeadersBesideHashes) {
            level.fill_with(|| tlog_tiles::record_hash(black_box(&LEAF)));
        }
        while level.len() > 1 {
            let pairs = level.chunks(2);
            level = pairs
                .map(|pair| match pair {
                    [left, right] => tlog_tiles::node_hash(*left, *right),
                    odd => odd[0],
                })
                .collect();
        }
        black_box(level);
        self.key
            .verify_strict(black_box(&self.text), &self.signature)
            .expect("an honest signature");
    }
}
