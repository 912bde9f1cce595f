//! Records, logs, checkpoints, proofs and keys: the heart of the protocol.
//!
//! Read in this order: [`Digest`] and the ids, [`PublicKey`] and
//! [`Statement`] (everything that is ever signed), [`LogId`], [`Header`] and
//! [`Record`], the [`tree`], [`Checkpoint`].
//!
//! Invariants:
//!
//! - Whatever carries a short name was checked; only `Unverified…` decodes.
//! - A payload is opaque bytes here: a node relays what it cannot read.
//! - Decoders accept exactly one encoding of every version they know.
//! - No clock, no randomness, no I/O: all of it is handed in.

mod digest;
mod key;
mod statement;

mod log_id;

mod header;
mod record;
mod stamp;

mod checkpoint;
pub mod tree;

pub use checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
pub use digest::{ContentId, Digest, FederationId, NotADigest, RecordId};
pub use header::{
    AnyHeader, CharterRef, FORMAT, Flags, HEADER_BYTES_MAX, Header, HeaderError, Kind,
};
pub use key::{KeyError, PublicKey, RawKey, SecretKey, Signature};
pub use log_id::{Epoch, LogId, NotAName, ScopeName, is_name};
pub use record::{PAYLOAD_BYTES_MAX, Place, Record, RecordError, Salt, Sealed, leaf_hash};
pub use stamp::{Clock, Stamp};
pub use statement::Statement;
