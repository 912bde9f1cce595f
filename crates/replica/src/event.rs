//! What goes into the machine and what comes out of it.

use std::collections::BTreeSet;

use record::{Digest, LogId, RawKey, ScopeName};

use crate::Message;

/// How far a log reaches: its first `size` records, whose tree has this root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The log.
    pub log: LogId,
    /// How many records it has; at least one.
    pub size: u64,
    /// The root of the tree of these records (RFC 6962 §2.1).
    pub root: Digest,
}

/// Names a body that the shell keeps while the machine decides about it. The
/// shell draws it and never draws the same one twice in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Token(pub u64);

/// Which of the two frontiers kept for a peer is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// What the peer said that it keeps of our frontier.
    Sent,
    /// What we keep of the peer's frontier.
    Received,
}

/// What happened outside. A peer is named by its node's author key, to which
/// the charter binds the transport key of the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Both streams to a peer are open. For a peer that is connected already,
    /// it is the end of the older connection too.
    Connected {
        /// The node at the other end.
        peer: RawKey,
        /// The scopes that both nodes may read by our charter version. Nothing
        /// outside them ever influences a byte sent to this peer.
        scopes: BTreeSet<ScopeName>,
        /// Whether the node belongs to our own member: what it holds is then
        /// not yet published.
        own_member: bool,
        /// The bytes last saved for this peer with [`Side::Sent`].
        sent: Option<Vec<u8>>,
        /// The bytes last saved for this peer with [`Side::Received`].
        received: Option<Vec<u8>>,
    },
    /// The connection to a peer is gone. What it was asked for is asked of
    /// others; bodies of it still in judgement need no answer any more.
    Disconnected {
        /// The node that was at the other end.
        peer: RawKey,
    },
    /// A message arrived on the control stream, in the order of the stream.
    Message {
        /// Who sent it.
        peer: RawKey,
        /// What [`Message::decode`] read. Bytes that it refuses are the peer's
        /// fault: the shell disconnects with [`Fault::BadMessage`].
        message: Message,
    },
    /// A log advanced and is synced to disk here, whether captured here or
    /// received. **Only this makes acknowledgements and announcements.**
    Durable {
        /// Where the log stands now.
        head: Head,
    },
    /// Bulk bytes of a body that is not complete yet arrived: the peer is slow,
    /// not stuck, for as long as that may take. To be given now and then, once
    /// a second is plenty.
    Arriving {
        /// Who is sending.
        peer: RawKey,
    },
    /// A body arrived on the bulk stream and its envelope was read. The answer
    /// is one [`Output::Append`] or [`Output::Discard`] in the same call.
    Body {
        /// Who sent it.
        peer: RawKey,
        /// What the shell calls it.
        token: Token,
        /// The log it says it belongs to.
        log: LogId,
        /// The index of its first record.
        start: u64,
        /// One more than the index of its last record.
        end: u64,
        /// Its size on the wire, without the frame's length: what it costs of
        /// the credit.
        bytes: u64,
    },
    /// The ledger's answer to an [`Output::Append`].
    Judged {
        /// Who sent the body.
        peer: RawKey,
        /// The body's name.
        token: Token,
        /// The log it belongs to.
        log: LogId,
        /// What the ledger says.
        outcome: Outcome,
    },
    /// The body asked for by [`Output::SendBody`] was written to the stream.
    Sent {
        /// To whom.
        peer: RawKey,
        /// Of which log.
        log: LogId,
        /// The index of its first record, as asked for.
        from: u64,
        /// One more than the index of its last record; more than `from`.
        to: u64,
        /// Its size on the wire, counted as in [`Input::Body`].
        bytes: u64,
    },
    /// Nothing could be read for an [`Output::SendBody`].
    NotSent {
        /// To whom.
        peer: RawKey,
        /// Of which log.
        log: LogId,
        /// The index asked for.
        from: u64,
    },
    /// The time named by the newest [`Output::WakeAt`] has come. A tick too
    /// many does no harm.
    Tick,
}

