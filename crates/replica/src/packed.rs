//! Packed lists: what stands in the byte strings of frontier messages.
//!
//! A varint is an unsigned LEB128 number in its shortest form. A list of logs
//! is grouped so that a key or a scope stands once:
//!
//! ```text
//! list  = *author          author = key[32] varint(scopes) *scope
//! scope = varint(index in the table of scopes) varint(logs) *log
//! log   = epoch[16] tail
//! ```

use std::collections::BTreeSet;

use record::{Digest, Epoch, LogId, RawKey, ScopeName};

use crate::frontier::Change;
use crate::message::MessageError;

/// Appends a varint.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            out.push(low & 0x7f);
            return;
        }
        out.push(low | 0x80);
    }
}

/// Reads packed bytes from the front.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl Reader<'_> {
    /// Reads a varint; one that is not in its shortest form is refused.
    pub(crate) fn varint(&mut self) -> Result<u64, MessageError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let [byte] = self.bytes()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                if byte == 0 && shift > 0 {
                    break;
                }
                return Ok(value);
            }
        }
        Err(MessageError::Malformed("a varint"))
    }

    /// Reads exactly `N` bytes.
    pub(crate) fn bytes<const N: usize>(&mut self) -> Result<[u8; N], MessageError> {
        let (bytes, rest) = self
            .0
            .split_first_chunk::<N>()
            .ok_or(MessageError::Malformed("a packed list that ends early"))?;
        self.0 = rest;
        Ok(*bytes)
    }

    /// Reads a digest.
    pub(crate) fn digest(&mut self) -> Result<Digest, MessageError> {
        self.bytes().map(Digest::from_bytes)
    }
}

/// Returns the table of scopes of some logs: each once, ascending.
pub(crate) fn scope_table<'a>(logs: impl Iterator<Item = &'a LogId>) -> Vec<&'a ScopeName> {
    let table: BTreeSet<&ScopeName> = logs.map(|log| &log.scope).collect();
    table.into_iter().collect()
}

/// Packs logs that ascend strictly; `tail` writes what follows each epoch.
pub(crate) fn pack_logs<T>(
    items: &[T],
    log: impl Fn(&T) -> &LogId,
    tail: impl Fn(&T, &mut Vec<u8>),
) -> Vec<u8> {
    let table = scope_table(items.iter().map(&log));
    let mut out = Vec::with_capacity(items.len() * 52);
    for of_author in items.chunk_by(|a, b| log(a).author == log(b).author) {
        let scopes = || of_author.chunk_by(|a, b| log(a).scope == log(b).scope);
        out.extend_from_slice(&log(&of_author[0]).author.0);
        put_varint(&mut out, count(scopes().count()));
        for of_scope in scopes() {
            let index = table.partition_point(|scope| **scope < log(&of_scope[0]).scope);
            put_varint(&mut out, count(index));
            put_varint(&mut out, count(of_scope.len()));
            for item in of_scope {
                out.extend_from_slice(&log(item).epoch.0);
                tail(item, &mut out);
            }
        }
    }
    out
}

/// Unpacks logs; `tail` reads what follows each epoch. The order is checked;
/// that it is the one packing of these logs is left to re-encoding.
pub(crate) fn unpack_logs<T>(
    bytes: &[u8],
    table: &[ScopeName],
    mut tail: impl FnMut(LogId, &mut Reader<'_>) -> Result<T, MessageError>,
    log: impl Fn(&T) -> &LogId,
) -> Result<Vec<T>, MessageError> {
    let mut reader = Reader(bytes);
    let mut items: Vec<T> = Vec::new();
    while !reader.0.is_empty() {
        let author = RawKey(reader.bytes()?);
        for _ in 0..reader.varint()? {
            let scope = usize::try_from(reader.varint()?)
                .ok()
                .and_then(|index| table.get(index))
                .ok_or(MessageError::Malformed("a scope outside the table"))?;
            for _ in 0..reader.varint()? {
                let epoch = Epoch(reader.bytes()?);
                let scope = scope.clone();
                let id = LogId {
                    author,
                    scope,
                    epoch,
                };
                if items.last().is_some_and(|last| *log(last) >= id) {
                    return Err(MessageError::Malformed("logs out of order"));
                }
                items.push(tail(id, &mut reader)?);
            }
        }
    }
    Ok(items)
}

/// Packs changes that ascend strictly: varint(gap) varint(increment) each, the
/// gap being the number of positions passed over since the one before.
pub(crate) fn pack_changes(changes: &[Change]) -> Vec<u8> {
    let mut out = Vec::with_capacity(changes.len() * 3);
    let mut next = 0;
    for change in changes {
        put_varint(&mut out, u64::from(change.position) - next);
        put_varint(&mut out, change.by);
        next = u64::from(change.position) + 1;
    }
    out
}

/// Unpacks changes.
pub(crate) fn unpack_changes(bytes: &[u8]) -> Result<Vec<Change>, MessageError> {
    let mut reader = Reader(bytes);
    let mut changes = Vec::new();
    let mut next = 0u64;
    while !reader.0.is_empty() {
        let position = reader.varint()?.checked_add(next);
        let position = position
            .and_then(|position| u32::try_from(position).ok())
            .ok_or(MessageError::Malformed("a position that is too large"))?;
        let by = reader.varint()?;
        if by == 0 {
            return Err(MessageError::Malformed("a log that grew by nothing"));
        }
        changes.push(Change { position, by });
        next = u64::from(position) + 1;
    }
    Ok(changes)
}

fn count(number: usize) -> u64 {
    u64::try_from(number).expect("a count in memory fits 64 bits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_have_one_form() {
        for value in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, value);
            let mut reader = Reader(&bytes);
            assert_eq!(reader.varint(), Ok(value));
            assert!(reader.0.is_empty());
        }
        for bad in [&[0x80, 0x00][..], &[0x80], &[], &[0xff; 11]] {
            assert!(Reader(bad).varint().is_err(), "{bad:?}");
        }
        let beyond = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02];
        assert!(Reader(&beyond).varint().is_err());
    }

    #[test]
    fn changes_round_trip() {
        let changes = [(0, 1), (1, 7), (500, 1 << 40), (u32::MAX, u64::MAX)]
            .map(|(position, by)| Change { position, by });
        assert_eq!(
            unpack_changes(&pack_changes(&changes)),
            Ok(changes.to_vec())
        );
        assert!(unpack_changes(&[0, 0]).is_err(), "grew by nothing");
        let mut beyond = pack_changes(&changes);
        beyond.extend([0, 1]);
        assert!(unpack_changes(&beyond).is_err(), "beyond 32 bits");
    }
}
