//! Batches: consecutive records of one log under one signed checkpoint.

use minicbor::Decoder;

use crate::cbor::{self, Out, Read, Written};
use crate::checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
use crate::digest::{Digest, FederationId, RecordId};
use crate::header::AnyHeader;
use crate::key::{PublicKey, Signature};
use crate::log_id::LogId;
use crate::record::{Record, RecordError, Salt, Sealed};
use crate::tree::Edge;

/// The most records that an author puts under one new checkpoint.
pub const BATCH_RECORDS_MAX: usize = 1_024;
/// The most payload bytes that an author puts under one new checkpoint, but
/// for a single record, whatever its size.
pub const BATCH_BYTES_MAX: usize = 1 << 20;
/// The most records that one transfer carries: several batches of a log may
/// travel together under the last one's checkpoint.
pub const TRANSFER_RECORDS_MAX: usize = 8_192;

/// Records of one log as they were received: decoded, nothing checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnverifiedBatch {
    log: LogId,
    start: u64,
    records: Vec<UnverifiedRecord>,
    root: Digest,
    signature: Signature,
}

/// A record on the road, decoded, nothing checked. What can be recomputed does
/// not travel.
#[derive(Clone, PartialEq, Eq, Debug)]
enum UnverifiedRecord {
    /// The whole header, without content (erased, or withheld).
    Bare(Vec<u8>),
    /// An elided header with the content that completes it.
    Elided(Vec<u8>, Sealed),
    /// The whole header of a format that cannot be elided, with its content.
    Whole(Vec<u8>, Sealed),
}

/// Says why a batch is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// The bytes are no batch.
    #[error("the batch is malformed: {0}")]
    Malformed(String),
    /// The batch begins beyond what is held: something between is missing.
    #[error("the batch begins at {start}, the log is held up to {held}")]
    Gap {
        /// Where the batch begins.
        start: u64,
        /// How many records are held.
        held: u64,
    },
    /// The batch ends within what is held.
    #[error("the batch ends at {end}, the log is held up to {held}")]
    Known {
        /// Where the batch ends.
        end: u64,
        /// How many records are held.
        held: u64,
    },
    /// One record is malformed.
    #[error("record {index}: {reason}")]
    Record {
        /// Its index in the log.
        index: u64,
        /// What is wrong with it.
        #[source]
        reason: RecordError,
    },
    /// The records do not lead from what is held to the root that was signed.
    #[error("the records do not lead to the checkpoint's root")]
    Root,
    /// The checkpoint is not its author's.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

impl UnverifiedBatch {
    /// Decodes a batch.
    ///
    /// # Errors
    ///
    /// Refuses any but the one encoding, an empty batch, one of more than
    /// [`TRANSFER_RECORDS_MAX`] records, and indices beyond 2⁶³.
    pub fn decode(bytes: &[u8]) -> Result<Self, BatchError> {
        cbor::decode_exact(bytes, read_batch, Self::put).map_err(BatchError::Malformed)
    }

