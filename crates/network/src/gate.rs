//! The gate: only members' connections live, and one for each member.
//!
//! It is the first field of the node's behaviour, so a stranger's connection is
//! dropped before any protocol has a handler on it, and before anything is said
//! about which protocols there are.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::convert::Infallible;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::behaviour::{ConnectionClosed, ConnectionEstablished};
use libp2p::swarm::{
    CloseConnection, ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler,
    THandlerInEvent, THandlerOutEvent, ToSwarm, dummy,
};
use libp2p::{Multiaddr, PeerId};

use crate::metrics::{Metrics, count};

/// Two connections made within this time come from both sides dialling at one
/// moment. A later one means that the other side lost the earlier.
const SIMULTANEOUS: Duration = Duration::from_secs(10);

/// Says why a connection was turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// The peer's key is no member node's transport key.
    #[error("no member of the charter has this transport key")]
    Stranger,
    /// The peer is a member whose faults are not forgotten yet.
    #[error("the member is turned away for a while after a fault")]
    Barred,
}

impl Refusal {
    fn reason(self) -> &'static str {
        match self {
            Self::Stranger => "stranger",
            Self::Barred => "barred",
        }
    }
}

/// The behaviour that lets members through, and nobody else.
pub(crate) struct Gate {
    own: PeerId,
    members: BTreeSet<PeerId>,
    barred: BTreeMap<PeerId, Instant>,
    held: BTreeMap<PeerId, Vec<Held>>,
    /// Connections to close: at most one for each that is held.
    closing: VecDeque<(PeerId, CloseConnection)>,
    waker: Option<Waker>,
    metrics: Metrics,
}

/// A connection that passed the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Held {
    id: ConnectionId,
    dialled_here: bool,
    since: Instant,
}

impl Gate {
    /// Makes the gate of the node `own`.
    pub(crate) fn new(own: PeerId, members: BTreeSet<PeerId>, metrics: Metrics) -> Self {
        Self {
            own,
            members,
            barred: BTreeMap::new(),
            held: BTreeMap::new(),
            closing: VecDeque::new(),
            waker: None,
            metrics,
        }
    }

    /// Takes another set of members, and closes what it does not cover.
    pub(crate) fn replace_members(&mut self, members: BTreeSet<PeerId>) {
        self.members = members;
        self.barred.retain(|peer, _| self.members.contains(peer));
        for peer in self.held.keys() {
            if !self.members.contains(peer) {
                self.closing.push_back((*peer, CloseConnection::All));
            }
        }
        self.wake();
    }

    /// Turns a member away until `until`, and closes its connections.
    pub(crate) fn bar(&mut self, peer: PeerId, until: Instant) {
        self.barred.insert(peer, until);
        self.closing.push_back((peer, CloseConnection::All));
        self.wake();
    }

