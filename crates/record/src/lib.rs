//! Records, logs, checkpoints, proofs and keys: the heart of the protocol.
//!
//! Read in this order: [`Digest`] and the ids, [`PublicKey`] and
//! [`Statement`] (everything that is ever signed), [`LogId`], [`Header`] and
//! [`Record`], the [`tree`], [`Checkpoint`], [`Batch`], [`Run`] (the author's
//! side), [`RecordProof`] and [`Disclosure`].
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

mod batch;
mod opening;
mod run;

mod frontier;

mod disclosure;
mod proof;

mod cbor;
mod note;

pub use batch::{
    BATCH_BYTES_MAX, BATCH_RECORDS_MAX, Batch, BatchError, OpenedBatch, TRANSFER_RECORDS_MAX,
    UnverifiedBatch,
};
pub use checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
pub use digest::{ContentId, Digest, FederationId, NotADigest, RecordId};
pub use disclosure::{
    COSIGNATURES_MAX, Cosignature, Disclosure, DisclosureError, ShownOpening, Since,
    UnverifiedDisclosure,
};
pub use frontier::frontier_root;
pub use header::{
    AnyHeader, CharterRef, FORMAT, Flags, HEADER_BYTES_MAX, Header, HeaderError, Kind,
};
pub use key::{KeyError, PublicKey, RawKey, SecretKey, Signature};
pub use log_id::{Epoch, LOGS_MAX, LogId, NotAName, ScopeName, is_name};
pub use opening::{Opening, OpeningError, PARENTS_MAX, Parent};
pub use proof::{PROOF_TEXT_BYTES_MAX, ProofError, RecordProof, UnverifiedProof};
pub use record::{PAYLOAD_BYTES_MAX, Place, Record, RecordError, Salt, Sealed, leaf_hash};
pub use run::{Entry, PastLog, Run, RunError, batch_len};
pub use stamp::{Clock, Stamp};
pub use statement::Statement;
