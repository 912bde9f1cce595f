//! The messages of the control stream and their one encoding.

use std::convert::Infallible;

use minicbor::encode::Error as EncodeError;
use minicbor::{Decoder, Encoder};
use record::{CharterRef, Digest, LogId, ScopeName};

use crate::event::Head;
use crate::frontier::Change;
use crate::packed::{
    Reader, pack_changes, pack_logs, put_varint, scope_table, unpack_changes, unpack_logs,
};

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
        entries: Vec<Head>,
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
        new: Vec<Head>,
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

/// Says why bytes are no message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// More than [`MESSAGE_BYTES_MAX`] bytes.
    #[error("a message of {0} bytes, where {MESSAGE_BYTES_MAX} is the most")]
    TooLong(usize),
    /// Not CBOR, or not of the shape that the message's number asks for.
    #[error("a message that is not the CBOR array it should be: {0}")]
    NotCbor(String),
    /// A part that breaks its own rule.
    #[error("a message with {0}")]
    Malformed(&'static str),
    /// A number that no message has.
    #[error("a message of the unknown kind {0}")]
    UnknownKind(u64),
    /// Another encoding than the one that the message has.
    #[error("a message that is not in its one encoding")]
    NotTheEncoding,
}

impl From<minicbor::decode::Error> for MessageError {
    fn from(error: minicbor::decode::Error) -> Self {
        Self::NotCbor(error.to_string())
    }
}

type Written<'a> = Result<&'a mut Encoder<Vec<u8>>, EncodeError<Infallible>>;

impl Message {
    /// Returns the message's bytes, without the frame's length.
    ///
    /// Lists of logs and changes are in their order; the machine's are.
    pub fn encode(&self) -> Vec<u8> {
        let mut encoder = Encoder::new(Vec::new());
        self.write(&mut encoder).expect("memory takes every write");
        encoder.into_writer()
    }

    fn write<'a>(&self, e: &'a mut Encoder<Vec<u8>>) -> Written<'a> {
        match self {
            Self::InSync { charter, root } => {
                put_charter(e.array(3)?.u8(0)?, *charter)?.bytes(root.as_bytes())
            }
            Self::Full {
                charter,
                entries,
                root,
            } => {
                put_entries(put_charter(e.array(5)?.u8(1)?, *charter)?, entries)?;
                match root {
                    Some(root) => e.bytes(root.as_bytes()),
                    None => e.null(),
                }
            }
            Self::Delta {
                charter,
                keep,
                baseline,
                root,
                changed,
                new,
            } => {
                put_charter(e.array(8)?.u8(2)?, *charter)?.bool(*keep)?;
                e.bytes(baseline.as_bytes())?.bytes(root.as_bytes())?;
                put_entries(e.bytes(&pack_changes(changed))?, new)
            }
            Self::NeedFull => e.array(1)?.u8(3),
            Self::BaselineAck { root } => e.array(2)?.u8(4)?.bytes(root.as_bytes()),
            Self::Want { log, from } => e.array(3)?.u8(5)?.bytes(&log.to_bytes())?.u64(*from),
            Self::Credit { bytes } => e.array(2)?.u8(6)?.u64(*bytes),
            Self::Ack { log, size } => e.array(3)?.u8(7)?.bytes(&log.to_bytes())?.u64(*size),
        }
    }

    /// Reads a message.
    ///
    /// # Errors
    ///
    /// Refuses whatever is not exactly what [`Message::encode`] returns, at any
    /// number of bytes up to [`MESSAGE_BYTES_MAX`].
    pub fn decode(bytes: &[u8]) -> Result<Self, MessageError> {
        if bytes.len() > MESSAGE_BYTES_MAX {
            return Err(MessageError::TooLong(bytes.len()));
        }
        let mut decoder = Decoder::new(bytes);
        let d = &mut decoder;
        let length = d.array()?;
        let kind = d.u64()?;
        let message = match (kind, length) {
            (0, Some(3)) => Self::InSync {
                charter: take_charter(d)?,
                root: take_digest(d)?,
            },
            (1, Some(5)) => take_full(d)?,
            (2, Some(8)) => take_delta(d)?,
            (3, Some(1)) => Self::NeedFull,
            (4, Some(2)) => Self::BaselineAck {
                root: take_digest(d)?,
            },
            (5, Some(3)) => Self::Want {
                log: take_log(d)?,
                from: d.u64()?,
            },
            (6, Some(2)) => Self::Credit {
                bytes: take_positive(d)?,
            },
            (7, Some(3)) => Self::Ack {
                log: take_log(d)?,
                size: take_positive(d)?,
            },
            (0..=7, _) => return Err(MessageError::Malformed("a wrong number of items")),
            _ => return Err(MessageError::UnknownKind(kind)),
        };
        // Integers that are not shortest, scopes that no log uses, groups that
        // are split and bytes left over all differ from what we would write.
        if message.encode() == bytes {
            Ok(message)
        } else {
            Err(MessageError::NotTheEncoding)
        }
    }
}

