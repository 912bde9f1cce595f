//! The messages of the control stream and their one encoding.

use record::{CharterRef, Digest, LogId};

use crate::frontier::{Change, Entry};

/// The largest message in bytes, without the frame's length.
pub const MESSAGE_BYTES_MAX: usize = 4 << 20;

/// A message of the control stream.
///
/// On the stream each travels as its length (4 bytes, big-endian) and that many
/// bytes: one CBOR array (RFC 8949) whose first item is the message's number.
/// `docs/protocol.md`, "Replication messages", is the specification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// 0: the sender's frontier has this root, and either it is the frontier
    /// that the receiver keeps of the sender, or it is the receiver's own.
    InSync {
        /// The charter version by which the scopes were chosen.
        charter: CharterRef,
        /// The frontier's root.
        root: Digest,
    },
    /// 1: the sender's whole frontier, or a part of it. Parts follow each other
    /// in the frontier's order; the last one has the root.
    Full {
        /// The charter version by which the scopes were chosen.
        charter: CharterRef,
        /// Strictly ascending.
        entries: Vec<Entry>,
        /// The whole frontier's root; absent while parts follow.
        root: Option<Digest>,
    },
    /// 2: what changed since a frontier that the receiver knows.
    Delta {
        /// The charter version by which the scopes were chosen.
        charter: CharterRef,
        /// Whether the receiver is asked to persist the resulting frontier and
        /// to say so with [`Message::BaselineAck`].
        keep: bool,
        /// The root of the frontier that this is relative to.
        baseline: Digest,
        /// The root of the frontier that results.
        root: Digest,
        /// Logs of the baseline that grew, by ascending position in it.
        changed: Vec<Change>,
        /// Logs that the baseline lacks, strictly ascending.
        new: Vec<Entry>,
    },
    /// 3: the sender lacks the baseline of what it was sent: the whole frontier
    /// is asked for.
    NeedFull,
    /// 4: the sender has persisted the receiver's frontier with this root.
    BaselineAck {
        /// The frontier's root.
        root: Digest,
    },
    /// 5: the records of a log are asked for, from this index on, up to where
    /// the receiver holds it when it reads this.
    Want {
        /// The log.
        log: LogId,
        /// The index of the first record asked for.
        from: u64,
    },
    /// 6: so many more bytes of bodies may be sent.
    Credit {
        /// The bytes; at least one.
        bytes: u64,
    },
    /// 7: the log's first `size` records are durable at the sender.
    Ack {
        /// The log.
        log: LogId,
        /// How many records; at least one.
        size: u64,
    },
}
