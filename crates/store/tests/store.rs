//! What is committed is there after a reopening; runs of hashes read back.

use record::tree::{Edge, prove_inclusion, stored_count};
use record::{Digest, Epoch, LogId, RawKey, Salt, ScopeName, Sealed, Signature};
use store::{
    Baseline, JobId, LogNumber, LogState, OpenJob, Resources, Store, StoreError, StoredCheckpoint,
    StoredJob, StoredRecord, Term, Way,
};

fn open(folder: &tempfile::TempDir) -> Store {
    let resources = Resources::new(1 << 20, 4 << 20).expect("resources");
    Store::open(folder.path(), &resources).expect("a fresh folder opens")
}

fn record(arrival: u64) -> StoredRecord {
    StoredRecord {
        arrival,
        stored_ms: 5,
        verdict: 1,
        header: vec![1, 2, 3],
    }
}

fn sealed(byte: u8) -> Sealed {
    Sealed {
        salt: Salt([byte; 16]),
        payload: vec![byte; 600],
    }
}

const LOG: LogNumber = LogNumber(3);

/// A killed process leaves its writes to the system; a power cut does not.
#[test]
fn every_commit_is_synced_before_it_returns() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(&folder);
    for nth in 1..=5 {
        let before = store.syncs();
        let mut set = store.write();
        set.record(LOG, nth, &record(nth), None);
        store.commit(set).expect("written");
        assert!(store.syncs() > before, "commit {nth} was not synced");
    }
}

#[test]
fn what_was_committed_survives_a_reopening() {
    let folder = tempfile::tempdir().expect("a folder");
    let elsewhere = LogId {
        author: RawKey([1; 32]),
        scope: ScopeName::new("national").expect("a name"),
        epoch: Epoch([3; 16]),
    };
    let state = LogState {
        log: LogId {
            author: RawKey([1; 32]),
            scope: ScopeName::new("national").expect("a name"),
            epoch: Epoch([2; 16]),
        },
        size: 3,
        root: Digest::of(&[b"root"]),
        written: 3,
        named_at: Some(2),
    };
    let checkpoint = StoredCheckpoint {
        size: 3,
        root: state.root,
        signature: Signature([7; 64]),
    };
    {
        let store = open(&folder);
        let mut set = store.write();
        set.log(LOG, &state);
        set.record(LOG, 0, &record(1), Some(&sealed(9)));
        set.record(LOG, 1, &record(2), None);
        set.record(LOG, 2, &record(3), Some(&sealed(8)));
        set.record(LogNumber(4), 0, &record(4), None);
        set.checkpoint(LOG, &checkpoint);
        set.index(Term::Object("/00/123"), 1);
        set.index(Term::Object("/00/123"), 3);
        set.index(Term::Object("/00/124"), 2);
        set.baseline(&RawKey([5; 32]), Baseline::Sent, b"frontier");
        set.disclosed(LOG, "with-gacc", &checkpoint);
        set.named(&elsewhere, 7);
        store.commit(set).expect("written");
    }
    let store = open(&folder);
    let view = store.view();
    assert_eq!(view.named(&elsewhere).expect("read"), 7);
    assert_eq!(view.named(&state.log).expect("read"), 0);
    assert_eq!(view.logs().expect("read"), [(LOG, state)]);
    let records: Vec<_> = view
        .records(LOG, 0, 10)
        .collect::<Result<_, _>>()
        .expect("read");
    let expected = [
        (record(1), Some(sealed(9))),
        (record(2), None),
        (record(3), Some(sealed(8))),
    ];
    assert_eq!(records, expected);
    assert_eq!(view.last_arrival().expect("read"), 4);
    assert_eq!(view.arrival(3).expect("read"), Some((LOG, 2)));
    let found = |after| {
        let found = view.find(Term::Object("/00/123"), after);
        found.collect::<Result<Vec<_>, _>>().expect("read")
    };
    assert_eq!(found(0), [1, 3]);
    assert_eq!(found(1), [3]);
    let newest = view.checkpoint_between(LOG, 1, 9).expect("read");
    assert_eq!(newest, Some(checkpoint));
    assert_eq!(view.checkpoint_between(LOG, 4, 9).expect("read"), None);
    assert_eq!(view.checkpoint_from(LOG, 1).expect("read"), newest);
    assert_eq!(view.checkpoint_from(LogNumber(4), 0).expect("read"), None);
    let disclosed = view.disclosed(LOG, "with-gacc").expect("read");
    assert_eq!(disclosed, Some(checkpoint));
    let baseline = view.baseline(&RawKey([5; 32]), Baseline::Sent);
    assert_eq!(baseline.expect("read").as_deref(), Some(&b"frontier"[..]));
}

#[test]
fn runs_of_hashes_serve_edges_and_proofs() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(&folder);
    let (mut edge, mut all) = (Edge::default(), Vec::new());
    // Batches of uneven sizes, each written as one run.
    for batch in [1u64, 5, 1, 1, 30, 2, 7] {
        let first = stored_count(edge.size());
        let mut run = Vec::new();
        for _ in 0..batch {
            let leaf = Digest::of(&[&edge.size().to_be_bytes()]);
            edge.push(leaf, &mut run);
        }
        let mut set = store.write();
        set.hashes(LOG, first, &run);
        store.commit(set).expect("written");
        all.extend(run);
        let view = store.view();
        let hashes = view.hashes(LOG);
        assert_eq!(Edge::load(edge.size(), &hashes).as_ref(), Ok(&edge));
        for index in 0..edge.size() {
            let stored = prove_inclusion(&hashes, edge.size(), index);
            assert_eq!(stored, prove_inclusion(all.as_slice(), edge.size(), index));
        }
        assert!(Edge::load(edge.size() + 64, &hashes).is_err());
    }
}

