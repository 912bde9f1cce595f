//! Record headers: format version 1, its registry of kinds and flags.
//!
//! A header is one deterministic CBOR array (RFC 8949 §4.2.1):
//!
//! ```text
//! [1, kind, flags, time, charter version, charter hash (8 bytes),
//!  payload length, commitment (32 bytes), subject (bytes)]
//! ```

use minicbor::Decoder;

use crate::cbor::{self, Out, Written};
use crate::digest::Digest;
use crate::stamp::Stamp;

/// The largest header in bytes, of any format version.
pub const HEADER_BYTES_MAX: usize = 64 * 1024;

/// The header format that this build writes.
pub const FORMAT: u64 = 1;

/// What a record is. The registry stands in `docs/protocol.md`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Kind(pub u16);

impl Kind {
    /// Begins a log and names its parents ([`crate::Opening`]).
    pub const OPENING: Self = Self(0);
    /// An EPCIS event in canonical form.
    pub const EVENT: Self = Self(1);
    /// A record of another log, shown to a partner ([`crate::Disclosure`]).
    pub const DISCLOSURE: Self = Self(6);

    /// Tells whether this build knows what the kind means. A record of a kind
    /// it does not know is kept, and is pending.
    pub fn is_known(self) -> bool {
        matches!(self, Self::OPENING | Self::EVENT | Self::DISCLOSURE)
    }
}

/// Sixteen flags. The low eight must be understood by whoever judges the
/// record (else it is pending); the high eight may be passed over.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Flags(pub u16);

impl Flags {
    /// No flag.
    pub const NONE: Self = Self(0);

    /// Tells whether this build understands every flag that must be understood.
    /// Format version 1 defines none yet.
    pub fn is_understood(self) -> bool {
        self.0 & 0x00ff == 0
    }
}

/// Names a charter version: its number and the first 8 bytes of its hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CharterRef {
    /// The version's number, from 1.
    pub version: u32,
    /// The first 8 bytes of the SHA-256 of its signed bytes.
    pub hash: [u8; 8],
}

/// A header of format version 1.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    /// What the record is.
    pub kind: Kind,
    /// Its flags.
    pub flags: Flags,
    /// When its author wrote it.
    pub time: Stamp,
    /// The charter version that its author held.
    pub charter: CharterRef,
    /// The payload's length in bytes.
    pub payload_len: u32,
    /// SHA-256(salt ‖ payload).
    pub commitment: Digest,
    /// What the kind adds; empty where it adds nothing.
    pub subject: Vec<u8>,
}

/// A header as it was received: of the format that this build reads, or of a
/// later one, which is kept and hashed as bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AnyHeader {
    /// Format version 1.
    V1(Header),
    /// A later format version.
    Unknown {
        /// The version that the header claims.
        format: u64,
    },
}

/// Says why bytes are no header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Longer than [`HEADER_BYTES_MAX`].
    #[error("the header has {0} bytes; the limit is {HEADER_BYTES_MAX}")]
    TooLong(usize),
    /// Not an array that begins with a format version from 1.
    #[error("the header is no array that begins with a format version from 1")]
    NoFormat,
    /// Not what format version 1 demands.
    #[error("the header does not follow format version 1: {0}")]
    Malformed(String),
    /// A second encoding of a header that has one.
    #[error("the header is not in its one deterministic encoding")]
    NotCanonical,
}

impl Header {
    /// Returns the header's one encoding.
    pub fn encode(&self) -> Vec<u8> {
        self.encode_with(self.commitment.as_bytes())
    }

    /// Returns the encoding with an empty commitment: what travels where the
    /// payload travels too, since whoever holds salt and payload recomputes it.
    pub fn encode_elided(&self) -> Vec<u8> {
        self.encode_with(&[])
    }

    fn encode_with(&self, commitment: &[u8]) -> Vec<u8> {
        cbor::encode_sized(80 + self.subject.len(), |e| self.put(commitment, e))
    }

    fn put(&self, commitment: &[u8], e: &mut Out<'_>) -> Written {
        e.array(9)?
            .u64(FORMAT)?
            .u16(self.kind.0)?
            .u16(self.flags.0)?
            .u64(self.time.0)?
            .u32(self.charter.version)?
            .bytes(&self.charter.hash)?
            .u32(self.payload_len)?
            .bytes(commitment)?
            .bytes(&self.subject)?;
        Ok(())
    }

    /// Reads an elided header, filling in the commitment that `commitment`
    /// computes from the payload at hand.
    ///
    /// # Errors
    ///
    /// As [`AnyHeader::decode`]; an elided header is always of a known format.
    pub fn decode_elided(bytes: &[u8], commitment: Digest) -> Result<Self, HeaderError> {
        let (mut header, found) = decode_v1(bytes)?;
        if !found.is_empty() {
            return Err(HeaderError::Malformed(
                "an elided header carries no commitment".into(),
            ));
        }
        header.commitment = commitment;
        if cbor::is_encoding(bytes, |e| header.put(&[], e)) {
            Ok(header)
        } else {
            Err(HeaderError::NotCanonical)
        }
    }
}

