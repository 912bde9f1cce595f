//! The one write path and the one read path.
//!
//! Read [`Ledger`] first: what can be asked of it. One thread writes
//! (`writer`): it judges by `admission`, gathers what waits into one write
//! batch, syncs it, and only then answers. Everything is read through a
//! [`Snapshot`]. A client's capture goes through [`Ledger::prepare`] and
//! [`Ledger::submit`]; what is too large for one write becomes a job (`jobs`).
//!
//! Invariants:
//!
//! - Nothing signed leaves before the synced write that holds it. A write that
//!   fails ends the run: the ledger refuses all further writes, and the
//!   process is to end and start afresh, in fresh logs.
//! - A capture is judged as a whole before the first of it is signed, and what
//!   is answered as taken is durable: its records, or the job that makes them.
//! - A [`Head`] is announced only after its records are synced.
//! - A snapshot for some scopes answers as a node would that never held the
//!   others.
//! - What is stored of others was verified: hashes, signature, and the right
//!   of the log's key by a known charter version.

mod ledger;

mod author;
mod disclose;
mod logs;
mod room;
mod tips;
mod writer;

mod intake;
mod submission;

mod claims;
mod own;

mod jobs;
mod open_jobs;
mod piece;

mod facets;
mod held;
mod query;
mod scopes;
mod snapshot;
mod source;
mod status;
mod unfinished;

mod error;
mod metrics;

pub use error::{LedgerError, ReceiveError};
pub use facets::Values;
pub use held::HeldEvent;
pub use intake::JobDraft;
pub use ledger::{Captured, Config, EncodedBatch, Head, Ledger, Received, RecordAt, Side};
pub use query::{Cursor, PageSize, QueryFault, QueryPage};
pub use scopes::Scopes;
pub use snapshot::{EventFilter, Page, Snapshot};
pub use status::{LogStatus, Status};
pub use store::{Facet, JobId, StoredJob as Job};
pub use submission::{Fault, Prepared, Recorded};
