//! Values: records, payloads and checkpoints as they lie on disk.

use record::{Digest, Salt, Sealed, Signature};

/// A record's header with what this node noted when it stored it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredRecord {
    /// The order in which records came to this node, from 1.
    pub arrival: u64,
    /// When it was stored here, in milliseconds since 1970: an event's
    /// `recordTime`.
    pub stored_ms: u64,
    /// The ledger's verdict, as a code that the ledger owns.
    pub verdict: u8,
    /// The header's bytes.
    pub header: Vec<u8>,
}

impl StoredRecord {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(17 + self.header.len());
        bytes.extend(self.arrival.to_be_bytes());
        bytes.extend(self.stored_ms.to_be_bytes());
        bytes.push(self.verdict);
        bytes.extend(&self.header);
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (arrival, rest) = bytes.split_first_chunk::<8>()?;
        let (stored_ms, rest) = rest.split_first_chunk::<8>()?;
        let (verdict, header) = rest.split_first()?;
        Some(Self {
            arrival: u64::from_be_bytes(*arrival),
            stored_ms: u64::from_be_bytes(*stored_ms),
            verdict: *verdict,
            header: header.to_vec(),
        })
    }
}

/// A checkpoint's root and signature; log and size stand in the key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StoredCheckpoint {
    /// The size that was signed.
    pub size: u64,
    /// The root that was signed.
    pub root: Digest,
    /// The author's signature.
    pub signature: Signature,
}

impl StoredCheckpoint {
    pub(crate) fn encode(&self) -> Vec<u8> {
        [&self.root.as_bytes()[..], &self.signature.0].concat()
    }

    pub(crate) fn decode(size: u64, bytes: &[u8]) -> Option<Self> {
        let (root, signature) = bytes.split_first_chunk::<32>()?;
        Some(Self {
            size,
            root: Digest::from_bytes(*root),
            signature: Signature(signature.try_into().ok()?),
        })
    }
}

pub(crate) fn encode_sealed(sealed: &Sealed) -> Vec<u8> {
    [&sealed.salt.0[..], &sealed.payload].concat()
}

pub(crate) fn decode_sealed(bytes: &[u8]) -> Option<Sealed> {
    let (salt, payload) = bytes.split_first_chunk::<16>()?;
    Some(Sealed {
        salt: Salt(*salt),
        payload: payload.to_vec(),
    })
}
