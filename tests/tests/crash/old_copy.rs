//! A node whose folder is put back from an old copy.

use std::ops::Range;

use tests::goods;

use crate::heads::{Heads, Log, Roots, log_of};
use crate::office::{Office, Offices};
use crate::until;

const LOT: u32 = 3;
/// The events of one capture.
const EVENTS: u64 = 10;

/// Returns the serial numbers of a capture.
fn serials(capture: u64) -> Range<u64> {
    capture * EVENTS..(capture + 1) * EVENTS
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_copy_put_back_twice() {
    let Offices { mut a, mut b, .. } = Offices::form();
    let elsewhere = tempfile::tempdir().expect("a temporary folder");
    let copy = elsewhere.path().join("copy");
    let mut roots = Roots::default();
    b.start().await;

    // The copy falls into the middle of a run, whose log grows after it.
    a.start().await;
    a.capture(LOT, serials(0)).await;
    let copied = a.agrees_with(&b).await;
    roots.note(&copied);
    let first = copied.beyond(&Heads::default());
    let [cut] = first.as_slice() else {
        panic!("one log: {first:?}");
    };
    let size = copied.size(cut);
    a.copy_to(&copy);
    a.capture(LOT, serials(1)).await;
    let mut agreed = a.agrees_with(&b).await;
    roots.note(&agreed);
    a.stop().await;

    // The second time, the copy knows nothing of the log of the run between.
    let mut between = Vec::new();
    for capture in [2, 3] {
        a.put_back(&copy);
        let before = agreed;
        agreed = goes_on(&mut a, &b, &before, capture, &mut roots).await;
        for office in [&a, &b] {
            recovered(office, cut, size, size + EVENTS).await;
            for log in &between {
                recovered(office, log, 0, EVENTS + 1).await;
            }
        }
        between = agreed.beyond(&before);
        a.stop().await;
    }
    assert_eq!(between.len(), 1, "{between:?}");
    b.stop().await;
}

/// Starts the node from the copy and captures: its peer gets that in a fresh
/// log, and gives back all that it holds.
async fn goes_on(
    a: &mut Office,
    b: &Office,
    before: &Heads,
    capture: u64,
    roots: &mut Roots,
) -> Heads {
    assert_eq!(b.heads().await, *before, "the peer keeps what it has");
    a.start().await;
    a.capture(LOT, serials(capture)).await;
    let agreed = until("the fresh log, and all that came before", async || {
        let (at_a, at_b) = (a.heads().await, b.heads().await);
        roots.note(&at_a);
        roots.note(&at_b);
        (at_a == at_b && !at_b.beyond(before).is_empty()).then_some(at_b)
    })
    .await;
    let fresh = agreed.beyond(before);
    assert_eq!(fresh.len(), 1, "{fresh:?}");
    assert_eq!(agreed.size(&fresh[0]), EVENTS + 1, "its opening and events");
    agreed.hold_all_of(before);
    for office in [a, b] {
        let held = office.event_ids().await;
        for serial in 0..serials(capture).end {
            let id = goods::event_id(LOT, serial);
            assert!(held.contains(&id), "{id} was acknowledged and is lost");
        }
    }
    agreed
}

/// Expects that a node holds so much of a log, and shows it as recovered from
/// an index on.
async fn recovered(office: &Office, which: &Log, from: u64, size: u64) {
    let status = office.client.status().await.expect("a status");
    let mut logs = status.logs.iter();
    let log = logs.find(|log| log_of(log) == *which).expect("the log");
    assert_eq!(log.recovered_from, Some(from), "{log:?}");
    assert_eq!(log.size, size, "{log:?}");
}
