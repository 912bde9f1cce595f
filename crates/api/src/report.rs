//! What server and client tell each other in JSON, beside the standard's own
//! documents.
//!
//! Members are added in time: a reader passes over those that it does not
//! know. Keys, hashes and record ids are hexadecimal digits.

use serde::{Deserialize, Serialize};

/// How a node stands: the answer of `GET /status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusReport {
    /// The version of the program.
    pub version: String,
    /// The federation's id.
    pub federation: String,
    /// The federation's name.
    pub federation_name: String,
    /// The charter version that records are judged by.
    pub charter_version: u32,
    /// The member whose node this is.
    pub member: String,
    /// The node's author key.
    pub author: String,
    /// How many records are held, in all logs listed.
    pub records: u64,
    /// Whether a failed write has ended the run.
    pub ended: bool,
    /// The federation's members, by id.
    pub members: Vec<MemberReport>,
    /// The logs held, in the order in which they came.
    pub logs: Vec<LogReport>,
    /// How the network stands; of this only `published` without the right
    /// admin.
    pub network: NetworkReport,
}

/// A member of the federation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberReport {
    /// Its id.
    pub id: String,
    /// Its kind, as the charter writes it.
    pub kind: String,
    /// Its names.
    pub names: MemberNames,
}

/// A member's name in two languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberNames {
    /// In Vietnamese.
    pub vi: String,
    /// In English.
    pub en: String,
}

/// A log held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogReport {
    /// The member whose key signs it, where the charter names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// That key.
    pub author: String,
    /// Its scope.
    pub scope: String,
    /// Its epoch.
    pub epoch: String,
    /// How many of its records are held.
    pub size: u64,
    /// The root of their tree.
    pub root: String,
    /// Whether this node wrote it, as it remembers.
    pub written_here: bool,
    /// From which index on its records are *recovered*.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovered_from: Option<u64>,
}

/// How the network stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkReport {
    /// The addresses listened on, as multiaddr texts.
    #[serde(default)]
    pub listening: Vec<String>,
    /// Every other node of the charter, linked or not.
    pub peers: Vec<PeerReport>,
    /// How far this node's own logs are durable at another member.
    #[serde(default)]
    pub published: Vec<PublishedReport>,
    /// How many logs are asked for, or will be.
    #[serde(default)]
    pub logs_wanted: usize,
}

/// How things stand with one other node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerReport {
    /// Its member.
    pub member: String,
    /// Its name within the member.
    pub node: String,
    /// Its author key.
    pub author: String,
    /// Whether a link to it is up.
    pub connected: bool,
    /// Whether both hold the same of every log that both may read.
    pub in_sync: bool,
    /// Its address as seen from here, a multiaddr text, while linked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// `quic` or `tcp`, while linked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<String>,
    /// Logs that it holds further than this node.
    #[serde(default)]
    pub logs_behind: usize,
    /// Logs that this node holds further than it.
    #[serde(default)]
    pub logs_ahead: usize,
    /// Bytes received from it since this node started.
    pub bytes_in: u64,
    /// Bytes sent to it since this node started.
    pub bytes_out: u64,
    /// How often it was turned away for a fault.
    #[serde(default)]
    pub refusals: u64,
}

/// How far one of this node's logs is durable at another member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedReport {
    /// Its scope.
    pub scope: String,
    /// Its epoch.
    pub epoch: String,
    /// How many of its records are.
    pub size: u64,
}

/// What is to be disclosed: the body of `POST /disclosures`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisclosureRequest {
    /// The scope whose readers shall see it.
    pub scope: String,
    /// The events: each an `eventID`, which means all events that bear it, or
    /// the id of a record.
    pub events: Vec<String>,
}

/// What was disclosed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisclosureReport {
    /// The scope.
    pub scope: String,
    /// The records that disclose, one for each event that the scope's readers
    /// were not shown before.
    pub records: Vec<String>,
}
