//! A node within the test's process: a real database and a real network.

use std::sync::Arc;
use std::time::Duration;

use ledger::Ledger;
use network::{Limits, Network, NetworkError, NetworkStatus, Redial};
use prometheus_client::registry::Registry;
use record::{LogId, ScopeName};
use store::{Resources, Store, StoreError};
use tempfile::TempDir;

use crate::federation::{Federation, Member};
use crate::goods;
use crate::patience::{eventually, eventually_some, within};

/// Block cache and write buffers of one node, in bytes: small, so that tests
/// reach what lies behind them.
const MEMORY_BYTES: usize = 4 << 20;

/// A member's node.
#[derive(Debug)]
pub struct Peer {
    /// The member's id.
    pub id: &'static str,
    /// Its ledger.
    pub ledger: Ledger,
    /// Its network.
    pub network: Network,
    federation: Arc<Federation>,
    /// The counters of the ledger and of the network.
    registries: [Registry; 2],
    folder: TempDir,
}

/// Returns bounds for tests: faults are forgiven at once, and whoever is gone
/// is dialled again soon.
pub fn forgiving() -> Limits {
    Limits {
        redial: Redial {
            head_start: Duration::from_millis(100),
            first: Duration::from_millis(50),
            longest: Duration::from_millis(200),
            first_bar: Duration::ZERO,
            longest_bar: Duration::ZERO,
        },
        ..Limits::default()
    }
}

impl Peer {
    /// Starts a member's node in a fresh folder.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub async fn start(federation: &Arc<Federation>, id: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self::start_in(federation, id, folder, forgiving()).await
    }

    /// Starts a member's node in a folder, with these bounds.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub async fn start_in(
        federation: &Arc<Federation>,
        id: &str,
        folder: TempDir,
        limits: Limits,
    ) -> Self {
        let member = federation.member(id);
        let mut counters = Registry::default();
        let config = ledger::Config {
            key: member.author.clone(),
            charter: federation.charter.clone(),
            charter_file: federation.charter_file.clone(),
        };
        let store = open(&folder).await;
        let ledger = Ledger::start(store, config, &mut counters).expect("a member's ledger");
        let (network, of_network) = connect(member, &ledger, limits).await;
        Self {
            id: member.id,
            network,
            ledger,
            federation: Arc::clone(federation),
            registries: [counters, of_network],
            folder,
        }
    }

    /// Ends the node in order, and returns its folder.
    pub async fn stop(self) -> TempDir {
        self.network.shutdown().await;
        self.ledger.stop().await;
        self.folder
    }

    /// Ends the node in order, and starts it again in its folder.
    pub async fn restart(self) -> Self {
        let (federation, id) = (Arc::clone(&self.federation), self.id);
        let folder = self.stop().await;
        Self::start_in(&federation, id, folder, forgiving()).await
    }

    /// Records events of a lot in a scope.
    ///
    /// # Panics
    ///
    /// When that fails.
    pub async fn capture(&self, scope: &str, lot: u32, serials: std::ops::Range<u64>) {
        let (scope, events) = (name(scope), goods::events(lot, serials));
        let captured = self.ledger.capture(&scope, events);
        captured.await.expect("captures");
    }

    /// Returns the number of records held of a scope, over all its logs.
    pub fn holds(&self, scope: &str) -> u64 {
        let heads = self.ledger.heads();
        let of_scope = heads.iter().filter(|head| head.log.scope.as_str() == scope);
        of_scope.map(|head| head.size).sum()
    }

    /// Returns how many records of a log are held.
    pub fn size_of(&self, log: &LogId) -> u64 {
        let heads = self.ledger.heads();
        let head = heads.iter().find(|head| head.log == *log);
        head.map_or(0, |head| head.size)
    }

    /// Returns how many records were ever stored.
    ///
    /// # Panics
    ///
    /// When the store cannot be read.
    pub fn stored(&self) -> u64 {
        let status = self.ledger.snapshot().status();
        status.expect("the store can be read").records
    }

    /// Returns the network's status.
    pub fn status(&self) -> NetworkStatus {
        self.network.status().borrow().clone()
    }

    /// Tells whether both streams to a member's node are up.
    pub fn is_linked_to(&self, member: &str) -> bool {
        let status = self.status();
        let mut peers = status.peers.iter();
        peers.any(|peer| peer.member.as_str() == member && peer.link.is_some())
    }

    /// Tells whether this node and a member's hold the same, as this one knows.
    pub fn is_in_sync_with(&self, member: &str) -> bool {
        let status = self.status();
        let mut peers = status.peers.iter();
        peers.any(|peer| {
            let replication = peer.replication.as_ref();
            peer.member.as_str() == member && replication.is_some_and(|r| r.in_sync)
        })
    }

    /// Waits until both nodes are linked and hold the same of what both may.
    pub async fn agrees_with(&self, other: &Self) {
        let what = format!("agreement of {} and {}", self.id, other.id);
        eventually(&what, || {
            self.is_in_sync_with(other.id) && other.is_in_sync_with(self.id)
        })
        .await;
    }

    /// Returns the metrics as Prometheus reads them.
    ///
    /// # Panics
    ///
    /// Never: memory takes every write.
    pub fn metrics(&self) -> String {
        let mut text = String::new();
        for registry in &self.registries {
            prometheus_client::encoding::text::encode(&mut text, registry).expect("encodes");
        }
        text
    }

    /// Returns a counter by its name in the metrics, with its labels as they
    /// stand there; 0 where it never counted.
    ///
    /// # Panics
    ///
    /// When the metrics hold something else than a number there.
    pub fn counter(&self, name: &str) -> u64 {
        counter(&self.metrics(), name)
    }

    /// Returns the sum of a family of counters over all its labels.
    ///
    /// # Panics
    ///
    /// When the metrics hold something else than a number there.
    pub fn counted(&self, family: &str) -> u64 {
        let metrics = self.metrics();
        let lines = metrics.lines();
        let of_family = lines.filter(|line| {
            let rest = line.strip_prefix(family);
            rest.is_some_and(|rest| rest.starts_with(['{', ' ']))
        });
        of_family.map(value).sum()
    }
}

