//! What is kept of a log beside its records.

use record::{Digest, LogId};

/// A log as this node holds it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogState {
    /// The log.
    pub log: LogId,
    /// The number of records held.
    pub size: u64,
    /// The root at that size.
    pub root: Digest,
    /// How many of its records this node wrote, as it remembers, from the
    /// first on; 0 for another's log. What lies beyond in a log under its own
    /// key came from a peer.
    pub written: u64,
    /// The largest size at which the opening of another log of the same key
    /// names this log; what lies beyond it is marked *recovered*. `None` while
    /// no opening names it.
    pub named_at: Option<u64>,
}

impl LogState {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(120);
        bytes.extend(self.size.to_be_bytes());
        bytes.extend(self.root.as_bytes());
        bytes.extend(self.written.to_be_bytes());
        bytes.push(u8::from(self.named_at.is_some()));
        bytes.extend(self.named_at.unwrap_or(0).to_be_bytes());
        bytes.extend(self.log.to_bytes());
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (size, rest) = bytes.split_first_chunk::<8>()?;
        let (root, rest) = rest.split_first_chunk::<32>()?;
        let (written, rest) = rest.split_first_chunk::<8>()?;
        let ([named], rest) = rest.split_first_chunk::<1>()?;
        let (named_at, log) = rest.split_first_chunk::<8>()?;
        Some(Self {
            log: LogId::from_bytes(log)?,
            size: u64::from_be_bytes(*size),
            root: Digest::from_bytes(*root),
            written: u64::from_be_bytes(*written),
            named_at: (*named != 0).then(|| u64::from_be_bytes(*named_at)),
        })
    }
}
