//! The one write path and the one read path.
//!
//! Read [`Ledger`] first: what can be asked of it. One thread writes
//! (`writer`): it judges by `admission`, gathers what waits into one write
//! batch, syncs it, and only then answers. Everything is read through a
//! [`Snapshot`].
//!
//! Invariants:
//!
//! - Nothing signed leaves before the synced write that holds it. A write that
//!   fails ends the run: the ledger refuses all further writes, and the
//!   process is to end and start afresh, in fresh logs.
//! - A [`Head`] is announced only after its records are synced.
//! - What is stored of others was verified: hashes, signature, and the right
//!   of the log's key by a known charter version.

mod ledger;

mod author;
mod disclose;
mod logs;
mod room;
mod tips;
mod writer;

mod held;
mod snapshot;
mod status;

mod error;
mod metrics;

pub use error::{LedgerError, ReceiveError};
pub use held::HeldEvent;
pub use ledger::{Captured, Config, EncodedBatch, Head, Job, Ledger, Received, RecordAt, Side};
pub use snapshot::{EventFilter, Page, Snapshot};
pub use status::{LogStatus, Status};
