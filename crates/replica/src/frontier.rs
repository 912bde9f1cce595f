//! Frontiers: how far each log reaches at a node.

use record::{Digest, LogId};

/// One log of a frontier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The log.
    pub log: LogId,
    /// How many records it has; at least one.
    pub size: u64,
    /// The root of their tree (RFC 6962 §2.1).
    pub root: Digest,
}

/// A log of a baseline that grew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The log's position in the baseline's order, from 0.
    pub position: u32,
    /// By how many records it grew; at least one.
    pub by: u64,
}