impl AnyHeader {
    /// Reads a header. A later format version is accepted unread.
    ///
    /// # Errors
    ///
    /// Refuses what is too long, has no format version, or is not the one
    /// encoding of a header of version 1.
    pub fn decode(bytes: &[u8]) -> Result<Self, HeaderError> {
        if bytes.len() > HEADER_BYTES_MAX {
            return Err(HeaderError::TooLong(bytes.len()));
        }
        let mut d = Decoder::new(bytes);
        let format = match (d.array(), d.u64()) {
            (Ok(Some(_)), Ok(format)) if format > 0 => format,
            _ => return Err(HeaderError::NoFormat),
        };
        if format != FORMAT {
            return Ok(Self::Unknown { format });
        }
        let (mut header, commitment) = decode_v1(bytes)?;
        header.commitment = Digest::from_slice(commitment)
            .ok_or_else(|| HeaderError::Malformed("the commitment has not 32 bytes".into()))?;
        if cbor::is_encoding(bytes, |e| header.put(commitment, e)) {
            Ok(Self::V1(header))
        } else {
            Err(HeaderError::NotCanonical)
        }
    }
}

/// Reads the fields of version 1; the commitment's bytes come apart, since an
/// elided header has none. Whether the encoding is the one allowed is for the
/// caller to see by encoding again.
fn decode_v1(bytes: &[u8]) -> Result<(Header, &[u8]), HeaderError> {
    if bytes.len() > HEADER_BYTES_MAX {
        return Err(HeaderError::TooLong(bytes.len()));
    }
    let mut d = Decoder::new(bytes);
    let fields = (|| {
        if d.array()? != Some(9) || d.u64()? != FORMAT {
            return Err(minicbor::decode::Error::message(
                "not an array of nine beginning with 1",
            ));
        }
        let kind = Kind(d.u16()?);
        let flags = Flags(d.u16()?);
        let time = Stamp(d.u64()?);
        let version = d.u32()?;
        let hash = d
            .bytes()?
            .try_into()
            .map_err(|_| minicbor::decode::Error::message("the charter hash has not 8 bytes"))?;
        let payload_len = d.u32()?;
        let commitment = d.bytes()?;
        let header = Header {
            kind,
            flags,
            time,
            charter: CharterRef { version, hash },
            payload_len,
            commitment: Digest::from_bytes([0; 32]),
            subject: d.bytes()?.to_vec(),
        };
        Ok((header, commitment))
    })();
    let fields =
        fields.map_err(|e: minicbor::decode::Error| HeaderError::Malformed(e.to_string()))?;
    if d.position() == bytes.len() {
        Ok(fields)
    } else {
        Err(HeaderError::Malformed("bytes are left over".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn header() -> Header {
        Header {
            kind: Kind::EVENT,
            flags: Flags::NONE,
            time: Stamp::from_ms(1_790_000_000_000),
            charter: CharterRef {
                version: 1,
                hash: [5; 8],
            },
            payload_len: 612,
            commitment: Digest::of(&[b"x"]),
            subject: Vec::new(),
        }
    }

    #[test]
    fn later_formats_are_kept_unread() {
        assert_eq!(
            AnyHeader::decode(&[0x82, 0x02, 0x18, 0x00]),
            Ok(AnyHeader::Unknown { format: 2 })
        );
        assert_eq!(AnyHeader::decode(&[0x81, 0x00]), Err(HeaderError::NoFormat));
        assert_eq!(AnyHeader::decode(&[]), Err(HeaderError::NoFormat));
    }

    #[test]
    fn a_longer_integer_is_refused() {
        let mut bytes = header().encode();
        // The kind 1 as two bytes instead of one.
        bytes.splice(2..3, [0x18, 0x01]);
        assert_eq!(AnyHeader::decode(&bytes), Err(HeaderError::NotCanonical));
    }

    #[test]
    fn an_elided_header_gets_its_commitment_back() {
        let header = header();
        let elided = header.encode_elided();
        assert_eq!(
            Header::decode_elided(&elided, header.commitment),
            Ok(header.clone())
        );
        assert!(AnyHeader::decode(&elided).is_err());
        assert!(Header::decode_elided(&header.encode(), header.commitment).is_err());
    }

    proptest! {
        #[test]
        fn one_encoding(kind: u16, flags: u16, time: u64, version: u32, hash: [u8; 8],
                        payload_len: u32, commitment: [u8; 32],
                        subject in proptest::collection::vec(any::<u8>(), 0..100)) {
            let header = Header {
                kind: Kind(kind), flags: Flags(flags), time: Stamp(time),
                charter: CharterRef { version, hash }, payload_len,
                commitment: Digest::from_bytes(commitment), subject,
            };
            prop_assert_eq!(AnyHeader::decode(&header.encode()), Ok(AnyHeader::V1(header)));
        }

        #[test]
        fn what_decodes_encodes_to_the_same_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            if let Ok(AnyHeader::V1(header)) = AnyHeader::decode(&bytes) {
                prop_assert_eq!(header.encode(), bytes);
            }
        }

        #[test]
        fn no_flip_goes_unseen(at in 0usize..60, bit in 0u8..8) {
            let bytes = header().encode();
            let mut flipped = bytes.clone();
            let at = at % flipped.len();
            flipped[at] ^= 1 << bit;
            if let Ok(AnyHeader::V1(read)) = AnyHeader::decode(&flipped) {
                prop_assert_ne!(read, header());
            }
        }
    }
}
