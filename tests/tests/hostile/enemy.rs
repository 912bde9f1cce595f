//! A peer that says what it likes: the wire protocol written anew from
//! `docs/protocol.md`, without any of the node's own checks.

use std::time::Duration;

use futures::{AsyncReadExt, AsyncWriteExt, StreamExt};
use libp2p::identity::Keypair;
use libp2p::swarm::dial_opts::DialOpts;
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{
    Multiaddr, PeerId, Stream, StreamProtocol, Swarm, SwarmBuilder, identify, ping, tcp, tls, yamux,
};
use record::{RawKey, SecretKey};
use tests::patience::within;
use tokio::sync::watch;

pub(crate) const CONTROL: StreamProtocol = StreamProtocol::new("/nguon/control/1");
pub(crate) const BULK: StreamProtocol = StreamProtocol::new("/nguon/bulk/1");

/// Codec bytes of bulk frames.
pub(crate) const PLAIN: u8 = 0;
pub(crate) const ZSTD: u8 = 1;

/// What an enemy's swarm runs: streams of any protocol, and the two protocols
/// by which a libp2p node tells of itself, to see whether it does.
#[derive(NetworkBehaviour)]
struct Behaviour {
    streams: libp2p_stream::Behaviour,
    ping: ping::Behaviour,
    identify: identify::Behaviour,
}

/// One connection to a node.
pub(crate) struct Enemy {
    own: PeerId,
    victim: PeerId,
    control: libp2p_stream::Control,
    /// The streams that the node opens, where it is its turn.
    inbound: [libp2p_stream::IncomingStreams; 2],
    seen: watch::Receiver<Seen>,
    swarm: tokio::task::JoinHandle<()>,
}

/// What became of the connection.
#[derive(Debug, Default, Clone)]
pub(crate) struct Seen {
    established: u32,
    closed: u32,
    failed: Option<String>,
    /// What the node told by a protocol, which a stranger is never told.
    told: Option<String>,
}

/// The two streams of a connection.
pub(crate) struct Streams {
    pub(crate) control: Stream,
    pub(crate) bulk: Stream,
}

/// What a node did in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reaction {
    /// It ended the connection.
    HungUp,
    /// It answers still.
    Answers,
}

fn keypair(key: &SecretKey) -> Keypair {
    Keypair::ed25519_from_bytes(key.seed().to_vec()).expect("32 bytes are a seed")
}

/// Returns the peer id of a transport key.
pub(crate) fn id(key: &SecretKey) -> PeerId {
    keypair(key).public().to_peer_id()
}

fn swarm(key: &SecretKey) -> Swarm<Behaviour> {
    SwarmBuilder::with_existing_identity(keypair(key))
        .with_tokio()
        .with_tcp(
            tcp::Config::new().nodelay(true),
            tls::Config::new,
            yamux::Config::default,
        )
        .expect("a certificate")
        .with_quic()
        .with_behaviour(|keypair| Behaviour {
            streams: libp2p_stream::Behaviour::new(),
            // A first ping at once: whoever answers has a handler.
            ping: ping::Behaviour::new(ping::Config::new().with_interval(Duration::from_secs(1))),
            identify: identify::Behaviour::new(identify::Config::new(
                "/curious/1".to_owned(),
                keypair.public(),
            )),
        })
        .expect("a behaviour")
        .build()
}

impl Enemy {
    /// Dials a node with a transport key, whosesoever it is, and waits until
    /// the connection stands or has failed.
    pub(crate) async fn dial(key: &SecretKey, victim: &RawKey, address: &str) -> Self {
        let mut swarm = swarm(key);
        let victim = network::peer_id(victim);
        let address: Multiaddr = address.parse().expect("an address");
        let options = DialOpts::peer_id(victim).addresses(vec![address]).build();
        let mut control = swarm.behaviour().streams.new_control();
        let inbound = [CONTROL, BULK].map(|p| control.accept(p).expect("asked once"));
        swarm.dial(options).expect("dials");
        let (sender, mut seen) = watch::channel(Seen::default());
        let task = tokio::spawn(drive(swarm, sender));
        let over = |seen: &Seen| seen.established > 0 || seen.failed.is_some();
        let waited = within("the dial's end", seen.wait_for(over)).await;
        drop(waited.expect("the swarm lives as long as this"));
        Self {
            own: id(key),
            victim,
            control,
            inbound,
            seen,
            swarm: task,
        }
    }

