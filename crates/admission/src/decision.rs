//! Verdicts and effects.

use charter::MemberId;
use epcis::Event;
use record::{Parent, RecordProof};

/// What a record counts for, from header, place and charter alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It counts.
    Valid,
    /// It counts, and what it says is unknown here.
    PayloadMissing,
    /// It breaks a rule: kept at its index, without effect, on every node.
    Invalid(Fault),
    /// It cannot be judged yet: kept, and judged again later.
    Pending(Wait),
}

/// The rule that an invalid record breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The charter version it names has another hash.
    #[error("it names a charter version by a hash that is not that version's")]
    OtherCharter,
    /// By the version it names, its key may not write the scope.
    #[error("its author may not write this scope by the charter version that it names")]
    NoRight,
    /// A log's first record is no opening.
    #[error("a log begins with an opening record")]
    NoOpening,
    /// An opening stands elsewhere than at the beginning.
    #[error("an opening record stands only at a log's beginning")]
    LateOpening,
    /// Its kind adds nothing to the header, and this header has a subject.
    #[error("its kind has no subject")]
    Subject,
    /// Its payload is longer than the charter allows.
    #[error("its payload is longer than the charter allows")]
    PayloadLength,
}

/// What a pending record waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Wait {
    /// A charter version that is not known here.
    #[error("it names charter version {0}, which is not known here")]
    Charter(u32),
    /// A later header format.
    #[error("its header has format {0}, which this build does not read")]
    Format(u64),
    /// A kind that this build does not know.
    #[error("its kind is {0}, which this build does not know")]
    Kind(u16),
    /// A flag that must be understood and is not.
    #[error("its flags are {0:#06x}, which this build does not understand")]
    Flags(u16),
}

/// What a record does to the state of a node that holds its payload.
#[derive(Debug, Clone)]
pub enum Effect {
    /// An opening names earlier logs of its key and scope: what of them lies
    /// beyond these sizes was recovered.
    Names(Vec<Parent>),
    /// An event.
    Event(Box<Event>),
    /// An event of another log, disclosed with its proof.
    Disclosed {
        /// The proof, whose checkpoint's signature was verified.
        proof: Box<RecordProof>,
        /// The member whose key signed it.
        author: MemberId,
        /// The event, where the disclosure shows it.
        event: Option<Box<Event>>,
    },
}

/// A verdict with its effects.
#[derive(Debug, Clone)]
pub struct Decision {
    /// What the record counts for.
    pub verdict: Verdict,
    /// What it does; nothing unless it is valid.
    pub effect: Option<Effect>,
    /// Why a valid record has no effect, where its payload is at fault.
    pub without_effect: Option<String>,
}

impl Decision {
    pub(crate) fn verdict(verdict: Verdict) -> Self {
        Self {
            verdict,
            effect: None,
            without_effect: None,
        }
    }

    pub(crate) fn effect(effect: Result<Effect, String>) -> Self {
        let (effect, without_effect) = match effect {
            Ok(effect) => (Some(effect), None),
            Err(reason) => (None, Some(reason)),
        };
        Self {
            verdict: Verdict::Valid,
            effect,
            without_effect,
        }
    }
}