/// Writes a table of scopes.
pub(crate) fn encode_scopes<'a>(e: &'a mut Encoder<Vec<u8>>, table: &[&ScopeName]) -> Written<'a> {
    e.array(u64::try_from(table.len()).expect("a count in memory fits 64 bits"))?;
    for scope in table {
        e.str(scope.as_str())?;
    }
    Ok(e)
}

/// Reads a table of scopes.
pub(crate) fn decode_scopes(d: &mut Decoder<'_>) -> Result<Vec<ScopeName>, MessageError> {
    let length = d.array()?.ok_or(MessageError::NotTheEncoding)?;
    let mut table = Vec::new();
    for _ in 0..length {
        let name = ScopeName::new(d.str()?);
        table.push(name.map_err(|_| MessageError::Malformed("a bad scope name"))?);
    }
    Ok(table)
}

fn put_charter(e: &mut Encoder<Vec<u8>>, charter: CharterRef) -> Written<'_> {
    e.array(2)?.u32(charter.version)?.bytes(&charter.hash)
}

fn put_entries<'a>(e: &'a mut Encoder<Vec<u8>>, entries: &[Head]) -> Written<'a> {
    let packed = pack_logs(
        entries,
        |entry| &entry.log,
        |entry, out| {
            put_varint(out, entry.size);
            out.extend_from_slice(entry.root.as_bytes());
        },
    );
    encode_scopes(e, &scope_table(entries.iter().map(|entry| &entry.log)))?.bytes(&packed)
}

fn take_full(d: &mut Decoder<'_>) -> Result<Message, MessageError> {
    let charter = take_charter(d)?;
    let entries = take_entries(d)?;
    let root = match d.datatype()? {
        minicbor::data::Type::Null => d.null().map(|()| None)?,
        _ => Some(take_digest(d)?),
    };
    Ok(Message::Full {
        charter,
        entries,
        root,
    })
}

fn take_delta(d: &mut Decoder<'_>) -> Result<Message, MessageError> {
    Ok(Message::Delta {
        charter: take_charter(d)?,
        keep: d.bool()?,
        baseline: take_digest(d)?,
        root: take_digest(d)?,
        changed: unpack_changes(d.bytes()?)?,
        new: take_entries(d)?,
    })
}

fn take_charter(d: &mut Decoder<'_>) -> Result<CharterRef, MessageError> {
    let two = d.array()? == Some(2);
    let version = d.u32()?;
    match d.bytes()?.try_into() {
        Ok(hash) if two => Ok(CharterRef { version, hash }),
        _ => Err(MessageError::Malformed("a bad name of a charter version")),
    }
}

fn take_entries(d: &mut Decoder<'_>) -> Result<Vec<Head>, MessageError> {
    let table = decode_scopes(d)?;
    let tail = |log, reader: &mut Reader<'_>| match reader.varint()? {
        0 => Err(MessageError::Malformed("an empty log")),
        size => Ok(Head {
            log,
            size,
            root: reader.digest()?,
        }),
    };
    unpack_logs(d.bytes()?, &table, tail, |entry| &entry.log)
}

fn take_digest(d: &mut Decoder<'_>) -> Result<Digest, MessageError> {
    Digest::from_slice(d.bytes()?).ok_or(MessageError::Malformed("a root that is not 32 bytes"))
}

fn take_log(d: &mut Decoder<'_>) -> Result<LogId, MessageError> {
    LogId::from_bytes(d.bytes()?).ok_or(MessageError::Malformed("a bad name of a log"))
}

fn take_positive(d: &mut Decoder<'_>) -> Result<u64, MessageError> {
    match d.u64()? {
        0 => Err(MessageError::Malformed("a zero")),
        number => Ok(number),
    }
}
