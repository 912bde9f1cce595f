//! The two streams of a connection, opened by one rule.
//!
//! Whoever has the smaller peer id opens both, control first. A connection
//! carries one pair in its life: when one stream ends, the connection is closed
//! and a new one is made. So a pair always belongs to one connection, and
//! which one is known.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll, Waker};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::core::upgrade::{InboundUpgrade, OutboundUpgrade, UpgradeInfo};
use libp2p::swarm::handler::{ConnectionEvent, FullyNegotiatedInbound, FullyNegotiatedOutbound};
use libp2p::swarm::{
    ConnectionDenied, ConnectionHandler, ConnectionHandlerEvent, ConnectionId, FromSwarm,
    NetworkBehaviour, StreamUpgradeError, SubstreamProtocol, THandler, THandlerInEvent,
    THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId, Stream, StreamProtocol};

/// The protocol of the stream that carries messages.
pub(crate) const CONTROL: StreamProtocol = StreamProtocol::new("/nguon/control/1");

/// The protocol of the stream that carries bodies.
pub(crate) const BULK: StreamProtocol = StreamProtocol::new("/nguon/bulk/1");

/// The two streams of a connection.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) control: Stream,
    pub(crate) bulk: Stream,
}

/// What became of the streams of a connection.
#[derive(Debug)]
pub(crate) struct Paired {
    pub(crate) peer: PeerId,
    pub(crate) connection: ConnectionId,
    pub(crate) outcome: Result<Pair, Unpaired>,
}

/// Says why a connection has no pair of streams.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unpaired {
    /// The peer speaks no version of a protocol that this node speaks.
    #[error("the peer does not speak {0}")]
    Unsupported(StreamProtocol),
    /// Opening took too long.
    #[error("opening {0} took too long")]
    Timeout(StreamProtocol),
    /// The connection failed.
    #[error("opening {protocol} failed")]
    Io {
        /// What was to be opened.
        protocol: StreamProtocol,
        /// Why it failed.
        #[source]
        cause: std::io::Error,
    },
    /// The peer opened a stream again, or one that is not its to open.
    #[error("the peer opened {0} out of turn")]
    OutOfTurn(StreamProtocol),
}

impl Unpaired {
    /// Returns the label in counters and logs.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Unsupported(_) => "unsupported-protocol",
            Self::Timeout(_) => "stream-timeout",
            Self::Io { .. } => "stream-failed",
            Self::OutOfTurn(_) => "stream-out-of-turn",
        }
    }
}

/// The behaviour that makes a pair of streams on every connection.
pub(crate) struct Streams {
    own: PeerId,
    /// At most two for each connection: its pair and its first breach.
    made: VecDeque<Paired>,
    waker: Option<Waker>,
}

impl Streams {
    pub(crate) fn new(own: PeerId) -> Self {
        Self {
            own,
            made: VecDeque::new(),
            waker: None,
        }
    }

    fn handler(&self, peer: PeerId) -> Handler {
        Handler {
            opens: self.own < peer,
            asked: None,
            control: None,
            bulk: None,
            report: None,
            done: false,
            waker: None,
        }
    }
}

