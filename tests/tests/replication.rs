//! Records between whole nodes over real sockets and real databases: each node
//! gets what its member may read and nothing else, from whoever has it, and
//! says that it has it only once it has it for good.

use std::path::Path;
use std::sync::Arc;

use charter::MemberKind::{Agency, NationalAuthority, Province};
use rocksdb::{DB, IteratorMode, Options};
use tempfile::TempDir;
use tests::federation::{Federation, Listen};
use tests::goods;
use tests::patience::{eventually, within};
use tests::peer::{Peer, forgiving, name};

/// Three provinces, the national authority and an importing agency.
const FIVE: [(&str, charter::MemberKind); 5] = [
    ("lam-dong", Province),
    ("dong-thap", Province),
    ("lang-son", Province),
    ("bo-nnmt", NationalAuthority),
    ("gacc", Agency),
];

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).expect("a copy");
        }
    }
}

/// Tells whether some bytes stand anywhere in a node's database, in any key or
/// value of any column family.
fn database_holds(folder: &TempDir, bytes: &[u8]) -> bool {
    let path = folder.path().join("data");
    let options = Options::default();
    let columns = DB::list_cf(&options, &path).expect("column families");
    let db = DB::open_cf_for_read_only(&options, &path, &columns, false).expect("opens");
    let stands_in = |text: &[u8]| text.windows(bytes.len()).any(|window| window == bytes);
    columns.iter().any(|column| {
        let column = db.cf_handle(column).expect("opened with it");
        db.iterator_cf(column, IteratorMode::Start).any(|entry| {
            let (key, value) = entry.expect("readable");
            stands_in(&key) || stands_in(&value)
        })
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_nodes_hold_what_their_members_may_read_and_nothing_else() {
    let federation = Arc::new(Federation::new(&FIVE));
    let mut peers = Vec::new();
    for (id, _) in FIVE {
        peers.push(Peer::start(&federation, id).await);
    }
    for (peer, lot) in peers.iter().zip(1..=4) {
        peer.capture("national", lot, 0..20).await;
        peer.capture("with-gacc", lot + 10, 0..5).await;
        peer.capture("public", lot + 20, 0..3).await;
    }
    peers[4].capture("with-gacc", 15, 0..5).await;
    // Each log begins with an opening.
    let scopes = [("national", 84), ("with-gacc", 30), ("public", 16)];
    eventually("every record where it may be", || {
        peers[..4].iter().all(|peer| {
            let mut scopes = scopes.iter();
            scopes.all(|(scope, records)| peer.holds(scope) == *records)
        }) && scopes[1..]
            .iter()
            .all(|(scope, records)| peers[4].holds(scope) == *records)
    })
    .await;
    for (one, other) in peers.iter().zip(peers.iter().skip(1)) {
        one.agrees_with(other).await;
    }
    // Equal logs have equal roots.
    let heads = peers[0].ledger.heads();
    assert!(peers[1..4].iter().all(|peer| peer.ledger.heads() == heads));
    assert_eq!(peers[4].holds("national"), 0);
    let agencys = peers[4].ledger.heads();
    let none_national = agencys
        .iter()
        .all(|head| head.log.scope != name("national"));
    assert!(
        none_national,
        "the agency holds a national log: {agencys:?}"
    );
    let status = peers[4].ledger.snapshot().status().expect("readable");
    assert_eq!(status.records, 46, "the agency stored more than it holds");

    // Nothing national is in any byte of the agency's database.
    let mut folders = Vec::new();
    for peer in peers {
        folders.push(peer.stop().await);
    }
    let [_, province, _, _, agency] = &folders[..] else {
        panic!("five folders");
    };
    let (national, shared) = (goods::event_id(1, 7), goods::event_id(11, 2));
    for (folder, id, expected) in [
        (province, &national, true),
        (province, &shared, true),
        (agency, &shared, true),
        (agency, &national, false),
    ] {
        let found = database_holds(folder, id.as_bytes());
        assert_eq!(found, expected, "{id} in {}", folder.path().display());
    }
    for bytes in [goods::epc(1, 7), goods::epc(4, 0)] {
        assert!(!database_holds(agency, bytes.as_bytes()), "{bytes}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_joins_late_gets_everything_that_was_said_before() {
    for listen in [Listen::Quic, Listen::Tcp] {
        let federation = Arc::new(Federation::listening(&[
            ("lam-dong", Province, listen),
            ("dong-thap", Province, listen),
            ("lang-son", Province, listen),
        ]));
        let one = Peer::start(&federation, "lam-dong").await;
        let two = Peer::start(&federation, "dong-thap").await;
        for round in 0..30 {
            one.capture("national", 1, 100 * round..100 * round + 100)
                .await;
            two.capture("national", 2, round..round + 1).await;
        }
        let three = Peer::start(&federation, "lang-son").await;
        eventually("3,032 records at the third", || {
            three.holds("national") == 3_032
        })
        .await;
        three.agrees_with(&one).await;
        three.agrees_with(&two).await;
        assert_eq!(three.ledger.heads(), one.ledger.heads());
        // And what it says is heard like everybody's.
        three.capture("national", 3, 0..5).await;
        eventually("the third's records", || {
            one.holds("national") == 3_038 && two.holds("national") == 3_038
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_author_said_is_had_from_others_while_it_is_away() {
    let federation = Arc::new(Federation::new(&FIVE));
    let author = Peer::start(&federation, "lam-dong").await;
    let relay = Peer::start(&federation, "dong-thap").await;
    author.capture("national", 1, 0..500).await;
    author.capture("with-gacc", 2, 0..50).await;
    relay.agrees_with(&author).await;
    let written = author.ledger.heads();
    let folder = author.stop().await;
    // Neither of these ever met the author.
    let third = Peer::start(&federation, "lang-son").await;
    let agency = Peer::start(&federation, "gacc").await;
    third.agrees_with(&relay).await;
    agency.agrees_with(&relay).await;
    assert_eq!(third.ledger.heads(), written);
    assert_eq!(agency.holds("with-gacc"), 51);
    assert_eq!(agency.holds("national"), 0);
    // It comes back with a disk that lost everything, and gets it back.
    drop(folder);
    let author = Peer::start(&federation, "lam-dong").await;
    eventually("its own past", || author.ledger.heads() == written).await;
    let status = author.ledger.snapshot().status().expect("readable");
    assert!(status.logs.iter().all(|log| !log.written_here));
}

const FULL: &str = "replica_full_frontiers_total";
const DELTA: &str = "replica_delta_frontiers_total";
const MISMATCHES: &str = "replica_baseline_mismatches_total";

/// Waits until two nodes hold the same, and each has kept the other's frontier.
async fn settle(one: &Peer, other: &Peer) {
    one.agrees_with(other).await;
    let kept = |peer: &Peer, of: &Peer| {
        [ledger::Side::Sent, ledger::Side::Received].map(|side| {
            let baseline = peer.ledger.baseline(&of.ledger.own_key(), side);
            baseline.expect("readable").is_some()
        }) == [true, true]
    };
    eventually("the kept frontiers", || {
        kept(one, other) && kept(other, one)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delta_is_sent_where_baselines_agree_and_the_full_map_where_not() {
    // Only one of them dials, so that each start makes one connection.
    let federation = Arc::new(Federation::listening(&[
        ("lam-dong", Province, Listen::Both),
        ("dong-thap", Province, Listen::Nowhere),
    ]));
    let one = Peer::start(&federation, "lam-dong").await;
    let two = Peer::start(&federation, "dong-thap").await;
    one.capture("national", 1, 0..10).await;
    two.capture("national", 2, 0..10).await;
    settle(&one, &two).await;
    assert_eq!((one.counter(FULL), two.counter(FULL)), (1, 1), "strangers");

    // The disk keeps the baseline: who comes back gets what changed.
    let two_folder = two.stop().await;
    one.capture("national", 1, 10..20).await;
    let backup = tempfile::tempdir().expect("a folder");
    copy(two_folder.path(), backup.path());
    let deltas = one.counter(DELTA);
    let two = Peer::start_in(&federation, "dong-thap", two_folder, forgiving()).await;
    settle(&one, &two).await;
    eventually("the last records", || two.holds("national") == 32).await;
    assert_eq!(one.counter(FULL), 1, "a full map where the baselines agree");
    assert_eq!(two.counter(FULL), 0, "a full map where the baselines agree");
    assert!(one.counter(DELTA) > deltas, "no delta");
    assert_eq!(one.counter(MISMATCHES) + two.counter(MISMATCHES), 0);

    // An old copy of the disk is put back: its baselines are older than what
    // the other side keeps.
    drop(two.stop().await);
    one.capture("national", 1, 20..30).await;
    let two = Peer::start_in(&federation, "dong-thap", backup, forgiving()).await;
    settle(&one, &two).await;
    eventually("the records again", || two.holds("national") == 42).await;
    assert_eq!(one.counter(FULL), 2, "the full map follows a mismatch");
    assert!(two.counter(MISMATCHES) > 0, "the mismatch is counted");

    // The disk is lost.
    drop(two.stop().await);
    let two = Peer::start(&federation, "dong-thap").await;
    settle(&one, &two).await;
    assert_eq!(two.holds("national"), 42);
    assert_eq!(one.counter(FULL), 3, "the full map follows a lost disk");
    assert_eq!(two.counter(FULL), 1, "it has no baseline itself");
    assert!(two.counter(MISMATCHES) > 0, "the mismatch is counted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn published_is_what_another_member_holds_for_good() {
    let federation = Arc::new(Federation::new(&FIVE[..2]));
    let one = Peer::start(&federation, "lam-dong").await;
    let two = Peer::start(&federation, "dong-thap").await;
    one.agrees_with(&two).await;
    // Whenever the author hears that records are published, they are among
    // those that the other has synced.
    let watch = {
        let mut status = one.network.status();
        let two = two.ledger.clone();
        tokio::spawn(async move {
            loop {
                status.changed().await.expect("the author's network runs");
                let published = status.borrow_and_update().published.clone();
                for (log, size) in published {
                    let heads = two.heads();
                    let held = heads.iter().find(|head| head.log == log);
                    let held = held.map_or(0, |head| head.size);
                    assert!(held >= size, "{size} are published, {held} are synced");
                    if size == 301 {
                        return;
                    }
                }
            }
        })
    };
    for round in 0..300 {
        one.capture("national", 1, round..round + 1).await;
    }
    eventually("publication", || one.status().published.values().eq([&301])).await;
    within("the last publication", watch)
        .await
        .expect("what was published was synced");
    let sizes: Vec<_> = two.ledger.heads().iter().map(|head| head.size).collect();
    assert_eq!(sizes, [301]);
    // Alone, nothing more is published.
    let folder = two.stop().await;
    one.capture("national", 1, 300..310).await;
    eventually("the other's leaving", || !one.is_linked_to("dong-thap")).await;
    assert!(one.status().published.values().eq([&301]));
    // What was acknowledged is there after a restart, and the rest follows.
    let two = Peer::start_in(&federation, "dong-thap", folder, forgiving()).await;
    eventually("publication of the rest", || {
        one.status().published.values().eq([&311])
    })
    .await;
    assert_eq!(two.holds("national"), 311);
}
