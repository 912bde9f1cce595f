//! Pieces of a capture job: its canonical payloads, cut so that each is what
//! one synced write records.
//!
//! ```text
//! piece = statement…
//! statement = kind (u16) ‖ claim (16) ‖ claimed (16) ‖ length (u32) ‖ payload
//! ```

use record::Kind;

use crate::claims::{Claim, Claimed};

/// The most records of one piece.
pub(crate) const PIECE_RECORDS_MAX: usize = 4_096;
/// The most payload bytes of one piece, unless a single payload has more.
pub(crate) const PIECE_BYTES_MAX: usize = 4 << 20;

/// One statement that a job will record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kept<'p> {
    pub(crate) kind: Kind,
    pub(crate) claim: Claim,
    pub(crate) claimed: Claimed,
    pub(crate) payload: &'p [u8],
}

/// Tells how many of a list of payloads, given by their lengths, make the
/// first piece: at least one.
pub(crate) fn piece_len(payloads: impl IntoIterator<Item = usize>) -> usize {
    let (mut bytes, mut count) = (0, 0);
    for payload in payloads.into_iter().take(PIECE_RECORDS_MAX) {
        bytes += payload;
        if count > 0 && bytes > PIECE_BYTES_MAX {
            break;
        }
        count += 1;
    }
    count
}

/// Writes statements as one piece.
pub(crate) fn encode<'p>(statements: impl Iterator<Item = Kept<'p>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for statement in statements {
        bytes.extend(statement.kind.0.to_be_bytes());
        bytes.extend(statement.claim.to_bytes());
        bytes.extend(statement.claimed.to_bytes());
        let length = u32::try_from(statement.payload.len());
        bytes.extend(length.expect("at most 2^20 bytes").to_be_bytes());
        bytes.extend(statement.payload);
    }
    bytes
}

/// Reads a piece; `None` where it is none.
pub(crate) fn decode(bytes: &[u8]) -> Option<Vec<Kept<'_>>> {
    let mut rest = bytes;
    let mut statements = Vec::new();
    while !rest.is_empty() {
        let (kind, after) = rest.split_first_chunk::<2>()?;
        let (claim, after) = after.split_first_chunk::<16>()?;
        let (claimed, after) = after.split_first_chunk::<16>()?;
        let (length, after) = after.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (payload, after) = after.split_at_checked(length)?;
        rest = after;
        statements.push(Kept {
            kind: Kind(u16::from_be_bytes(*kind)),
            claim: Claim::from_bytes(*claim),
            claimed: Claimed::from_bytes(*claimed),
            payload,
        });
    }
    Some(statements)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_read_back() {
        let kept = |payload| Kept {
            kind: Kind::EVENT,
            claim: Claim::from_bytes([1; 16]),
            claimed: Claimed::from_bytes([2; 16]),
            payload,
        };
        let bytes = encode([kept(b"one"), kept(b"")].into_iter());
        assert_eq!(decode(&bytes), Some(vec![kept(b"one"), kept(b"")]));
        assert_eq!(decode(&[]), Some(Vec::new()));
        assert_eq!(decode(&bytes[..bytes.len() - 1]), None);
    }

    #[test]
    fn pieces_keep_to_their_limits() {
        assert_eq!(piece_len([PIECE_BYTES_MAX + 1, 1]), 1);
        assert_eq!(piece_len([PIECE_BYTES_MAX, 1]), 1);
        assert_eq!(piece_len(vec![1; 10_000]), PIECE_RECORDS_MAX);
        assert_eq!(piece_len([1, 2, 3]), 3);
    }
}
