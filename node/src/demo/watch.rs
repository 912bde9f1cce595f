//! What arrives at which node, and when.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use ledger::{Head, Ledger};
use record::LogId;
use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;

use super::federation::Federation;

/// How often it is looked whether everything has arrived.
const LOOK: Duration = Duration::from_millis(20);
/// How long nothing may arrive before it is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A head that became durable at a node.
#[derive(Debug)]
struct Arrival {
    node: usize,
    head: Head,
    at: Instant,
}

/// Notes every head that becomes durable at any node, from its start on.
#[derive(Debug)]
pub(super) struct Watch {
    arrivals: Arc<Mutex<Vec<Arrival>>>,
    tasks: JoinSet<()>,
}

impl Watch {
    pub(super) fn start(federation: &Federation) -> Self {
        let arrivals = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = JoinSet::new();
        for (node, member) in federation.nodes.iter().enumerate() {
            let ledger = member.node.ledger().clone();
            // Before the start returns, so that no head is missed.
            let heads = ledger.subscribe();
            tasks.spawn(note(node, ledger, heads, Arc::clone(&arrivals)));
        }
        Self { arrivals, tasks }
    }

    /// Ends the watch, and tells how long records took from being durable at
    /// their author to being durable at each other node.
    pub(super) async fn latencies(mut self, federation: &Federation) -> Latencies {
        self.tasks.shutdown().await;
        let arrivals =
            std::mem::take(&mut *self.arrivals.lock().unwrap_or_else(PoisonError::into_inner));
        let authors: BTreeMap<_, _> = federation
            .nodes
            .iter()
            .enumerate()
            .map(|(node, member)| (member.node.ledger().own_key(), node))
            .collect();
        // By log, then by node: when it had grown to which size.
        let mut logs: BTreeMap<LogId, BTreeMap<usize, Vec<(u64, Instant)>>> = BTreeMap::new();
        for Arrival { node, head, at } in arrivals {
            let grown = logs.entry(head.log).or_default().entry(node).or_default();
            if grown.last().is_none_or(|(size, _)| *size < head.size) {
                grown.push((head.size, at));
            }
        }
        let mut samples = Vec::new();
        for (log, nodes) in &logs {
            let Some(written) = authors.get(&log.author).and_then(|node| nodes.get(node)) else {
                continue;
            };
            let readers = nodes
                .iter()
                .filter(|(node, _)| authors.get(&log.author) != Some(*node));
            for (_, read) in readers {
                compare(written, read, &mut samples);
            }
        }
        Latencies::of(samples)
    }
}

async fn note(
    node: usize,
    ledger: Ledger,
    mut heads: tokio::sync::broadcast::Receiver<Head>,
    arrivals: Arc<Mutex<Vec<Arrival>>>,
) {
    loop {
        let heads = match heads.recv().await {
            Ok(head) => vec![head],
            // Late, and so at worst told as slower than it was.
            Err(RecvError::Lagged(_)) => ledger.heads(),
            Err(RecvError::Closed) => return,
        };
        let at = Instant::now();
        let mut arrivals = arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        arrivals.extend(heads.into_iter().map(|head| Arrival { node, head, at }));
    }
}

/// Adds, for every run of records that one reader got at one moment, how long
/// it took and how many records they were.
fn compare(
    written: &[(u64, Instant)],
    read: &[(u64, Instant)],
    samples: &mut Vec<(Duration, u64)>,
) {
    let mut from = 0;
    let mut read = read.iter().peekable();
    for (written_to, written_at) in written {
        while from < *written_to {
            let Some((read_to, read_at)) = read.peek() else {
                return;
            };
            let to = (*written_to).min(*read_to);
            if to > from {
                samples.push((read_at.saturating_duration_since(*written_at), to - from));
                from = to;
            }
            if *read_to <= from {
                read.next();
            }
        }
    }
}

/// How long records took to reach the other nodes, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(super) struct Latencies {
    /// Half of them took no longer.
    pub(super) p50_ms: f64,
    /// 99 of 100 took no longer.
    pub(super) p99_ms: f64,
    /// The slowest.
    pub(super) max_ms: f64,
    /// How many arrivals of a record at a node were measured.
    pub(super) deliveries: u64,
}