    /// Opens a stream, out of turn or not.
    pub(crate) async fn open(&self, protocol: StreamProtocol) -> Option<Stream> {
        let mut control = self.control.clone();
        within("a stream", control.open_stream(self.victim, protocol))
            .await
            .ok()
    }

    /// Gets the two streams, as the protocol tells: the smaller key opens both.
    /// `None` where the node hung up before.
    pub(crate) async fn streams(&mut self) -> Option<Streams> {
        if self.own < self.victim {
            let control = self.open(CONTROL).await?;
            let bulk = self.open(BULK).await?;
            return Some(Streams { control, bulk });
        }
        let [controls, bulks] = &mut self.inbound;
        let (_, control) = within("the control stream", controls.next()).await?;
        let (_, bulk) = within("the bulk stream", bulks.next()).await?;
        Some(Streams { control, bulk })
    }

    /// Waits until the node has ended the connection, or never let it stand.
    /// Returns what it told of itself before, if anything.
    pub(crate) async fn hung_up_on(&mut self) -> Option<String> {
        let over = |seen: &Seen| seen.closed > 0 || seen.failed.is_some();
        let waited = within("the connection's end", self.seen.wait_for(over)).await;
        let seen = waited.expect("the swarm lives as long as this");
        seen.told.clone()
    }
}

impl Drop for Enemy {
    fn drop(&mut self) {
        self.swarm.abort();
    }
}

async fn drive(mut swarm: Swarm<Behaviour>, seen: watch::Sender<Seen>) {
    loop {
        let event = swarm.select_next_some().await;
        seen.send_modify(|seen| match event {
            SwarmEvent::ConnectionEstablished { .. } => seen.established += 1,
            SwarmEvent::ConnectionClosed { .. } => seen.closed += 1,
            SwarmEvent::OutgoingConnectionError { error, .. } => {
                seen.failed = Some(error.to_string());
            }
            SwarmEvent::Behaviour(BehaviourEvent::Ping(ping)) if ping.result.is_ok() => {
                seen.told = Some("an answer to a ping".to_owned());
            }
            SwarmEvent::Behaviour(BehaviourEvent::Identify(identify::Event::Received {
                info,
                ..
            })) => seen.told = Some(format!("{info:?}")),
            _ => {}
        });
    }
}

impl Streams {
    /// Writes bytes to one of the streams. A node that hangs up meanwhile does
    /// not take them all.
    pub(crate) async fn write(stream: &mut Stream, bytes: &[u8]) {
        let written = async {
            stream.write_all(bytes).await?;
            stream.flush().await
        };
        drop(within("a write", written).await);
    }

    /// Waits until the node sends a body on the bulk stream or hangs up.
    pub(crate) async fn reaction(&mut self) -> Reaction {
        let body = async {
            let mut prefix = [0; 4];
            self.bulk.read_exact(&mut prefix).await?;
            let mut body = vec![0; u32::from_be_bytes(prefix) as usize];
            self.bulk.read_exact(&mut body).await
        };
        match within("a reaction", body).await {
            Ok(()) => Reaction::Answers,
            Err(_) => Reaction::HungUp,
        }
    }
}

/// Puts a body into a frame: its length, and the body.
pub(crate) fn frame(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).expect("bodies of tests are short");
    [&length.to_be_bytes()[..], body].concat()
}

/// Puts a batch into a bulk frame's body, saying that it is `declared` bytes
/// long.
pub(crate) fn bulk_body(codec: u8, declared: usize, data: &[u8]) -> Vec<u8> {
    let declared = u32::try_from(declared).expect("below 2^32");
    [&[codec][..], &declared.to_be_bytes(), data].concat()
}

/// Puts a batch into a plain bulk frame.
pub(crate) fn plain(batch: &[u8]) -> Vec<u8> {
    frame(&bulk_body(PLAIN, batch.len(), batch))
}
