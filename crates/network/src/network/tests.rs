//! Whole networks over real sockets on loopback.

use std::time::Duration;

use charter::{
    Charter, Draft, Enrolment, EnrolmentTerms, MemberId, MemberKind, MemberSettings, Names,
    NodeName,
};
use futures::{AsyncWriteExt, StreamExt};
use ledger::Ledger;
use libp2p::swarm::SwarmEvent;
use libp2p::swarm::dial_opts::DialOpts;
use record::{Entry, Epoch, Flags, Kind, Run, Salt, ScopeName, UnverifiedBatch};

use super::*;
use crate::config::{Limits, Redial};
use crate::frame::{BODY_BYTES_MAX, encode_bulk};
use crate::streams::Streams;
use crate::transport::peer_id;

const QUIC: &str = "/ip4/127.0.0.1/udp/0/quic-v1";
const TCP: &str = "/ip4/127.0.0.1/tcp/0";

const BOUND: Duration = Duration::from_secs(60);

fn author(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

fn transport(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed + 100; 32])
}

fn scope(name: &str) -> ScopeName {
    ScopeName::new(name).expect("a name")
}

/// A member, by the seed of its keys and where its node listens.
struct Member {
    seed: u8,
    kind: MemberKind,
    address: String,
}

fn charter(members: &[Member]) -> (Charter, Vec<u8>) {
    let governor = author(99);
    let mut draft =
        Draft::new("Test", [(governor.public(), "Governor".to_owned())], 1).expect("a draft");
    for member in members {
        let terms = EnrolmentTerms {
            node_name: NodeName::new("main").expect("a name"),
            addresses: vec![member.address.clone()],
            public_url: None,
            member: None,
            names: None,
            kind: None,
        };
        let enrolment = Enrolment::new(&author(member.seed), &transport(member.seed), &terms)
            .expect("a request");
        let settings = MemberSettings {
            id: Some(MemberId::new(&format!("member-{}", member.seed)).expect("an id")),
            names: Some(Names {
                vi: "Thành viên".to_owned(),
                en: "Member".to_owned(),
            }),
            kind: Some(member.kind),
            public_url: None,
            aliases: Vec::new(),
            relay: false,
        };
        let _unsigned = draft.add_member(&enrolment, settings).expect("is taken in");
    }
    draft.sign(&governor).expect("a governor");
    let file = draft.to_file().into_bytes();
    let charter = Charter::first(&file, &draft.federation()).expect("a charter");
    (charter, file)
}

/// Ports that were free just now: the charter must name them before any node
/// listens.
fn free_address(listen: &str) -> String {
    let port = if listen == TCP {
        std::net::TcpListener::bind("127.0.0.1:0")
            .and_then(|socket| socket.local_addr())
            .expect("a port")
            .port()
    } else {
        std::net::UdpSocket::bind("127.0.0.1:0")
            .and_then(|socket| socket.local_addr())
            .expect("a port")
            .port()
    };
    listen.replace("/0", &format!("/{port}"))
}

struct Node {
    ledger: Ledger,
    network: Network,
    registry: Registry,
    folder: tempfile::TempDir,
}

fn config(address: &str) -> Config {
    Config {
        listen: vec![address.to_owned()],
        limits: Limits {
            redial: Redial {
                head_start: Duration::from_millis(100),
                first: Duration::from_millis(50),
                longest: Duration::from_millis(200),
                ..Redial::default()
            },
            ..Limits::default()
        },
    }
}

/// Starts a ledger in an empty folder.
fn ledger(folder: &tempfile::TempDir, key: SecretKey, charter: &(Charter, Vec<u8>)) -> Ledger {
    let resources = store::Resources::new(8 << 20, 8 << 20).expect("resources");
    let store = store::Store::open(&folder.path().join("data"), &resources).expect("a store");
    let config = ledger::Config {
        key,
        charter: charter.0.clone(),
        charter_file: charter.1.clone(),
    };
    Ledger::start(store, config, &mut Registry::default()).expect("a ledger")
}

