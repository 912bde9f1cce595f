//! Sockets, encryption and identities: QUIC first, TCP with TLS and yamux
//! second, under one transport key.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use libp2p::core::Transport;
use libp2p::core::muxing::StreamMuxerBox;
use libp2p::core::transport::{DialOpts, ListenerId, PortUse, TransportError, TransportEvent};
use libp2p::core::upgrade::Version;
use libp2p::identity::Keypair;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::NetworkBehaviour;
use libp2p::{Multiaddr, PeerId, Swarm, SwarmBuilder, tcp, tls, yamux};
use record::{RawKey, SecretKey};

use crate::config::NetworkError;

/// How long a connection may live without a stream on it.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a handshake may take, TCP and TLS together.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// After how much silence a QUIC connection is dead. A packet is sent each
/// [`QUIC_KEEP_ALIVE`], so that NAT bindings stay open too.
const QUIC_IDLE_TIMEOUT_MS: u32 = 30_000;
const QUIC_KEEP_ALIVE: Duration = Duration::from_secs(8);

/// How much a peer may send ahead on one QUIC stream and on all streams of a
/// connection: what an unread connection can cost in memory.
const QUIC_STREAM_WINDOW_BYTES: u32 = 4 << 20;
const QUIC_CONNECTION_WINDOW_BYTES: u32 = 6 << 20;

/// Streams a peer may have open on a connection: control, bulk and two pings,
/// with room for the next versions'.
const STREAMS_MAX: usize = 32;

/// The bytes before the key in a libp2p peer id of an Ed25519 key: the
/// identity multihash (0x00, length 36) of the key's protobuf form (libp2p
/// peer-ids specification, "Ed25519").
const PEER_ID_PREFIX: [u8; 6] = [0x00, 0x24, 0x08, 0x01, 0x12, 0x20];

/// Returns the libp2p peer id of a transport key.
///
/// Peer ids sort like the keys they name.
pub fn peer_id(key: &RawKey) -> PeerId {
    let mut bytes = [0; PEER_ID_PREFIX.len() + 32];
    bytes[..PEER_ID_PREFIX.len()].copy_from_slice(&PEER_ID_PREFIX);
    bytes[PEER_ID_PREFIX.len()..].copy_from_slice(&key.0);
    PeerId::from_bytes(&bytes).expect("an identity multihash of 36 bytes is a peer id")
}

/// Makes the libp2p identity of a transport key.
pub(crate) fn keypair(key: &SecretKey) -> Keypair {
    let mut seed = key.seed();
    Keypair::ed25519_from_bytes(seed.as_mut_slice()).expect("32 bytes are an Ed25519 seed")
}

/// Builds a swarm over both transports.
///
/// Each transport names its cryptography itself (libp2p's TLS takes rustls
/// with aws-lc-rs), so no process-wide provider is needed or set.
pub(crate) fn swarm<B: NetworkBehaviour>(
    key: &SecretKey,
    behaviour: B,
) -> Result<Swarm<B>, NetworkError> {
    let keypair = keypair(key);
    let tls = tls::Config::new(&keypair).map_err(|e| NetworkError::Certificate(e.into()))?;
    let tcp = FreshPort(tcp::tokio::Transport::new(
        tcp::Config::new().nodelay(true).listen_backlog(128),
    ))
    .upgrade(Version::V1Lazy)
    .authenticate(tls)
    .multiplex(yamux_config())
    .timeout(HANDSHAKE_TIMEOUT)
    .map(|(peer, muxer), _| (peer, StreamMuxerBox::new(muxer)));
    let builder = SwarmBuilder::with_existing_identity(keypair)
        .with_tokio()
        .with_quic_config(quic_config)
        .with_other_transport(|_| tcp)
        .unwrap_or_else(|never| match never {});
    Ok(builder
        .with_behaviour(|_| behaviour)
        .unwrap_or_else(|never| match never {})
        .with_swarm_config(|config| {
            config
                // QUIC addresses first, the others shortly after.
                .with_smart_dial()
                .with_idle_connection_timeout(IDLE_TIMEOUT)
                .with_max_negotiating_inbound_streams(STREAMS_MAX)
        })
        .build())
}

fn yamux_config() -> yamux::Config {
    let mut config = yamux::Config::default();
    config.set_max_num_streams(STREAMS_MAX);
    config
}

fn quic_config(mut config: libp2p::quic::Config) -> libp2p::quic::Config {
    config.max_idle_timeout = QUIC_IDLE_TIMEOUT_MS;
    config.keep_alive_interval = QUIC_KEEP_ALIVE;
    config.max_concurrent_stream_limit = 32;
    config.max_stream_data = QUIC_STREAM_WINDOW_BYTES;
    config.max_connection_data = QUIC_CONNECTION_WINDOW_BYTES;
    config
}

/// Names the transport of an address, for people.
pub(crate) fn transport_name(address: &Multiaddr) -> &'static str {
    let mut name = "other";
    for part in address {
        match part {
            Protocol::QuicV1 => return "quic",
            Protocol::Tcp(_) => name = "tcp",
            _ => {}
        }
    }
    name
}

/// A transport that dials from a port of its own each time.
///
/// Two nodes that dial each other from their listening ports at one moment
/// meet in a TCP simultaneous open, where both believe to be the dialler. QUIC
/// tells connections apart by id, and keeps to the listening port.
struct FreshPort<T>(T);

impl<T: Transport + Unpin> Transport for FreshPort<T> {
    type Output = T::Output;
    type Error = T::Error;
    type ListenerUpgrade = T::ListenerUpgrade;
    type Dial = T::Dial;

    fn listen_on(
        &mut self,
        id: ListenerId,
        address: Multiaddr,
    ) -> Result<(), TransportError<Self::Error>> {
        self.0.listen_on(id, address)
    }

    fn remove_listener(&mut self, id: ListenerId) -> bool {
        self.0.remove_listener(id)
    }

    fn dial(
        &mut self,
        address: Multiaddr,
        options: DialOpts,
    ) -> Result<Self::Dial, TransportError<Self::Error>> {
        let port_use = PortUse::New;
        self.0.dial(
            address,
            DialOpts {
                port_use,
                ..options
            },
        )
    }

    fn poll(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<TransportEvent<Self::ListenerUpgrade, Self::Error>> {
        Pin::new(&mut self.0).poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peer_ids_are_those_of_libp2p_and_sort_like_keys() {
        let keys: Vec<_> = (0..32).map(|i| SecretKey::from_seed(&[i; 32])).collect();
        let mut raw: Vec<_> = keys.iter().map(|key| key.public().raw()).collect();
        for key in &keys {
            assert_eq!(
                peer_id(&key.public().raw()),
                keypair(key).public().to_peer_id()
            );
        }
        raw.sort();
        let ids: Vec<_> = raw.iter().map(peer_id).collect();
        assert!(ids.is_sorted());
    }

    #[test]
    fn transports_are_named_by_their_addresses() {
        for (address, name) in [
            ("/ip4/127.0.0.1/udp/4001/quic-v1", "quic"),
            ("/dns4/node.example/tcp/4001", "tcp"),
            ("/ip4/127.0.0.1/udp/4001", "other"),
        ] {
            assert_eq!(transport_name(&address.parse().expect(address)), name);
        }
    }
}
