//! Links over real sockets on loopback.

use std::time::Duration;

use futures::AsyncWriteExt;
use libp2p::swarm::Swarm;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use record::{
    CharterRef, Entry, Epoch, FederationId, Flags, Kind, Run, Salt, ScopeName, UnverifiedBatch,
};
use tokio::sync::oneshot;

use super::*;
use crate::config::Redial;
use crate::metrics::{Reason, counted};
use crate::streams::{Paired, Unpaired};

const QUIC: &str = "/ip4/127.0.0.1/udp/0/quic-v1";
const TCP: &str = "/ip4/127.0.0.1/tcp/0";

/// How long any condition may take to come true.
const BOUND: Duration = Duration::from_secs(60);

fn key(byte: u8) -> SecretKey {
    SecretKey::from_seed(&[byte; 32])
}

fn id(byte: u8) -> PeerId {
    transport::peer_id(&key(byte).public().raw())
}

/// Two seeds, the one with the smaller peer id first.
fn pair() -> (u8, u8) {
    if id(1) < id(2) { (1, 2) } else { (2, 1) }
}

fn limits() -> Limits {
    Limits {
        redial: Redial {
            head_start: Duration::ZERO,
            first: Duration::from_millis(50),
            longest: Duration::from_millis(200),
            ..Redial::default()
        },
        ..Limits::default()
    }
}

async fn node(byte: u8, listen: &str) -> Links {
    let metrics = Metrics::register(&mut Registry::default());
    let mut links = Links::new(&key(byte), limits(), metrics).expect("a swarm");
    let listen = listen.parse().expect("an address");
    links.listen(vec![listen]).await.expect("listens");
    links
}

fn know(links: &mut Links, peers: &[(u8, Vec<Multiaddr>)]) {
    let contacts = peers
        .iter()
        .map(|(byte, addresses)| {
            let contact = Contact {
                name: format!("member-{byte}"),
                addresses: addresses.clone(),
            };
            (id(*byte), contact)
        })
        .collect();
    links.replace_contacts(contacts);
}

fn addresses(links: &Links) -> Vec<Multiaddr> {
    links.listen_addresses().into_iter().collect()
}

fn is_up(links: &Links, byte: u8) -> bool {
    links.status(&id(byte)).0.is_some()
}

fn connections(links: &Links) -> u32 {
    links
        .swarm
        .network_info()
        .connection_counters()
        .num_established()
}

/// Runs one node until a condition holds, and returns what it told.
async fn run(links: &mut Links, mut until: impl FnMut(&Links) -> bool) -> Vec<LinkEvent> {
    let mut told = Vec::new();
    let deadline = tokio::time::Instant::now() + BOUND;
    while !until(links) {
        tokio::select! {
            event = links.next() => told.push(event),
            () = tokio::time::sleep(Duration::from_millis(5)) => {}
            () = tokio::time::sleep_until(deadline) => panic!("waited too long; told: {told:?}"),
        }
    }
    told
}

/// Runs two nodes until a condition on both holds.
async fn run_both(a: &mut Links, b: &mut Links, mut until: impl FnMut(&Links, &Links) -> bool) {
    let deadline = tokio::time::Instant::now() + BOUND;
    while !until(a, b) {
        tokio::select! {
            _ = a.next() => {}
            _ = b.next() => {}
            () = tokio::time::sleep(Duration::from_millis(5)) => {}
            () = tokio::time::sleep_until(deadline) => panic!("waited too long"),
        }
    }
}

/// A peer of its own making: the streams alone, with whatever key.
async fn stranger(byte: u8, server: &Links) -> Swarm<Streams> {
    let mut swarm = transport::swarm(&key(byte), Streams::new(id(byte))).expect("a swarm");
    let server_id = *server.swarm.local_peer_id();
    swarm
        .dial(
            DialOpts::peer_id(server_id)
                .addresses(addresses(server))
                .build(),
        )
        .expect("dials");
    swarm
}

