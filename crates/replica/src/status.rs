//! What the machine says of itself, for status pages.

use record::RawKey;

use crate::Replica;

/// How replication stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The connected peers, by key.
    pub peers: Vec<PeerStatus>,
    /// Logs that are asked for and not complete yet.
    pub wants_out: usize,
    /// Logs that will be asked for.
    pub wants_waiting: usize,
    /// Bodies in judgement.
    pub bodies_in_judgement: usize,
}

/// How replication with one peer stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerStatus {
    /// The node at the other end.
    pub peer: RawKey,
    /// Whether both hold the same of every log that both may read and hold.
    pub in_sync: bool,
    /// When that was last seen to be so, in the milliseconds of `handle`.
    pub in_sync_at_ms: Option<u64>,
    /// Whether the peer's frontier is known.
    pub frontier_known: bool,
    /// Logs that the peer holds further than we do.
    pub logs_behind: usize,
    /// Logs that we hold further than the peer is known to.
    pub logs_ahead: usize,
    /// Logs that we asked the peer for.
    pub wants_out: usize,
    /// Logs that the peer asked us for.
    pub wants_served: usize,
    /// Bytes of the peer's bodies in judgement.
    pub bytes_in_judgement: u64,
    /// Bytes that we may send to the peer.
    pub credit_left: u64,
}

impl Replica {
    /// Returns how replication stands.
    pub fn status(&self) -> Status {
        Status {
            peers: self
                .peers
                .keys()
                .filter_map(|peer| self.peer_status(peer))
                .collect(),
            wants_out: self.pulls.active_len(),
            wants_waiting: self.pulls.waiting_len(),
            bodies_in_judgement: self.judging.len(),
        }
    }

    /// Tells whether a connected peer holds the same as we do of every log that
    /// both may read and hold.
    pub fn in_sync(&self, peer: &RawKey) -> bool {
        self.peers.get(peer).is_some_and(crate::peer::Peer::in_sync)
    }

    fn peer_status(&self, key: &RawKey) -> Option<PeerStatus> {
        let peer = self.peers.get(key)?;
        let behind = peer
            .differing
            .iter()
            .filter(|log| peer.held(log) > self.own.size(log));
        let logs_behind = behind.count();
        Some(PeerStatus {
            peer: *key,
            in_sync: peer.in_sync(),
            in_sync_at_ms: peer.in_sync_at,
            frontier_known: peer.exchange.is_known(),
            logs_behind,
            logs_ahead: peer.differing.len() - logs_behind,
            wants_out: self.pulls.count_of(key),
            wants_served: peer.push.wants_len(),
            bytes_in_judgement: peer.window.in_judgement(),
            credit_left: peer.push.credit_left(),
        })
    }
}
