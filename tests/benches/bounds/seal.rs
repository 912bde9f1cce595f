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

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let begun = Instant::now();
    black_box(work());
    begun.elapsed()
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

/// Verifies batches as they were received, beside their Merkle root alone and
/// one `verify_strict`.
pub(crate) fn verify(criterion: &mut Criterion, report: &mut Report) {
    for (count, content) in [(256, false), (256, true), (1_024, true)] {
        let mut run = run();
        let edge = edge_of(&mut run);
        let received = received(&batch(&mut run, count), content);
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
        let bound = || {
            timed(|| {
                if content {
                    hash_payloads(count);
                }
                bare.root_and_signature()
            })
        };
        let (shown, bounded) = if content {
            (
                "with payloads",
                "Merkle root, one verify_strict, SHA-256 of the payloads",
            )
        } else {
            ("headers only", "Merkle root, one verify_strict")
        };
        let case = Case {
            what: &format!("verify a batch of {count}, {shown}"),
            bound: bounded,
            units: count,
            target: Some(0.5),
        };
        report.compare(criterion, &case, ours, bound);
    }
    decode(criterion, report);
}

/// Decodes and verifies what came over the wire.
fn decode(criterion: &mut Criterion, report: &mut Report) {
    let count = 256;
    let mut run = run();
    let edge = edge_of(&mut run);
    let bytes = received(&batch(&mut run, count), true).encode();
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
    let bound = || {
        timed(|| {
            hash_payloads(count);
            bare.root_and_signature()
        })
    };
    report.compare(criterion, &case, ours, bound);
}

/// Writes one more batch and returns the tree's edge after it.
fn edge_of(run: &mut Run) -> Edge {
    batch(run, 1).edge().clone()
}

/// A batch as it was decoded, with its payloads or with whole headers alone.
fn received(batch: &Batch, content: bool) -> UnverifiedBatch {
    let record = |record: &record::Record| {
        if content {
            return record.clone();
        }
        let header = record.header_bytes().to_vec();
        record::Record::check(header, None).expect("a header")
    };
    let records = batch.records().iter().map(|(_, r)| record(r)).collect();
    UnverifiedBatch::from_stored(batch.start(), records, batch.checkpoint())
}

/// What verification cannot do without: a root over leaf hashes given, and one
/// signature.
struct Bare {
    leaves: Vec<tlog_tiles::Hash>,
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
            leaves: (0..count).map(leaf).collect(),
            signature: key.sign(&text),
            key: key.verifying_key(),
            text,
        }
    }

    fn root_and_signature(&self) {
        let mut level = self.leaves.clone();
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