    /// Returns the wire form:
    /// `[key, scope, epoch, start, [record…], root, signature]`.
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(|e| self.put(e))
    }

    fn put(&self, e: &mut Out<'_>) -> Written {
        e.array(7)?;
        cbor::put_log_id(e, &self.log)?;
        e.u64(self.start)?.array(self.records.len() as u64)?;
        for record in &self.records {
            put_record(e, record)?;
        }
        e.bytes(self.root.as_bytes())?.bytes(&self.signature.0)?;
        Ok(())
    }

    /// Puts a batch together from stored parts, for sending it on.
    ///
    /// # Panics
    ///
    /// Without records, or with a checkpoint that does not end where they do.
    pub fn from_stored(start: u64, records: Vec<Record>, checkpoint: &SignedCheckpoint) -> Self {
        let end = start + records.len() as u64;
        assert!(!records.is_empty(), "an empty batch");
        assert_eq!(checkpoint.checkpoint().size, end, "another checkpoint");
        Self {
            log: checkpoint.checkpoint().log.clone(),
            start,
            records: records.into_iter().map(travelling).collect(),
            root: checkpoint.checkpoint().root,
            signature: checkpoint.signature(),
        }
    }

    /// Returns the log it claims to belong to.
    pub fn log(&self) -> &LogId {
        &self.log
    }

    /// Returns the index of its first record.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Returns the index after its last record: the checkpoint's size.
    pub fn end(&self) -> u64 {
        self.start + self.records.len() as u64
    }

    /// Checks each record by itself: that it is well formed and its content is
    /// the one its header commits to. Needs no state, so it can run beside the
    /// one place that writes.
    ///
    /// # Errors
    ///
    /// Names the first record that fails.
    pub fn open(self) -> Result<OpenedBatch, BatchError> {
        let mut records = Vec::with_capacity(self.records.len());
        for (record, index) in self.records.into_iter().zip(self.start..) {
            match record.check() {
                Ok(record) => records.push(record),
                Err(reason) => return Err(BatchError::Record { index, reason }),
            }
        }
        Ok(OpenedBatch {
            log: self.log,
            start: self.start,
            records,
            root: self.root,
            signature: self.signature,
        })
    }

    /// Opens the batch and verifies it, in one step.
    ///
    /// # Errors
    ///
    /// As [`UnverifiedBatch::open`] and [`OpenedBatch::verify`].
    pub fn verify(
        self,
        federation: FederationId,
        author: &PublicKey,
        edge: Edge,
    ) -> Result<Batch, BatchError> {
        self.open()?.verify(federation, author, edge)
    }
}

/// A batch whose records are well formed; that they stand in the log, and that
/// its author signed for them, is not known yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenedBatch {
    log: LogId,
    start: u64,
    records: Vec<Record>,
    root: Digest,
    signature: Signature,
}

impl OpenedBatch {
    /// Returns the log it claims to belong to.
    pub fn log(&self) -> &LogId {
        &self.log
    }

    /// Returns the index of its first record.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Returns its records.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Checks that the records lead from `edge`, the state held, to the root,
    /// and that the log's author signed it. Records already held are passed
    /// over: the root speaks for them too.
    ///
    /// # Errors
    ///
    /// Names the first thing that is wrong.
    pub fn verify(
        self,
        federation: FederationId,
        author: &PublicKey,
        mut edge: Edge,
    ) -> Result<Batch, BatchError> {
        let (end, held) = (self.start + self.records.len() as u64, edge.size());
        if self.start > held {
            let start = self.start;
            return Err(BatchError::Gap { start, held });
        }
        if end <= held {
            return Err(BatchError::Known { end, held });
        }
        let known = usize::try_from(held - self.start).expect("below the batch's length");
        let log_digest = self.log.digest();
        let fresh = self.records.len() - known;
        let mut records = Vec::with_capacity(fresh);
        let mut hashes = Vec::with_capacity(2 * fresh);
        for (record, index) in self.records.into_iter().skip(known).zip(held..) {
            let id = record.id_at(&log_digest, index);
            edge.push(id.0, &mut hashes);
            records.push((id, record));
        }
        if edge.root() != self.root {
            return Err(BatchError::Root);
        }
        let checkpoint = Checkpoint {
            federation,
            log: self.log,
            size: end,
            root: self.root,
        };
        Ok(Batch {
            start: held,
            records,
            hashes,
            edge,
            checkpoint: SignedCheckpoint::verify(checkpoint, self.signature, author)?,
        })
    }
}

impl UnverifiedRecord {
    fn check(self) -> Result<Record, RecordError> {
        match self {
            Self::Bare(header) => Record::check(header, None),
            Self::Elided(header, sealed) => Record::complete(&header, sealed),
            Self::Whole(header, sealed) => Record::check(header, Some(sealed)),
        }
    }
}

fn travelling(record: Record) -> UnverifiedRecord {
    let (header, bytes, content) = record.into_parts();
    match (header, content) {
        (_, None) => UnverifiedRecord::Bare(bytes),
        (AnyHeader::V1(header), Some(sealed)) => {
            UnverifiedRecord::Elided(header.encode_elided(), sealed)
        }
        (AnyHeader::Unknown { .. }, Some(sealed)) => UnverifiedRecord::Whole(bytes, sealed),
    }
}

