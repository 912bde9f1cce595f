//! The opening record: a log's first, which names the logs it follows.

use crate::cbor::{self, Out, Written};
use crate::digest::Digest;
use crate::key::RawKey;
use crate::log_id::{Epoch, LogId};

/// The most parents an opening names.
pub const PARENTS_MAX: usize = 4096;

/// An earlier log of the same scope, as far as the author's node had written
/// it, under the same key or the key that this one replaces.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Parent {
    /// The key that signed it.
    pub author: RawKey,
    /// Its epoch.
    pub epoch: Epoch,
    /// Its size when the child began.
    pub size: u64,
    /// Its root at that size.
    pub root: Digest,
}

impl Parent {
    /// Returns the parent's log, given the child.
    pub fn log(&self, child: &LogId) -> LogId {
        LogId {
            author: self.author,
            scope: child.scope.clone(),
            epoch: self.epoch,
        }
    }
}

/// The payload of an opening record: `[[key, epoch, size, root]…]`, sorted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Opening {
    parents: Vec<Parent>,
}

/// Says why a payload is no opening.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the opening record's payload is malformed: {0}")]
pub struct OpeningError(pub String);

impl Opening {
    /// Makes an opening; the parents are sorted.
    ///
    /// # Panics
    ///
    /// With more than [`PARENTS_MAX`] parents, which the author's side never names.
    pub fn new(mut parents: Vec<Parent>) -> Self {
        assert!(parents.len() <= PARENTS_MAX, "too many parents");
        parents.sort();
        parents.dedup();
        Self { parents }
    }

    /// Returns the parents, sorted.
    pub fn parents(&self) -> &[Parent] {
        &self.parents
    }

    /// Returns the payload.
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(|e| self.put(e))
    }

    fn put(&self, e: &mut Out<'_>) -> Written {
        e.array(self.parents.len() as u64)?;
        for parent in &self.parents {
            e.array(4)?
                .bytes(&parent.author.0)?
                .bytes(&parent.epoch.0)?
                .u64(parent.size)?
                .bytes(parent.root.as_bytes())?;
        }
        Ok(())
    }

    /// Reads a payload.
    ///
    /// # Errors
    ///
    /// Refuses any but the one encoding, parents out of order, and empty ones.
    pub fn decode(payload: &[u8]) -> Result<Self, OpeningError> {
        let read = |d: &mut minicbor::Decoder<'_>| {
            let mut parents = Vec::new();
            for _ in 0..cbor::array_up_to(d, PARENTS_MAX)? {
                cbor::array(d, 4)?;
                parents.push(Parent {
                    author: RawKey(cbor::fixed(d)?),
                    epoch: Epoch(cbor::fixed(d)?),
                    size: d.u64()?,
                    root: cbor::digest(d)?,
                });
            }
            if !parents.is_sorted_by(|a, b| a < b) {
                return Err(cbor::fault("the parents are not in order"));
            }
            if parents.iter().any(|p| p.size == 0) {
                return Err(cbor::fault("a parent is empty"));
            }
            Ok(Self { parents })
        };
        cbor::decode_exact(payload, read, Self::put).map_err(OpeningError)
    }
}
