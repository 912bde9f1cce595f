//! All links of a node: dialling, the gate, the streams and their tasks,
//! brought together into one source of events.

mod events;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::{Duration, Instant, SystemTime};

use futures::StreamExt;
use libp2p::core::ConnectedPoint;
use libp2p::core::transport::{ListenerId, TransportError};
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{ConnectionId, DialError, NetworkBehaviour, SwarmEvent};
use libp2p::{Multiaddr, PeerId, Swarm, connection_limits, ping};
use record::SecretKey;
use replica::Message;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::config::{Limits, NetworkError};
use crate::dial::{Timetable, resolve};
use crate::frame;
use crate::gate::Gate;
use crate::link::{Arrived, Body, BulkFrame, Happening, Link};
use crate::metrics::{Metrics, PeerTraffic, Traffic, count};
use crate::streams::Streams;
use crate::transport;

/// How long a listening socket may take to come up.
const LISTEN_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the sockets may take to close.
const CLOSING: Duration = Duration::from_millis(500);

/// How long to wait before a listening socket is asked for again.
const LISTEN_AGAIN: Duration = Duration::from_millis(50);

/// How long peers may take to close their side when the node shuts down.
const PARTING: Duration = Duration::from_secs(3);

/// How many messages and bodies of all peers may wait to be taken.
const HAPPENINGS_MAX: usize = 256;

/// Connections to one peer at a time: one, and a second while it is decided
/// which of the two stays.
const CONNECTIONS_PER_PEER: u32 = 3;

/// What runs on every connection. The order is the order in which a new
/// connection is shown to them, so the gate is first.
#[derive(NetworkBehaviour)]
pub(crate) struct Behaviour {
    gate: Gate,
    limits: connection_limits::Behaviour,
    ping: ping::Behaviour,
    streams: Streams,
}

/// A member node that may connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Contact {
    /// The member's name, for logs.
    pub(crate) name: String,
    /// Where it may be dialled.
    pub(crate) addresses: Vec<Multiaddr>,
}

/// What the links tell.
#[derive(Debug)]
pub(crate) enum LinkEvent {
    /// Both streams to a peer are up. For a peer that was up it means that a
    /// new link took the place of the old one.
    Up(PeerId),
    /// The link to a peer is over.
    Down(PeerId),
    /// A message arrived.
    Message(PeerId, Arrived),
    /// A body arrived.
    Body(PeerId, Body),
    /// Part of a body arrived.
    Arriving(PeerId),
}

/// A link that is up, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkStatus {
    /// Since when.
    pub since: SystemTime,
    /// The peer's address as this node sees it, a multiaddr text.
    pub address: String,
    /// `quic` or `tcp`.
    pub transport: &'static str,
    /// Whether this node dialled.
    pub dialled_here: bool,
}

struct Peer {
    contact: Contact,
    link: Option<Up>,
    traffic: PeerTraffic,
    refusals: u64,
}

/// A link that is up.
struct Up {
    connection: ConnectionId,
    link: Link,
    status: LinkStatus,
}

/// The links of a node.
pub(crate) struct Links {
    swarm: Swarm<Behaviour>,
    timetable: Timetable,
    peers: BTreeMap<PeerId, Peer>,
    connections: BTreeMap<ConnectionId, ConnectedPoint>,
    happenings: mpsc::Receiver<(PeerId, ConnectionId, Happening)>,
    tell: mpsc::Sender<(PeerId, ConnectionId, Happening)>,
    /// Names being looked up: at most one for each member.
    resolving: JoinSet<(PeerId, Vec<Multiaddr>)>,
    /// Events not yet taken: as many as one step gives.
    told: VecDeque<LinkEvent>,
    listening: HashMap<ListenerId, BTreeSet<Multiaddr>>,
    limits: Limits,
    metrics: Metrics,
    parting: bool,
}

