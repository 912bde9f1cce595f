//! What the ledger counts.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

#[derive(Debug)]
pub(crate) struct Metrics {
    pub(crate) authored: Counter,
    pub(crate) received: Counter,
    pub(crate) without_effect: Counter,
    pub(crate) invalid: Counter,
    pub(crate) pending: Counter,
    pub(crate) passed_over: Counter,
    pub(crate) no_room: Counter,
    pub(crate) unknown_own: Counter,
    pub(crate) commits: Counter,
    pub(crate) commit_seconds: Histogram,
    pub(crate) syncs: Gauge,
    pub(crate) logs: Gauge,
}

impl Metrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let registry = registry.sub_registry_with_prefix("ledger");
        let mut counter = |name: &str, help: &str| {
            let counter = Counter::default();
            registry.register(name, help, counter.clone());
            counter
        };
        let metrics = Self {
            authored: counter("authored_records", "Records written by this node"),
            received: counter("received_records", "Records received from peers"),
            without_effect: counter(
                "records_without_effect",
                "Valid records whose payload does not do what its kind demands",
            ),
            invalid: counter("invalid_records", "Records kept that break a rule"),
            pending: counter("pending_records", "Records kept that cannot be judged yet"),
            passed_over: counter(
                "passed_over_batches",
                "Batches of logs whose key no known charter version grants",
            ),
            no_room: counter(
                "batches_without_room",
                "Batches of new logs passed over because their key has opened too many",
            ),
            unknown_own: counter(
                "unknown_own_records",
                "Records under this node's own key that it does not remember writing",
            ),
            commits: counter("commits", "Synced writes"),
            commit_seconds: Histogram::new(exponential_buckets(0.000_1, 2.0, 16)),
            syncs: Gauge::default(),
            logs: Gauge::default(),
        };
        registry.register(
            "commit_seconds",
            "Time of one synced write",
            metrics.commit_seconds.clone(),
        );
        registry.register(
            "wal_syncs",
            "Times the database's log was synced to disk since the start",
            metrics.syncs.clone(),
        );
        registry.register("logs", "Logs held", metrics.logs.clone());
        metrics
    }
}
