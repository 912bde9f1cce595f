//! Keys. All integers are big-endian, so that byte order is their order.

use record::{ContentId, Digest, LogId, RawKey, RecordId};

use crate::job::JobId;

/// A log's local number: four bytes in place of its name in every key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LogNumber(pub u32);

/// Which of the two frontiers shared with a peer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Baseline {
    /// The last frontier of ours that the peer has stored.
    Sent,
    /// The last frontier of the peer's that we have stored.
    Received,
}

/// What an index entry is found by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Term<'a> {
    /// A record's id.
    Record(&'a RecordId),
    /// A payload's content id.
    Content(&'a ContentId),
    /// An identifier that an event names, in canonical key text.
    Object(&'a str),
    /// An event's `eventID`.
    EventId(&'a str),
    /// A business step's URI.
    BizStep(&'a str),
    /// A disposition's URI.
    Disposition(&'a str),
    /// A business location's canonical key.
    BizLocation(&'a str),
    /// A read point's canonical key.
    ReadPoint(&'a str),
    /// The event's time, in milliseconds since 1970.
    EventTime(i64),
    /// One of the terms of `epcis::query::index_terms`.
    Field(&'a str),
}

/// A kind of terms that can be stepped through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Facet {
    /// Identifiers that events name.
    Object,
    /// Business steps.
    BizStep,
    /// Dispositions.
    Disposition,
    /// Business locations.
    BizLocation,
    /// Read points.
    ReadPoint,
}

impl Facet {
    /// Returns the term of this kind for a text.
    pub fn term(self, text: &str) -> Term<'_> {
        match self {
            Self::Object => Term::Object(text),
            Self::BizStep => Term::BizStep(text),
            Self::Disposition => Term::Disposition(text),
            Self::BizLocation => Term::BizLocation(text),
            Self::ReadPoint => Term::ReadPoint(text),
        }
    }

    pub(crate) fn tag(self) -> u8 {
        self.term("").prefix()[0]
    }
}

/// The bytes of an index key: tag, eight bytes and arrival.
pub(crate) const INDEX_KEY_LEN: usize = 17;

impl Term<'_> {
    /// Returns tag and eight bytes: the hash of the text, the beginning of an
    /// id, or the time, with its sign turned so that order is kept.
    pub(crate) fn prefix(&self) -> [u8; 9] {
        let (tag, eight) = match self {
            Self::Record(id) => (b'n', id.0.prefix8()),
            Self::Content(id) => (b'c', id.0.prefix8()),
            Self::Object(key) => (b'o', hash8(key)),
            Self::EventId(id) => (b'i', hash8(id)),
            Self::BizStep(uri) => (b'b', hash8(uri)),
            Self::Disposition(uri) => (b'd', hash8(uri)),
            Self::BizLocation(key) => (b'l', hash8(key)),
            Self::ReadPoint(key) => (b'r', hash8(key)),
            Self::Field(term) => (b'f', hash8(term)),
            Self::EventTime(ms) => (b't', (ms.cast_unsigned() ^ (1 << 63)).to_be_bytes()),
        };
        let mut prefix = [tag; 9];
        prefix[1..].copy_from_slice(&eight);
        prefix
    }

    /// Returns the eight bytes under which the term is filed among its kind.
    pub fn filing(&self) -> [u8; 8] {
        let [_, filing @ ..] = self.prefix();
        filing
    }

    pub(crate) fn key(&self, arrival: u64) -> [u8; INDEX_KEY_LEN] {
        let [tag, ..] = self.prefix();
        index_key(tag, self.filing(), arrival)
    }
}

pub(crate) fn index_key(tag: u8, filing: [u8; 8], arrival: u64) -> [u8; INDEX_KEY_LEN] {
    let mut key = [tag; INDEX_KEY_LEN];
    key[1..9].copy_from_slice(&filing);
    key[9..].copy_from_slice(&arrival.to_be_bytes());
    key
}

fn hash8(text: &str) -> [u8; 8] {
    Digest::of(&[text.as_bytes()]).prefix8()
}

/// The key of what belongs to a position in a log: a record, a payload, a run
/// of hashes, a checkpoint.
pub(crate) fn position(log: LogNumber, at: u64) -> [u8; 12] {
    let mut key = [0; 12];
    key[..4].copy_from_slice(&log.0.to_be_bytes());
    key[4..].copy_from_slice(&at.to_be_bytes());
    key
}

/// Reads a position back; `None` where it is none.
pub(crate) fn read_position(key: &[u8]) -> Option<(LogNumber, u64)> {
    let (log, at) = key.split_first_chunk::<4>()?;
    let at = at.try_into().ok()?;
    Some((LogNumber(u32::from_be_bytes(*log)), u64::from_be_bytes(at)))
}

pub(crate) fn read_u64(bytes: &[u8]) -> Option<u64> {
    bytes.try_into().ok().map(u64::from_be_bytes)
}

pub(crate) fn peer(key: &RawKey, side: Baseline) -> [u8; 33] {
    let mut bytes = [0; 33];
    bytes[..32].copy_from_slice(&key.0);
    bytes[32] = match side {
        Baseline::Sent => 0,
        Baseline::Received => 1,
    };
    bytes
}

pub(crate) fn charter(version: u32) -> Vec<u8> {
    [b"charter/".as_slice(), &version.to_be_bytes()].concat()
}

/// What was disclosed last of a log to a scope.
pub(crate) fn disclosed(log: LogNumber, scope: &str) -> Vec<u8> {
    [
        b"disclosed/".as_slice(),
        &log.0.to_be_bytes(),
        scope.as_bytes(),
    ]
    .concat()
}

/// At what size an opening names a log that is not held.
pub(crate) fn named(log: &LogId) -> Vec<u8> {
    [b"named/".as_slice(), &log.to_bytes()].concat()
}

/// A capture job.
pub(crate) fn job(id: JobId) -> [u8; 17] {
    let mut key = [b'j'; 17];
    key[1..].copy_from_slice(&id.0);
    key
}

/// A piece of a capture job that is not finished.
pub(crate) fn piece(id: JobId, number: u32) -> [u8; 21] {
    let mut key = [b'p'; 21];
    key[1..17].copy_from_slice(&id.0);
    key[17..].copy_from_slice(&number.to_be_bytes());
    key
}

/// Reads the key of a piece back; `None` where it is none.
pub(crate) fn read_piece(key: &[u8]) -> Option<(JobId, u32)> {
    let ([b'p'], rest) = key.split_first_chunk::<1>()? else {
        return None;
    };
    let (id, number) = rest.split_first_chunk::<16>()?;
    let number = number.try_into().ok()?;
    Some((JobId(*id), u32::from_be_bytes(number)))
}

/// The list of the capture jobs that are not finished.
pub(crate) const OPEN_JOBS: &[u8] = b"o";

pub(crate) const FORMAT: &[u8] = b"format";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_order_is_the_order_of_times() {
        let times = [i64::MIN, -1, 0, 1, 1_790_000_000_000, i64::MAX];
        assert!(times.map(|t| Term::EventTime(t).prefix()).is_sorted());
    }

    #[test]
    fn positions_round_trip() {
        let key = position(LogNumber(7), 1 << 40);
        assert_eq!(read_position(&key), Some((LogNumber(7), 1 << 40)));
        assert_eq!(read_position(&key[..11]), None);
    }
}