impl Links {
    /// Makes the links of the node with this transport key. Nothing is dialled
    /// or listened on yet.
    pub(crate) fn new(
        key: &SecretKey,
        limits: Limits,
        metrics: Metrics,
    ) -> Result<Self, NetworkError> {
        let own = transport::peer_id(&key.public().raw());
        let connections = connection_limits::ConnectionLimits::default()
            .with_max_pending_incoming(Some(limits.handshakes_max))
            .with_max_pending_outgoing(Some(limits.handshakes_max))
            .with_max_established(Some(limits.connections_max))
            .with_max_established_per_peer(Some(CONNECTIONS_PER_PEER));
        let behaviour = Behaviour {
            gate: Gate::new(own, BTreeSet::new(), metrics.clone()),
            limits: connection_limits::Behaviour::new(connections),
            ping: ping::Behaviour::default(),
            streams: Streams::new(own),
        };
        let (tell, happenings) = mpsc::channel(HAPPENINGS_MAX);
        Ok(Self {
            swarm: transport::swarm(key, behaviour)?,
            timetable: Timetable::new(own, limits.redial.clone()),
            peers: BTreeMap::new(),
            connections: BTreeMap::new(),
            happenings,
            tell,
            resolving: JoinSet::new(),
            told: VecDeque::new(),
            listening: HashMap::new(),
            limits,
            metrics,
            parting: false,
        })
    }

    /// Takes the members that may connect, in the place of those before. Links
    /// to nodes that are no longer among them end.
    pub(crate) fn replace_contacts(&mut self, contacts: BTreeMap<PeerId, Contact>) {
        let own = *self.swarm.local_peer_id();
        let gone: Vec<_> = self
            .peers
            .keys()
            .filter(|peer| !contacts.contains_key(peer))
            .copied()
            .collect();
        for peer in gone {
            self.end(peer, "no-longer-member");
            self.peers.remove(&peer);
        }
        for (peer, contact) in contacts {
            if peer == own {
                continue;
            }
            match self.peers.get_mut(&peer) {
                Some(known) => known.contact = contact,
                None => {
                    self.peers.insert(
                        peer,
                        Peer {
                            contact,
                            link: None,
                            traffic: PeerTraffic::default(),
                            refusals: 0,
                        },
                    );
                }
            }
        }
        let addresses = |(peer, known): (&PeerId, &Peer)| (*peer, known.contact.addresses.clone());
        self.timetable
            .replace(Instant::now(), self.peers.iter().map(addresses).collect());
        let members = self.peers.keys().copied().collect();
        self.swarm.behaviour_mut().gate.replace_members(members);
    }

    /// Listens, and waits until every address has a socket.
    pub(crate) async fn listen(&mut self, addresses: Vec<Multiaddr>) -> Result<(), NetworkError> {
        let deadline = tokio::time::Instant::now() + LISTEN_TIMEOUT;
        let mut waiting = HashMap::new();
        for address in addresses {
            let text = address.to_string();
            waiting.insert(self.listen_on(address, deadline).await?, text);
        }
        // The sockets are there; that they say so has a time of its own.
        let deadline = tokio::time::Instant::now() + LISTEN_TIMEOUT;
        while let Some(address) = waiting.values().next().cloned() {
            let event = tokio::time::timeout_at(deadline, self.swarm.select_next_some())
                .await
                .map_err(|_| NetworkError::Silent {
                    address,
                    seconds: LISTEN_TIMEOUT.as_secs(),
                })?;
            if let SwarmEvent::ListenerClosed {
                listener_id,
                reason: Err(cause),
                ..
            } = event
            {
                let address = waiting.remove(&listener_id).unwrap_or_default();
                let cause = cause.into();
                return Err(NetworkError::Listen { address, cause });
            }
            if let SwarmEvent::NewListenAddr { listener_id, .. } = &event {
                waiting.remove(listener_id);
            }
            self.on_swarm(event);
        }
        Ok(())
    }

