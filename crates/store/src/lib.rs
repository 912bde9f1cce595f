//! Bytes and keys: the only crate that knows RocksDB.
//!
//! Read [`Store`] first, then [`WriteSet`] (everything one commit holds) and
//! [`View`] (a consistent snapshot, through which everything is read).
//! `docs/storage.md` lists every key, what may be lost, and what somebody who
//! can write the folder could do.
//!
//! Invariants:
//!
//! - One commit is one RocksDB write batch over all column families, synced
//!   before [`Store::commit`] returns.
//! - Nothing here judges: what is stored was decided by the ledger.
//! - A record's arrival number is given once and never again.

mod store;

mod scan;
mod view;
mod write;

mod column;
mod job;
mod key;
mod log_state;
mod value;

mod error;
mod resources;

pub use error::StoreError;
pub use job::{JobId, NotAJobId, OpenJob, StoredJob};
pub use key::{Baseline, Facet, LogNumber, Term};
pub use log_state::LogState;
pub use resources::Resources;
pub use scan::{Filing, TimePlace, Way};
pub use store::Store;
pub use value::{StoredCheckpoint, StoredRecord};
pub use view::View;
pub use write::WriteSet;
