//! Clients that capture events.

use std::time::{Duration, Instant};

use epcis::Event;
use ledger::Ledger;

use crate::federation::national;
use crate::workload::{self, CAPTURE};

/// Returns how many events so many captures carry.
pub(crate) fn events(captures: u32) -> usize {
    (captures * CAPTURE) as usize
}

/// Events that were parsed before the time is taken, capture by capture.
pub(crate) struct Load(Vec<Vec<Event>>);

impl Load {
    /// Makes so many captures.
    pub(crate) fn prepare(captures: u32) -> Self {
        Self::prepare_from(0, captures)
    }

    /// Makes so many captures, beginning with the `first` of a run.
    pub(crate) fn prepare_from(first: u32, captures: u32) -> Self {
        Self((first..first + captures).map(workload::capture).collect())
    }

    /// Captures everything, by so many clients that each wait for their last
    /// capture before the next, and returns how long it took.
    pub(crate) async fn capture(self, ledger: &Ledger, clients: usize) -> Duration {
        let begun = Instant::now();
        by_clients(self.0, clients, |events| capture(ledger.clone(), events)).await;
        begun.elapsed()
    }
}

/// Parses and captures as many documents in the same way.
pub(crate) async fn parse_and_capture(ledger: &Ledger, captures: u32, clients: usize) -> Duration {
    let document = |nth| workload::document(workload::serials(nth));
    let documents: Vec<String> = (0..captures).map(document).collect();
    let begun = Instant::now();
    let work = |document: String| {
        let ledger = ledger.clone();
        async move {
            let events = tokio::task::spawn_blocking(move || workload::parse(&document));
            capture(ledger, events.await.expect("parses")).await;
        }
    };
    by_clients(documents, clients, work).await;
    begun.elapsed()
}

async fn capture(ledger: Ledger, events: Vec<Event>) {
    let captured = ledger.capture(&national(), events).await;
    assert_eq!(captured.expect("captures").records.len(), CAPTURE as usize);
}

/// Shares work out among clients that each do one piece after the other.
async fn by_clients<T, W>(mut all: Vec<T>, clients: usize, work: impl Fn(T) -> W)
where
    W: Future<Output = ()>,
{
    let each = all.len().div_ceil(clients);
    let mut shares = Vec::new();
    while !all.is_empty() {
        let rest = all.split_off(each.min(all.len()));
        shares.push(std::mem::replace(&mut all, rest));
    }
    let clients = shares.into_iter().map(async |share| {
        for piece in share {
            work(piece).await;
        }
    });
    futures::future::join_all(clients).await;
}
