//! Capturing and receiving events, durable and indexed, beside RocksDB alone.

use std::time::{Duration, Instant};

use criterion::Criterion;
use ledger::Ledger;
use record::UnverifiedBatch;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::federation::{self, Founded, folder, found_alone, national, open};
use crate::load::{self, Load};
use crate::raw::{self, Bounds, Puts, Raw};
use crate::report::Report;
use crate::workload::{self, CAPTURE};

/// How many captures one round writes into fresh folders.
const CAPTURES: u32 = 40;
/// How many rounds are measured, both sides in turn.
const ROUNDS: usize = 5;
/// How many clients capture at the same time, where several do.
const CLIENTS: usize = 4;

const TARGET: f64 = 0.5;

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
    let left = with_fresh(&runtime, &founded, federation::MEMBERS[0], async |ledger| {
        Load::prepare(CAPTURES).capture(ledger, 1).await;
    });
    let puts = raw::read_back(left.path(), u64::from(CAPTURE));
    let entries: usize = puts[0].len();
    let bytes = raw::bytes(&puts[0]);
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
    raw: Bounds,
}

impl Times {
    fn report(mut self, report: &mut Report) {
        let target = Some(TARGET);
        for (what, times, target) in [
            ("capture, one client", &mut self.one_client, target),
            ("capture, four clients", &mut self.clients, target),
            (
                "parse and capture, four clients",
                &mut self.with_parse,
                None,
            ),
            ("receive", &mut self.receive, target),
        ] {
            let what = (what, load::events(CAPTURES));
            self.raw.compare(report, what, times, target);
        }
    }
}

fn measure(runtime: &Runtime, founded: &Founded, times: &mut Times) {
    let [one, two] = federation::MEMBERS;
    let mut sent = Vec::new();
    let left = with_fresh(runtime, founded, one, async |ledger| {
        let load = Load::prepare(CAPTURES);
        times.one_client.push(load.capture(ledger, 1).await);
        sent = batches(ledger);
    });
    times.raw.measure(left.path());
    with_fresh(runtime, founded, one, async |ledger| {
        let load = Load::prepare(CAPTURES);
        times.clients.push(load.capture(ledger, CLIENTS).await);
    });
    with_fresh(runtime, founded, one, async |ledger| {
        let took = load::parse_and_capture(ledger, CAPTURES, CLIENTS).await;
        times.with_parse.push(took);
    });
    with_fresh(runtime, founded, two, async |ledger| {
        times.receive.push(receive_all(ledger, sent).await);
    });
}

/// Opens a ledger in an empty folder, does something with it, stops it and
/// returns the folder.
fn with_fresh(
    runtime: &Runtime,
    founded: &Founded,
    member: u8,
    work: impl AsyncFnOnce(&Ledger),
) -> TempDir {
    let folder = folder();
    let ledger = open(founded, member, folder.path());
    runtime.block_on(async {
        work(&ledger).await;
        ledger.stop().await;
    });
    folder
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
    let like = folder();
    let ledger = open(founded, federation::MEMBERS[0], like.path());
    let mut nth = 0;
    group.bench_function("ours", |b| {
        b.iter_custom(|times| {
            (0..times)
                .map(|_| {
                    let events = workload::capture(nth);
                    nth += 1;
                    let begun = Instant::now();
                    let captured = runtime.block_on(ledger.capture(&national(), events));
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
