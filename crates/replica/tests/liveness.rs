//! How soon nodes hold the same and know it, once faults end: far sooner than
//! the timers that mend what was missed. One seed gives one history.

#[allow(
    dead_code,
    reason = "the world is shared, and not all of it is used here"
)]
mod world;

use std::collections::BTreeSet;
use std::panic::catch_unwind;

use record::ScopeName;
use world::{Event, Random, World, scope};

const SCOPES: [&str; 3] = ["public", "national", "with-gacc"];

/// Names the first seed, and how many are tried.
const SEED: &str = "NGUON_SEED";
const SEEDS: &str = "NGUON_SEEDS";

/// When the last fault happens, and within what time all must then be done.
const FAULTS_MS: u64 = 20_000;
const SOON_MS: u64 = 20_000;

/// How long a machine may stand still, once: shorter than what makes a peer a
/// stalled one, which is left alone for half a minute.
const FREEZE_MS: u64 = 3_000;

fn number(name: &str) -> Option<u64> {
    let named = std::env::var(name).ok()?;
    Some(
        named
            .parse()
            .unwrap_or_else(|_| panic!("{name} is a whole number")),
    )
}

fn all_scopes() -> BTreeSet<ScopeName> {
    SCOPES.into_iter().map(scope).collect()
}

/// Draws a world: who is there, how slow lines and disks are, who writes when,
/// who joins when, and what breaks.
fn drawn(seed: u64) -> World {
    let mut random = Random(seed);
    let nodes = 2 + random.index(4);
    let scopes = (0..nodes).map(|_| {
        let mut some = all_scopes();
        some.retain(|scope| scope.as_str() == "public" || random.below(3) > 0);
        some
    });
    let scopes = scopes.collect();
    let delay = [5, 50, 400][random.index(3)];
    let mut world = World::new(seed, scopes, delay);
    world.sync_ms_max = Some([5, 300, 3_000][random.index(3)]);
    for node in 0..nodes {
        if random.below(3) == 0 {
            let rate = [500_000, 5_000_000][random.index(2)];
            world.bytes_per_s.insert(node, rate);
        }
    }
    for _ in 0..1 + random.below(40) {
        let node = random.index(nodes);
        let of: Vec<ScopeName> = world.nodes[node].scopes.iter().cloned().collect();
        let scope = of[random.index(of.len())].clone();
        let records = 1 + random.below(60);
        world.at(random.below(FAULTS_MS), Event::Write(node, scope, records));
    }
    let faults = random.below(12);
    for a in 0..nodes {
        for b in 0..a {
            if faults == 0 || random.below(3) > 0 {
                world.at(random.below(FAULTS_MS), Event::Join(a, b));
            }
        }
    }
    let mut frozen = BTreeSet::new();
    for _ in 0..faults {
        let (a, b) = (random.index(nodes), random.index(nodes));
        if a != b {
            let later = random.below(2) * random.below(2_000);
            let at = random.below(FAULTS_MS);
            let fault = match random.below(4) {
                0 => Event::Cut(a, b),
                1 => Event::Break(a, b, later),
                2 => Event::Rejoin(a, b, later),
                _ if frozen.insert(a) => Event::Freeze(a, FAULTS_MS.min(at + FREEZE_MS)),
                _ => continue,
            };
            world.at(at, fault);
        }
    }
    for a in 0..nodes {
        for b in 0..a {
            world.at(FAULTS_MS, Event::Join(a, b));
        }
    }
    world
}

/// Asserts that all readers of a scope hold the same and know it.
fn assert_agreed(world: &World) {
    for name in SCOPES {
        let scope = scope(name);
        let all = world.nodes.iter();
        let readers = all.filter(|node| node.scopes.contains(&scope));
        let holdings = readers.map(|node| {
            let logs = node.disk.0.iter().filter(|(log, _)| log.scope == scope);
            logs.collect::<Vec<_>>()
        });
        let holdings: Vec<_> = holdings.collect();
        let equal = holdings.windows(2).all(|pair| pair[0] == pair[1]);
        assert!(equal, "{name}: {holdings:#?}");
    }
    for (at, node) in world.nodes.iter().enumerate() {
        let status = node.replica.status();
        for peer in &status.peers {
            assert!(peer.in_sync, "node {at} at {}: {peer:#?}", world.now);
        }
        let wants = (status.wants_out, status.wants_waiting);
        assert_eq!(wants, (0, 0), "node {at}");
    }
}

#[test]
fn nodes_agree_soon_after_the_last_fault() {
    let first = number(SEED);
    let count = number(SEEDS).unwrap_or(if first.is_some() { 1 } else { 400 });
    let first = first.unwrap_or(0);
    let agrees = |seed: &u64| {
        let tried = catch_unwind(|| {
            let mut world = drawn(*seed);
            world.run_until(FAULTS_MS + SOON_MS);
            assert_agreed(&world);
        });
        tried.is_ok()
    };
    let seeds = first..first + count;
    let broken: Vec<u64> = seeds.filter(|seed| !agrees(seed)).collect();
    assert_eq!(broken, [], "{SEED} of those that break it");
}
