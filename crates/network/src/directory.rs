//! Who is who: the charter's nodes by transport key and by author key.

use std::collections::{BTreeMap, BTreeSet};

use charter::{Charter, MemberId, NodeName};
use libp2p::{Multiaddr, PeerId};
use record::{RawKey, ScopeName};

use crate::config::NetworkError;
use crate::links::Contact;
use crate::transport::peer_id;

/// A member node other than this one.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) member: MemberId,
    pub(crate) node: NodeName,
    pub(crate) author: RawKey,
    /// The scopes that both nodes may read.
    pub(crate) scopes: BTreeSet<ScopeName>,
    /// Whether it belongs to this node's member.
    pub(crate) own_member: bool,
    addresses: Vec<Multiaddr>,
}

/// The other member nodes of one charter version.
#[derive(Debug)]
pub(crate) struct Directory {
    known: BTreeMap<PeerId, Known>,
    by_author: BTreeMap<RawKey, PeerId>,
}

impl Directory {
    /// Lists the nodes of `charter`, as the node with these two keys sees them.
    ///
    /// # Errors
    ///
    /// When the charter does not bind the two keys to one node.
    pub(crate) fn new(
        charter: &Charter,
        own_author: &RawKey,
        own_transport: &RawKey,
    ) -> Result<Self, NetworkError> {
        let not_bound = || NetworkError::NotEnrolled {
            author: *own_author,
            transport: *own_transport,
        };
        let (own_member, own_node, _) = charter.author(own_author).ok_or_else(not_bound)?;
        if own_node.transport.raw() != *own_transport {
            return Err(not_bound());
        }
        let mut known = BTreeMap::new();
        for member in charter.members() {
            for node in &member.nodes {
                if node.author.raw() == *own_author {
                    continue;
                }
                let entry = Known {
                    member: member.id.clone(),
                    node: node.name.clone(),
                    author: node.author.raw(),
                    scopes: charter.scopes_both_read(&own_member.id, &member.id),
                    own_member: member.id == own_member.id,
                    addresses: addresses(&node.addresses),
                };
                known.insert(peer_id(&node.transport.raw()), entry);
            }
        }
        let by_author = known
            .iter()
            .map(|(peer, known)| (known.author, *peer))
            .collect();
        Ok(Self { known, by_author })
    }

    /// Returns the node behind a connection.
    pub(crate) fn node(&self, peer: &PeerId) -> Option<&Known> {
        self.known.get(peer)
    }

    /// Returns the connection's name for the node with this author key.
    pub(crate) fn peer(&self, author: &RawKey) -> Option<PeerId> {
        self.by_author.get(author).copied()
    }

    /// Returns all nodes, by author key.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = (&PeerId, &Known)> {
        self.by_author
            .values()
            .filter_map(|peer| self.known.get_key_value(peer))
    }

    /// Returns whom the links may connect to.
    pub(crate) fn contacts(&self) -> BTreeMap<PeerId, Contact> {
        self.known
            .iter()
            .map(|(peer, known)| {
                let contact = Contact {
                    name: format!("{}/{}", known.member, known.node),
                    addresses: known.addresses.clone(),
                };
                (*peer, contact)
            })
            .collect()
    }
}

/// Reads a node's addresses. One that cannot be read is passed over: the
/// charter was signed with it, and the others may serve.
fn addresses(texts: &[String]) -> Vec<Multiaddr> {
    texts
        .iter()
        .filter_map(|text| {
            text.parse()
                .inspect_err(|error| {
                    tracing::warn!(address = text, %error, "unreadable address in the charter");
                })
                .ok()
        })
        .collect()
}
