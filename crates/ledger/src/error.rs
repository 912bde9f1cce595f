//! What can go wrong in the ledger.

use charter::MemberId;
use record::{BatchError, RunError, ScopeName};
use store::StoreError;

/// Says what was attempted and failed.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The disk or the database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A write failed earlier, so the run has ended.
    #[error("the run has ended with a failed write; free the disk and start the node again")]
    Ended,
    /// The writer's queue is closed: the node is stopping.
    #[error("the node is stopping")]
    Stopping,
    /// The node's own key is not a member's.
    #[error(
        "this node's author key {0} is in no member's list in the charter; ask the governors to add the enrolment request"
    )]
    NotAMember(record::RawKey),
    /// The member may not write the scope.
    #[error("{member} may not write the scope \"{scope}\" by charter version {version}")]
    NoRight {
        /// The node's member.
        member: MemberId,
        /// The scope asked for.
        scope: ScopeName,
        /// The version that says so.
        version: u32,
    },
    /// The event's payload is longer than the charter allows.
    #[error("event {event} takes {bytes} bytes in canonical form; the charter allows {max}")]
    PayloadTooLong {
        /// The event's index in what was captured, from 0.
        event: usize,
        /// Its length.
        bytes: usize,
        /// What the charter allows.
        max: u32,
    },
    /// As many logs are held as a federation can tell of.
    #[error(
        "this node's key has opened as many logs in \"{0}\" and elsewhere as peers take in; ask the governors for a new key"
    )]
    TooManyLogs(ScopeName),
    /// Nothing was given to record.
    #[error("there is nothing to record: the document holds no event")]
    Nothing,
    /// Too many large captures are unfinished.
    #[error("too many large captures wait to be recorded; send this one again later")]
    Full,
    /// A record asked for is not held.
    #[error("the record {0} is not held here")]
    NoSuchRecord(record::RecordId),
    /// What a disclosure would show is not here.
    #[error("the record {0} cannot be disclosed: {1} is not held here")]
    NotShowable(record::RecordId, &'static str),
    /// Only events of other scopes are disclosed.
    #[error("the record {0} is not an event that can be disclosed to \"{1}\"")]
    NotDisclosable(record::RecordId, ScopeName),
    /// Randomness cannot be had from the system.
    #[error("the system gives no randomness: {0}")]
    Randomness(getrandom::Error),
    /// The author's side refused.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The tree's stored hashes do not serve.
    #[error("the log's tree cannot be read")]
    Tree(#[from] record::tree::TreeError),
    /// What is on disk contradicts itself.
    #[error("the database is damaged: {0}")]
    Damaged(&'static str),
    /// The thread that writes cannot be started.
    #[error("the writing thread cannot be started")]
    Thread(#[source] std::io::Error),
}

/// Says why a batch from a peer was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// The batch is at fault.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// This node is.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<std::convert::Infallible> for LedgerError {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}