#[tokio::test]
async fn a_stranger_is_refused_before_any_protocol() {
    for listen in [QUIC, TCP] {
        // One stranger that would open the streams, one that would wait.
        for byte in [3, 4, 5, 6] {
            let mut server = node(1, listen).await;
            know(&mut server, &[(2, Vec::new())]);
            let mut stranger = stranger(byte, &server).await;
            let over = async {
                loop {
                    match stranger.select_next_some().await {
                        SwarmEvent::Behaviour(Paired { outcome, .. }) => assert!(
                            matches!(outcome, Err(Unpaired::Io { .. })),
                            "no protocol may be spoken of: {outcome:?}"
                        ),
                        SwarmEvent::ConnectionClosed { .. }
                        | SwarmEvent::OutgoingConnectionError { .. } => return,
                        _ => {}
                    }
                }
            };
            tokio::select! {
                event = server.next() => panic!("told of a stranger: {event:?}"),
                over = tokio::time::timeout(BOUND, over) => over.expect("in time"),
            }
            let refused = &server.metrics.refused_connections;
            assert_eq!(counted(refused, "stranger"), 1, "{listen}");
            assert_eq!(connections(&server), 0);
        }
    }
}

/// What one side of the exchange saw.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    messages: usize,
    bodies: usize,
}

const MESSAGES: usize = 3_000;
const BODIES: usize = 64;

/// A part of a frontier: some hundred bytes for each log.
fn message(logs: u64) -> Message {
    let entry = |number: u64| replica::Head {
        log: record::LogId {
            author: key(9).public().raw(),
            scope: ScopeName::new("national").expect("a name"),
            epoch: Epoch(u128::from(number).to_be_bytes()),
        },
        size: 7,
        root: record::Digest::of(&[b"root"]),
    };
    Message::Full {
        charter: CHARTER,
        entries: (0..logs).map(entry).collect(),
        root: None,
    }
}

const CHARTER: CharterRef = CharterRef {
    version: 1,
    hash: [0; 8],
};

/// A batch of one record after its opening.
fn batch(payload: &[u8]) -> UnverifiedBatch {
    let mut run = Run::start(
        key(9),
        FederationId(record::Digest::of(&[b"federation"])),
        Epoch([1; 16]),
        &[],
    );
    let entry = Entry {
        kind: Kind::EVENT,
        flags: Flags::NONE,
        subject: Vec::new(),
        payload: payload.to_vec(),
    };
    let scope = ScopeName::new("national").expect("a name");
    let batch = run
        .batch(1, &scope, CHARTER, vec![entry], || Salt([4; 16]))
        .expect("fits");
    let records = batch.records().iter().map(|(_, r)| r.clone()).collect();
    UnverifiedBatch::from_stored(0, records, batch.checkpoint())
}