impl NetworkBehaviour for Streams {
    type ConnectionHandler = Handler;
    type ToSwarm = Paired;

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(self.handler(peer))
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(self.handler(peer))
    }

    fn on_swarm_event(&mut self, _: FromSwarm<'_>) {}

    fn on_connection_handler_event(
        &mut self,
        peer: PeerId,
        connection: ConnectionId,
        outcome: THandlerOutEvent<Self>,
    ) {
        self.made.push_back(Paired {
            peer,
            connection,
            outcome,
        });
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<Paired, THandlerInEvent<Self>>> {
        if let Some(paired) = self.made.pop_front() {
            return Poll::Ready(ToSwarm::GenerateEvent(paired));
        }
        self.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// Makes the pair on one connection.
pub(crate) struct Handler {
    opens: bool,
    /// The protocol asked for and not yet answered.
    asked: Option<StreamProtocol>,
    control: Option<Stream>,
    bulk: Option<Stream>,
    /// What is still to be told.
    report: Option<Result<Pair, Unpaired>>,
    /// The pair, or why there is none, was told.
    done: bool,
    waker: Option<Waker>,
}

impl Handler {
    fn take(&mut self, protocol: &StreamProtocol, stream: Stream) {
        let place = if *protocol == CONTROL {
            &mut self.control
        } else {
            &mut self.bulk
        };
        if self.done || place.is_some() {
            return self.tell(Err(Unpaired::OutOfTurn(protocol.clone())));
        }
        *place = Some(stream);
        match (self.control.take(), self.bulk.take()) {
            (Some(control), Some(bulk)) => self.tell(Ok(Pair { control, bulk })),
            (control, bulk) => (self.control, self.bulk) = (control, bulk),
        }
    }

    fn tell(&mut self, outcome: Result<Pair, Unpaired>) {
        self.done = true;
        self.report = Some(outcome);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn next_to_open(&self) -> Option<StreamProtocol> {
        if !self.opens || self.done || self.asked.is_some() {
            None
        } else if self.control.is_none() {
            Some(CONTROL)
        } else {
            Some(BULK)
        }
    }
}

impl ConnectionHandler for Handler {
    type FromBehaviour = Infallible;
    type ToBehaviour = Result<Pair, Unpaired>;
    type InboundProtocol = Offer;
    type OutboundProtocol = Offer;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = ();

    fn listen_protocol(&self) -> SubstreamProtocol<Offer> {
        let protocols = if self.opens {
            Vec::new()
        } else {
            vec![CONTROL, BULK]
        };
        SubstreamProtocol::new(Offer(protocols), ())
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<Offer, (), Self::ToBehaviour>> {
        if let Some(outcome) = self.report.take() {
            return Poll::Ready(ConnectionHandlerEvent::NotifyBehaviour(outcome));
        }
        if let Some(protocol) = self.next_to_open() {
            self.asked = Some(protocol.clone());
            return Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest {
                protocol: SubstreamProtocol::new(Offer(vec![protocol]), ()),
            });
        }
        self.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    fn on_behaviour_event(&mut self, event: Infallible) {
        match event {}
    }

    fn on_connection_event(&mut self, event: ConnectionEvent<'_, Offer, Offer>) {
        match event {
            ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound {
                protocol: (protocol, stream),
                ..
            }) => self.take(&protocol, stream),
            ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound {
                protocol: (protocol, stream),
                ..
            }) => {
                self.asked = None;
                self.take(&protocol, stream);
            }
            ConnectionEvent::DialUpgradeError(failed) => {
                let Some(protocol) = self.asked.take() else {
                    return;
                };
                self.tell(Err(match failed.error {
                    StreamUpgradeError::Timeout => Unpaired::Timeout(protocol),
                    StreamUpgradeError::NegotiationFailed => Unpaired::Unsupported(protocol),
                    StreamUpgradeError::Io(cause) => Unpaired::Io { protocol, cause },
                    StreamUpgradeError::Apply(never) => match never {},
                }));
            }
            _ => {}
        }
    }
}

/// Offers protocols for a stream, and hands over the stream with the one that
/// was agreed on.
pub(crate) struct Offer(Vec<StreamProtocol>);

impl UpgradeInfo for Offer {
    type Info = StreamProtocol;
    type InfoIter = std::vec::IntoIter<StreamProtocol>;

    fn protocol_info(&self) -> Self::InfoIter {
        self.0.clone().into_iter()
    }
}

impl InboundUpgrade<Stream> for Offer {
    type Output = (StreamProtocol, Stream);
    type Error = Infallible;
    type Future = Ready<Result<Self::Output, Infallible>>;

    fn upgrade_inbound(self, stream: Stream, protocol: StreamProtocol) -> Self::Future {
        ready(Ok((protocol, stream)))
    }
}

impl OutboundUpgrade<Stream> for Offer {
    type Output = (StreamProtocol, Stream);
    type Error = Infallible;
    type Future = Ready<Result<Self::Output, Infallible>>;

    fn upgrade_outbound(self, stream: Stream, protocol: StreamProtocol) -> Self::Future {
        ready(Ok((protocol, stream)))
    }
}
