//! Appending signed records, durable but without any index, beside RocksDB
//! alone: what a capture costs before anything can be found again.

use std::path::Path;
use std::time::{Duration, Instant};

use criterion::Criterion;
use record::tree::stored_count;
use record::{Batch, CharterRef, Digest, Entry, Epoch, FederationId, Flags, Kind, Run, Salt};
use store::{LogNumber, LogState, Resources, Store, StoredCheckpoint, StoredRecord};

use crate::federation::{MEMBERS, author, folder, national};
use crate::load;
use crate::raw::Bounds;
use crate::report::Report;
use crate::workload::{self, CAPTURE};

/// How many captures' records one round writes into a fresh folder.
const CAPTURES: u32 = 40;
const ROUNDS: usize = 5;
const NOW_MS: u64 = 1_790_000_000_000;
const LOG: LogNumber = LogNumber(0);

/// Measures the append.
pub(crate) fn run(criterion: &mut Criterion, report: &mut Report) {
    let (mut times, mut raw) = (Vec::new(), Bounds::default());
    for round in 0..ROUNDS {
        let folder = folder();
        let mut log = Appending::open(folder.path());
        times.push((0..CAPTURES).map(|nth| log.append(nth)).sum());
        drop(log);
        raw.measure(folder.path());
        println!("append: round {} of {ROUNDS}", round + 1);
    }
    let what = ("append, without indexes", load::events(CAPTURES));
    raw.compare(report, what, &mut times, None);
    follow(criterion);
}

/// Lets criterion follow the append of one capture's records.
fn follow(criterion: &mut Criterion) {
    let folder = folder();
    let mut log = Appending::open(folder.path());
    let mut nth = 0;
    let mut group = criterion.benchmark_group("append-1000-records");
    group.throughput(criterion::Throughput::Elements(u64::from(CAPTURE)));
    group.bench_function("ours", |b| {
        b.iter_custom(|times| {
            let appended = (0..times).map(|_| {
                nth += 1;
                log.append(nth)
            });
            appended.sum()
        });
    });
    group.finish();
}

/// A log that is written to a store.
struct Appending {
    run: Run,
    store: Store,
    arrival: u64,
}

impl Appending {
    fn open(folder: &Path) -> Self {
        let federation = FederationId(Digest::of(&[b"bench"]));
        let resources = Resources::for_one_node().expect("resources");
        Self {
            run: Run::start(author(MEMBERS[0]), federation, Epoch([1; 16]), &[]),
            store: Store::open(folder, &resources).expect("a store"),
            arrival: 0,
        }
    }

    /// Signs and writes the records of one capture, and returns how long that
    /// took.
    fn append(&mut self, nth: u32) -> Duration {
        let entries = workload::capture(nth).into_iter().map(|event| Entry {
            kind: Kind::EVENT,
            flags: Flags::NONE,
            subject: Vec::new(),
            payload: event.into_payload().into_bytes(),
        });
        let entries = entries.collect();
        let begun = Instant::now();
        let mut salts = vec![0; 16 * (CAPTURE as usize + 1)];
        getrandom::fill(&mut salts).expect("randomness");
        let mut salts = salts.as_chunks::<16>().0.iter();
        let charter = CharterRef {
            version: 1,
            hash: [7; 8],
        };
        let salt = || Salt(*salts.next().expect("enough"));
        let batch = self.run.batch(NOW_MS, &national(), charter, entries, salt);
        self.write(&batch.expect("fits"));
        begun.elapsed()
    }

    fn write(&mut self, batch: &Batch) {
        let mut set = self.store.write();
        let signed = batch.checkpoint();
        let checkpoint = StoredCheckpoint {
            size: signed.checkpoint().size,
            root: signed.checkpoint().root,
            signature: signed.signature(),
        };
        let state = LogState {
            log: batch.log().clone(),
            size: checkpoint.size,
            root: checkpoint.root,
            written: checkpoint.size,
            named_at: None,
        };
        set.log(LOG, &state);
        set.hashes(LOG, stored_count(batch.start()), batch.hashes());
        set.checkpoint(LOG, &checkpoint);
        for ((_, record), index) in batch.records().iter().zip(batch.start()..) {
            self.arrival += 1;
            let stored = StoredRecord {
                arrival: self.arrival,
                stored_ms: NOW_MS,
                verdict: 0,
                header: record.header_bytes().to_vec(),
            };
            set.record(LOG, index, &stored, record.content());
        }
        self.store.commit(set).expect("writes");
    }
}
