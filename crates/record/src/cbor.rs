//! Small helpers around minicbor, shared by this crate's codecs.

use minicbor::encode::Write;
use minicbor::{Decoder, Encoder};

use crate::digest::Digest;
use crate::key::{RawKey, Signature};
use crate::log_id::{Epoch, LogId, ScopeName};

pub(crate) type Out<'a> = Encoder<Sink<'a>>;
pub(crate) type Written = Result<(), minicbor::encode::Error<Differs>>;
pub(crate) type Read<T> = Result<T, minicbor::decode::Error>;

/// Where an encoding goes: into memory, or against bytes at hand. The latter
/// tells whether they are that encoding, and stores nothing: every record that
/// arrives is held against its one encoding, twice.
pub(crate) enum Sink<'a> {
    Into(&'a mut Vec<u8>),
    Against(&'a [u8]),
}

/// The bytes at hand are another encoding.
#[derive(Debug)]
pub(crate) struct Differs;

impl Write for Sink<'_> {
    type Error = Differs;

    fn write_all(&mut self, written: &[u8]) -> Result<(), Differs> {
        match self {
            Self::Into(out) => out.extend_from_slice(written),
            Self::Against(rest) => *rest = rest.strip_prefix(written).ok_or(Differs)?,
        }
        Ok(())
    }
}

/// Encodes into memory, which cannot fail.
pub(crate) fn encode(write: impl FnOnce(&mut Out<'_>) -> Written) -> Vec<u8> {
    encode_sized(0, write)
}

/// Encodes into memory, where the length is known about.
pub(crate) fn encode_sized(about: usize, write: impl FnOnce(&mut Out<'_>) -> Written) -> Vec<u8> {
    let mut out = Vec::with_capacity(about);
    write(&mut Encoder::new(Sink::Into(&mut out))).expect("writing to memory does not fail");
    out
}

/// Tells whether `bytes` are exactly what `write` encodes.
pub(crate) fn is_encoding(bytes: &[u8], write: impl FnOnce(&mut Out<'_>) -> Written) -> bool {
    let mut against = Encoder::new(Sink::Against(bytes));
    write(&mut against).is_ok() && matches!(against.writer(), Sink::Against([]))
}

pub(crate) fn fault(message: &'static str) -> minicbor::decode::Error {
    minicbor::decode::Error::message(message)
}

/// Begins an array of exactly `len` elements.
pub(crate) fn array(d: &mut Decoder<'_>, len: u64) -> Read<()> {
    match d.array()? {
        Some(found) if found == len => Ok(()),
        _ => Err(fault("an array of another length was due")),
    }
}

/// Begins an array of at most `max` elements and returns their number.
pub(crate) fn array_up_to(d: &mut Decoder<'_>, max: usize) -> Read<usize> {
    let len = d.array()?.ok_or_else(|| fault("an indefinite array"))?;
    match usize::try_from(len) {
        Ok(len) if len <= max => Ok(len),
        _ => Err(fault("an array is too long")),
    }
}

pub(crate) fn fixed<const N: usize>(d: &mut Decoder<'_>) -> Read<[u8; N]> {
    let bytes = d.bytes()?;
    bytes
        .try_into()
        .map_err(|_| fault("a byte string of another length was due"))
}

pub(crate) fn digest(d: &mut Decoder<'_>) -> Read<Digest> {
    fixed(d).map(Digest::from_bytes)
}

pub(crate) fn signature(d: &mut Decoder<'_>) -> Read<Signature> {
    fixed(d).map(Signature)
}

/// Reads the three elements that name a log.
pub(crate) fn log_id(d: &mut Decoder<'_>) -> Read<LogId> {
    Ok(LogId {
        author: RawKey(fixed(d)?),
        scope: ScopeName::new(d.str()?).map_err(|_| fault("not a scope's name"))?,
        epoch: Epoch(fixed(d)?),
    })
}

/// Writes the three elements that name a log.
pub(crate) fn put_log_id(e: &mut Out<'_>, log: &LogId) -> Written {
    e.bytes(&log.author.0)?
        .str(log.scope.as_str())?
        .bytes(&log.epoch.0)?;
    Ok(())
}

pub(crate) fn digests(d: &mut Decoder<'_>, max: usize) -> Read<Vec<Digest>> {
    (0..array_up_to(d, max)?).map(|_| digest(d)).collect()
}

pub(crate) fn put_digests(e: &mut Out<'_>, digests: &[Digest]) -> Written {
    e.array(digests.len() as u64)?;
    for digest in digests {
        e.bytes(digest.as_bytes())?;
    }
    Ok(())
}

/// Reads the whole input with `read` and demands that writing the result again
/// gives the same bytes: every value has one encoding.
pub(crate) fn decode_exact<T>(
    bytes: &[u8],
    read: impl FnOnce(&mut Decoder<'_>) -> Read<T>,
    write: impl FnOnce(&T, &mut Out<'_>) -> Written,
) -> Result<T, String> {
    let mut d = Decoder::new(bytes);
    let value = read(&mut d).map_err(|e| e.to_string())?;
    if d.position() != bytes.len() {
        return Err("bytes are left over".into());
    }
    if !is_encoding(bytes, |e| write(&value, e)) {
        return Err("not in its one deterministic encoding".into());
    }
    Ok(value)
}
