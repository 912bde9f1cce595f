//! Proof of one record: header, place, inclusion, and the author's checkpoint.
//!
//! It has two forms: the C2SP `tlog-proof` text, for files, and CBOR, inside a
//! [`Disclosure`](crate::Disclosure).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use minicbor::Decoder;

use crate::cbor::{self, Out, Read, Written};
use crate::checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
use crate::digest::{Digest, FederationId, RecordId};
use crate::header::AnyHeader;
use crate::key::{PublicKey, Signature};
use crate::log_id::LogId;
use crate::note;
use crate::record::{Place, Record, RecordError, Salt, Sealed};
use crate::tree;

/// The first line of a proof file (C2SP tlog-proof).
const MAGIC: &str = "c2sp.org/tlog-proof@v1";
/// The largest proof file that is read, in bytes.
pub const PROOF_TEXT_BYTES_MAX: usize = 4 << 20;

/// A proof as it was received: nothing checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnverifiedProof {
    /// The federation whose log it claims to speak of.
    pub federation: FederationId,
    /// The log it claims to speak of.
    pub log: LogId,
    /// The record's index.
    pub index: u64,
    /// The header's bytes.
    pub header: Vec<u8>,
    /// Salt and payload, where they are shown.
    pub content: Option<Sealed>,
    /// The inclusion path.
    pub inclusion: Vec<Digest>,
    /// The checkpoint's size.
    pub size: u64,
    /// The checkpoint's root.
    pub root: Digest,
    /// The author's signature over the checkpoint.
    pub signature: Signature,
}

/// Says why a proof is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Not in the form of a proof.
    #[error("this is no proof: {0}")]
    Malformed(String),
    /// The record itself is malformed.
    #[error("the record is malformed")]
    Record(#[from] RecordError),
    /// The record shows content, and this build cannot tell whether it is what
    /// the header commits to. A later build may.
    #[error("the content of a record of header format {format} cannot be checked here")]
    UnknownFormat {
        /// The header's format version.
        format: u64,
    },
    /// The path does not lead from the record to the checkpoint's root.
    #[error("the record is not in the tree that the checkpoint names")]
    Inclusion,
    /// The checkpoint is not the author's.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

fn malformed(what: impl Into<String>) -> ProofError {
    ProofError::Malformed(what.into())
}

impl UnverifiedProof {
    /// Checks that the record is well formed, that it stands where the proof
    /// says, and that the log's author signed for it.
    ///
    /// # Errors
    ///
    /// Names the first thing that does not hold.
    pub fn verify(self, author: &PublicKey) -> Result<RecordProof, ProofError> {
        let record = check_shown(self.header, self.content)?;
        let id = record.id_at(&self.log.digest(), self.index);
        tree::check_inclusion(&self.inclusion, self.size, &self.root, self.index, &id.0)
            .map_err(|_| ProofError::Inclusion)?;
        let checkpoint = Checkpoint {
            federation: self.federation,
            log: self.log.clone(),
            size: self.size,
            root: self.root,
        };
        Ok(RecordProof {
            id,
            record,
            place: Place {
                log: self.log,
                index: self.index,
            },
            inclusion: self.inclusion,
            checkpoint: SignedCheckpoint::verify(checkpoint, self.signature, author)?,
        })
    }

    /// Reads a proof file. Signature lines other than the author's are
    /// tolerated and not judged, as signed notes demand.
    ///
    /// # Errors
    ///
    /// Says which part is not in its form.
    pub fn from_text(text: &str) -> Result<Self, ProofError> {
        if text.len() > PROOF_TEXT_BYTES_MAX {
            return Err(malformed("the file is larger than 4 MiB"));
        }
        let (head, checkpoint) = text
            .split_once("\n\n")
            .ok_or_else(|| malformed("the blank line before the checkpoint is missing"))?;
        let mut lines = head.split('\n');
        if lines.next() != Some(MAGIC) {
            return Err(malformed(format!("the first line is not {MAGIC}")));
        }
        let extra = lines
            .next()
            .and_then(|line| line.strip_prefix("extra "))
            .and_then(|encoded| BASE64.decode(encoded).ok())
            .ok_or_else(|| malformed("the line \"extra\" with the record is missing"))?;
        let (header, content) = cbor::decode_exact(&extra, read_shown, |(header, content), e| {
            put_shown(e, header, content.as_ref())
        })
        .map_err(ProofError::Malformed)?;
        let index = lines
            .next()
            .and_then(|line| line.strip_prefix("index "))
            .and_then(|digits| Some((digits, digits.parse::<u64>().ok()?)))
            .filter(|(digits, index)| index.to_string() == *digits)
            .map(|(_, index)| index)
            .ok_or_else(|| malformed("the line \"index\" is missing"))?;
        let inclusion = lines
            .map(|line| Digest::from_slice(&BASE64.decode(line).ok()?))
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| malformed("a hash of the inclusion path is malformed"))?;
        let (text, signatures) =
            note::read(checkpoint).ok_or_else(|| malformed("the checkpoint is no signed note"))?;
        let checkpoint = Checkpoint::from_text(text)
            .ok_or_else(|| malformed("the checkpoint's text is not that of a log here"))?;
        let origin = checkpoint.log.origin(&checkpoint.federation);
        let signature = signatures
            .iter()
            .find_map(|line| line.as_ed25519(&origin, checkpoint.log.author))
            .ok_or_else(|| malformed("the checkpoint lacks its author's signature line"))?;
        Ok(Self {
            federation: checkpoint.federation,
            log: checkpoint.log,
            index,
            header,
            content,
            inclusion,
            size: checkpoint.size,
            root: checkpoint.root,
            signature,
        })
    }

    pub(crate) fn put(&self, e: &mut Out<'_>) -> Written {
        e.array(9)?;
        cbor::put_log_id(e, &self.log)?;
        e.u64(self.index)?;
        put_shown(e, &self.header, self.content.as_ref())?;
        cbor::put_digests(e, &self.inclusion)?;
        e.u64(self.size)?
            .bytes(self.root.as_bytes())?
            .bytes(&self.signature.0)?;
        Ok(())
    }

    pub(crate) fn read(d: &mut Decoder<'_>, federation: FederationId) -> Read<Self> {
        cbor::array(d, 9)?;
        let log = cbor::log_id(d)?;
        let index = d.u64()?;
        let (header, content) = read_shown(d)?;
        Ok(Self {
            federation,
            log,
            index,
            header,
            content,
            inclusion: cbor::digests(d, tree::PROOF_HASHES_MAX)?,
            size: d.u64()?,
            root: cbor::digest(d)?,
            signature: cbor::signature(d)?,
        })
    }
}