/// What the ledger says of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was appended and synced. The [`Input::Durable`] of it may come
    /// before or after this.
    Appended {
        /// The log's size now.
        size: u64,
    },
    /// All of it was held already.
    Duplicate,
    /// It begins beyond what is held.
    Gap {
        /// The log's size here.
        have: u64,
    },
    /// No known charter version grants anything to the log's key: neither
    /// stored nor held against the peer.
    PassedOver,
    /// It is sound, and a record in it that is not held comes without its
    /// content: nothing is stored, and another peer is asked.
    Bare,
    /// It fails hash, signature or form: the fault of the peer that sent it,
    /// whoever is its author.
    Refused {
        /// What is wrong, for the log file.
        reason: String,
    },
}

/// What the shell is to do, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Write a message to the peer's control stream.
    Send {
        /// To whom.
        peer: RawKey,
        /// What; [`Message::encode`] gives the bytes.
        message: Message,
    },
    /// Read a body from the ledger and write it to the peer's bulk stream;
    /// answered by [`Input::Sent`] or [`Input::NotSent`]. There is never more
    /// than one unanswered for a peer.
    SendBody {
        /// To whom.
        peer: RawKey,
        /// Of which log.
        log: LogId,
        /// The index of the first record.
        from: u64,
        /// About how many bytes at most; one step between two checkpoints is
        /// sent even when it is larger.
        bytes_max: u64,
    },
    /// Hand the body to the ledger; answered by [`Input::Judged`]. Bodies of
    /// one log are to be handed over in the order of these outputs.
    Append {
        /// Who sent it.
        peer: RawKey,
        /// The body's name.
        token: Token,
    },
    /// Forget the body.
    Discard {
        /// Who sent it.
        peer: RawKey,
        /// The body's name.
        token: Token,
        /// Why.
        reason: Discarded,
    },
    /// Store these bytes for the peer, synced, **before** any later
    /// [`Output::Send`], in the database that holds the records.
    SaveBaseline {
        /// For whom.
        peer: RawKey,
        /// Which of the two.
        side: Side,
        /// What [`Input::Connected`] hands back; opaque to the shell.
        bytes: Vec<u8>,
    },
    /// End the connection. The machine has forgotten the peer already; the
    /// shell applies its back-off.
    Disconnect {
        /// Whom.
        peer: RawKey,
        /// Why.
        reason: Fault,
    },
    /// Give [`Input::Tick`] at this time; replaces what was named before.
    WakeAt {
        /// In the milliseconds of `handle`.
        ms: u64,
    },
    /// Add to a counter.
    Count {
        /// Which.
        counter: Counter,
        /// How much.
        by: u64,
    },
    /// The log's first `size` records, ours by authorship, are durable on a
    /// node of at least one other member.
    Published {
        /// The log.
        log: LogId,
        /// How many records.
        size: u64,
    },
}

/// Why a body was not handed to the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discarded {
    /// All its records are held, durably.
    Duplicate,
    /// It begins beyond what is held or in judgement.
    Gap,
    /// Its scope is none that both may read.
    OutOfScope,
    /// Its sender is disconnected, or is being so.
    NotConnected,
}

/// What a peer did that ends the connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It sent a body without credit.
    #[error("sent a body without credit")]
    CreditExceeded,
    /// It granted more credit than there can be.
    #[error("granted more than {} bytes of credit", crate::CREDIT_MAX)]
    CreditOverflow,
    /// It sent a body that is larger than any may be, or whose end is not
    /// beyond its start.
    #[error("sent a body of {bytes} bytes with the records {start} to {end}")]
    BadBody {
        /// The body's size.
        bytes: u64,
        /// The index of its first record.
        start: u64,
        /// One more than the index of its last.
        end: u64,
    },
    /// It sent a body of a scope that, by the charter version both name, not
    /// both may read.
    #[error("sent a body of the scope {0}, which not both may read")]
    OutOfScope(ScopeName),
    /// It sent a body that the ledger refuses.
    #[error("sent a body that was refused: {0}")]
    Refused(String),
    /// It sent a message that cannot be read, or makes no sense here.
    #[error("sent a bad message: {0}")]
    BadMessage(String),
}

