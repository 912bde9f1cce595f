//! Everything that is ever signed, in one table.
//!
//! No two kinds of statement share a prefix, so a signature made for one can
//! never pass for another. `docs/protocol.md` holds the same table.

use crate::checkpoint::Checkpoint;

/// A thing that some key signs.
#[derive(Debug, Clone, Copy)]
pub enum Statement<'a> {
    /// A log's size and root, by its author key: the C2SP checkpoint text,
    /// which begins `nguon/`.
    Checkpoint(&'a Checkpoint),
    /// A charter version, by governors: its canonical JSON.
    Charter(&'a [u8]),
    /// An enrolment request, by the node's author key and its transport key:
    /// its canonical JSON.
    Enrolment(&'a [u8]),
}

impl Statement<'_> {
    /// Returns the exact bytes that are signed.
    pub fn bytes(&self) -> Vec<u8> {
        let prefixed = |prefix: &str, body: &[u8]| [prefix.as_bytes(), body].concat();
        match self {
            Self::Checkpoint(checkpoint) => checkpoint.text().into_bytes(),
            Self::Charter(json) => prefixed("nguon-charter/v1\n", json),
            Self::Enrolment(json) => prefixed("nguon-enrolment/v1\n", json),
        }
    }
}