fn put_record(e: &mut Out<'_>, record: &UnverifiedRecord) -> Written {
    let (form, header, sealed) = match record {
        UnverifiedRecord::Bare(header) => (0, header, None),
        UnverifiedRecord::Elided(header, sealed) => (1, header, Some(sealed)),
        UnverifiedRecord::Whole(header, sealed) => (2, header, Some(sealed)),
    };
    match sealed {
        None => e.array(2)?.u8(form)?.bytes(header)?,
        Some(sealed) => e
            .array(4)?
            .u8(form)?
            .bytes(header)?
            .bytes(&sealed.salt.0)?
            .bytes(&sealed.payload)?,
    };
    Ok(())
}

fn read_record(d: &mut Decoder<'_>) -> Read<UnverifiedRecord> {
    let len = cbor::array_up_to(d, 4)?;
    let form = d.u8()?;
    let header = d.bytes()?.to_vec();
    if (form, len) == (0, 2) {
        return Ok(UnverifiedRecord::Bare(header));
    }
    if len != 4 {
        return Err(cbor::fault("a record has two elements or four"));
    }
    let sealed = Sealed {
        salt: Salt(cbor::fixed(d)?),
        payload: d.bytes()?.to_vec(),
    };
    match form {
        1 => Ok(UnverifiedRecord::Elided(header, sealed)),
        // A header that could have been elided must be: one encoding.
        2 if !matches!(AnyHeader::decode(&header), Ok(AnyHeader::V1(_))) => {
            Ok(UnverifiedRecord::Whole(header, sealed))
        }
        _ => Err(cbor::fault("a record is in no known form")),
    }
}

fn read_batch(d: &mut Decoder<'_>) -> Read<UnverifiedBatch> {
    cbor::array(d, 7)?;
    let log = cbor::log_id(d)?;
    let start = d.u64()?;
    let count = cbor::array_up_to(d, TRANSFER_RECORDS_MAX)?;
    if count == 0 || start > i64::MAX.unsigned_abs() {
        return Err(cbor::fault("no records, or an index beyond 2^63"));
    }
    let records = (0..count).map(|_| read_record(d)).collect::<Read<_>>()?;
    Ok(UnverifiedBatch {
        log,
        start,
        records,
        root: cbor::digest(d)?,
        signature: cbor::signature(d)?,
    })
}

/// Records of one log, checked: well formed, in their place, and signed for by
/// the log's author.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Batch {
    start: u64,
    records: Vec<(RecordId, Record)>,
    hashes: Vec<Digest>,
    edge: Edge,
    checkpoint: SignedCheckpoint,
}

impl Batch {
    /// Appends an author's records to `edge` and signs for them.
    pub(crate) fn author(
        federation: FederationId,
        log: &LogId,
        mut edge: Edge,
        records: Vec<Record>,
        sign: impl FnOnce(Checkpoint) -> SignedCheckpoint,
    ) -> Self {
        let start = edge.size();
        let log_digest = log.digest();
        let mut hashes = Vec::with_capacity(2 * records.len());
        let mut placed = Vec::with_capacity(records.len());
        for (record, index) in records.into_iter().zip(start..) {
            let id = record.id_at(&log_digest, index);
            edge.push(id.0, &mut hashes);
            placed.push((id, record));
        }
        let checkpoint = sign(Checkpoint {
            federation,
            log: log.clone(),
            size: edge.size(),
            root: edge.root(),
        });
        Self {
            start,
            records: placed,
            hashes,
            edge,
            checkpoint,
        }
    }

    /// Returns the log.
    pub fn log(&self) -> &LogId {
        &self.checkpoint.checkpoint().log
    }

    /// Returns the index of the first record.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Returns the records with their ids, in order.
    pub fn records(&self) -> &[(RecordId, Record)] {
        &self.records
    }

    /// Returns the tree hashes to be stored, from
    /// [`stored_count`](crate::tree::stored_count)`(start)` on.
    pub fn hashes(&self) -> &[Digest] {
        &self.hashes
    }

    /// Returns the tree's edge after the batch.
    pub fn edge(&self) -> &Edge {
        &self.edge
    }

    /// Returns the checkpoint that covers the batch.
    pub fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }
}
