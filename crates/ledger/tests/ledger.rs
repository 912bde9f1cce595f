//! Two ledgers of one federation: what one captures, the other holds, finds,
//! proves and answers; and what a restart or an old copy of a disk may do.

mod common;

use std::path::Path;

use charter::MemberId;
use common::{event, folder, open, replicate, scope};
use epcis::{Contexts, Document, Written, event_document};
use gs1::Key;
use ledger::{EventFilter, Ledger, LedgerError, ReceiveError, Received, Scopes, Snapshot};
use record::{BatchError, RecordId, UnverifiedBatch};
use trace::{Direction, Question, trace};

fn item(serial: u32) -> Key {
    Key::from_uri(&format!("urn:epc:id:sgtin:8934999.900101.{serial}")).expect("a key")
}

fn found(ledger: &Ledger, serial: u32) -> Vec<ledger::HeldEvent> {
    let filter = EventFilter {
        any_epc: Some(vec![item(serial)]),
        event_id: None,
    };
    ledger
        .snapshot()
        .events(&filter, 0, 10)
        .expect("read")
        .events
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        std::fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_captures_the_other_finds_and_proves() {
    let (one, two) = (folder(), folder());
    let (lam_dong, lang_son) = (open(one.path(), 1), open(two.path(), 2));
    let national = scope("national");
    let captured = lam_dong
        .capture(&national, vec![event(1), event(2)])
        .await
        .expect("captured");
    // The second arrives twice: one event, one attestation each.
    lam_dong
        .capture(&national, vec![event(2)])
        .await
        .expect("captured");
    replicate(&lam_dong, &lang_son, &["national"]).await;
    assert_eq!(found(&lang_son, 1).len(), 1);
    let twice = found(&lang_son, 2);
    assert_eq!(twice.len(), 1);
    assert_eq!(twice[0].attestations.len(), 2);
    assert_eq!(twice[0].attestations[0].author.as_str(), "lam-dong");
    let id = captured.records[0].id;
    let proof = lang_son.snapshot().prove(&id).expect("read").expect("held");
    assert_eq!(proof.id(), id);
    let question = Question::new(item(1), Direction::Both);
    let answer = trace(&lang_son.snapshot(), &question).expect("an answer");
    assert_eq!(answer.events.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_without_an_id_is_found_by_its_hash_wherever_it_went() {
    let (here, there) = (folder(), folder());
    let (here, there) = (open(here.path(), 1), open(there.path(), 2));
    let id = format!(
        "\"eventID\":\"urn:uuid:00000000-0000-4000-8000-{:012}\",",
        7
    );
    let nameless = event_document(Written::from(&event(7))).replace(&id, "");
    let document = Document::parse(nameless.as_bytes(), &Contexts::new()).expect("sound");
    let nameless = document.events[0].clone();
    let derived = nameless.id().expect("short enough");
    let events = vec![event(8), nameless.clone()];
    here.capture(&scope("national"), events)
        .await
        .expect("captured");
    replicate(&here, &there, &["national"]).await;
    for ledger in [&here, &there] {
        let filter = EventFilter {
            event_id: Some(derived.clone()),
            ..EventFilter::default()
        };
        let page = ledger.snapshot().events(&filter, 0, 10).expect("read");
        let payloads: Vec<_> = page
            .events
            .iter()
            .map(|held| held.event.payload())
            .collect();
        assert_eq!(payloads, [nameless.payload()], "nothing was added to it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disclosure_carries_the_first_authors_signature() {
    let folders = [folder(), folder(), folder()];
    let [a, b, c] = [1, 2, 3].map(|seed: u8| open(folders[usize::from(seed) - 1].path(), seed));
    let national = scope("national");
    let mut ids: Vec<RecordId> = Vec::new();
    for serials in [[1, 2], [3, 4]] {
        let events = serials.map(event).to_vec();
        let captured = a.capture(&national, events).await.expect("captured");
        ids.extend(captured.records.iter().map(|r| r.id));
    }
    replicate(&a, &b, &["national"]).await;
    let partner = scope("with-gacc");
    let shown = b.disclose(&ids[..2], &partner).await.expect("disclosed");
    assert_eq!(shown.len(), 2);
    // Shown before: passed over. New: continues what was shown.
    let shown = b.disclose(&ids[1..3], &partner).await.expect("disclosed");
    assert_eq!(shown.len(), 1);
    let own = found(&b, 1);
    assert_eq!(own[0].attestations.len(), 1, "one record, shown twice");
    assert_eq!(own[0].attestations[0].disclosed_by, None);
    replicate(&b, &c, &["with-gacc", "public"]).await;
    let seen = found(&c, 1);
    assert_eq!(seen.len(), 1);
    let attestation = &seen[0].attestations[0];
    assert_eq!(attestation.author.as_str(), "lam-dong");
    let by = attestation.disclosed_by.as_ref().map(MemberId::as_str);
    assert_eq!(by, Some("lang-son"));
    assert_eq!(found(&c, 3).len(), 1);
    assert!(found(&c, 4).is_empty(), "not disclosed");
    let proof = c.snapshot().prove(&ids[0]).expect("read").expect("held");
    assert_eq!(proof.place().log.scope, national);
    // The agency may not write the provinces' scope.
    let refused = c.capture(&national, vec![event(9)]).await;
    assert!(matches!(refused, Err(LedgerError::NoRight { .. })));
}

/// Walks through all events, so many a page, and tells of each page which
/// attestations it shows.
fn pages(snapshot: &Snapshot<'_>, limit: usize) -> Vec<Vec<Vec<trace::Attestation>>> {
    let mut pages = Vec::new();
    let mut after = 0;
    loop {
        let page = snapshot.events(&EventFilter::default(), after, limit);
        let page = page.expect("read");
        let events = page.events.into_iter();
        pages.push(events.map(|event| event.attestations).collect());
        match page.next {
            Some(next) => after = next,
            None => return pages,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_hidden_has_never_come() {
    let folders = [folder(), folder(), folder()];
    let mut opened = folders.iter().zip([1, 2, 2]);
    let [author, whole, part] = [(); 3].map(|()| {
        let (folder, seed) = opened.next().expect("three");
        open(folder.path(), seed)
    });
    let partner = scope("with-gacc");
    let mut ids: Vec<RecordId> = Vec::new();
    // What is hidden comes first and last, and 2 in both scopes.
    for (serials, name) in [
        ([1, 2], "national"),
        ([2, 3], "with-gacc"),
        ([4, 5], "national"),
    ] {
        let events = serials.map(event).to_vec();
        let captured = author.capture(&scope(name), events).await;
        ids.extend(captured.expect("captured").records.iter().map(|r| r.id));
        replicate(&author, &whole, &["national", "with-gacc"]).await;
        replicate(&author, &part, &["with-gacc"]).await;
    }
    let shown = author
        .disclose(&ids[5..], &partner)
        .await
        .expect("disclosed");
    ids.push(shown[0].id);
    replicate(&author, &part, &["with-gacc"]).await;
    replicate(&author, &whole, &["with-gacc"]).await;
    let shown = Scopes::Only([partner].into());
    let restricted = whole.snapshot_for(&shown).expect("read");
    let truth = part.snapshot();
    assert_eq!(
        restricted.status().expect("read"),
        truth.status().expect("read")
    );
    for limit in 1..5 {
        assert_eq!(
            pages(&restricted, limit),
            pages(&truth, limit),
            "{limit} a page"
        );
    }
    let proven = |snapshot: &Snapshot<'_>, id| {
        let proof = snapshot.prove(id).expect("read");
        proof.map(|proof| proof.to_text())
    };
    let stated = |snapshot: &Snapshot<'_>, id| {
        let held = snapshot.event_of_record(id).expect("read");
        held.map(|held| held.attestations)
    };
    for id in &ids {
        assert_eq!(proven(&restricted, id), proven(&truth, id), "{id}");
        assert_eq!(stated(&restricted, id), stated(&truth, id), "{id}");
        let holds = |snapshot: &Snapshot<'_>| snapshot.holds(id).expect("read");
        assert_eq!(holds(&restricted), holds(&truth), "{id}");
    }
    for serial in 1..=6 {
        let question = Question::new(item(serial), Direction::Both);
        let answers = [&restricted, &truth].map(|snapshot| trace(snapshot, &question));
        let [seen, true_one] = answers.map(|answer| answer.expect("an answer"));
        assert_eq!(seen, true_one, "{serial}");
    }
    // The whole of it is there for those who may see it.
    assert_eq!(pages(&whole.snapshot(), 10)[0].len(), 5);
    assert_eq!(pages(&restricted, 10)[0].len(), 3);
    let nothing = whole.snapshot_for(&Scopes::NONE).expect("read");
    assert_eq!(pages(&nothing, 10), [Vec::<Vec<_>>::new()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_and_meddlers_leave_no_trace() {
    let (one, two, three) = (folder(), folder(), folder());
    let (a, b) = (open(one.path(), 1), open(two.path(), 2));
    let agency = open(three.path(), 3);
    let national = scope("national");
    a.capture(&national, vec![event(1)])
        .await
        .expect("captured");
    let head = a.heads().remove(0);
    let honest = a
        .read_batch(&head.log, 0, 1 << 20)
        .expect("read")
        .expect("held");
    for at in 0..honest.bytes.len() {
        let mut bytes = honest.bytes.clone();
        bytes[at] ^= 1 << (at % 8);
        let Ok(batch) = UnverifiedBatch::decode(&bytes) else {
            continue;
        };
        match b.receive(batch).await {
            Ok(Received::PassedOver)
            | Err(ReceiveError::Batch(
                BatchError::Record { .. }
                | BatchError::Root
                | BatchError::Gap { .. }
                | BatchError::Checkpoint(_),
            )) => {}
            other => panic!("byte {at}: {other:?}"),
        }
    }
    assert!(b.heads().is_empty());
    // The agency's own scope is not the provinces': what it signs there is
    // passed over where the charter does not grant it.
    let public = scope("with-gacc");
    agency
        .capture(&public, vec![event(2)])
        .await
        .expect("its own scope");
    replicate(&agency, &b, &["with-gacc"]).await;
    assert_eq!(found(&b, 2).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_start_writes_fresh_logs_that_name_the_old() {
    let folder = folder();
    let national = scope("national");
    for run in 0..3u32 {
        let ledger = open(folder.path(), 1);
        ledger
            .capture(&national, vec![event(run)])
            .await
            .expect("captured");
        assert_eq!(ledger.heads().len(), 1 + run as usize);
        ledger.stop().await;
    }
    let ledger = open(folder.path(), 1);
    let status = ledger.snapshot().status().expect("read");
    assert_eq!(status.logs.len(), 3);
    assert!(
        status
            .logs
            .iter()
            .all(|l| l.written_here && l.recovered_from.is_none())
    );
    assert_eq!(status.records, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_copy_put_back_twice_contradicts_nothing() {
    let (disk, backup, peer) = (folder(), folder(), folder());
    let national = scope("national");
    let b = open(peer.path(), 2);
    let a = open(disk.path(), 1);
    a.capture(&national, vec![event(1)])
        .await
        .expect("captured");
    replicate(&a, &b, &["national"]).await;
    a.stop().await;
    drop(a);
    let old = backup.path().join("old");
    copy(disk.path(), &old);
    // The same first log goes on after the copy was taken, in a second run.
    let a = open(disk.path(), 1);
    a.capture(&national, vec![event(2)])
        .await
        .expect("captured");
    replicate(&a, &b, &["national"]).await;
    a.stop().await;
    drop(a);
    for round in 0..2u32 {
        let again = backup.path().join(format!("round-{round}"));
        copy(&old, &again);
        let a = open(&again, 1);
        a.capture(&national, vec![event(10 + round)])
            .await
            .expect("captured");
        replicate(&a, &b, &["national"]).await;
        // What it forgot comes back from its peer, and is known as forgotten.
        replicate(&b, &a, &["national"]).await;
        assert_eq!(found(&a, 2).len(), 1);
        let status = a.snapshot().status().expect("read");
        let forgotten = status.logs.iter().filter(|l| !l.written_here).count();
        assert_eq!(forgotten, 1 + round as usize);
        // Both nodes mark what was forgotten as recovered, and nothing else.
        for ledger in [&a, &b] {
            let status = ledger.snapshot().status().expect("read");
            let marked = status.logs.iter().filter(|l| l.recovered_from == Some(0));
            assert_eq!(marked.count(), 1 + round as usize);
            assert!(found(ledger, 2)[0].attestations[0].recovered);
            assert!(!found(ledger, 1)[0].attestations[0].recovered);
            assert!(!found(ledger, 10 + round)[0].attestations[0].recovered);
        }
        a.stop().await;
    }
    let status = b.snapshot().status().expect("read");
    assert_eq!(
        status.logs.len(),
        4,
        "four runs, four logs, no contradiction"
    );
    b.stop().await;
    drop(b);
    let b = open(peer.path(), 2);
    let again = b.snapshot().status().expect("read");
    assert_eq!(again.logs, status.logs, "a start marks what was marked");
}

/// A tail that came back is not the node's own, whatever it writes next: only
/// its operator could say so.
#[tokio::test(flavor = "multi_thread")]
async fn a_restart_does_not_vouch_for_what_came_back() {
    let (disk, backup, peer) = (folder(), folder(), folder());
    let national = scope("national");
    let b = open(peer.path(), 2);
    let a = open(disk.path(), 1);
    a.capture(&national, vec![event(1)])
        .await
        .expect("captured");
    // The copy falls into the middle of a log.
    let old = backup.path().join("old");
    copy(disk.path(), &old);
    a.capture(&national, vec![event(2)])
        .await
        .expect("captured");
    replicate(&a, &b, &["national"]).await;
    a.stop().await;
    drop(a);
    // The second run finds the tail on its own disk.
    for run in 0..2u32 {
        let a = open(&old, 1);
        replicate(&b, &a, &["national"]).await;
        a.capture(&national, vec![event(10 + run)])
            .await
            .expect("captured");
        replicate(&a, &b, &["national"]).await;
        for ledger in [&a, &b] {
            assert!(found(ledger, 2)[0].attestations[0].recovered, "run {run}");
            assert!(!found(ledger, 1)[0].attestations[0].recovered);
            assert!(!found(ledger, 10)[0].attestations[0].recovered);
        }
        a.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn large_captures_are_cut_into_batches() {
    let (one, two) = (folder(), folder());
    let (a, b) = (open(one.path(), 1), open(two.path(), 2));
    let national = scope("national");
    let events: Vec<_> = (0..3_000).map(event).collect();
    let captured = a.capture(&national, events).await.expect("captured");
    assert_eq!(captured.records.len(), 3_000);
    assert!(
        captured
            .records
            .iter()
            .zip(1..)
            .all(|(r, i)| r.place.index == i)
    );
    replicate(&a, &b, &["national"]).await;
    assert_eq!(a.heads(), b.heads());
    let mut after = 0;
    let mut seen = 0;
    loop {
        let page = b
            .snapshot()
            .events(&EventFilter::default(), after, 700)
            .expect("read");
        seen += page.events.len();
        match page.next {
            Some(next) => after = next,
            None => break,
        }
    }
    assert_eq!(seen, 3_000);
}
