//! What the swarm and the links' tasks tell, and what becomes of it.

use std::time::{Instant, SystemTime};

use libp2p::PeerId;
use libp2p::ping;
use libp2p::swarm::{ConnectionId, DialError, ListenError, SwarmEvent};

use super::{BehaviourEvent, LinkEvent, LinkStatus, Links, Up, chance};
use crate::gate::Refusal;
use crate::link::{Ended, Happening, Link, Teller};
use crate::metrics::count;
use crate::streams::{Pair, Paired, Unpaired};
use crate::transport;

impl Links {
    pub(super) fn on_swarm(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(BehaviourEvent::Streams(paired)) => self.on_paired(paired),
            SwarmEvent::Behaviour(BehaviourEvent::Ping(ping)) => self.on_ping(ping),
            SwarmEvent::ConnectionEstablished {
                peer_id,
                connection_id,
                endpoint,
                ..
            } => {
                self.connections.insert(connection_id, endpoint);
                self.timetable.connected(&peer_id);
            }
            SwarmEvent::ConnectionClosed {
                peer_id,
                connection_id,
                num_established,
                cause,
                ..
            } => {
                self.connections.remove(&connection_id);
                self.take_happenings();
                if self.is_up_on(&peer_id, connection_id) {
                    tracing::debug!(peer = %peer_id, ?cause, "connection closed");
                    self.end(peer_id, "connection-closed");
                }
                if num_established == 0 {
                    self.timetable.lost(Instant::now(), &peer_id, chance());
                }
            }
            SwarmEvent::OutgoingConnectionError {
                peer_id: Some(peer),
                error,
                ..
            } => {
                self.count_limit(match &error {
                    DialError::Denied { cause } => Some(cause),
                    _ => None,
                });
                self.not_reached(peer, &error);
            }
            SwarmEvent::IncomingConnectionError {
                error,
                send_back_addr,
                ..
            } => {
                self.count_limit(match &error {
                    ListenError::Denied { cause } => Some(cause),
                    _ => None,
                });
                tracing::debug!(address = %send_back_addr, %error, "no connection came in");
            }
            event => self.on_listener(event),
        }
    }

    fn on_listener(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::NewListenAddr {
                listener_id,
                address,
            } => {
                tracing::info!(%address, "listening");
                self.listening
                    .entry(listener_id)
                    .or_default()
                    .insert(address);
            }
            SwarmEvent::ExpiredListenAddr {
                listener_id,
                address,
            } => {
                self.listening
                    .entry(listener_id)
                    .or_default()
                    .remove(&address);
            }
            SwarmEvent::ListenerClosed {
                listener_id,
                reason,
                ..
            } => {
                self.listening.remove(&listener_id);
                if let Err(error) = reason {
                    tracing::error!(%error, "a listening socket closed");
                }
            }
            _ => {}
        }
    }

    /// Counts a connection that was turned away for want of room; the gate
    /// counts its own.
    fn count_limit(&self, cause: Option<&libp2p::swarm::ConnectionDenied>) {
        if cause.is_some_and(|cause| cause.downcast_ref::<Refusal>().is_none()) {
            count(&self.metrics.refused_connections, "limit");
        }
    }

    fn on_ping(&mut self, ping: ping::Event) {
        match ping.result {
            Ok(_) | Err(ping::Failure::Unsupported) => {}
            Err(error) => {
                tracing::debug!(peer = %ping.peer, %error, "peer does not answer");
                self.swarm.close_connection(ping.connection);
            }
        }
    }

    fn on_paired(&mut self, paired: Paired) {
        let Paired {
            peer,
            connection,
            outcome,
        } = paired;
        match outcome {
            Ok(pair) => self.bring_up(peer, connection, pair),
            Err(error) => {
                tracing::debug!(%peer, member = self.name(&peer), %error, "no pair of streams");
                // Where a link is up, its end is counted.
                if !self.is_up_on(&peer, connection) {
                    count(&self.metrics.ended_links, error.reason());
                }
                if matches!(error, Unpaired::OutOfTurn(_)) {
                    self.fault(peer, error.reason());
                } else {
                    self.swarm.close_connection(connection);
                }
            }
        }
    }

    fn bring_up(&mut self, peer: PeerId, connection: ConnectionId, pair: Pair) {
        if self.parting {
            return;
        }
        let (Some(known), Some(endpoint)) =
            (self.peers.get_mut(&peer), self.connections.get(&connection))
        else {
            // The gate is closing it.
            return;
        };
        let status = LinkStatus {
            since: SystemTime::now(),
            address: endpoint.get_remote_address().to_string(),
            transport: transport::transport_name(endpoint.get_remote_address()),
            dialled_here: endpoint.is_dialer(),
        };
        tracing::info!(
            %peer,
            member = known.contact.name,
            address = status.address,
            dialled_here = status.dialled_here,
            "linked",
        );
        let meters = known.traffic.meters(&self.metrics);
        let teller = Teller {
            peer,
            connection,
            queue: self.tell.clone(),
        };
        let link = Link::start(pair.control, pair.bulk, &self.limits, meters, teller);
        let replaced = known.link.replace(Up {
            connection,
            link,
            status,
        });
        if replaced.is_none() {
            self.metrics.links.inc();
        }
        self.timetable.linked(&peer);
        self.told.push_back(LinkEvent::Up(peer));
    }

    /// Takes what the links' tasks have told: it came before the connection's
    /// end, and may be the reason for it.
    fn take_happenings(&mut self) {
        while let Ok((peer, connection, happening)) = self.happenings.try_recv() {
            self.on_happening(peer, connection, happening);
        }
    }

    pub(super) fn on_happening(
        &mut self,
        peer: PeerId,
        connection: ConnectionId,
        happening: Happening,
    ) {
        if !self.is_up_on(&peer, connection) {
            return;
        }
        match happening {
            Happening::Message(message) => self.told.push_back(LinkEvent::Message(peer, message)),
            Happening::Body(body) => self.told.push_back(LinkEvent::Body(peer, body)),
            Happening::Arriving => self.told.push_back(LinkEvent::Arriving(peer)),
            Happening::Ended(ended) => {
                tracing::debug!(%peer, member = self.name(&peer), error = %ended, "link ended");
                let refused = match &ended {
                    Ended::Frame(_) => Some(&self.metrics.refused_frames),
                    Ended::Message(_) => Some(&self.metrics.refused_messages),
                    Ended::Body(_) => Some(&self.metrics.refused_bodies),
                    Ended::Closed | Ended::Io(_) | Ended::Stalled(_) => None,
                };
                if let Some(refused) = refused {
                    count(refused, ended.reason());
                }
                if ended.is_fault() {
                    return self.fault(peer, ended.reason());
                }
                self.end(peer, ended.reason());
            }
        }
    }
}