impl Latencies {
    fn of(mut samples: Vec<(Duration, u64)>) -> Self {
        samples.sort_unstable();
        let deliveries: u64 = samples.iter().map(|(_, records)| records).sum();
        let at = |percent: u64| {
            let mut left = (deliveries * percent).div_ceil(100);
            for (took, records) in &samples {
                if left <= *records {
                    return took.as_secs_f64() * 1_000.0;
                }
                left -= records;
            }
            0.0
        };
        Self {
            p50_ms: at(50),
            p99_ms: at(99),
            max_ms: at(100),
            deliveries,
        }
    }
}

/// Returns how many records entitled nodes still lack.
fn missing(federation: &Federation) -> u64 {
    let charter = federation.charter();
    let heads: Vec<BTreeMap<LogId, Head>> = federation
        .nodes
        .iter()
        .map(|member| member.node.ledger().heads())
        .map(|heads| {
            heads
                .into_iter()
                .map(|head| (head.log.clone(), head))
                .collect()
        })
        .collect();
    let mut missing = 0;
    for (author, written) in federation.nodes.iter().zip(&heads) {
        let own_key = author.node.ledger().own_key();
        for head in written.values().filter(|head| head.log.author == own_key) {
            for (reader, held) in federation.nodes.iter().zip(&heads) {
                if charter.may_read(reader.id(), &head.log.scope) {
                    let held = held.get(&head.log).map_or(0, |held| held.size);
                    missing += head.size.saturating_sub(held);
                }
            }
        }
    }
    missing
}

/// Waits until every entitled node holds every record, telling how many are
/// still missing.
///
/// # Errors
///
/// When nothing arrives any more.
pub(super) async fn everywhere(
    federation: &Federation,
    mut progress: impl FnMut(u64),
) -> Result<()> {
    let (mut least, mut since) = (u64::MAX, Instant::now());
    loop {
        let missing = missing(federation);
        progress(missing);
        if missing == 0 {
            return Ok(());
        }
        if missing < least {
            (least, since) = (missing, Instant::now());
        } else if since.elapsed() > PATIENCE {
            bail!(
                "{missing} records have not reached every entitled node, and none arrived for {} s",
                PATIENCE.as_secs()
            );
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Returns how many bytes all nodes have sent to each other, once what was sent
/// has arrived and the counts agree, or after a while as they are.
pub(super) async fn bytes_on_the_wire(federation: &Federation) -> u64 {
    let give_up = Instant::now() + Duration::from_secs(3);
    let mut statuses: Vec<_> = federation
        .nodes
        .iter()
        .map(|member| member.node.network_status())
        .collect();
    let mut last = None;
    loop {
        let (mut sent, mut received) = (0, 0);
        for status in &mut statuses {
            let traffic = status.borrow_and_update().traffic();
            sent += traffic.control_out.bytes + traffic.bulk_out.bytes;
            received += traffic.control_in.bytes + traffic.bulk_in.bytes;
        }
        // Twice the same, each with a fresh status of every node.
        if sent == received && last == Some(sent) || Instant::now() > give_up {
            return sent;
        }
        last = Some(sent);
        let renewed = statuses
            .iter_mut()
            .map(tokio::sync::watch::Receiver::changed);
        let renewed = futures::future::join_all(renewed);
        drop(tokio::time::timeout(Duration::from_millis(700), renewed).await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_record_is_measured_once_at_each_reader() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut samples = Vec::new();
        // Two batches, read in three steps that cut across them.
        compare(
            &[(10, at(0)), (20, at(100))],
            &[(4, at(10)), (12, at(120)), (20, at(130))],
            &mut samples,
        );
        let ms = |ms| Duration::from_millis(ms);
        assert_eq!(
            samples,
            [(ms(10), 4), (ms(120), 6), (ms(20), 2), (ms(30), 8)]
        );
        let latencies = Latencies::of(samples);
        assert_eq!(latencies.deliveries, 20);
        assert_eq!((latencies.p50_ms, latencies.p99_ms), (30.0, 120.0));
    }

    #[test]
    fn nothing_measured_is_no_panic() {
        assert_eq!(Latencies::of(Vec::new()), Latencies::default());
    }
}
