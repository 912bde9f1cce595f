//! Many nodes, many faults: in the end every node holds all that it may read,
//! and all is quiet.

#[expect(dead_code, reason = "shared with the other tests, which use the rest")]
mod world;

use std::collections::BTreeSet;

use proptest::prelude::*;
use record::{Epoch, LogId, RawKey, ScopeName};
use replica::{Config, Counter, Message};
use world::{Event, World, key, scope};

const SCOPES: [&str; 3] = ["public", "national", "with-gacc"];

/// How long after the last fault all must be done.
const SETTLED_MS: u64 = 200_000;

fn all_scopes() -> BTreeSet<ScopeName> {
    SCOPES.into_iter().map(scope).collect()
}

/// Draws a world and its faults from a seed.
fn drawn(seed: u64, nodes: usize, faults: u64, delay_ms_max: u64) -> World {
    let mut random = world::Random(seed ^ 0x5eed);
    let scopes = (0..nodes).map(|_| {
        let mut some = all_scopes();
        some.retain(|scope| scope.as_str() == "public" || random.below(2) == 0);
        some
    });
    let mut world = World::new(seed, scopes.collect(), delay_ms_max);
    for _ in 0..40 {
        let node = random.index(nodes);
        let of: Vec<ScopeName> = world.nodes[node].scopes.iter().cloned().collect();
        let scope = of[random.index(of.len())].clone();
        let records = 1 + random.below(30);
        world.at(random.below(20_000), Event::Write(node, scope, records));
    }
    for a in 0..nodes {
        for b in 0..a {
            world.at(1 + random.below(5_000), Event::Join(a, b));
        }
    }
    for _ in 0..faults {
        let (a, b, at) = (
            random.index(nodes),
            random.index(nodes),
            random.below(20_000),
        );
        match random.below(8) {
            0 => world.at(at, Event::Snapshot(a)),
            1 => world.at(at, Event::Restore(a)),
            2..5 if a != b => world.at(at, Event::Cut(a, b)),
            _ if a != b => world.at(at, Event::Join(a, b)),
            _ => {}
        }
    }
    for a in 0..nodes {
        for b in 0..a {
            world.at(20_001, Event::Join(a, b));
        }
    }
    world
}

/// Asserts that all readers of a scope hold the same, know it, and are quiet.
fn assert_settled(world: &mut World) {
    let end = world.now + SETTLED_MS;
    world.run_until(end);
    for name in SCOPES {
        let scope = scope(name);
        let readers = world
            .nodes
            .iter()
            .filter(|node| node.scopes.contains(&scope));
        let holdings = readers.map(|node| {
            let logs = node.disk.0.iter().filter(|(log, _)| log.scope == scope);
            logs.collect::<Vec<_>>()
        });
        let holdings: Vec<_> = holdings.collect();
        assert!(
            holdings.windows(2).all(|pair| pair[0] == pair[1]),
            "{name}: {holdings:#?}"
        );
    }
    for (at, node) in world.nodes.iter().enumerate() {
        let foreign = node
            .disk
            .0
            .keys()
            .find(|log| !node.scopes.contains(&log.scope));
        assert_eq!(foreign, None, "a log outside its scopes");
        let status = node.replica.status();
        assert_eq!(
            (status.wants_out, status.wants_waiting),
            (0, 0),
            "node {at}"
        );
        assert_eq!(status.bodies_in_judgement, 0, "node {at}");
        for peer in status.peers {
            assert!(peer.in_sync, "node {at}: {peer:#?}");
            assert_eq!(peer.bytes_in_judgement, 0);
        }
    }
    let quiet = world.now - world.last_message_at;
    assert!(quiet > 60_000, "quiet for {quiet} ms only");
    world.run_until(end + 10_000_000);
    assert!(world.last_message_at < end, "quiet no longer");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nodes_converge_and_fall_silent(
        seed: u64,
        nodes in 2usize..6,
        faults in 0u64..40,
        delay_ms_max in prop_oneof![2u64..50, 50u64..3_000],
    ) {
        let mut world = drawn(seed, nodes, faults, delay_ms_max);
        world.run_until(20_002);
        assert_settled(&mut world);
    }

    #[test]
    fn what_was_published_outlives_one_lost_disk(seed: u64, nodes in 3usize..6) {
        let mut world = drawn(seed, nodes, 0, 30);
        let victim = usize::try_from(seed % nodes as u64).expect("small");
        world.at(10_000, Event::Restore(victim));
        world.run_until(20_002);
        let published = world.published.clone();
        assert_settled(&mut world);
        for (log, size) in published {
            for node in world.nodes.iter().filter(|node| node.scopes.contains(&log.scope)) {
                prop_assert!(node.disk.0[&log] >= size);
            }
        }
    }

    #[test]
    fn relays_carry_what_has_no_direct_way(seed: u64, nodes in 3usize..7) {
        let mut world = World::new(seed, vec![all_scopes(); nodes], 30);
        for node in 1..nodes {
            world.join(node - 1, node);
        }
        for burst in 0..10 {
            let writer = usize::try_from(seed.rotate_left(burst)).unwrap_or(0) % nodes;
            let scope = scope(SCOPES[burst as usize % 3]);
            world.at(1_000 * u64::from(burst), Event::Write(writer, scope, 40));
        }
        world.run_until(20_000);
        assert_settled(&mut world);
        // A want that is done is renewed while a last body may be on its way.
        let records = 400 * (nodes as u64 - 1);
        let duplicates = world.count(Counter::DuplicateRecords);
        prop_assert!(duplicates * 20 < records, "{duplicates} of {records}");
        prop_assert_eq!(world.count(Counter::GapBodies), 0);
        prop_assert_eq!(world.count(Counter::StalledWants), 0);
    }
}