    /// Tells whether a member is turned away now.
    pub(crate) fn is_barred(&self, peer: &PeerId) -> bool {
        let until = self.barred.get(peer);
        until.is_some_and(|&until| Instant::now() < until)
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn admit(&mut self, peer: PeerId, address: &Multiaddr) -> Result<(), ConnectionDenied> {
        let refusal = if !self.members.contains(&peer) {
            Refusal::Stranger
        } else if self.is_barred(&peer) {
            Refusal::Barred
        } else {
            self.barred.remove(&peer);
            return Ok(());
        };
        count(&self.metrics.refused_connections, refusal.reason());
        tracing::info!(%peer, %address, reason = refusal.reason(), "connection refused");
        Err(ConnectionDenied::new(refusal))
    }

    fn established(&mut self, peer: PeerId, new: Held) {
        let own_is_smaller = self.own < peer;
        let held = self.held.entry(peer).or_default();
        held.push(new);
        let [older, .., newer] = held.as_slice() else {
            return;
        };
        let loser = loser(own_is_smaller, *older, *newer);
        count(&self.metrics.refused_connections, "duplicate");
        tracing::debug!(%peer, connection = %loser, "second connection closed");
        self.closing.push_back((peer, CloseConnection::One(loser)));
        self.wake();
    }

    fn closed(&mut self, peer: PeerId, id: ConnectionId) {
        if let Some(held) = self.held.get_mut(&peer) {
            held.retain(|connection| connection.id != id);
            if held.is_empty() {
                self.held.remove(&peer);
            }
        }
    }
}

/// Decides which of two connections to one peer ends.
///
/// Of two made at one moment from both sides, the one that the smaller peer id
/// dialled stays: both sides find the same. Else the newer stays, since nobody
/// dials while it holds a connection.
fn loser(own_is_smaller: bool, older: Held, newer: Held) -> ConnectionId {
    let crossed = older.dialled_here != newer.dialled_here
        && newer.since.saturating_duration_since(older.since) < SIMULTANEOUS;
    if crossed && older.dialled_here == own_is_smaller {
        newer.id
    } else {
        older.id
    }
}

impl NetworkBehaviour for Gate {
    type ConnectionHandler = dummy::ConnectionHandler;
    type ToSwarm = Infallible;

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        address: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.admit(peer, address)?;
        Ok(dummy::ConnectionHandler)
    }

    fn handle_pending_outbound_connection(
        &mut self,
        _: ConnectionId,
        peer: Option<PeerId>,
        _: &[Multiaddr],
        _: Endpoint,
    ) -> Result<Vec<Multiaddr>, ConnectionDenied> {
        // Whoever is dialled is known beforehand: the charter says who.
        let peer = peer.ok_or_else(|| ConnectionDenied::new(Refusal::Stranger))?;
        self.admit(peer, &Multiaddr::empty())?;
        Ok(Vec::new())
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        address: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.admit(peer, address)?;
        Ok(dummy::ConnectionHandler)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionEstablished(ConnectionEstablished {
                peer_id,
                connection_id,
                endpoint,
                ..
            }) => self.established(
                peer_id,
                Held {
                    id: connection_id,
                    dialled_here: endpoint.is_dialer(),
                    since: Instant::now(),
                },
            ),
            FromSwarm::ConnectionClosed(ConnectionClosed {
                peer_id,
                connection_id,
                ..
            }) => self.closed(peer_id, connection_id),
            _ => {}
        }
    }

    fn on_connection_handler_event(
        &mut self,
        _: PeerId,
        _: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        match event {}
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<Infallible, THandlerInEvent<Self>>> {
        if let Some((peer_id, connection)) = self.closing.pop_front() {
            return Poll::Ready(ToSwarm::CloseConnection {
                peer_id,
                connection,
            });
        }
        self.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(id: usize, dialled_here: bool, since: Instant) -> Held {
        Held {
            id: ConnectionId::new_unchecked(id),
            dialled_here,
            since,
        }
    }

    #[test]
    fn crossed_dials_leave_the_smaller_peers_on_both_sides() {
        let now = Instant::now();
        // Connection 1 is dialled by the smaller peer, 2 by the larger. The two
        // sides may see them in either order.
        for (first, second) in [(1, 2), (2, 1)] {
            for own_is_smaller in [true, false] {
                let own_dial = |id| (id == 1) == own_is_smaller;
                let loser = loser(
                    own_is_smaller,
                    held(first, own_dial(first), now),
                    held(second, own_dial(second), now + Duration::from_secs(1)),
                );
                assert_eq!(loser, ConnectionId::new_unchecked(2));
            }
        }
    }

    #[test]
    fn a_later_connection_replaces_one_that_its_dialler_lost() {
        let now = Instant::now();
        let later = now + SIMULTANEOUS;
        for own_is_smaller in [true, false] {
            for (first, second, since) in [
                (true, false, later),
                (false, true, later),
                (true, true, now),
                (false, false, now),
            ] {
                let loser = loser(own_is_smaller, held(1, first, now), held(2, second, since));
                assert_eq!(loser, ConnectionId::new_unchecked(1));
            }
        }
    }
}
