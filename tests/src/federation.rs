//! A federation for a test: its members, their keys and its charter.

use std::net::{TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU16, Ordering};

use charter::{Charter, Draft, Enrolment, EnrolmentTerms, MemberKind, MemberSettings, Names};
use record::SecretKey;

/// Ports are drawn from here on: below those that the system gives to whoever
/// dials out, so that none is taken between the drawing and the listening.
const PORTS: std::ops::Range<u16> = 10_000..32_000;

/// One member of a [`Federation`], with one node.
#[derive(Debug)]
pub struct Member {
    /// Its id.
    pub id: &'static str,
    /// What it is.
    pub kind: MemberKind,
    /// The key that signs its node's checkpoints.
    pub author: SecretKey,
    /// Its node's identity on the network.
    pub transport: SecretKey,
    /// Where its node is dialled, as multiaddr texts; none where nobody is to
    /// dial it.
    pub addresses: Vec<String>,
}

/// The members under one charter.
#[derive(Debug)]
pub struct Federation {
    /// The members, in the order given.
    pub members: Vec<Member>,
    /// The charter, signed and verified.
    pub charter: Charter,
    /// The charter's file.
    pub charter_file: Vec<u8>,
}

/// How the nodes of a federation listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listen {
    /// On QUIC and on TCP.
    Both,
    /// On QUIC alone.
    Quic,
    /// On TCP alone.
    Tcp,
    /// Not at all: others cannot dial it.
    Nowhere,
}

impl Federation {
    /// Makes a federation of members that listen on both transports.
    ///
    /// # Panics
    ///
    /// When an id is no name or stands twice.
    pub fn new(members: &[(&'static str, MemberKind)]) -> Self {
        let listening = members.iter().map(|(id, kind)| (*id, *kind, Listen::Both));
        Self::listening(&listening.collect::<Vec<_>>())
    }

    /// Makes a federation whose members listen as told.
    ///
    /// # Panics
    ///
    /// When an id is no name or stands twice.
    pub fn listening(members: &[(&'static str, MemberKind, Listen)]) -> Self {
        let members: Vec<_> = (1u8..)
            .zip(members)
            .map(|(seed, (id, kind, listen))| Member {
                id,
                kind: *kind,
                author: SecretKey::from_seed(&[seed; 32]),
                transport: SecretKey::from_seed(&[seed + 100; 32]),
                addresses: addresses(*listen),
            })
            .collect();
        let governor = SecretKey::from_seed(&[99; 32]);
        let governors = [(governor.public(), "Governor".to_owned())];
        let mut draft = Draft::new("Thử nghiệm", governors, 1).expect("one governor");
        for member in &members {
            add(&mut draft, member);
        }
        draft.sign(&governor).expect("a governor");
        let charter_file = draft.to_file().into_bytes();
        let charter = Charter::first(&charter_file, &draft.federation()).expect("a sound charter");
        Self {
            members,
            charter,
            charter_file,
        }
    }

    /// Returns a member.
    ///
    /// # Panics
    ///
    /// When there is none with this id.
    pub fn member(&self, id: &str) -> &Member {
        let found = self.members.iter().find(|member| member.id == id);
        found.unwrap_or_else(|| panic!("the federation has no member {id}"))
    }
}

fn add(draft: &mut Draft, member: &Member) {
    let terms = EnrolmentTerms {
        node_name: "main".parse().expect("a name"),
        addresses: member.addresses.clone(),
        public_url: None,
        member: Some(member.id.parse().expect("a member's id")),
        names: Some(Names {
            vi: member.id.to_owned(),
            en: member.id.to_owned(),
        }),
        kind: Some(member.kind),
    };
    let request = Enrolment::new(&member.author, &member.transport, &terms).expect("a request");
    let edited = draft.add_member(&request, MemberSettings::default());
    assert_eq!(edited.expect("a new member").signatures_dropped, 0);
}

fn addresses(listen: Listen) -> Vec<String> {
    let quic = |port| format!("/ip4/127.0.0.1/udp/{port}/quic-v1");
    let tcp = |port| format!("/ip4/127.0.0.1/tcp/{port}");
    match listen {
        Listen::Both => {
            let port = free_port();
            vec![quic(port), tcp(port)]
        }
        Listen::Quic => vec![quic(free_port())],
        Listen::Tcp => vec![tcp(free_port())],
        Listen::Nowhere => Vec::new(),
    }
}

/// Returns a port of 127.0.0.1 on which nobody listens, over UDP or TCP: a
/// charter names addresses before there are sockets.
///
/// # Panics
///
/// When all are taken.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Tests that run side by side begin at different places.
    let pid = u16::try_from(std::process::id() % 1_000).expect("below 1,000");
    let count = PORTS.end - PORTS.start;
    for _ in 0..count {
        let drawn = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = PORTS.start + (pid * 22).wrapping_add(drawn) % count;
        let free = TcpListener::bind(("127.0.0.1", port)).is_ok()
            && UdpSocket::bind(("127.0.0.1", port)).is_ok();
        if free {
            return port;
        }
    }
    panic!("no free port from {} to {}", PORTS.start, PORTS.end)
}
