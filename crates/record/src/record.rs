//! A record: header, salt and payload, before and after they were checked.

use crate::digest::{Digest, RecordId};
use crate::header::{AnyHeader, Header, HeaderError};
use crate::log_id::LogId;

/// The largest payload in bytes, unless the charter says less.
pub const PAYLOAD_BYTES_MAX: usize = 1 << 20;

/// Sixteen random bytes that keep a commitment from betraying its payload.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Salt(pub [u8; 16]);

/// A payload with the salt of its commitment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sealed {
    /// The commitment's salt.
    pub salt: Salt,
    /// What the record says; opaque to this crate.
    pub payload: Vec<u8>,
}

impl Sealed {
    /// Returns SHA-256(salt ‖ payload).
    pub fn commitment(&self) -> Digest {
        Digest::of(&[&self.salt.0, &self.payload])
    }
}

/// A record whose header is well formed and whose payload, where there is one,
/// is the one its header commits to. (Where this build does not know the
/// header's format, it cannot tell: [`Record::has_unchecked_content`].)
///
/// Where it stands, and that its author signed it, is for a
/// [`Batch`](crate::Batch) or a [`RecordProof`](crate::RecordProof) to say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    header: AnyHeader,
    header_bytes: Vec<u8>,
    content: Option<Sealed>,
}

/// Says why a record is refused by itself, wherever it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The header is malformed.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The payload is not the one the header commits to.
    #[error("the payload does not match the header's commitment")]
    Commitment,
    /// The payload's length is not the header's.
    #[error("the payload has {found} bytes, the header says {expected}")]
    Length {
        /// What the header says.
        expected: u32,
        /// What came.
        found: usize,
    },
    /// The payload is larger than [`PAYLOAD_BYTES_MAX`].
    #[error("the payload has {0} bytes; the limit is {PAYLOAD_BYTES_MAX}")]
    PayloadTooLong(usize),
    /// An elided header came without the payload it is completed from.
    #[error("an elided header came without its payload")]
    ElidedWithoutPayload,
}

impl Record {
    /// Checks a header's bytes with the content that came with them.
    ///
    /// Under a header of an unknown format the content is kept unchecked:
    /// [`Record::has_unchecked_content`].
    ///
    /// # Errors
    ///
    /// Names what is malformed or does not agree.
    pub fn check(header_bytes: Vec<u8>, content: Option<Sealed>) -> Result<Self, RecordError> {
        let header = AnyHeader::decode(&header_bytes)?;
        match (&header, &content) {
            (AnyHeader::V1(header), Some(sealed)) => {
                check_payload(header, sealed)?;
                if sealed.commitment() != header.commitment {
                    return Err(RecordError::Commitment);
                }
            }
            (AnyHeader::Unknown { .. }, Some(sealed)) => check_size(sealed)?,
            (_, None) => {}
        }
        Ok(Self {
            header,
            header_bytes,
            content,
        })
    }

    /// Completes an elided header from the content that came with it. That the
    /// result is the author's shows in the root of the batch.
    ///
    /// # Errors
    ///
    /// Names what is malformed.
    pub fn complete(elided: &[u8], sealed: Sealed) -> Result<Self, RecordError> {
        let header = Header::decode_elided(elided, sealed.commitment())?;
        check_payload(&header, &sealed)?;
        Ok(Self {
            header_bytes: header.encode(),
            header: AnyHeader::V1(header),
            content: Some(sealed),
        })
    }

    /// Makes an author's own record.
    pub(crate) fn author(header: Header, sealed: Sealed) -> Self {
        Self {
            header_bytes: header.encode(),
            header: AnyHeader::V1(header),
            content: Some(sealed),
        }
    }

    /// Returns the header, or the format version that this build cannot read.
    pub fn header(&self) -> &AnyHeader {
        &self.header
    }

    /// Returns the header's bytes as they are hashed.
    pub fn header_bytes(&self) -> &[u8] {
        &self.header_bytes
    }

    /// Tells whether there is content that nothing vouches for: only a build
    /// that reads the header's format can hold it against the commitment.
    pub fn has_unchecked_content(&self) -> bool {
        self.content.is_some() && matches!(self.header, AnyHeader::Unknown { .. })
    }

    /// Returns salt and payload, where they are here.
    pub fn content(&self) -> Option<&Sealed> {
        self.content.as_ref()
    }

    /// Takes the record apart: header, its bytes, and the content if it is here.
    pub fn into_parts(self) -> (AnyHeader, Vec<u8>, Option<Sealed>) {
        (self.header, self.header_bytes, self.content)
    }

    /// Returns the record's leaf hash at `index` of the log whose digest is
    /// `log`: SHA-256(0x00 ‖ log digest ‖ index ‖ header) (RFC 6962 §2.1).
    pub fn id_at(&self, log: &Digest, index: u64) -> RecordId {
        leaf_hash(log, index, &self.header_bytes)
    }
}

fn check_size(sealed: &Sealed) -> Result<(), RecordError> {
    match sealed.payload.len() {
        found if found > PAYLOAD_BYTES_MAX => Err(RecordError::PayloadTooLong(found)),
        _ => Ok(()),
    }
}

fn check_payload(header: &Header, sealed: &Sealed) -> Result<(), RecordError> {
    check_size(sealed)?;
    let found = sealed.payload.len();
    let expected = header.payload_len;
    if u32::try_from(found) != Ok(expected) {
        return Err(RecordError::Length { expected, found });
    }
    Ok(())
}

/// Returns the leaf hash of a header at its place, which is the record's id.
pub fn leaf_hash(log: &Digest, index: u64, header_bytes: &[u8]) -> RecordId {
    let mut place = [0; 41];
    place[1..33].copy_from_slice(log.as_bytes());
    place[33..].copy_from_slice(&index.to_be_bytes());
    RecordId(Digest::of(&[&place, header_bytes]))
}

/// Names a record by its place.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place {
    /// The log it stands in.
    pub log: LogId,
    /// Its index there, from 0.
    pub index: u64,
}
