//! Forming the demo's federation with what the commands use, and starting it.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use charter::{
    Charter, Draft, ENROLMENT_BYTES_MAX, Enrolment, EnrolmentTerms, MemberId, MemberKind,
    MemberSettings, NodeName,
};
use record::FederationId;
use store::Resources;

use super::cast::Actor;
use crate::config::{Config, Loopback, StoreConfig};
use crate::files::{self, Eyes};
use crate::forming::{self, NewNode};
use crate::home::Home;
use crate::keys;
use crate::start::{RunningNode, start_sharing};

/// How many governors sign the demo's charter: all of them must.
const GOVERNORS: u32 = 3;
/// What all databases of the demo share: they lie in one process.
const SHARED: StoreConfig = StoreConfig {
    cache_mib: 64,
    write_buffer_mib: 128,
};

/// A federation that was formed, and that nobody started yet.
#[derive(Debug)]
pub(super) struct Formed {
    pub(super) federation: FederationId,
    pub(super) charter_file: PathBuf,
    configs: Vec<(MemberKind, Config)>,
}

/// A federation whose nodes run.
pub(super) struct Federation {
    pub(super) id: FederationId,
    pub(super) charter_file: PathBuf,
    pub(super) nodes: Vec<Member>,
}

/// A member with its running node.
pub(super) struct Member {
    pub(super) kind: MemberKind,
    pub(super) node: RunningNode,
}

impl Member {
    pub(super) fn id(&self) -> &MemberId {
        self.node.member()
    }
}

/// Forms a federation in a folder: keys, requests, a charter that its governors
/// sign, and every node pinned to it.
pub(super) fn form(folder: &Path, cast: &[Actor]) -> Result<Formed> {
    let governors = (0..GOVERNORS)
        .map(|_| keys::generate())
        .collect::<Result<Vec<_>>>()?;
    let holders = governors.iter().zip(1..);
    let holders = holders.map(|(key, n)| (key.public(), format!("Demo governor {n}")));
    let mut draft = Draft::new("Demo: sầu riêng / durian", holders, GOVERNORS)?;

    let ports = Ports::find(cast.len())?;
    let mut homes = Vec::new();
    for (actor, addresses) in cast.iter().zip(ports.release()) {
        let home = Home::new(folder.join(actor.id));
        let node = new_node(actor, addresses);
        forming::init(&home, &node)
            .with_context(|| format!("the node of {} cannot be made", actor.id))?;
        let request = files::read(&home.enrolment_file(), ENROLMENT_BYTES_MAX)?;
        let enrolment = Enrolment::verify(&request)?;
        let settings = MemberSettings {
            aliases: actor.aliases(),
            ..MemberSettings::default()
        };
        // Nobody signed yet.
        let _ = draft.add_member(&enrolment, settings)?;
        homes.push((actor.kind, home));
    }
    for key in &governors {
        draft.sign(key)?;
    }
    let federation = draft.federation();
    let charter_file = folder.join("charter.json");
    files::create(&charter_file, draft.to_file().as_bytes(), Eyes::Anyone)?;
    let configs = homes.into_iter().map(|(kind, home)| {
        forming::join(&home, &charter_file, &federation)?;
        let config = Config::load(&home.config_file())?;
        Ok((kind, config))
    });
    Ok(Formed {
        federation,
        configs: configs.collect::<Result<_>>()?,
        charter_file,
    })
}

fn new_node(actor: &Actor, addresses: Vec<String>) -> NewNode {
    NewNode {
        listen: addresses.clone(),
        http: Loopback::free(),
        terms: EnrolmentTerms {
            node_name: NodeName::new("main").expect("a name"),
            addresses,
            public_url: None,
            member: Some(actor.id()),
            names: Some(actor.names()),
            kind: Some(actor.kind),
        },
    }
}

/// Starts every node of a federation.
pub(super) async fn start(formed: Formed) -> Result<Federation> {
    let resources: Resources = SHARED.resources()?;
    let mut nodes = Vec::new();
    for (kind, config) in formed.configs {
        let home = config.home();
        let node = start_sharing(config, &resources).await;
        let node = node.with_context(|| format!("in {}", home.dir().display()))?;
        nodes.push(Member { kind, node });
    }
    Ok(Federation {
        id: formed.federation,
        charter_file: formed.charter_file,
        nodes,
    })
}

impl Federation {
    /// Returns a member of the cast.
    pub(super) fn member(&self, id: &str) -> Result<&Member> {
        let found = self.nodes.iter().find(|member| member.id().as_str() == id);
        found.with_context(|| format!("no node of {id} runs"))
    }

    /// Returns the charter as the nodes hold it.
    pub(super) fn charter(&self) -> std::sync::Arc<Charter> {
        self.nodes[0].node.ledger().charter()
    }

    /// Waits until a node can serve no longer.
    pub(super) async fn wait_fatal(&mut self) -> anyhow::Error {
        let waits = self.nodes.iter_mut().map(|member| {
            Box::pin(async move {
                let error = member.node.wait_fatal().await;
                error.context(format!("the node of {} ended", member.node.member()))
            })
        });
        futures::future::select_all(waits).await.0
    }

    /// Stops every node in order.
    pub(super) async fn shutdown(self) {
        let stops = self.nodes.into_iter().map(|member| member.node.shutdown());
        futures::future::join_all(stops).await;
    }
}

/// Ports that are free just now: the charter names them before any node
/// listens.
struct Ports {
    udp: Vec<UdpSocket>,
    tcp: Vec<TcpListener>,
}

impl Ports {
    /// Holds one UDP and one TCP port for each node, so that no two get one.
    fn find(nodes: usize) -> Result<Self> {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let bound = || -> std::io::Result<Self> {
            Ok(Self {
                udp: (0..nodes)
                    .map(|_| UdpSocket::bind(any))
                    .collect::<Result<_, _>>()?,
                tcp: (0..nodes)
                    .map(|_| TcpListener::bind(any))
                    .collect::<Result<_, _>>()?,
            })
        };
        bound().context("there are no free ports on 127.0.0.1")
    }

    /// Lets the ports go, and returns each node's addresses.
    fn release(self) -> Vec<Vec<String>> {
        let port = |address: std::io::Result<SocketAddr>| address.map_or(0, |a| a.port());
        let pairs = self.udp.iter().zip(&self.tcp);
        pairs
            .map(|(udp, tcp)| {
                let (udp, tcp) = (port(udp.local_addr()), port(tcp.local_addr()));
                vec![
                    format!("/ip4/127.0.0.1/udp/{udp}/quic-v1"),
                    format!("/ip4/127.0.0.1/tcp/{tcp}"),
                ]
            })
            .collect()
    }
}