#[test]
fn a_mesh_in_peace_sends_every_body_once() {
    let mut world = World::new(7, vec![all_scopes(); 5], 20);
    for a in 0..5 {
        (0..a).for_each(|b| world.join(a, b));
    }
    for second in 0..20 {
        for node in 0..5 {
            world.at(
                1_000 + second * 500,
                Event::Write(node, scope("national"), 10),
            );
        }
    }
    world.run_until(11_000);
    assert_settled(&mut world);
    assert_eq!(world.count(Counter::DuplicateRecords), 0);
    assert_eq!(world.count(Counter::WantsSent), 0, "pushed, never pulled");
    let bodies = world.count(Counter::BodiesSent);
    assert_eq!(world.count(Counter::BodiesAppended), bodies);
}

#[test]
fn a_foreign_scope_changes_no_byte() {
    let run = |secrets: bool| {
        let public: BTreeSet<ScopeName> = [scope("public")].into();
        let mut world = World::new(1, vec![all_scopes(), public, all_scopes()], 1);
        for (a, b) in [(0, 1), (0, 2), (1, 2)] {
            world.join(a, b);
        }
        for round in 0..20 {
            let at = 100 + round * 700;
            world.at(at, Event::Write(0, scope("public"), 3));
            world.at(at + 50, Event::Write(2, scope("public"), 2));
            if secrets {
                world.at(at + 1, Event::Write(0, scope("national"), 5));
                world.at(at + 60, Event::Write(2, scope("with-gacc"), 9));
            }
        }
        world.at(9_000, Event::Cut(0, 1));
        world.at(9_100, Event::Join(0, 1));
        world.run_until(300_000);
        let seen = [(0, 1), (2, 1)].map(|way| world.transcript.remove(&way));
        let total: usize = world.transcript.values().map(Vec::len).sum();
        (seen, total)
    };
    let (with, without) = (run(true), run(false));
    assert_eq!(with.0, without.0);
    assert!(with.0.iter().flatten().all(|messages| !messages.is_empty()));
    assert!(with.1 > without.1, "the others did speak of it");
}

/// Returns the frontier messages that a node sent to another since a time.
fn frontiers(world: &World, way: (usize, usize), since: u64) -> Vec<Message> {
    let sent = world.transcript[&way].iter().filter(|(at, _)| *at >= since);
    let messages = sent.map(|(_, bytes)| Message::decode(bytes).expect("its own encoding"));
    let frontiers = messages.filter(|message| {
        let is = matches!(message, Message::InSync { .. } | Message::Full { .. });
        is || matches!(message, Message::Delta { .. } | Message::NeedFull)
    });
    frontiers.collect()
}

/// Two nodes that met, wrote, kept baselines and parted.
fn parted() -> World {
    let mut world = World::new(3, vec![all_scopes(); 2], 5);
    world.at(1, Event::Snapshot(1));
    world.run_until(2);
    world.join(0, 1);
    for node in 0..2 {
        world.at(100, Event::Write(node, scope("national"), 10));
    }
    world.run_until(200_000);
    world.cut(0, 1);
    world
}

/// Returns a log of an author whose node is never here.
fn of_nobody_here(number: u8) -> LogId {
    LogId {
        author: RawKey([200; 32]),
        scope: scope("national"),
        epoch: Epoch([number; 16]),
    }
}

