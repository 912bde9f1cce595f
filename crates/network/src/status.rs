//! What the network says of itself.

use std::collections::BTreeMap;

use charter::{MemberId, NodeName};
use record::{LogId, RawKey};

use crate::links::LinkStatus;
use crate::metrics::Traffic;

/// How the network stands. It is renewed a few times a second.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NetworkStatus {
    /// Every other member node of the charter, linked or not, by author key.
    pub peers: Vec<PeerStatus>,
    /// How far this node's own logs are durable at a node of at least one
    /// other member: log and number of records.
    pub published: BTreeMap<LogId, u64>,
    /// Logs that are asked for and not complete yet.
    pub wants_out: usize,
    /// Logs that will be asked for.
    pub wants_waiting: usize,
    /// Bodies that the ledger is judging.
    pub bodies_in_judgement: usize,
}

impl NetworkStatus {
    /// Returns what was carried to and from all peers.
    pub fn traffic(&self) -> Traffic {
        let mut all = Traffic::default();
        for peer in &self.peers {
            all += peer.traffic;
        }
        all
    }
}

/// How things stand with one member node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerStatus {
    /// The member.
    pub member: MemberId,
    /// The node's name within its member.
    pub node: NodeName,
    /// The node's author key.
    pub key: RawKey,
    /// The link to it, if it is up.
    pub link: Option<LinkStatus>,
    /// How replication stands, if the link is up.
    pub replication: Option<replica::PeerStatus>,
    /// What was carried since this node started.
    pub traffic: Traffic,
    /// How often this node turned it away for a fault.
    pub refusals: u64,
}