/// Sends all its bodies and messages, and takes as many, holding on to each
/// body until the next three are there.
async fn exchange(mut links: Links, peer: PeerId, frame: Vec<u8>) -> (Links, Seen) {
    let mut seen = Seen::default();
    let mut held = std::collections::VecDeque::new();
    let mut sent = 0;
    let mut writer: Option<tokio::task::JoinHandle<()>> = None;
    while seen.messages < MESSAGES
        || seen.bodies < BODIES
        || !writer.as_ref().is_some_and(|task| task.is_finished())
    {
        let event = tokio::select! {
            event = links.next() => event,
            () = tokio::time::sleep(Duration::from_millis(5)) => continue,
        };
        match event {
            LinkEvent::Up(_) => {
                let queue = links.bulk(&peer).expect("up");
                let frame = frame.clone();
                writer = Some(tokio::spawn(async move {
                    for _ in 0..BODIES {
                        let (written, told) = oneshot::channel();
                        let frame = frame.clone();
                        queue
                            .send(BulkFrame { frame, written })
                            .await
                            .expect("the link lives");
                        told.await.expect("written");
                    }
                }));
            }
            LinkEvent::Message(_, arrived) => {
                assert!(matches!(arrived.message, Message::Full { .. }));
                seen.messages += 1;
            }
            LinkEvent::Body(_, body) => {
                seen.bodies += 1;
                assert_eq!(body.batch.end(), 2);
                held.push_back(body);
                if held.len() > 3 {
                    held.pop_front();
                }
            }
            LinkEvent::Arriving(_) => {}
            LinkEvent::Down(_) => panic!("the link is down; seen {seen:?}"),
        }
        while sent < MESSAGES && writer.is_some() && sent <= seen.messages + 500 {
            links.send_message(peer, &message(7));
            sent += 1;
        }
    }
    (links, seen)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_sides_write_at_full_speed_and_neither_waits_for_the_other() {
    let mut state = 1u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    })
    .take(1 << 20)
    .collect();
    let body = batch(&noise).encode();
    let frame = frame::encode_bulk(&body, frame::BODY_BYTES_MAX).expect("encodes");
    let message_frame = 4 + message(7).encode().len();
    for listen in [QUIC, TCP] {
        let (mut a, mut b) = (node(1, listen).await, node(2, listen).await);
        know(&mut a, &[(2, addresses(&b))]);
        know(&mut b, &[(1, Vec::new())]);
        let started = Instant::now();
        let both = futures::future::join(
            tokio::spawn(exchange(a, id(2), frame.clone())),
            tokio::spawn(exchange(b, id(1), frame.clone())),
        );
        let (a, b) = tokio::time::timeout(BOUND, both)
            .await
            .expect("no deadlock");
        for (side, peer) in [(a, 2), (b, 1)] {
            let (links, seen) = side.expect("no panic");
            let expected = Seen {
                messages: MESSAGES,
                bodies: BODIES,
            };
            assert_eq!(seen, expected);
            let traffic = links.status(&id(peer)).1;
            assert_eq!(traffic.bulk_in.frames, BODIES as u64);
            assert_eq!(traffic.bulk_in.bytes, (BODIES * frame.len()) as u64);
            assert_eq!(traffic.control_in.bytes, (MESSAGES * message_frame) as u64);
        }
        println!("{listen}: 64 MiB each way in {:?}", started.elapsed());
    }
}

/// What a member peer writes that is not honest.
enum Write {
    Control(Vec<u8>),
    Bulk(Vec<u8>),
}

/// Connects as a member, writes, closes, and waits for the end.
async fn misbehave(byte: u8, server: &Links, write: Write) -> impl Future<Output = ()> + use<> {
    let mut swarm = stranger(byte, server).await;
    async move {
        loop {
            match swarm.select_next_some().await {
                SwarmEvent::Behaviour(Paired { outcome, .. }) => {
                    let mut pair = outcome.expect("a member gets its streams");
                    let write = &write;
                    tokio::spawn({
                        let (bytes, on_control) = match write {
                            Write::Control(bytes) => (bytes.clone(), true),
                            Write::Bulk(bytes) => (bytes.clone(), false),
                        };
                        async move {
                            let stream = if on_control {
                                &mut pair.control
                            } else {
                                &mut pair.bulk
                            };
                            // The other side may hang up in the middle.
                            let _ = stream.write_all(&bytes).await;
                            let _ = stream.close().await;
                            tokio::time::sleep(BOUND).await;
                            drop(pair);
                        }
                    });
                }
                SwarmEvent::ConnectionClosed { .. } => return,
                SwarmEvent::OutgoingConnectionError { .. } => return,
                _ => {}
            }
        }
    }
}

/// Which counter counts a reason.
fn refusals(metrics: &Metrics, reason: &str) -> Family<Reason, Counter> {
    match reason {
        "malformed-message" => metrics.refused_messages.clone(),
        "malformed-body" => metrics.refused_bodies.clone(),
        _ => metrics.refused_frames.clone(),
    }
}