    /// Asks for a listening socket, again for a while: within one process, a
    /// QUIC socket outlives its network by some milliseconds.
    async fn listen_on(
        &mut self,
        address: Multiaddr,
        deadline: tokio::time::Instant,
    ) -> Result<ListenerId, NetworkError> {
        loop {
            let cause = match self.swarm.listen_on(address.clone()) {
                Ok(id) => return Ok(id),
                Err(cause) => cause,
            };
            let is_final = matches!(cause, TransportError::MultiaddrNotSupported(_));
            if is_final || tokio::time::Instant::now() >= deadline {
                return Err(NetworkError::Listen {
                    address: address.to_string(),
                    cause: cause.into(),
                });
            }
            tokio::time::sleep(LISTEN_AGAIN).await;
        }
    }

    /// Returns the addresses of the listening sockets, without peer ids.
    pub(crate) fn listen_addresses(&self) -> BTreeSet<Multiaddr> {
        self.listening.values().flatten().cloned().collect()
    }

    /// Waits for what happens next. Safe to cancel.
    pub(crate) async fn next(&mut self) -> LinkEvent {
        loop {
            if let Some(event) = self.told.pop_front() {
                return event;
            }
            let due = self.timetable.next_due().filter(|_| !self.parting);
            tokio::select! {
                event = self.swarm.select_next_some() => self.on_swarm(event),
                Some((peer, connection, happening)) = self.happenings.recv() => {
                    self.on_happening(peer, connection, happening);
                }
                Some(Ok((peer, addresses))) = self.resolving.join_next() => {
                    self.dial(peer, addresses);
                }
                () = until(due) => {
                    for (peer, addresses) in self.timetable.due(Instant::now()) {
                        self.resolving.spawn(async move { (peer, resolve(addresses).await) });
                    }
                }
            }
        }
    }

    /// Queues a message. A peer whose queue is full does not read: its link
    /// ends.
    pub(crate) fn send_message(&mut self, peer: PeerId, message: &Message) {
        let Some(up) = self.peers.get(&peer).and_then(|peer| peer.link.as_ref()) else {
            return;
        };
        match frame::encode_control(&message.encode(), frame::CONTROL_BYTES_MAX) {
            Ok(frame) => {
                if !up.link.send_control(frame) {
                    self.end(peer, "queue-full");
                }
            }
            Err(error) => {
                tracing::error!(%peer, %error, "message not sent");
                self.end(peer, "own-message-too-long");
            }
        }
    }

    /// Returns the queue of bodies to a peer whose link is up.
    pub(crate) fn bulk(&self, peer: &PeerId) -> Option<mpsc::Sender<BulkFrame>> {
        Some(self.peers.get(peer)?.link.as_ref()?.link.bulk())
    }

    /// Ends the link to a peer that sent what no honest node sends, and turns
    /// it away for a while.
    pub(crate) fn fault(&mut self, peer: PeerId, reason: &'static str) {
        let now = Instant::now();
        if let Some(known) = self.peers.get_mut(&peer) {
            known.refusals += 1;
        }
        self.end(peer, reason);
        let until = self.timetable.bar(now, &peer);
        tracing::warn!(
            %peer,
            member = self.name(&peer),
            reason,
            turned_away_s = until.saturating_duration_since(now).as_secs(),
            "peer turned away after a fault",
        );
        self.swarm.behaviour_mut().gate.bar(peer, until);
    }

    /// Takes note of a fault on a link that ended before the fault was known,
    /// unless the peer is turned away already.
    pub(crate) fn fault_of_the_past(&mut self, peer: PeerId, reason: &'static str) {
        if !self.swarm.behaviour().gate.is_barred(&peer) {
            self.fault(peer, reason);
        }
    }

