//! RocksDB alone: what a node wrote, written once more without the node.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use rocksdb::{
    Cache, DB, Env, IteratorMode, Options, WriteBatch, WriteBufferManager, WriteOptions,
};

use crate::federation;
use crate::report::{Case, Report, median};
use crate::workload::CAPTURE;

/// One write batch: column family, key and value, in the order of the records.
pub(crate) type Puts = Vec<(String, Vec<u8>, Vec<u8>)>;

/// Reads a node's folder back, as the batches in which it was written:
/// `per_batch` records each.
///
/// Where an entry belongs shows in its arrival number, which stands in its key
/// or its value, or in its position in the log, which leads to the arrival.
pub(crate) fn read_back(folder: &Path, per_batch: u64) -> Vec<Puts> {
    let names = DB::list_cf(&Options::default(), folder).expect("a database");
    let db =
        DB::open_cf_for_read_only(&Options::default(), folder, &names, false).expect("a database");
    let all = |name: &str| -> Vec<(Vec<u8>, Vec<u8>)> {
        let handle = db.cf_handle(name).expect("was listed");
        let pairs = db.iterator_cf(handle, IteratorMode::Start);
        let pairs = pairs.map(|pair| pair.expect("reads"));
        pairs.map(|(k, v)| (k.into_vec(), v.into_vec())).collect()
    };
    let mut arrivals = BTreeMap::new();
    let mut puts: BTreeMap<u64, Puts> = BTreeMap::new();
    for (key, value) in all("arrivals") {
        let arrival = number(&key);
        arrivals.insert(value.clone(), arrival);
        puts.entry(arrival)
            .or_default()
            .push(("arrivals".into(), key, value));
    }
    for name in ["records", "payloads", "index"] {
        for (key, value) in all(name) {
            let arrival = match name {
                "index" => number(&key[9..]),
                _ => arrivals[&key],
            };
            puts.entry(arrival)
                .or_default()
                .push((name.into(), key, value));
        }
    }
    // The opening has come with the first batch.
    let mut batches: BTreeMap<u64, Puts> = BTreeMap::new();
    for (arrival, of_record) in puts {
        let batch = arrival.saturating_sub(2) / per_batch;
        batches.entry(batch).or_default().extend(of_record);
    }
    let mut batches: Vec<Puts> = batches.into_values().collect();
    for name in ["hashes", "checkpoints"] {
        for ((key, value), at) in all(name).into_iter().zip(0..) {
            let last = batches.len() - 1;
            batches[last.min(at)].push((name.into(), key, value));
        }
    }
    // A log's state is written anew with every batch.
    for (key, value) in all("logs") {
        for batch in &mut batches {
            batch.push(("logs".into(), key.clone(), value.clone()));
        }
    }
    batches
}

fn number(bytes: &[u8]) -> u64 {
    u64::from_be_bytes(bytes.try_into().expect("eight bytes"))
}

/// Returns how many bytes of keys and values a batch holds.
pub(crate) fn bytes(puts: &Puts) -> usize {
    puts.iter()
        .map(|(_, key, value)| key.len() + value.len())
        .sum()
}

/// How long it took, round by round, to write once more what a node had
/// written.
#[derive(Default)]
pub(crate) struct Bounds {
    /// In the order of the records, as it comes.
    plain: Vec<Duration>,
    /// Sorted by key, as the node itself sorts its index keys.
    sorted: Vec<Duration>,
}

impl Bounds {
    /// Writes once more what a node left in its folder, in batches as large as
    /// its captures.
    pub(crate) fn measure(&mut self, folder: &Path) {
        let mut puts = read_back(folder, u64::from(CAPTURE));
        let write = |puts: &[Puts]| {
            let alone = federation::folder();
            let raw = Raw::open(folder, alone.path());
            puts.iter().map(|puts| raw.write(puts)).sum()
        };
        self.plain.push(write(&puts));
        for batch in &mut puts {
            batch.sort_unstable();
        }
        self.sorted.push(write(&puts));
    }

    /// Enters what the node did, beside both bounds. The target is meant beside
    /// the first.
    pub(crate) fn compare(
        &mut self,
        report: &mut Report,
        (what, units): (&str, usize),
        times: &mut [Duration],
        target: Option<f64>,
    ) {
        let ours = median(times);
        let mut row = |bound, target, times| {
            let case = Case {
                what,
                bound,
                units,
                target,
            };
            report.rates(&case, ours, median(times));
        };
        row(
            "RocksDB alone, same keys and bytes",
            target,
            &mut self.plain,
        );
        row("RocksDB alone, each batch sorted", None, &mut self.sorted);
    }
}

/// A database with the options of a node's, and nothing of the node's.
pub(crate) struct Raw {
    db: DB,
}

impl Raw {
    /// Opens a database in `folder` with the options that the node whose folder
    /// `like` is has left behind there.
    pub(crate) fn open(like: &Path, folder: &Path) -> Self {
        let cache = Cache::new_lru_cache(32 << 20);
        let env = || {
            let mut env = Env::new().expect("an environment");
            env.set_low_priority_background_threads(2);
            env.set_high_priority_background_threads(1);
            env
        };
        let (mut options, columns) =
            Options::load_latest(like, env(), false, cache).expect("the node's options");
        options.set_env(&env());
        options.create_if_missing(true);
        options.create_missing_column_families(true);
        let buffers = WriteBufferManager::new_write_buffer_manager(64 << 20, false);
        options.set_write_buffer_manager(&buffers);
        let db = DB::open_cf_descriptors(&options, folder, columns).expect("a database");
        Self { db }
    }

    /// Writes one batch, synced, and returns how long that took.
    pub(crate) fn write(&self, puts: &Puts) -> Duration {
        let mut synced = WriteOptions::default();
        synced.set_sync(true);
        let begun = Instant::now();
        let mut batch = WriteBatch::default();
        for (name, key, value) in puts {
            let handle = self.db.cf_handle(name).expect("opened with it");
            batch.put_cf(handle, key, value);
        }
        self.db.write_opt(batch, &synced).expect("writes");
        begun.elapsed()
    }
}
