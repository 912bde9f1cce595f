//! A node whose disk takes no more.

use tests::goods;

use crate::office::Offices;
use crate::until;

/// The blocks of 512 bytes that one file may grow to: a database fits, and not
/// many captures.
const BLOCKS: u32 = 2_048;
/// The events of one capture.
const EVENTS: u64 = 50;
/// The captures that surely do not fit.
const CAPTURES_MAX: u64 = 1_000;
const LOT: u32 = 2;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_ends_the_run_in_order() {
    let Offices { mut a, mut b, .. } = Offices::form();
    b.start().await;
    a.start_limited(BLOCKS).await;

    // Captures are taken until one is refused, and nothing is taken after it.
    let mut taken = 0;
    loop {
        let serials = taken * EVENTS..(taken + 1) * EVENTS;
        let document = goods::document(LOT, serials).into_bytes();
        if a.client.capture(document, None).await.is_err() {
            break;
        }
        taken += 1;
        assert!(taken < CAPTURES_MAX, "the disk is never full");
    }
    assert!(taken > 1, "the disk was full from the start");
    let ended = a.ended().await;
    let told = a.told();
    assert_eq!(ended.code(), Some(1), "{told}");
    for part in [
        "a write to the database failed, so this run has ended",
        "nothing that was signed left the node unwritten",
        "look at the disk's space and health, then start again",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }

    // What the peer got is no more than what the node finds again by itself.
    let at_b = b.heads().await;
    b.stop().await;
    a.start().await;
    let found = a.heads().await;
    found.hold_all_of(&at_b);
    holds_all(&a.event_ids().await, taken);

    // It goes on, in fresh logs.
    a.capture(LOT + 1, 0..EVENTS).await;
    let after = a.heads().await;
    after.hold_all_of(&found);
    let fresh = after.beyond(&found);
    assert_eq!(fresh.len(), 1, "{fresh:?}");
    assert_eq!(after.size(&fresh[0]), EVENTS + 1, "its opening and events");

    b.start().await;
    let agreed = a.agrees_with(&b).await;
    agreed.hold_all_of(&after);
    let held = until("the events at the peer", async || {
        let held = b.event_ids().await;
        held.contains(&goods::event_id(LOT + 1, 0)).then_some(held)
    })
    .await;
    holds_all(&held, taken);
    a.stop().await;
    b.stop().await;
}

#[track_caller]
fn holds_all(held: &std::collections::BTreeSet<String>, captures: u64) {
    for serial in 0..captures * EVENTS {
        let id = goods::event_id(LOT, serial);
        assert!(held.contains(&id), "{id} was acknowledged and is lost");
    }
}
