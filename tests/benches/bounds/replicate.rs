//! Two nodes on loopback: from capture at one until durable at the other.

use std::time::{Duration, Instant};

use criterion::Criterion;
use ledger::Ledger;
use network::{Limits, Network, Redial};
use prometheus_client::registry::Registry;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::federation::{self, Founded, MEMBERS, folder, found, open};
use crate::load::{self, Load};
use crate::raw::Bounds;
use crate::report::Report;
use crate::workload::CAPTURE;

/// How many captures one round replicates.
const CAPTURES: u32 = 40;
const ROUNDS: usize = 5;
const CLIENTS: usize = 4;
/// How long two nodes on one machine may take at most.
const PATIENCE: Duration = Duration::from_secs(120);

const TARGET: f64 = 0.4;

/// The transports, by the form of their addresses; `{}` is the port.
const TRANSPORTS: [(&str, &str); 2] = [
    ("QUIC", "/ip4/127.0.0.1/udp/{}/quic-v1"),
    ("TCP", "/ip4/127.0.0.1/tcp/{}"),
];

/// Measures replication while events are captured, and afterwards.
pub(crate) fn run(criterion: &mut Criterion, report: &mut Report) {
    let runtime = federation::runtime();
    for (name, form) in TRANSPORTS {
        let (mut at_once, mut later) = (Vec::new(), Vec::new());
        let (mut raw, mut carried) = (Bounds::default(), Vec::new());
        for round in 0..ROUNDS {
            let founded = found_at(form);
            let (time, left) = runtime.block_on(live(&founded));
            at_once.push(time);
            carried.push(left.bytes_carried);
            raw.measure(left.folder.path());
            later.push(runtime.block_on(catch_up(&founded)));
            println!("replicate over {name}: round {} of {ROUNDS}", round + 1);
        }
        for (what, times, target) in [
            ("capture and replicate", &mut at_once, Some(TARGET)),
            ("catch up", &mut later, None),
        ] {
            let what = format!("{what} to a second node, {name}");
            let what = (what.as_str(), load::events(CAPTURES));
            raw.compare(report, what, times, target);
        }
        carried.sort_unstable();
        report.note(format!(
            "Over {name}, {} bytes an event went over the wire in both directions, \
             as frames, before encryption.",
            carried[ROUNDS / 2] / load::events(CAPTURES) as u64
        ));
        follow(criterion, &runtime, name, &found_at(form));
    }
}

/// Lets criterion follow one capture from a node to the other.
fn follow(criterion: &mut Criterion, runtime: &Runtime, name: &str, founded: &Founded) {
    let [one, two] = MEMBERS.map(|seed| runtime.block_on(Node::start(founded, seed)));
    runtime.block_on(one.in_sync());
    let mut captures = 0;
    let mut group = criterion.benchmark_group(format!("replicate-1000-events-{name}"));
    group.throughput(criterion::Throughput::Elements(u64::from(CAPTURE)));
    group.bench_function("ours", |b| {
        b.iter_custom(|times| {
            let carried = (0..times).map(|_| {
                let load = Load::prepare_from(captures, 1);
                captures += 1;
                let begun = Instant::now();
                runtime.block_on(async {
                    load.capture(&one.ledger, 1).await;
                    two.holds(load::events(captures) as u64 + 1).await;
                });
                begun.elapsed()
            });
            carried.sum()
        });
    });
    group.finish();
    runtime.block_on(async {
        two.stop().await;
        one.stop().await;
    });
}

/// Founds a federation of two nodes at ports that were free just now: the
/// charter names them before any node listens.
fn found_at(form: &str) -> Founded {
    let address = || {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = socket.local_addr().expect("an address").port();
        form.replace("{}", &port.to_string())
    };
    found([&address(), &address()])
}

struct Node {
    ledger: Ledger,
    network: Network,
    folder: TempDir,
}

impl Node {
    async fn start(founded: &Founded, seed: u8) -> Self {
        let folder = folder();
        let ledger = open(founded, seed, folder.path());
        let redial = Redial {
            head_start: Duration::from_millis(50),
            first: Duration::from_millis(50),
            longest: Duration::from_millis(200),
            ..Redial::default()
        };
        let config = network::Config {
            listen: vec![founded.address(seed).to_owned()],
            limits: Limits {
                redial,
                ..Limits::default()
            },
        };
        let key = federation::transport(seed);
        let registry = &mut Registry::default();
        let network = Network::start(config, key, ledger.clone(), registry);
        Self {
            network: network.await.expect("starts"),
            ledger,
            folder,
        }
    }

    /// Waits until both nodes say that they hold the same.
    async fn in_sync(&self) {
        let mut status = self.network.status();
        let agreed = status.wait_for(|status| {
            let replication =
                |peer: &network::PeerStatus| peer.replication.as_ref().is_some_and(|r| r.in_sync);
            status.peers.iter().all(replication)
        });
        let agreed = tokio::time::timeout(PATIENCE, agreed).await;
        drop(agreed.expect("in time").expect("the network goes on"));
    }

    /// Waits until so many records of the one log there is are durable here.
    async fn holds(&self, size: u64) {
        let mut heads = self.ledger.subscribe();
        let held = async {
            while self.ledger.heads().iter().all(|head| head.size < size) {
                // Lagging behind is no fault: all heads are read again.
                drop(heads.recv().await);
            }
        };
        tokio::time::timeout(PATIENCE, held).await.expect("in time");
    }

    async fn stop(self) -> Left {
        // Shutting down renews the status once more.
        let status = self.network.status();
        self.network.shutdown().await;
        self.ledger.stop().await;
        let traffic = status.borrow().traffic();
        let directions = [
            traffic.bulk_out,
            traffic.bulk_in,
            traffic.control_out,
            traffic.control_in,
        ];
        Left {
            folder: self.folder,
            bytes_carried: directions.iter().map(|carried| carried.bytes).sum(),
        }
    }
}

/// What a node leaves behind.
struct Left {
    folder: TempDir,
    bytes_carried: u64,
}

/// Captures at one node while the other follows. Returns how long it took, and
/// what the first node left behind.
async fn live(founded: &Founded) -> (Duration, Left) {
    let one = Node::start(founded, MEMBERS[0]).await;
    let two = Node::start(founded, MEMBERS[1]).await;
    one.in_sync().await;
    let load = Load::prepare(CAPTURES);
    let begun = Instant::now();
    load.capture(&one.ledger, CLIENTS).await;
    two.holds(load::events(CAPTURES) as u64 + 1).await;
    let took = begun.elapsed();
    two.stop().await;
    (took, one.stop().await)
}

/// Starts a second node beside one that has captured already. Returns how long
/// it took from its start on, connecting included.
async fn catch_up(founded: &Founded) -> Duration {
    let one = Node::start(founded, MEMBERS[0]).await;
    Load::prepare(CAPTURES).capture(&one.ledger, CLIENTS).await;
    let begun = Instant::now();
    let two = Node::start(founded, MEMBERS[1]).await;
    two.holds(load::events(CAPTURES) as u64 + 1).await;
    let took = begun.elapsed();
    two.stop().await;
    one.stop().await;
    took
}
