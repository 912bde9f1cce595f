//! Captures as jobs: idempotent, judged before anything is signed, and carried
//! to their end across restarts.

mod common;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use common::{Node, event, event_saying, folder, scope};
use epcis::Event;
use ledger::{EventFilter, Fault, Job, JobDraft, JobId, Ledger, LedgerError, Recorded};

/// What a piece of a job holds at most; see `docs/storage.md`.
const PIECE: u32 = 4_096;

fn draft(ledger: &Ledger, hidden: bool) -> JobDraft {
    JobDraft {
        id: ledger.new_job_id().expect("an id"),
        hidden,
        note: b"note".to_vec(),
    }
}

fn events(serials: std::ops::Range<u32>) -> Vec<Event> {
    serials.map(event).collect()
}

async fn submit(ledger: &Ledger, hidden: bool, events: Vec<Event>) -> JobId {
    let draft = draft(ledger, hidden);
    let id = draft.id;
    let prepared = ledger.prepare(&scope("national"), events).expect("read");
    assert_eq!(prepared.faults().count(), 0);
    ledger.submit(prepared, draft).await.expect("a job");
    id
}

fn job(ledger: &Ledger, id: JobId) -> Job {
    ledger.job(id).expect("read").expect("a job")
}

/// Waits until a job is as asked for.
async fn until(ledger: &Ledger, id: JobId, wanted: impl Fn(&Job) -> bool) -> Job {
    let begun = Instant::now();
    loop {
        let job = job(ledger, id);
        if wanted(&job) {
            return job;
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "{job:?}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Returns the `eventID`s that a ledger answers with; no event twice, and each
/// attested once.
fn answered(ledger: &Ledger) -> BTreeSet<String> {
    let snapshot = ledger.snapshot();
    let (mut ids, mut after) = (BTreeSet::new(), 0);
    loop {
        let page = snapshot.events(&EventFilter::default(), after, 1_000);
        let page = page.expect("read");
        for held in page.events {
            assert_eq!(held.attestations.len(), 1);
            let id = held.event.event_id().expect("an id").to_owned();
            assert!(ids.insert(id), "twice");
        }
        match page.next {
            Some(next) => after = next,
            None => return ids,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_capture_is_finished_when_it_is_durable() {
    let folder = folder();
    let ledger = Node::province(folder.path());
    let id = submit(&ledger, true, events(0..3)).await;
    let job = job(&ledger, id);
    assert!(job.finished_ms.is_some());
    assert_eq!((job.records, job.records_done, job.pieces), (3, 3, 0));
    assert_eq!((job.scope, job.note), (scope("national"), b"note".to_vec()));
    assert_eq!(answered(&ledger).len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_survives_restarts_at_the_exact_event() {
    let folder = folder();
    let count = 6 * PIECE + 7;
    let mut ledger = Node::province(folder.path());
    let id = submit(&ledger, true, events(0..count)).await;
    let mut stops = 0;
    loop {
        let seen = job(&ledger, id);
        ledger.stop().await;
        drop(ledger);
        ledger = Node::province(folder.path());
        let kept = job(&ledger, id);
        assert!(kept.records_done >= seen.records_done);
        if kept.finished_ms.is_some() {
            break;
        }
        // The job goes on meanwhile: all or nothing of it is to be seen.
        let shown = answered(&ledger).len();
        assert!(shown == 0 || shown == count as usize, "{shown} are shown");
        let unfinished = ledger.snapshot().first_unfinished().expect("read");
        let is_done = job(&ledger, id).finished_ms.is_some();
        assert!(unfinished.is_some() || kept.pieces_done == 0 || is_done);
        stops += 1;
        until(&ledger, id, |job| job.pieces_done > kept.pieces_done).await;
    }
    assert!(stops >= 2, "only {stops} stops met an unfinished job");
    let done = job(&ledger, id);
    assert_eq!(done.records_done, u64::from(count));
    assert_eq!(answered(&ledger).len(), count as usize);
    assert_eq!(ledger.snapshot().first_unfinished().expect("read"), None);
    // Each run that wrote opened a log of its own; nothing else was written.
    let status = ledger.snapshot().status().expect("read");
    let openings = status.logs.len() as u64;
    assert_eq!(status.records, u64::from(count) + openings);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_proceeds_shows_what_is_stored() {
    let folder = folder();
    let ledger = Node::province(folder.path());
    let id = submit(&ledger, false, events(0..3 * PIECE)).await;
    let partly = until(&ledger, id, |job| job.pieces_done > 0).await;
    let shown = answered(&ledger).len() as u64;
    assert!(shown >= partly.records_done);
    until(&ledger, id, |job| job.finished_ms.is_some()).await;
    assert_eq!(answered(&ledger).len(), 3 * PIECE as usize);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_captures_are_taken_while_a_job_runs() {
    let folder = folder();
    let ledger = Node::province(folder.path());
    let large = submit(&ledger, true, events(0..8 * PIECE)).await;
    let small = submit(&ledger, true, events(1_000_000..1_000_010)).await;
    assert!(job(&ledger, small).finished_ms.is_some());
    let shown = answered(&ledger);
    assert!(shown.len() == 10 || job(&ledger, large).finished_ms.is_some());
    until(&ledger, large, |job| job.finished_ms.is_some()).await;
    assert_eq!(answered(&ledger).len(), 8 * PIECE as usize + 10);
    let listed: Vec<JobId> = ledger
        .jobs(None, 10)
        .expect("read")
        .into_iter()
        .map(|(id, _)| id)
        .collect();
    let mut newest_first = vec![large, small];
    newest_first.sort_unstable();
    newest_first.reverse();
    assert_eq!(listed, newest_first);
}

#[tokio::test(flavor = "multi_thread")]
async fn peers_see_what_has_arrived_of_a_hidden_job() {
    let (one, two) = (folder(), folder());
    let (author, peer) = (Node::province(one.path()), Node::other(two.path()));
    let id = submit(&author, true, events(0..4 * PIECE)).await;
    until(&author, id, |job| job.pieces_done > 0).await;
    author.stop().await;
    let stored = job(&author, id).records_done;
    common::replicate(&author, &peer, &["national"]).await;
    assert_eq!(answered(&peer).len() as u64, stored);
    if job(&author, id).finished_ms.is_none() {
        assert!(answered(&author).is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_content_again_is_no_second_record() {
    let folder = folder();
    let ledger = Node::province(folder.path());
    let national = scope("national");
    let record = async |events: Vec<Event>| {
        let prepared = ledger.prepare(&national, events).expect("read");
        ledger.record(prepared).await.expect("recorded")
    };
    let first = record(vec![event(1), event(2)]).await;
    let [Recorded::New(one), Recorded::New(two)] = &first[..] else {
        panic!("{first:?}");
    };
    let again = record(vec![event(2), event(3), event(1), event(3)]).await;
    assert_eq!(again[0], Recorded::Before(two.clone()));
    assert!(matches!(again[1], Recorded::New(_)));
    assert_eq!(again[2], Recorded::Before(one.clone()));
    assert_eq!(again[3], Recorded::Awaited, "twice in one document");
    assert_eq!(answered(&ledger).len(), 3);
    // In another scope it is another statement.
    let partner = scope("with-gacc");
    let prepared = ledger.prepare(&partner, vec![event(1)]).expect("read");
    let there = ledger.record(prepared).await.expect("recorded");
    assert!(matches!(there[..], [Recorded::New(_)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_without_an_id_is_known_by_its_content() {
    let folder = folder();
    let ledger = Node::province(folder.path());
    let national = scope("national");
    let nameless = || event_saying(1, None, "commissioning");
    for expected in [true, false] {
        let prepared = ledger.prepare(&national, vec![nameless()]).expect("read");
        let recorded = ledger.record(prepared).await.expect("recorded");
        assert_eq!(matches!(recorded[..], [Recorded::New(_)]), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_content_under_an_own_id_is_a_conflict() {
    let (one, two) = (folder(), folder());
    let (ledger, peer) = (Node::province(one.path()), Node::other(two.path()));
    let national = scope("national");
    let other = |serial| event_saying(serial, Some(serial), "shipping");
    let prepared = ledger.prepare(&national, events(1..3)).expect("read");
    let recorded = ledger.record(prepared).await.expect("recorded");
    let Recorded::New(first) = &recorded[0] else {
        panic!("{recorded:?}");
    };
    let faults = |ledger: &Ledger, events: Vec<Event>| -> Vec<(usize, Fault)> {
        let prepared = ledger.prepare(&national, events).expect("read");
        let faults = prepared
            .faults()
            .map(|(place, fault)| (place, fault.clone()));
        faults.collect()
    };
    let with = Some(first.id);
    let found = faults(&ledger, vec![event(5), other(1), event(2)]);
    assert_eq!(found, [(1, Fault::Conflict { with })]);
    let within = faults(&ledger, vec![event(7), other(7)]);
    assert_eq!(within, [(1, Fault::Conflict { with: None })]);
    // What another member states under the id is no conflict of this node's.
    common::replicate(&ledger, &peer, &["national"]).await;
    assert!(faults(&peer, vec![other(1)]).is_empty());
    let prepared = peer.prepare(&national, vec![other(1)]).expect("read");
    peer.record(prepared).await.expect("recorded");
    common::replicate(&peer, &ledger, &["national"]).await;
    let filter = EventFilter {
        event_id: Some(event(1).event_id().expect("an id").to_owned()),
        any_epc: None,
    };
    let both = ledger.snapshot().events(&filter, 0, 10).expect("read");
    assert_eq!(both.events.len(), 2, "stored and shown");
    assert!(faults(&ledger, vec![event(1)]).is_empty(), "its own again");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_job_will_state_binds_at_once_and_after_a_restart() {
    let folder = folder();
    let national = scope("national");
    let last = 8 * PIECE - 1;
    let ledger = Node::province(folder.path());
    let id = submit(&ledger, true, events(0..8 * PIECE)).await;
    let conflicts = |ledger: &Ledger| {
        let other = event_saying(last, Some(last), "shipping");
        let prepared = ledger.prepare(&national, vec![other]).expect("read");
        prepared.faults().count()
    };
    assert_eq!(conflicts(&ledger), 1);
    ledger.stop().await;
    drop(ledger);
    let ledger = Node::province(folder.path());
    assert_eq!(conflicts(&ledger), 1);
    until(&ledger, id, |job| job.finished_ms.is_some()).await;
    assert_eq!(conflicts(&ledger), 1);
    let prepared = ledger.prepare(&national, vec![event(last)]).expect("read");
    let again = ledger.record(prepared).await.expect("recorded");
    assert!(matches!(again[..], [Recorded::Before(_)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_end_with_the_capture_that_made_them() {
    let folder = folder();
    let ledger = Node::province(folder.path());
    let national = scope("national");
    let other = || event_saying(1, Some(1), "shipping");
    let held = ledger.prepare(&national, vec![event(1)]).expect("read");
    let refused = ledger.prepare(&national, vec![other()]).expect("read");
    let fault = refused.faults().next().map(|(_, fault)| fault.clone());
    assert_eq!(fault, Some(Fault::Conflict { with: None }));
    drop(refused);
    drop(held);
    let free = ledger.prepare(&national, vec![other()]).expect("read");
    assert_eq!(free.faults().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_so_many_jobs_are_unfinished_at_a_time() {
    let folder = folder();
    let ledger = Node::province(folder.path());
    let national = scope("national");
    // Judged before any is handed in, so that none ends meanwhile.
    let jobs = (0..40u32).map(|n| n * 10_000..n * 10_000 + PIECE + 1);
    let prepared = jobs.map(|serials| ledger.prepare(&national, events(serials)).expect("read"));
    let mut prepared: Vec<_> = prepared.collect();
    let mut submitted = Vec::new();
    for prepared in prepared.drain(..) {
        let (ledger, draft) = (ledger.clone(), draft(&ledger, true));
        submitted.push(tokio::spawn(
            async move { ledger.submit(prepared, draft).await },
        ));
    }
    let mut full = 0;
    for submitted in submitted {
        match submitted.await.expect("no panic") {
            Ok(()) => {}
            Err(LedgerError::Full) => full += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(full > 0, "all were taken");
    let jobs = ledger.jobs(None, 100).expect("read");
    assert_eq!(jobs.len(), 40 - full);
    for (id, _) in &jobs {
        until(&ledger, *id, |job| job.finished_ms.is_some()).await;
    }
    let done: u64 = jobs.iter().map(|(_, job)| job.records).sum();
    assert_eq!(answered(&ledger).len() as u64, done);
}