/// What is counted for the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counter {
    /// Records that arrived though they were held.
    DuplicateRecords,
    /// Full frontiers sent, each counted once however many messages it takes.
    FullFrontiers,
    /// Frontier deltas sent.
    DeltaFrontiers,
    /// Roots sent in place of a frontier.
    RootFrontiers,
    /// Deltas or roots received whose baseline is not held here.
    BaselineMismatches,
    /// Acknowledgements of a baseline that is not the one on offer.
    StaleBaselineAcks,
    /// Frontiers received that named another charter version than ours.
    CharterMismatches,
    /// Logs of equal size and different root here and at a peer.
    DivergedLogs,
    /// Bodies handed to the ledger.
    BodiesAppended,
    /// Bodies sent.
    BodiesSent,
    /// Bodies that were to be sent and of which nothing could be read.
    BodiesNotSent,
    /// Bodies that the ledger refused.
    RefusedBodies,
    /// Bodies of a log whose key no known charter version grants.
    PassedOverBodies,
    /// Bodies with a record that is not held and comes without its content.
    BareBodies,
    /// Bodies that began beyond what is held.
    GapBodies,
    /// Bodies of a scope that not both may read.
    OutOfScopeBodies,
    /// Logs that we hold and for which a frontier had no room, once for each
    /// set of common scopes: peers are not told of them.
    UntoldLogs,
    /// Wants sent.
    WantsSent,
    /// Wants that a peer let lie until another was asked.
    StalledWants,
    /// Wants received that were not served: unknown, forbidden, nothing new, or
    /// too many.
    UnservedWants,
}

impl Counter {
    /// Returns every counter, for the registry of metrics.
    pub const ALL: [Self; 20] = [
        Self::DuplicateRecords,
        Self::FullFrontiers,
        Self::DeltaFrontiers,
        Self::RootFrontiers,
        Self::BaselineMismatches,
        Self::StaleBaselineAcks,
        Self::CharterMismatches,
        Self::DivergedLogs,
        Self::BodiesAppended,
        Self::BodiesSent,
        Self::BodiesNotSent,
        Self::RefusedBodies,
        Self::PassedOverBodies,
        Self::BareBodies,
        Self::GapBodies,
        Self::OutOfScopeBodies,
        Self::UntoldLogs,
        Self::WantsSent,
        Self::StalledWants,
        Self::UnservedWants,
    ];

    /// Returns the counter's name in metrics, without prefix and suffix.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DuplicateRecords => "duplicate_records",
            Self::FullFrontiers => "full_frontiers",
            Self::DeltaFrontiers => "delta_frontiers",
            Self::RootFrontiers => "root_frontiers",
            Self::BaselineMismatches => "baseline_mismatches",
            Self::StaleBaselineAcks => "stale_baseline_acks",
            Self::CharterMismatches => "charter_mismatches",
            Self::DivergedLogs => "diverged_logs",
            Self::BodiesAppended => "bodies_appended",
            Self::BodiesSent => "bodies_sent",
            Self::BodiesNotSent => "bodies_not_sent",
            Self::RefusedBodies => "refused_bodies",
            Self::PassedOverBodies => "passed_over_bodies",
            Self::BareBodies => "bare_bodies",
            Self::GapBodies => "gap_bodies",
            Self::OutOfScopeBodies => "out_of_scope_bodies",
            Self::UntoldLogs => "untold_logs",
            Self::WantsSent => "wants_sent",
            Self::StalledWants => "stalled_wants",
            Self::UnservedWants => "unserved_wants",
        }
    }
}