/// Returns a counter of metrics in text form; 0 where it is not there.
///
/// # Panics
///
/// When there is something else than a number.
pub fn counter(metrics: &str, name: &str) -> u64 {
    let mut lines = metrics.lines();
    let line = lines.find(|line| {
        let rest = line.strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with(' '))
    });
    line.map_or(0, value)
}

fn value(line: &str) -> u64 {
    let (_, value) = line.rsplit_once(' ').expect("a name and a value");
    value.parse().expect("a whole number")
}

/// Returns a scope's name.
///
/// # Panics
///
/// When it is none.
pub fn name(scope: &str) -> ScopeName {
    ScopeName::new(scope).expect("a scope's name")
}

/// Starts a member's network. The socket of one that was ended just now may be
/// taken for some seconds: QUIC holds it while a handshake dies away.
async fn connect(member: &Member, ledger: &Ledger, limits: Limits) -> (Network, Registry) {
    let attempts = async {
        loop {
            let mut registry = Registry::default();
            let config = network::Config {
                listen: member.addresses.clone(),
                limits: limits.clone(),
            };
            let key = member.transport.clone();
            match Network::start(config, key, ledger.clone(), &mut registry).await {
                Ok(network) => return (network, registry),
                Err(NetworkError::Listen { .. }) => {}
                Err(error) => panic!("the network does not start: {error}"),
            }
        }
    };
    within("a member's sockets", attempts).await
}

/// Opens the database in a folder. One that was closed just now may be locked
/// for a moment: what reads from it ends on threads of its own.
async fn open(folder: &TempDir) -> Store {
    let path = folder.path().join("data");
    let resources = Resources::new(MEMORY_BYTES, MEMORY_BYTES).expect("resources");
    eventually_some("the database's lock", || {
        match Store::open(&path, &resources) {
            Ok(store) => Some(store),
            Err(StoreError::Open { source, .. }) if source.to_string().contains("lock") => None,
            Err(error) => panic!("the database does not open: {error}"),
        }
    })
    .await
}