async fn check_refused(listen: &str, write: Write, reason: &'static str, is_fault: bool) {
    for byte in [3, 4] {
        let write = match &write {
            Write::Control(bytes) => Write::Control(bytes.clone()),
            Write::Bulk(bytes) => Write::Bulk(bytes.clone()),
        };
        let mut server = node(1, listen).await;
        know(&mut server, &[(byte, Vec::new())]);
        let peer = tokio::spawn(misbehave(byte, &server, write).await);
        let told = run(&mut server, |server| {
            counted(&refusals(&server.metrics, reason), reason) == 1 && connections(server) == 0
        })
        .await;
        assert!(
            matches!(told[..], [LinkEvent::Up(_), LinkEvent::Down(_)]),
            "{reason}: {told:?}"
        );
        peer.await.expect("the peer is hung up on");
        // It comes again.
        let again = stranger(byte, &server).await;
        tokio::spawn(again.for_each(|_| async {}));
        let barred: fn(&Links) -> &Family<Reason, Counter> =
            |server| &server.metrics.refused_connections;
        run(&mut server, |server| {
            if is_fault {
                counted(barred(server), "barred") == 1
            } else {
                is_up(server, byte)
            }
        })
        .await;
        assert_eq!(server.status(&id(byte)).2, u64::from(is_fault));
    }
}

#[tokio::test]
async fn a_peer_that_sends_no_frames_is_hung_up_on_and_turned_away() {
    for listen in [QUIC, TCP] {
        let control = |bytes: &[u8]| Write::Control(bytes.to_vec());
        let bulk = |bytes: &[u8]| Write::Bulk(bytes.to_vec());
        check_refused(listen, control(&[0xff; 4096]), "oversized-frame", true).await;
        check_refused(listen, control(&[0; 4]), "empty-frame", true).await;
        check_refused(
            listen,
            bulk(b"GET / HTTP/1.1\r\n\r\n"),
            "oversized-frame",
            true,
        )
        .await;
        check_refused(
            listen,
            bulk(&[0, 0, 0, 6, 9, 0, 0, 0, 1, 0]),
            "unknown-codec",
            true,
        )
        .await;
        check_refused(listen, control(&[0, 0, 1, 0, 7]), "truncated-frame", false).await;
        check_refused(
            listen,
            control(&[0, 0, 0, 1, 0x80]),
            "malformed-message",
            true,
        )
        .await;
        check_refused(
            listen,
            bulk(&[0, 0, 0, 6, 0, 0, 0, 0, 1, 0]),
            "malformed-body",
            true,
        )
        .await;
    }
}

#[tokio::test]
async fn a_peer_that_restarts_is_found_again() {
    for listen in [QUIC, TCP] {
        for clean in [true, false] {
            let (mut a, mut b) = (node(1, listen).await, node(2, listen).await);
            let at = addresses(&b);
            know(&mut a, &[(2, at.clone())]);
            know(&mut b, &[(1, Vec::new())]);
            run_both(&mut a, &mut b, |a, b| is_up(a, 2) && is_up(b, 1)).await;
            if clean {
                tokio::select! {
                    () = b.shut_down() => {}
                    _ = run(&mut a, |_| false) => {}
                }
                run(&mut a, |a| !is_up(a, 2)).await;
                assert_eq!(counted(&a.metrics.ended_links, "closed"), 1);
            } else {
                // As after a power cut: the new node comes before the old
                // connection is known to be dead.
                drop(b);
            }
            let mut b = node(2, &at[0].to_string()).await;
            know(&mut b, &[(1, addresses(&a))]);
            run_both(&mut a, &mut b, |a, b| is_up(a, 2) && is_up(b, 1)).await;
        }
    }
}