    /// Returns what is known of a peer: its link, its traffic, and how often
    /// it was refused something.
    pub(crate) fn status(&self, peer: &PeerId) -> (Option<LinkStatus>, Traffic, u64) {
        match self.peers.get(peer) {
            Some(peer) => (
                peer.link.as_ref().map(|up| up.status.clone()),
                peer.traffic.read(),
                peer.refusals,
            ),
            None => (None, Traffic::default(), 0),
        }
    }

    /// Writes what is queued, closes all streams, and waits for the peers to
    /// do the same, but not for long. No new link comes up meanwhile. The
    /// listening sockets stay until then, since QUIC connections run over them,
    /// and are closed at the end.
    pub(crate) async fn shut_down(mut self) {
        self.parting = true;
        for up in self.peers.values().filter_map(|peer| peer.link.as_ref()) {
            up.link.finish();
        }
        let parted = async {
            while self.peers.values().any(|peer| peer.link.is_some()) {
                self.next().await;
            }
        };
        if tokio::time::timeout(PARTING, parted).await.is_err() {
            tracing::debug!("not every peer closed its side in time");
        }
        self.close_sockets().await;
    }

    /// Closes the listening sockets and what connections are left, so that the
    /// ports are free for the next network of this process; not for long.
    async fn close_sockets(&mut self) {
        for listener in self.listening.keys().copied().collect::<Vec<_>>() {
            self.swarm.remove_listener(listener);
        }
        let connected: Vec<PeerId> = self.swarm.connected_peers().copied().collect();
        for peer in connected {
            // An error says that it is gone already.
            let _ = self.swarm.disconnect_peer_id(peer);
        }
        let closed = async {
            let open =
                |swarm: &Swarm<_>| swarm.network_info().connection_counters().num_connections();
            while !self.listening.is_empty() || open(&self.swarm) > 0 {
                let event = self.swarm.select_next_some().await;
                self.on_swarm(event);
            }
        };
        if tokio::time::timeout(CLOSING, closed).await.is_err() {
            tracing::debug!("not every socket closed in time");
        }
    }

    fn name(&self, peer: &PeerId) -> &str {
        self.peers
            .get(peer)
            .map_or("", |known| known.contact.name.as_str())
    }

    fn dial(&mut self, peer: PeerId, addresses: Vec<Multiaddr>) {
        if self.parting {
            return;
        }
        let options = DialOpts::peer_id(peer)
            .condition(PeerCondition::DisconnectedAndNotDialing)
            .addresses(addresses)
            .build();
        match self.swarm.dial(options) {
            Ok(()) => {}
            Err(DialError::DialPeerConditionFalse(_)) if self.swarm.is_connected(&peer) => {
                self.timetable.connected(&peer);
            }
            Err(error) => self.not_reached(peer, &error),
        }
    }

    fn not_reached(&mut self, peer: PeerId, error: &DialError) {
        self.metrics.failed_dials.inc();
        tracing::debug!(%peer, member = self.name(&peer), %error, "peer not reached");
        if !self.swarm.is_connected(&peer) {
            self.timetable.lost(Instant::now(), &peer, chance());
        }
    }

    fn is_up_on(&self, peer: &PeerId, connection: ConnectionId) -> bool {
        self.peers
            .get(peer)
            .and_then(|peer| peer.link.as_ref())
            .is_some_and(|up| up.connection == connection)
    }

    /// Ends a link and its connection, if there is one.
    pub(crate) fn end(&mut self, peer: PeerId, reason: &'static str) {
        let Some(up) = self
            .peers
            .get_mut(&peer)
            .and_then(|known| known.link.take())
        else {
            return;
        };
        tracing::info!(%peer, member = self.name(&peer), reason, "link over");
        count(&self.metrics.ended_links, reason);
        self.metrics.links.dec();
        self.swarm.close_connection(up.connection);
        self.told.push_back(LinkEvent::Down(peer));
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}

/// Draws a number. Without a source of randomness, waits lose their jitter.
fn chance() -> u32 {
    getrandom::u32().unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
