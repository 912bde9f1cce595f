//! Capture jobs as they lie on disk.

use std::fmt;
use std::str::FromStr;

use record::ScopeName;

/// Names a capture job: 48 bits of milliseconds since 1970 and 80 random ones,
/// so that jobs sort by when they were made and none can be guessed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct JobId(pub [u8; 16]);

/// A text that names no job.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a capture job is named by 32 hexadecimal digits, in small letters")]
pub struct NotAJobId;

/// How far a capture job is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredJob {
    /// When it was made, in milliseconds since 1970.
    pub created_ms: u64,
    /// When its last record was stored; `None` while it runs.
    pub finished_ms: Option<u64>,
    /// Its records stay hidden here until all of them are stored.
    pub hidden: bool,
    /// The pieces that its records were cut into; 0 where they were written
    /// with the job.
    pub pieces: u32,
    /// The pieces whose records are stored.
    pub pieces_done: u32,
    /// The records that it writes in all.
    pub records: u64,
    /// The records that are stored.
    pub records_done: u64,
    /// The scope that it writes in.
    pub scope: ScopeName,
    /// What whoever made it wants to know of it; opaque here.
    pub note: Vec<u8>,
}

/// A job that is not finished, and what of it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenJob {
    /// The job.
    pub id: JobId,
    /// Its records are hidden.
    pub hidden: bool,
    /// The arrivals of its records: first and last of each stretch.
    pub arrivals: Vec<(u64, u64)>,
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for JobId {
    type Err = NotAJobId;

    fn from_str(text: &str) -> Result<Self, NotAJobId> {
        let digits = text.as_bytes();
        if digits.len() != 32
            || digits
                .iter()
                .any(|d| !matches!(d, b'0'..=b'9' | b'a'..=b'f'))
        {
            return Err(NotAJobId);
        }
        let value = u128::from_str_radix(text, 16).map_err(|_| NotAJobId)?;
        Ok(Self(value.to_be_bytes()))
    }
}

impl StoredJob {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let scope = self.scope.as_str().as_bytes();
        let mut bytes = Vec::with_capacity(44 + scope.len() + self.note.len());
        bytes.extend(self.created_ms.to_be_bytes());
        bytes.extend(self.finished_ms.unwrap_or(0).to_be_bytes());
        bytes.push(u8::from(self.hidden) | u8::from(self.finished_ms.is_some()) << 1);
        bytes.extend(self.pieces.to_be_bytes());
        bytes.extend(self.pieces_done.to_be_bytes());
        bytes.extend(self.records.to_be_bytes());
        bytes.extend(self.records_done.to_be_bytes());
        bytes.push(u8::try_from(scope.len()).expect("a name has at most 63 bytes"));
        bytes.extend(scope);
        bytes.extend(&self.note);
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let created_ms = take_u64(&mut rest)?;
        let finished_ms = take_u64(&mut rest)?;
        let [flags] = take(&mut rest)?;
        let pieces = u32::from_be_bytes(take(&mut rest)?);
        let pieces_done = u32::from_be_bytes(take(&mut rest)?);
        let records = take_u64(&mut rest)?;
        let records_done = take_u64(&mut rest)?;
        let [scope_len] = take(&mut rest)?;
        let (scope, note) = rest.split_at_checked(usize::from(scope_len))?;
        Some(Self {
            created_ms,
            finished_ms: (flags & 2 != 0).then_some(finished_ms),
            hidden: flags & 1 != 0,
            pieces,
            pieces_done,
            records,
            records_done,
            scope: std::str::from_utf8(scope).ok()?.parse().ok()?,
            note: note.to_vec(),
        })
    }
}

impl OpenJob {
    /// Adds a stretch of arrivals after all others.
    pub fn add(&mut self, first: u64, last: u64) {
        match self.arrivals.last_mut() {
            Some((_, end)) if *end + 1 == first => *end = last,
            _ => self.arrivals.push((first, last)),
        }
    }

    pub(crate) fn encode_all(jobs: &[Self]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for job in jobs {
            bytes.extend(job.id.0);
            bytes.push(u8::from(job.hidden));
            let count = u32::try_from(job.arrivals.len()).expect("at most one for each piece");
            bytes.extend(count.to_be_bytes());
            for (first, last) in &job.arrivals {
                bytes.extend(first.to_be_bytes());
                bytes.extend(last.to_be_bytes());
            }
        }
        bytes
    }

    pub(crate) fn decode_all(bytes: &[u8]) -> Option<Vec<Self>> {
        let mut rest = bytes;
        let mut jobs = Vec::new();
        while !rest.is_empty() {
            let id = JobId(take(&mut rest)?);
            let [hidden] = take(&mut rest)?;
            let count = u32::from_be_bytes(take(&mut rest)?);
            let mut arrivals = Vec::new();
            for _ in 0..count {
                arrivals.push((take_u64(&mut rest)?, take_u64(&mut rest)?));
            }
            jobs.push(Self {
                id,
                hidden: hidden != 0,
                arrivals,
            });
        }
        Some(jobs)
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, left) = rest.split_first_chunk::<N>()?;
    *rest = left;
    Some(*taken)
}

fn take_u64(rest: &mut &[u8]) -> Option<u64> {
    take(rest).map(u64::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_read_back() {
        let id = JobId([0xab; 16]);
        assert_eq!(id.to_string().parse(), Ok(id));
        for wrong in ["", "AB", &"A".repeat(32), &"g".repeat(32), &"0".repeat(33)] {
            assert_eq!(wrong.parse::<JobId>(), Err(NotAJobId), "{wrong}");
        }
        let job = StoredJob {
            created_ms: 1,
            finished_ms: Some(0),
            hidden: true,
            pieces: 2,
            pieces_done: 1,
            records: 7,
            records_done: 4,
            scope: ScopeName::new("national").expect("a name"),
            note: b"note".to_vec(),
        };
        let bytes = job.encode();
        assert_eq!(StoredJob::decode(&bytes), Some(job));
        // The note is what is left, so only what stands before it can be cut off.
        assert_eq!(StoredJob::decode(&bytes[..bytes.len() - 5]), None);
        let open = vec![
            OpenJob {
                id,
                hidden: true,
                arrivals: vec![(1, 4), (9, 9)],
            },
            OpenJob {
                id: JobId([0; 16]),
                hidden: false,
                arrivals: Vec::new(),
            },
        ];
        let bytes = OpenJob::encode_all(&open);
        assert_eq!(OpenJob::decode_all(&bytes), Some(open));
        assert_eq!(OpenJob::decode_all(&bytes[..30]), None);
    }
}