/// Makes events that are told apart by their serial numbers.
fn events(serials: std::ops::Range<u64>) -> Vec<epcis::Event> {
    let event = |serial| {
        format!(
            r#"{{"type":"ObjectEvent","action":"OBSERVE","eventTime":"2026-05-01T08:00:00Z",
            "eventTimeZoneOffset":"+07:00","bizStep":"shipping",
            "epcList":["urn:epc:id:sgtin:0614141.107346.{serial}"]}}"#
        )
    };
    let document = format!(
        r#"{{"@context":["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type":"EPCISDocument","schemaVersion":"2.0","creationDate":"2026-05-01T09:00:00Z",
        "epcisBody":{{"eventList":[{}]}}}}"#,
        serials.map(event).collect::<Vec<_>>().join(",")
    );
    epcis::Document::parse(document.as_bytes(), &epcis::Contexts::new())
        .expect("sound events")
        .events
}

impl Node {
    async fn start(charter: &(Charter, Vec<u8>), member: &Member) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let ledger = ledger(&folder, author(member.seed), charter);
        Self::with(folder, ledger, member).await
    }

    async fn with(folder: tempfile::TempDir, ledger: Ledger, member: &Member) -> Self {
        let mut registry = Registry::default();
        let network = Network::start(
            config(&member.address),
            transport(member.seed),
            ledger.clone(),
            &mut registry,
        )
        .await
        .expect("starts");
        Self {
            ledger,
            network,
            registry,
            folder,
        }
    }

    async fn write(&self, into: &str, serials: std::ops::Range<u64>) {
        self.ledger
            .capture(&scope(into), events(serials))
            .await
            .expect("captures");
    }

    /// How many records of a scope it holds.
    fn holds(&self, of: &str) -> u64 {
        self.ledger
            .heads()
            .iter()
            .filter(|head| head.log.scope == scope(of))
            .map(|head| head.size)
            .sum()
    }

    fn linked(&self) -> usize {
        let status = self.network.status.borrow();
        status
            .peers
            .iter()
            .filter(|peer| peer.link.is_some())
            .count()
    }

    fn in_sync(&self) -> bool {
        let status = self.network.status.borrow();
        status.peers.iter().all(|peer| {
            peer.replication
                .as_ref()
                .is_some_and(|replication| replication.in_sync)
        })
    }

    fn metrics(&self) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry).expect("encodes");
        text
    }
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + BOUND;
    while !holds() {
        assert!(tokio::time::Instant::now() < deadline, "waited for: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn members(listen: &str, kinds: &[MemberKind]) -> Vec<Member> {
    (1..)
        .zip(kinds)
        .map(|(seed, kind)| Member {
            seed,
            kind: *kind,
            address: free_address(listen),
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_reach_those_who_may_read_them_and_nobody_else() {
    use MemberKind::{Agency, Province};
    for listen in [QUIC, TCP] {
        let members = members(listen, &[Province, Province, Province, Agency]);
        let charter = charter(&members);
        let mut nodes = Vec::new();
        for member in &members {
            nodes.push(Node::start(&charter, member).await);
        }
        nodes[0].write("national", 0..10).await;
        until("links", || nodes.iter().all(|node| node.linked() == 3)).await;
        nodes[1].write("national", 10..30).await;
        nodes[2].write("with-member-4", 30..35).await;
        nodes[0].write("public", 35..42).await;
        // Each log has its opening too.
        let all = |node: &Node| node.holds("public") == 8 && node.holds("with-member-4") == 6;
        until("every record", || {
            nodes.iter().all(all) && nodes[..3].iter().all(|node| node.holds("national") == 32)
        })
        .await;
        until("agreement", || nodes.iter().all(Node::in_sync)).await;
        assert_eq!(nodes[3].holds("national"), 0);
        for node in nodes {
            node.network.shutdown().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_comes_back_catches_up() {
    let members = members(QUIC, &[MemberKind::Province; 2]);
    let charter = charter(&members);
    let a = Node::start(&charter, &members[0]).await;
    let b = Node::start(&charter, &members[1]).await;
    a.write("national", 0..10).await;
    until("the first records", || b.holds("national") == 11).await;
    b.network.shutdown().await;
    for hundred in 1..21 {
        a.write("national", 100 * hundred..100 * hundred + 100)
            .await;
    }
    until("the peer's leaving", || a.linked() == 0).await;
    let b = Node::with(b.folder, b.ledger, &members[1]).await;
    b.write("national", 10..13).await;
    until("the rest", || {
        b.holds("national") == 2_015 && a.holds("national") == 2_015
    })
    .await;
    until("agreement", || a.in_sync() && b.in_sync()).await;
    let published = || a.network.status.borrow().published.clone();
    until("publication", || published().values().eq([&2_011])).await;
    assert!(a.network.status.borrow().traffic().bulk_out.frames > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn much_is_replicated_both_ways_at_once() {
    let members = members(TCP, &[MemberKind::Province; 2]);
    let charter = charter(&members);
    let a = Node::start(&charter, &members[0]).await;
    let b = Node::start(&charter, &members[1]).await;
    let started = std::time::Instant::now();
    for thousand in 0..5 {
        let serials = |from: u64| from + 1_000 * thousand..from + 1_000 * (thousand + 1);
        tokio::join!(
            a.write("national", serials(0)),
            b.write("national", serials(1_000_000))
        );
    }
    until("all records", || {
        a.holds("national") == 10_002 && b.holds("national") == 10_002
    })
    .await;
    println!("5,000 events each way in {:?}", started.elapsed());
    assert!(a.metrics().contains("replica_bodies_sent_total"));
}

/// Connects as a member, and writes bytes to its bulk stream.
async fn write_bulk(member: &Member, to: &Node, bytes: Vec<u8>) {
    let own = peer_id(&transport(member.seed).public().raw());
    let mut swarm =
        crate::transport::swarm(&transport(member.seed), Streams::new(own)).expect("a swarm");
    let server = peer_id(&transport(1).public().raw());
    let addresses = to.network.listen_addresses().iter();
    let addresses = addresses.map(|text| text.parse().expect("an address"));
    let options = DialOpts::peer_id(server)
        .addresses(addresses.collect())
        .build();
    swarm.dial(options).expect("dials");
    let mut pair = None;
    let over = async {
        loop {
            match swarm.select_next_some().await {
                SwarmEvent::Behaviour(paired) => {
                    let paired = pair.insert(paired.outcome.expect("a member gets its streams"));
                    paired.bulk.write_all(&bytes).await.expect("writes");
                    paired.bulk.flush().await.expect("flushes");
                }
                SwarmEvent::ConnectionClosed { .. } => return,
                SwarmEvent::OutgoingConnectionError { error, .. } => panic!("{error}"),
                _ => {}
            }
        }
    };
    tokio::time::timeout(BOUND, over)
        .await
        .expect("is hung up on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_fails_its_checks_is_the_senders_fault_and_is_not_stored() {
    let members = members(TCP, &[MemberKind::Province; 2]);
    let charter = charter(&members);
    let epoch = Epoch([5; 16]);
    let mut run = Run::start(author(2), charter.0.federation(), epoch, &[]);
    let entries = events(0..3).into_iter().map(|event| Entry {
        kind: Kind::EVENT,
        flags: Flags::NONE,
        subject: Vec::new(),
        payload: event.payload().as_bytes().to_vec(),
    });
    let batch = run
        .batch(
            1,
            &scope("national"),
            charter.0.reference(),
            entries.collect(),
            || Salt([4; 16]),
        )
        .expect("fits");
    let records = batch.records().iter().map(|(_, record)| record.clone());
    let sound = UnverifiedBatch::from_stored(0, records.collect(), batch.checkpoint()).encode();
    // The signature is the last 64 bytes, the root the 32 before its length.
    let last = sound.len() - 1;
    for (flipped, reason) in [(last, "bad-signature"), (last - 70, "wrong-root")] {
        let node = Node::start(&charter, &members[0]).await;
        let mut damaged = sound.clone();
        damaged[flipped] ^= 1;
        let frame = encode_bulk(&damaged, BODY_BYTES_MAX).expect("fits");
        write_bulk(&members[1], &node, frame).await;
        let counted = format!("network_refused_bodies_total{{reason=\"{reason}\"}} 1");
        assert!(node.metrics().contains(&counted), "{}", node.metrics());
        assert!(node.ledger.heads().is_empty(), "something was stored");
        until("the refusal", || {
            node.network.status.borrow().peers[0].refusals == 1
        })
        .await;
    }
}

#[tokio::test]
async fn a_node_that_the_charter_does_not_know_does_not_start() {
    let members = members(QUIC, &[MemberKind::Province; 2]);
    let charter = charter(&members);
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = ledger(&folder, author(1), &charter);
    let mut registry = Registry::default();
    let start = Network::start(config(QUIC), transport(2), ledger.clone(), &mut registry);
    let refused = start.await.map(|_| ());
    assert!(matches!(refused, Err(NetworkError::NotEnrolled { .. })));
    let start = Network::start(config("port 7"), transport(1), ledger, &mut registry);
    let refused = start.await.map(|_| ());
    assert!(matches!(refused, Err(NetworkError::Address { .. })));
}