#[test]
fn a_view_stands_still() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(&folder);
    let before = store.view();
    let mut set = store.write();
    set.record(LOG, 0, &record(1), None);
    store.commit(set).expect("written");
    assert_eq!(before.record(LOG, 0).expect("read"), None);
    assert!(store.view().record(LOG, 0).expect("read").is_some());
}

#[test]
fn a_folder_in_use_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let _store = open(&folder);
    let resources = Resources::new(1 << 20, 4 << 20).expect("resources");
    let second = Store::open(folder.path(), &resources);
    assert!(matches!(second, Err(StoreError::Open { .. })));
}

#[test]
fn jobs_are_listed_newest_first_with_their_pieces_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let job = |created_ms| StoredJob {
        created_ms,
        finished_ms: None,
        hidden: true,
        pieces: 2,
        pieces_done: 0,
        records: 4,
        records_done: 0,
        scope: ScopeName::new("national").expect("a name"),
        note: vec![7],
    };
    let ids = [1, 2, 3].map(|byte| JobId([byte; 16]));
    let unfinished = OpenJob {
        id: ids[1],
        hidden: true,
        arrivals: vec![(3, 5)],
    };
    let store = open(&folder);
    let mut set = store.write();
    for (id, ms) in ids.into_iter().zip(1..) {
        set.job(id, &job(ms));
        set.piece(id, 0, b"first");
        set.piece(id, 1, b"second");
    }
    set.open_jobs(std::slice::from_ref(&unfinished));
    store.commit(set).expect("written");
    let mut set = store.write();
    set.remove_piece(ids[1], 0);
    store.commit(set).expect("written");
    let view = store.view();
    let listed = |before| {
        let jobs = view.jobs_before(before).collect::<Result<Vec<_>, _>>();
        jobs.expect("read")
            .into_iter()
            .map(|(id, _)| id)
            .collect::<Vec<_>>()
    };
    assert_eq!(listed(None), [ids[2], ids[1], ids[0]]);
    assert_eq!(listed(Some(ids[1])), [ids[0]]);
    assert_eq!(listed(Some(JobId([2; 16]))), [ids[0]]);
    assert_eq!(view.job(ids[0]).expect("read"), Some(job(1)));
    assert_eq!(view.job(JobId([9; 16])).expect("read"), None);
    assert_eq!(view.open_jobs().expect("read"), [unfinished]);
    assert_eq!(view.piece(ids[1], 0).expect("read"), None);
    let pieces = view.pieces().collect::<Result<Vec<_>, _>>().expect("read");
    assert_eq!(pieces.len(), 5);
    assert_eq!(pieces[4], (ids[2], 1, b"second".to_vec()));
}

#[test]
fn many_terms_are_looked_up_in_one_pass() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(&folder);
    let names: Vec<String> = (0..500).map(|n| format!("urn:e:{n}")).collect();
    let mut set = store.write();
    for (name, arrival) in names.iter().zip(1..).step_by(3) {
        set.index(Term::EventId(name), arrival);
        set.index(Term::EventId(name), arrival + 1_000);
        set.index(Term::Object(name), arrival);
    }
    store.commit(set).expect("written");
    let terms: Vec<_> = names.iter().map(|name| Term::EventId(name)).collect();
    let view = store.view();
    let found = view.find_each(&terms, 9).expect("read");
    for ((term, found), place) in terms.iter().zip(found).zip(0..) {
        let one_by_one = view.find(*term, 0).collect::<Result<Vec<_>, _>>();
        assert_eq!(found, one_by_one.expect("read"));
        assert_eq!(found.is_empty(), place % 3 != 0);
    }
    let first = view.find_each(&terms[..1], 1).expect("read");
    assert_eq!(first, [[1]]);
}

#[test]
fn terms_and_times_are_read_in_either_direction() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(&folder);
    let mut set = store.write();
    let times = [(-5, 1), (7, 2), (7, 3), (i64::MAX, 4), (0, 5)];
    for (ms, arrival) in times {
        set.index(Term::EventTime(ms), arrival);
        set.index(Term::Field("every"), arrival);
        set.index(Term::Field(&format!("of {arrival}")), arrival);
    }
    store.commit(set).expect("written");
    let view = store.view();
    let filed = |least, most, way| {
        let found = view.filed(Term::Field("every"), least, most, way);
        found.collect::<Result<Vec<_>, _>>().expect("read")
    };
    assert_eq!(filed(1, 9, Way::Forward), [1, 2, 3, 4, 5]);
    assert_eq!(filed(2, 4, Way::Forward), [2, 3, 4]);
    assert_eq!(filed(2, 4, Way::Backward), [4, 3, 2]);
    assert_eq!(filed(0, u64::MAX, Way::Backward), [5, 4, 3, 2, 1]);
    assert_eq!(filed(6, 9, Way::Forward), []);
    let timed = |least, most, way| {
        let found = view.timed(least, most, way);
        found.collect::<Result<Vec<_>, _>>().expect("read")
    };
    let all = ((i64::MIN, 0), (i64::MAX, u64::MAX));
    let sorted = [(-5, 1), (0, 5), (7, 2), (7, 3), (i64::MAX, 4)];
    assert_eq!(timed(all.0, all.1, Way::Forward), sorted);
    let mut turned = sorted;
    turned.reverse();
    assert_eq!(timed(all.0, all.1, Way::Backward), turned);
    assert_eq!(timed((0, 6), (7, 2), Way::Forward), [(7, 2)]);
    assert_eq!(timed((0, 0), (7, 2), Way::Backward), [(7, 2), (0, 5)]);
}
