//! Capturing and receiving events, durable and indexed, beside RocksDB alone.

use std::time::{Duration, Instant};

use criterion::Criterion;
use ledger::Ledger;
use record::UnverifiedBatch;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::federation::{self, Founded, folder, found_alone, national, open};
use crate::load::{self, Load};
use crate::raw::{self, Puts, Raw};
use crate::report::{Case, Report, median};
use crate::workload::{self, CAPTURE};

/// How many captures one round writes into fresh folders.
const CAPTURES: u32 = 40;
/// How many rounds are measured, both sides in turn.
const ROUNDS: usize = 5;
/// How many clients capture at the same time, where several do.
const CLIENTS: usize = 4;

const TARGET: f64 = 0.5;
const BOUND: &str = "RocksDB alone, same keys and bytes";

/// Measures capture and receipt.
pub(crate) fn run(criterion: &mut Criterion, report: &mut Report) {
    let runtime = federation::runtime();
    let founded = found_alone();
    let mut times = Times::default();
    for round in 0..ROUNDS {
        measure(&runtime, &founded, &mut times);
        println!("capture: round {} of {ROUNDS}", round + 1);
    }
    times.report(report);
    let puts = last_written(&runtime, &founded);
    let first: Vec<&Puts> = puts.iter().take(1).collect();
    let entries: usize = first.iter().map(|puts| puts.len()).sum();
    let bytes: usize = first.iter().map(|puts| raw::bytes(puts)).sum();
    report.note(format!(
        "A captured event is {} entries and {} bytes in RocksDB.",
        entries / CAPTURE as usize,
        bytes / CAPTURE as usize
    ));
    follow(criterion, &runtime, &founded, &puts);
}

#[derive(Default)]
struct Times {
    one_client: Vec<Duration>,
    clients: Vec<Duration>,
    with_parse: Vec<Duration>,
    receive: Vec<Duration>,
    raw: Vec<Duration>,
}

impl Times {
    fn report(mut self, report: &mut Report) {
        let raw = median(&mut self.raw);
        for (what, times, target) in [
            (
                "capture 1,000 events at a time, one client",
                &mut self.one_client,
                Some(TARGET),
            ),
            (
                "capture 1,000 events at a time, four clients",
                &mut self.clients,
                Some(TARGET),
            ),
            (
                "parse and capture, four clients",
                &mut self.with_parse,
                None,
            ),
            (
                "receive 1,000 events at a time",
                &mut self.receive,
                Some(TARGET),
            ),
        ] {
            let case = Case {
                what,
                bound: BOUND,
                units: load::events(CAPTURES),
                target,
            };
            report.rates(&case, median(times), raw);
        }
    }
}

fn measure(runtime: &Runtime, founded: &Founded, times: &mut Times) {
    let (folder, ledger) = fresh(founded);
    let one_client = Load::prepare(CAPTURES).capture(&ledger, 1);
    times.one_client.push(runtime.block_on(one_client));
    let batches = batches(&ledger);
    runtime.block_on(ledger.stop());
    drop(ledger);
    times.raw.push(raw::write_again(folder.path()));

    let (_folder, ledger) = fresh(founded);
    let clients = Load::prepare(CAPTURES).capture(&ledger, CLIENTS);
    times.clients.push(runtime.block_on(clients));

    let (_folder, ledger) = fresh(founded);
    let parsing = load::parse_and_capture(&ledger, CAPTURES, CLIENTS);
    times.with_parse.push(runtime.block_on(parsing));

    let other = federation::folder();
    let ledger = open(founded, federation::MEMBERS[1], other.path());
    times
        .receive
        .push(runtime.block_on(receive_all(&ledger, batches)));
}

fn last_written(runtime: &Runtime, founded: &Founded) -> Vec<Puts> {
    let (folder, ledger) = fresh(founded);
    runtime.block_on(Load::prepare(CAPTURES).capture(&ledger, 1));
    runtime.block_on(ledger.stop());
    drop(ledger);
    raw::read_back(folder.path(), u64::from(CAPTURE))
}

fn fresh(founded: &Founded) -> (TempDir, Ledger) {
    let folder = folder();
    let ledger = open(founded, federation::MEMBERS[0], folder.path());
    (folder, ledger)
}

/// Returns a log as a peer sends it, a capture's batch at a time.
fn batches(ledger: &Ledger) -> Vec<UnverifiedBatch> {
    let log = ledger.heads().remove(0).log;
    let (mut from, mut batches) = (0, Vec::new());
    // No more than one step between checkpoints fits in so few bytes.
    while let Some(batch) = ledger.read_batch(&log, from, 1).expect("reads") {
        from = batch.end;
        batches.push(UnverifiedBatch::decode(&batch.bytes).expect("honest bytes"));
    }
    batches
}

/// Hands a log's batches over, each once the one before is durable.
async fn receive_all(ledger: &Ledger, batches: Vec<UnverifiedBatch>) -> Duration {
    let begun = Instant::now();
    for batch in batches {
        ledger.receive(batch).await.expect("an honest batch");
    }
    begun.elapsed()
}

/// Lets criterion follow one capture, and the same written to RocksDB alone.
fn follow(criterion: &mut Criterion, runtime: &Runtime, founded: &Founded, puts: &[Puts]) {
    let mut group = criterion.benchmark_group("capture-1000-events");
    group.throughput(criterion::Throughput::Elements(u64::from(CAPTURE)));
    let (like, ledger) = fresh(founded);
    let mut nth = 0;
    group.bench_function("ours", |b| {
        b.iter_custom(|times| {
            (0..times)
                .map(|_| {
                    let events = workload::capture(nth);
                    nth += 1;
                    let begun = Instant::now();
                    let captured = runtime.block_on(ledger.capture(&national(), events, None));
                    assert!(captured.is_ok(), "captures");
                    begun.elapsed()
                })
                .sum()
        });
    });
    let alone = folder();
    let db = Raw::open(like.path(), alone.path());
    let mut puts = puts.iter().cycle();
    group.bench_function("bound", |b| {
        b.iter_custom(|times| {
            (0..times)
                .filter_map(|_| puts.next())
                .map(|p| db.write(p))
                .sum()
        });
    });
    group.finish();
}