#[tokio::test]
async fn two_that_dial_each_other_end_with_one_connection() {
    let (small, large) = pair();
    for listen in [QUIC, TCP] {
        let (mut a, mut b) = (node(small, listen).await, node(large, listen).await);
        know(&mut a, &[(large, addresses(&b))]);
        know(&mut b, &[(small, addresses(&a))]);
        // Both dial before either hears of the other.
        let now = Instant::now();
        for (links, peer) in [(&mut a, large), (&mut b, small)] {
            for (_, addresses) in links.timetable.due(now) {
                links.dial(id(peer), addresses);
            }
        }
        let mut steady_since = None;
        run_both(&mut a, &mut b, |a, b| {
            let one =
                is_up(a, large) && is_up(b, small) && connections(a) == 1 && connections(b) == 1;
            let since = *steady_since.get_or_insert_with(Instant::now);
            if !one {
                steady_since = None;
            }
            one && since.elapsed() > Duration::from_millis(300)
        })
        .await;
        let status = a.status(&id(large)).0.expect("up");
        let other = b.status(&id(small)).0.expect("up");
        assert_ne!(status.dialled_here, other.dialled_here);
        let doubles = |links: &Links| counted(&links.metrics.refused_connections, "duplicate");
        if doubles(&a) + doubles(&b) > 0 {
            assert!(status.dialled_here, "the smaller peer's dial stays");
        }
    }
}

#[tokio::test]
async fn what_was_queued_is_written_before_the_node_ends() {
    for listen in [QUIC, TCP] {
        let (mut a, mut b) = (node(1, listen).await, node(2, listen).await);
        know(&mut a, &[(2, addresses(&b))]);
        know(&mut b, &[(1, Vec::new())]);
        run_both(&mut a, &mut b, |a, b| is_up(a, 2) && is_up(b, 1)).await;
        for _ in 0..1_000 {
            a.send_message(id(2), &message(7));
        }
        let leaving = tokio::spawn(a.shut_down());
        let told = run(&mut b, |b| !is_up(b, 1)).await;
        leaving.await.expect("no panic");
        let messages = told
            .iter()
            .filter(|event| matches!(event, LinkEvent::Message(..)))
            .count();
        assert_eq!(messages, 1_000);
        assert_eq!(counted(&b.metrics.ended_links, "closed"), 1);
    }
}

#[tokio::test]
async fn who_is_no_longer_a_member_is_disconnected_and_refused() {
    let (mut a, mut b) = (node(1, QUIC).await, node(2, QUIC).await);
    let at = addresses(&b);
    know(&mut a, &[(2, at)]);
    know(&mut b, &[(1, Vec::new())]);
    run_both(&mut a, &mut b, |a, b| is_up(a, 2) && is_up(b, 1)).await;
    know(&mut b, &[]);
    run_both(&mut a, &mut b, |a, b| {
        !is_up(a, 2) && counted(&b.metrics.refused_connections, "stranger") > 0
    })
    .await;
    assert_eq!(counted(&b.metrics.ended_links, "no-longer-member"), 1);
    know(&mut b, &[(1, Vec::new())]);
    run_both(&mut a, &mut b, |a, b| is_up(a, 2) && is_up(b, 1)).await;
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_given_up() {
    let mut server = node(1, TCP).await;
    know(&mut server, &[(3, Vec::new())]);
    let mut peer = stranger(3, &server).await;
    tokio::spawn(async move {
        let mut pairs = Vec::new();
        loop {
            if let SwarmEvent::Behaviour(Paired { outcome, .. }) = peer.select_next_some().await {
                pairs.push(outcome);
            }
        }
    });
    run(&mut server, |server| is_up(server, 3)).await;
    // More than the windows of the connection and the queue take together.
    let long = message(700);
    for _ in 0..limits().control_queue_max + 100 {
        server.send_message(id(3), &long);
    }
    run(&mut server, |server| !is_up(server, 3)).await;
    assert_eq!(counted(&server.metrics.ended_links, "queue-full"), 1);
}