/// Checks a record whose content is shown as proven: nothing unchecked passes.
pub(crate) fn check_shown(header: Vec<u8>, content: Option<Sealed>) -> Result<Record, ProofError> {
    let record = Record::check(header, content)?;
    match record.header() {
        AnyHeader::Unknown { format } if record.has_unchecked_content() => {
            Err(ProofError::UnknownFormat { format: *format })
        }
        _ => Ok(record),
    }
}

type Shown = (Vec<u8>, Option<Sealed>);

/// Writes a record as proofs show it: `[header]` or `[header, salt, payload]`.
pub(crate) fn put_shown(e: &mut Out<'_>, header: &[u8], content: Option<&Sealed>) -> Written {
    match content {
        None => e.array(1)?.bytes(header)?,
        Some(sealed) => e
            .array(3)?
            .bytes(header)?
            .bytes(&sealed.salt.0)?
            .bytes(&sealed.payload)?,
    };
    Ok(())
}

pub(crate) fn read_shown(d: &mut Decoder<'_>) -> Read<Shown> {
    let len = cbor::array_up_to(d, 3)?;
    let header = d.bytes()?.to_vec();
    match len {
        1 => Ok((header, None)),
        3 => {
            let sealed = Sealed {
                salt: Salt(cbor::fixed(d)?),
                payload: d.bytes()?.to_vec(),
            };
            Ok((header, Some(sealed)))
        }
        _ => Err(cbor::fault("a shown record has one element or three")),
    }
}

/// A record that its author signed for, provable to anyone who trusts the
/// author's key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordProof {
    id: RecordId,
    record: Record,
    place: Place,
    inclusion: Vec<Digest>,
    checkpoint: SignedCheckpoint,
}

impl RecordProof {
    /// Returns the record's id.
    pub fn id(&self) -> RecordId {
        self.id
    }

    /// Returns the record.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Returns where it stands.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Returns the checkpoint that covers it.
    pub fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }

    /// Returns the proof in the form in which it travels.
    pub fn to_unverified(&self) -> UnverifiedProof {
        let checkpoint = self.checkpoint.checkpoint();
        UnverifiedProof {
            federation: checkpoint.federation,
            log: self.place.log.clone(),
            index: self.place.index,
            header: self.record.header_bytes().to_vec(),
            content: self.record.content().cloned(),
            inclusion: self.inclusion.clone(),
            size: checkpoint.size,
            root: checkpoint.root,
            signature: self.checkpoint.signature(),
        }
    }

    /// Returns the proof file's text (C2SP tlog-proof). The record, which the
    /// leaf hash is made of, stands in the `extra` line.
    pub fn to_text(&self) -> String {
        let checkpoint = self.checkpoint.checkpoint();
        let (header, content) = (self.record.header_bytes(), self.record.content());
        let extra = BASE64.encode(cbor::encode(|e| put_shown(e, header, content)));
        let path: String = self
            .inclusion
            .iter()
            .map(|hash| BASE64.encode(hash.as_bytes()) + "\n")
            .collect();
        let origin = checkpoint.log.origin(&checkpoint.federation);
        let line = note::Line::ed25519(&origin, checkpoint.log.author, self.checkpoint.signature());
        let note = note::write(&checkpoint.text(), &[line]);
        let index = self.place.index;
        format!("{MAGIC}\nextra {extra}\nindex {index}\n{path}\n{note}")
    }
}
