//! What the network counts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// A label that says why.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Reason {
    reason: &'static str,
}

/// Labels of what is carried.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Carried {
    stream: &'static str,
    direction: &'static str,
}

/// The counters of one node's network.
#[derive(Debug, Default, Clone)]
pub(crate) struct Metrics {
    pub(crate) links: Gauge,
    pub(crate) refused_connections: Family<Reason, Counter>,
    pub(crate) failed_dials: Counter,
    pub(crate) ended_links: Family<Reason, Counter>,
    pub(crate) refused_frames: Family<Reason, Counter>,
    pub(crate) refused_bodies: Family<Reason, Counter>,
    pub(crate) refused_messages: Family<Reason, Counter>,
    bytes: Family<Carried, Counter>,
    frames: Family<Carried, Counter>,
    /// What the state machine counts.
    replication: BTreeMap<replica::Counter, Counter>,
}

impl Metrics {
    /// Makes the counters and registers them, under `network_…` and
    /// `replica_…`.
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let mut metrics = Self::default();
        let replication = registry.sub_registry_with_prefix("replica");
        for counter in replica::Counter::ALL {
            let kept = Counter::default();
            let help = counter.name().replace('_', " ");
            replication.register(counter.name(), help, kept.clone());
            metrics.replication.insert(counter, kept);
        }
        let registry = registry.sub_registry_with_prefix("network");
        registry.register("links", "Peers with both streams up", metrics.links.clone());
        registry.register(
            "failed_dials",
            "Dials that reached nobody",
            metrics.failed_dials.clone(),
        );
        for (name, help, family) in [
            (
                "refused_connections",
                "Connections turned away",
                &metrics.refused_connections,
            ),
            (
                "ended_links",
                "Links to peers that ended",
                &metrics.ended_links,
            ),
            (
                "refused_frames",
                "Frames that are none",
                &metrics.refused_frames,
            ),
            (
                "refused_bodies",
                "Bodies that the ledger refused",
                &metrics.refused_bodies,
            ),
            (
                "refused_messages",
                "Messages that replication refused",
                &metrics.refused_messages,
            ),
        ] {
            registry.register(name, help, family.clone());
        }
        registry.register(
            "frame_bytes",
            "Bytes of frames, prefixes included, before encryption",
            metrics.bytes.clone(),
        );
        registry.register("frames", "Frames carried", metrics.frames.clone());
        metrics
    }
}

impl Metrics {
    /// Adds to a counter of the state machine.
    pub(crate) fn replication(&self, counter: replica::Counter, by: u64) {
        if let Some(kept) = self.replication.get(&counter) {
            kept.inc_by(by);
        }
    }
}

/// Adds one to the counter of `reason`.
pub(crate) fn count(family: &Family<Reason, Counter>, reason: &'static str) {
    family.get_or_create(&Reason { reason }).inc();
}

/// Returns how often `reason` was counted.
#[cfg(test)]
pub(crate) fn counted(family: &Family<Reason, Counter>, reason: &'static str) -> u64 {
    family.get_or_create(&Reason { reason }).get()
}

/// Bytes and frames of one peer, by stream and direction, since this node
/// started.
#[derive(Debug, Default)]
pub(crate) struct PeerTraffic {
    control_in: Arc<Carriage>,
    control_out: Arc<Carriage>,
    bulk_in: Arc<Carriage>,
    bulk_out: Arc<Carriage>,
}

#[derive(Debug, Default)]
struct Carriage {
    bytes: AtomicU64,
    frames: AtomicU64,
}

/// Bytes and frames carried in one direction of one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Carriages {
    /// Bytes of frames, prefixes included, before encryption.
    pub bytes: u64,
    /// Frames.
    pub frames: u64,
}

impl std::ops::AddAssign for Carriages {
    fn add_assign(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.frames += other.frames;
    }
}

/// What was carried, by stream and direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Messages received.
    pub control_in: Carriages,
    /// Messages sent.
    pub control_out: Carriages,
    /// Bodies received.
    pub bulk_in: Carriages,
    /// Bodies sent.
    pub bulk_out: Carriages,
}

impl std::ops::AddAssign for Traffic {
    fn add_assign(&mut self, other: Self) {
        self.control_in += other.control_in;
        self.control_out += other.control_out;
        self.bulk_in += other.bulk_in;
        self.bulk_out += other.bulk_out;
    }
}

impl PeerTraffic {
    /// Returns the figures as they are now.
    pub(crate) fn read(&self) -> Traffic {
        Traffic {
            control_in: self.control_in.read(),
            control_out: self.control_out.read(),
            bulk_in: self.bulk_in.read(),
            bulk_out: self.bulk_out.read(),
        }
    }

    /// Makes the meters that a link's tasks count with.
    pub(crate) fn meters(&self, metrics: &Metrics) -> Meters {
        let meter = |peer: &Arc<Carriage>, stream, direction| {
            let labels = Carried { stream, direction };
            Meter {
                peer: Arc::clone(peer),
                bytes: metrics.bytes.get_or_create_owned(&labels),
                frames: metrics.frames.get_or_create_owned(&labels),
            }
        };
        Meters {
            control_in: meter(&self.control_in, "control", "in"),
            control_out: meter(&self.control_out, "control", "out"),
            bulk_in: meter(&self.bulk_in, "bulk", "in"),
            bulk_out: meter(&self.bulk_out, "bulk", "out"),
        }
    }
}

impl Carriage {
    fn read(&self) -> Carriages {
        Carriages {
            bytes: self.bytes.load(Ordering::Relaxed),
            frames: self.frames.load(Ordering::Relaxed),
        }
    }
}

/// The meters of one link.
pub(crate) struct Meters {
    pub(crate) control_in: Meter,
    pub(crate) control_out: Meter,
    pub(crate) bulk_in: Meter,
    pub(crate) bulk_out: Meter,
}

/// Counts one direction of one stream, for its peer and for the node.
pub(crate) struct Meter {
    peer: Arc<Carriage>,
    bytes: Counter,
    frames: Counter,
}

impl Meter {
    /// Counts one frame of `bytes` bytes, prefix included.
    pub(crate) fn frame(&self, bytes: usize) {
        let bytes = bytes as u64;
        self.peer.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.peer.frames.fetch_add(1, Ordering::Relaxed);
        self.bytes.inc_by(bytes);
        self.frames.inc();
    }
}
