//! What an operator may set, and the bounds that hold where nothing is set.

use std::time::Duration;

use libp2p::Multiaddr;
use record::RawKey;

/// How the node listens, and the bounds of its links.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen, as multiaddr texts: `/ip4/…/udp/…/quic-v1` and
    /// `/ip4/…/tcp/…`. Port 0 asks the system for a free one.
    pub listen: Vec<String>,
    /// The bounds.
    pub limits: Limits,
}

impl Default for Config {
    /// Listens on QUIC and TCP, port 4001, on all IPv4 interfaces.
    fn default() -> Self {
        Self {
            listen: vec![
                "/ip4/0.0.0.0/udp/4001/quic-v1".to_owned(),
                "/ip4/0.0.0.0/tcp/4001".to_owned(),
            ],
            limits: Limits::default(),
        }
    }
}

/// The bounds of links, queues and waiting. How long a frame may be is no
/// setting but part of the protocol.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How many messages may wait to be written to one peer. A peer that lets
    /// more pile up is disconnected.
    pub control_queue_max: usize,
    /// How many bodies of one peer may be on their way through the ledger.
    /// Until one is done, its bulk stream is not read further.
    pub bodies_in_flight_max: usize,
    /// How many bodies may be read from the ledger and packed at one time, over
    /// all peers. Of each peer one more may wait to be written.
    pub bodies_in_reading_max: usize,
    /// How long a write, or the next bytes inside a frame, may take.
    pub progress_timeout: Duration,
    /// How many connections may be in their handshake.
    pub handshakes_max: u32,
    /// How many connections may be established.
    pub connections_max: u32,
    /// When to dial again.
    pub redial: Redial,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            control_queue_max: 4_096,
            bodies_in_flight_max: 16,
            bodies_in_reading_max: 4,
            progress_timeout: Duration::from_secs(60),
            handshakes_max: 64,
            connections_max: 1_024,
            redial: Redial::default(),
        }
    }
}

/// When to dial a member again.
#[derive(Debug, Clone)]
pub struct Redial {
    /// How long the node with the larger transport key leaves the dialling to
    /// the other, so that most pairs make one connection only.
    pub head_start: Duration,
    /// The wait after the first failure; it doubles with each further one.
    pub first: Duration,
    /// The longest wait after a failure.
    pub longest: Duration,
    /// How long a peer is turned away after its first fault; it doubles with
    /// each further one.
    pub first_bar: Duration,
    /// The longest time a peer is turned away.
    pub longest_bar: Duration,
}

impl Default for Redial {
    fn default() -> Self {
        Self {
            head_start: Duration::from_secs(1),
            first: Duration::from_millis(500),
            longest: Duration::from_secs(60),
            first_bar: Duration::from_secs(30),
            longest_bar: Duration::from_secs(15 * 60),
        }
    }
}

/// Says why the network cannot start.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// A listen address is no multiaddr.
    #[error("listen address {address:?} is not a multiaddr such as /ip4/0.0.0.0/tcp/4001")]
    Address {
        /// The text in question.
        address: String,
        /// What is wrong with it.
        #[source]
        cause: libp2p::multiaddr::Error,
    },
    /// The certificate of the transport key cannot be made.
    #[error("making the transport's certificate")]
    Certificate(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Listening failed.
    #[error("listening on {address}")]
    Listen {
        /// Where.
        address: String,
        /// Why it failed.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No listening socket came up in time.
    #[error("listening on {address} gave no socket within {seconds} s")]
    Silent {
        /// Where.
        address: String,
        /// How long the node waited.
        seconds: u64,
    },
    /// The charter does not know this node by its two keys.
    #[error("the charter lists no node with author key {author} and transport key {transport}")]
    NotEnrolled {
        /// The node's author key.
        author: RawKey,
        /// The node's transport key.
        transport: RawKey,
    },
}

/// Reads multiaddr texts.
///
/// # Errors
///
/// Names the first text that is none.
pub(crate) fn parse_addresses(texts: &[String]) -> Result<Vec<Multiaddr>, NetworkError> {
    texts
        .iter()
        .map(|text| {
            text.parse().map_err(|cause| NetworkError::Address {
                address: text.clone(),
                cause,
            })
        })
        .collect()
}