#[test]
fn more_logs_than_a_frontier_holds_end_no_connection() {
    let config = Config {
        frontier_logs_max: 8,
        ..Config::default()
    };
    let mut world = World::with(config, 11, vec![all_scopes(); 2], 5);
    let held = |world: &World, node: usize| world.nodes[node].disk.0.len();
    for number in 0..6 {
        world.hold(0, &of_nobody_here(number), 3);
    }
    world.join(0, 1);
    world.run_until(100_000);
    // Told by deltas, until there is no room: the world blames no honest node.
    for number in 6..12 {
        world.hold(0, &of_nobody_here(number), 3);
        world.run_until(world.now + 1_000);
    }
    world.run_until(200_000);
    assert_eq!((held(&world, 0), held(&world, 1)), (12, 8));
    assert_eq!(world.count(Counter::UntoldLogs), 4);
    // What was told goes on growing, on this connection and on the next.
    world.hold(0, &of_nobody_here(0), 9);
    world.run_until(300_000);
    world.cut(0, 1);
    world.hold(0, &of_nobody_here(1), 9);
    world.hold(0, &of_nobody_here(12), 9);
    world.join(0, 1);
    world.run_until(400_000);
    let sizes = [0, 1].map(|number| world.nodes[1].disk.0[&of_nobody_here(number)]);
    assert_eq!(sizes, [9, 9]);
    // And a node that starts with more than it may tell says a full map of
    // what it may, which its peer takes.
    world.at(400_001, Event::Snapshot(0));
    world.at(400_002, Event::Restore(0));
    world.at(400_003, Event::Join(0, 1));
    world.run_until(500_000);
    assert_eq!((held(&world, 0), held(&world, 1)), (13, 8));
    world.at(500_001, Event::Write(1, scope("public"), 5));
    world.run_until(600_000);
    assert_eq!(held(&world, 0), 14, "the other way, too");
}

#[test]
fn peers_that_drip_keep_nobody_from_what_others_hold() {
    let mut world = World::new(5, vec![all_scopes(); 6], 5);
    world.dripping = (1..5).collect();
    for node in 1..6 {
        for number in 0..200 {
            world.hold(node, &of_nobody_here(number), 3);
        }
    }
    for node in 1..6 {
        world.join(0, node);
        world.run_until(world.now + 2_000);
    }
    // What is not asked of the four is there at once, the rest soon after they
    // brought nothing for two minutes.
    let held = |world: &World| world.nodes[0].disk.0.len();
    world.run_until(30_000);
    assert_eq!(held(&world), 200 - 4 * 16);
    world.run_until(140_000);
    assert_eq!(held(&world), 200);
    assert_eq!(world.count(Counter::StalledWants), 4 * 16);
}

#[test]
fn a_slow_line_is_not_taken_for_a_peer_that_drips() {
    let mut world = World::new(6, vec![all_scopes(); 2], 5);
    world.bytes_per_s.insert(1, 4_000);
    let logs = 0..6;
    for number in logs.clone() {
        world.hold(1, &of_nobody_here(number), 40);
    }
    world.join(0, 1);
    world.run_until(1_500_000);
    for number in logs {
        assert_eq!(
            world.nodes[0].disk.0.get(&of_nobody_here(number)),
            Some(&40)
        );
    }
    assert_eq!(world.count(Counter::StalledWants), 0);
    assert_eq!(world.count(Counter::DuplicateRecords), 0);
}

#[test]
fn an_unchanged_pair_meets_by_root_alone() {
    let mut world = parted();
    world.join(0, 1);
    world.run_until(400_000);
    for way in [(0, 1), (1, 0)] {
        let frontiers = frontiers(&world, way, 200_000);
        assert!(
            matches!(frontiers[..], [Message::InSync { .. }]),
            "{frontiers:?}"
        );
    }
}

#[test]
fn a_delta_is_sent_when_baselines_agree() {
    let mut world = parted();
    world.at(200_001, Event::Write(0, scope("national"), 5));
    world.run_until(200_002);
    world.join(0, 1);
    world.run_until(201_000);
    let sent = frontiers(&world, (0, 1), 200_000);
    let Message::Delta { changed, new, .. } = &sent[0] else {
        panic!("a delta: {sent:?}");
    };
    assert_eq!((changed.len(), new.len()), (1, 0));
    assert!(matches!(
        frontiers(&world, (1, 0), 200_000)[0],
        Message::InSync { .. }
    ));
    assert!(world.nodes[0].replica.in_sync(&key(1)));
    assert_eq!(world.count(Counter::BaselineMismatches), 0);
}

#[test]
fn the_full_map_is_sent_when_a_disk_was_put_back() {
    let mut world = parted();
    world.at(200_001, Event::Restore(1));
    world.run_until(200_002);
    world.join(0, 1);
    world.run_until(210_000);
    // The restored node keeps nothing, so it begins with a full map; the other
    // begins with its root, is told that the baseline is unknown, and repeats.
    let restored = frontiers(&world, (1, 0), 200_000);
    assert!(
        matches!(restored[..2], [Message::Full { .. }, Message::NeedFull]),
        "{restored:?}"
    );
    let other = frontiers(&world, (0, 1), 200_000);
    assert!(
        matches!(other[..2], [Message::InSync { .. }, Message::Full { .. }]),
        "{other:?}"
    );
    assert_eq!(world.count(Counter::BaselineMismatches), 1);
    assert!(
        world.nodes[1].replica.in_sync(&key(0)),
        "and has its logs back"
    );
    assert_settled(&mut world);
}
