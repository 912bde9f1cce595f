//! What the demo found, for people and for programs.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::federation::Federation;
use super::questions::{Proven, Traced};
use super::watch::Latencies;

/// The whole demo in one object.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// Whether everything held.
    pub(super) ok: bool,
    /// The federation's id.
    pub(super) federation: String,
    /// The nodes.
    pub(super) nodes: Vec<NodeReport>,
    /// The goods' events.
    pub(super) chain: ChainReport,
    /// The generated events; `None` where none were asked for.
    pub(super) load: Option<LoadReport>,
    /// Where the container came from, by several nodes.
    pub(super) traces: Vec<Traced>,
    /// A record that was proven.
    pub(super) proof: Proven,
}

/// One node.
#[derive(Debug, Serialize)]
pub(super) struct NodeReport {
    /// Its member.
    pub(super) member: String,
    /// What kind of organisation that is.
    pub(super) kind: &'static str,
    /// Where local systems reach it.
    pub(super) http: String,
    /// Where members reach it.
    pub(super) listening: Vec<String>,
    /// How many records it holds.
    pub(super) records: u64,
}

/// What became of the goods' events.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ChainReport {
    /// How many were captured.
    pub(super) events: usize,
    /// How many were disclosed to the agency.
    pub(super) disclosed: usize,
    /// How long they and the disclosures took from disk to disk, the nodes
    /// being idle otherwise.
    pub(super) latency: Latencies,
}

/// What became of the generated events.
#[derive(Clone, Debug, Serialize)]
pub(super) struct LoadReport {
    /// How many were captured.
    pub(super) events: usize,
    /// How many nodes captured them.
    pub(super) provinces: usize,
    /// How long it took until all were durable where they were captured.
    pub(super) captured_s: f64,
    /// How long it took until every entitled node held all.
    pub(super) everywhere_s: f64,
    /// Events a second, captured durably, over all nodes.
    pub(super) captured_per_s: f64,
    /// Events a second, durable at every entitled node.
    pub(super) everywhere_per_s: f64,
    /// Bytes of frames between all nodes, before encryption.
    pub(super) wire_bytes: u64,
    /// Those bytes for each event.
    pub(super) wire_bytes_per_event: f64,
    /// Those bytes for each event and node that received it.
    pub(super) wire_bytes_per_delivery: f64,
    /// How long they took from disk to disk, the machine being busy.
    pub(super) latency: Latencies,
}

/// What went where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spread {
    /// How many events.
    pub(super) events: usize,
    /// How many nodes captured them.
    pub(super) provinces: usize,
    /// To how many further nodes each of them went.
    pub(super) readers: usize,
}

impl LoadReport {
    /// Puts the figures together.
    pub(super) fn new(
        spread: Spread,
        captured: Duration,
        everywhere: Duration,
        wire_bytes: u64,
        latency: Latencies,
    ) -> Self {
        let Spread {
            events,
            provinces,
            readers,
        } = spread;
        let whole = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
        let bytes = Duration::from_nanos(wire_bytes).as_secs_f64() * 1e9;
        Self {
            events,
            provinces,
            captured_s: captured.as_secs_f64(),
            everywhere_s: everywhere.as_secs_f64(),
            captured_per_s: whole(events) / captured.as_secs_f64(),
            everywhere_per_s: whole(events) / everywhere.as_secs_f64(),
            wire_bytes,
            wire_bytes_per_event: bytes / whole(events),
            wire_bytes_per_delivery: bytes / whole(events * readers),
            latency,
        }
    }
}

/// Reports the nodes as they stand.
pub(super) fn nodes(federation: &Federation) -> Vec<NodeReport> {
    let report = |member: &super::federation::Member| {
        let heads = member.node.ledger().heads();
        NodeReport {
            member: member.id().to_string(),
            kind: member.kind.as_str(),
            http: format!("http://{}", member.node.http_address()),
            listening: member.node.listen_addresses().to_vec(),
            records: heads.iter().map(|head| head.size).sum(),
        }
    };
    federation.nodes.iter().map(report).collect()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let idle = &self.chain.latency;
        writeln!(f, "  propagation  {idle}, the machine idle otherwise")?;
        let Some(load) = &self.load else {
            return Ok(());
        };
        writeln!(f, "               {}, under the load", load.latency)?;
        writeln!(
            f,
            "  captured     {:.0} events/s, indexed and synced, by {} nodes on this machine",
            load.captured_per_s, load.provinces
        )?;
        writeln!(
            f,
            "  everywhere   {:.0} events/s, verified, indexed and synced at every entitled node",
            load.everywhere_per_s
        )?;
        writeln!(
            f,
            "  on the wire  {:.0} bytes an event and receiving node, before encryption",
            load.wire_bytes_per_delivery
        )
    }
}

impl fmt::Display for Latencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "p50 {:.1} ms, p99 {:.1} ms from disk to disk",
            self.p50_ms, self.p99_ms
        )
    }
}
