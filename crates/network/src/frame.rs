//! Framing: how messages and bodies are cut out of a stream of bytes.
//!
//! A frame is its body's length as four bytes, big endian, and the body. On
//! the control stream the body is a message. On the bulk stream it is a codec
//! byte, the body's uncompressed length as four bytes, and the data. Every
//! length is checked before anything is reserved for it.

use std::io;

/// Bytes of a frame before its body.
pub(crate) const PREFIX_BYTES: usize = 4;

/// The longest message, in bytes: the longest frame body of a control stream.
pub const CONTROL_BYTES_MAX: usize = replica::MESSAGE_BYTES_MAX;

/// Bytes of a bulk frame's body before its data.
const BULK_HEADER_BYTES: usize = 5;

/// The longest frame body of a bulk stream, in bytes: what replication counts
/// as a body.
const BULK_FRAME_BYTES_MAX: usize = 4 << 20;
const _: () = assert!(BULK_FRAME_BYTES_MAX as u64 == replica::BODY_BYTES_MAX);

/// The longest body of records, in bytes before compression.
pub const BODY_BYTES_MAX: usize = BULK_FRAME_BYTES_MAX - BULK_HEADER_BYTES;

/// The codec byte of data that is carried as it is.
const PLAIN: u8 = 0;

/// The codec byte of data that is one zstd frame (RFC 8878).
const ZSTD: u8 = 1;

/// zstd's own default level: bodies are sent once for each peer, so speed
/// counts for more than the last percent.
const ZSTD_LEVEL: i32 = 3;

/// Below this many bytes a body is sent plain: there is nothing to win.
const COMPRESS_FROM_BYTES: usize = 256;

/// Says why bytes from a peer are no frame, or why bytes do not fit into one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A frame without a body.
    #[error("a frame of length 0")]
    Empty,
    /// A length above the stream's limit.
    #[error("a frame of {declared} bytes, where {limit} are allowed")]
    Oversized {
        /// What the frame says of its length.
        declared: usize,
        /// The largest length allowed.
        limit: usize,
    },
    /// The stream ended inside a frame.
    #[error("the stream ended {missing} bytes before the end of a frame")]
    Truncated {
        /// How many bytes are known to be missing.
        missing: usize,
    },
    /// A bulk frame shorter than its own header, or with no data.
    #[error("a bulk frame of {0} bytes is shorter than its header and one byte")]
    NoData(usize),
    /// A codec byte that this build does not know.
    #[error("unknown codec {0}")]
    UnknownCodec(u8),
    /// The data is not as long as the frame says.
    #[error("{declared} bytes were declared, and the data holds {held}")]
    WrongLength {
        /// What the frame says of the uncompressed length.
        declared: usize,
        /// How many bytes the data holds.
        held: usize,
    },
    /// The data is not exactly one zstd frame of the declared length.
    #[error("the data is not one zstd frame of the declared {declared} bytes")]
    NotCompressed {
        /// What the frame says of the uncompressed length.
        declared: usize,
    },
}

impl FrameError {
    /// Tells whether only a faulty peer sends this. A stream that ends inside a
    /// frame may as well be a line that was cut.
    pub(crate) fn is_fault(&self) -> bool {
        !matches!(self, Self::Truncated { .. })
    }

    /// Returns the error's label in counters and logs.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Empty => "empty-frame",
            Self::Oversized { .. } => "oversized-frame",
            Self::Truncated { .. } => "truncated-frame",
            Self::NoData(_) => "no-data",
            Self::UnknownCodec(_) => "unknown-codec",
            Self::WrongLength { .. } => "wrong-length",
            Self::NotCompressed { .. } => "not-compressed",
        }
    }
}

/// Cuts frames out of a stream of bytes, in whatever pieces they come.
///
/// It reserves memory for bytes that arrived, not for bytes that were
/// promised.
#[derive(Debug)]
pub(crate) struct Decoder {
    limit: usize,
    prefix: [u8; PREFIX_BYTES],
    prefix_filled: usize,
    /// The length of the body being read; 0 while the prefix is.
    expected: usize,
    body: Vec<u8>,
}

impl Decoder {
    /// Makes a decoder that refuses bodies of more than `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            prefix: [0; PREFIX_BYTES],
            prefix_filled: 0,
            expected: 0,
            body: Vec::new(),
        }
    }

    /// Takes bytes from the front of `input` up to the end of a frame, and
    /// returns its body when it is whole. `None` means that `input` is used up.
    ///
    /// # Errors
    ///
    /// Refuses lengths of 0 and above the limit. The stream cannot be read
    /// further after that.
    pub(crate) fn next(&mut self, input: &mut &[u8]) -> Result<Option<Vec<u8>>, FrameError> {
        if self.expected == 0 {
            let taken = take(input, PREFIX_BYTES - self.prefix_filled);
            self.prefix[self.prefix_filled..self.prefix_filled + taken.len()]
                .copy_from_slice(taken);
            self.prefix_filled += taken.len();
            if self.prefix_filled < PREFIX_BYTES {
                return Ok(None);
            }
            self.expected = checked_length(self.prefix, self.limit)?;
        }
        let taken = take(input, self.expected - self.body.len());
        self.body.extend_from_slice(taken);
        if self.body.len() < self.expected {
            return Ok(None);
        }
        self.prefix_filled = 0;
        self.expected = 0;
        Ok(Some(std::mem::take(&mut self.body)))
    }

    /// Tells whether a frame has begun and not ended.
    pub(crate) fn inside_frame(&self) -> bool {
        self.prefix_filled > 0
    }

    /// Checks that the stream may end here.
    ///
    /// # Errors
    ///
    /// [`FrameError::Truncated`] inside a frame.
    pub(crate) fn finish(&self) -> Result<(), FrameError> {
        if !self.inside_frame() {
            return Ok(());
        }
        let missing = if self.expected == 0 {
            PREFIX_BYTES - self.prefix_filled
        } else {
            self.expected - self.body.len()
        };
        Err(FrameError::Truncated { missing })
    }
}

fn take<'a>(input: &mut &'a [u8], count_max: usize) -> &'a [u8] {
    let (taken, rest) = input.split_at(count_max.min(input.len()));
    *input = rest;
    taken
}

fn checked_length(prefix: [u8; PREFIX_BYTES], limit: usize) -> Result<usize, FrameError> {
    // On a machine whose usize is smaller, such a length is above any limit.
    let declared = usize::try_from(u32::from_be_bytes(prefix)).unwrap_or(usize::MAX);
    if declared == 0 {
        return Err(FrameError::Empty);
    }
    if declared > limit {
        return Err(FrameError::Oversized { declared, limit });
    }
    Ok(declared)
}

/// Encodes a message as a control frame, prefix included.
///
/// # Errors
///
/// Refuses an empty body and one above `limit` bytes.
pub(crate) fn encode_control(body: &[u8], limit: usize) -> Result<Vec<u8>, FrameError> {
    let mut frame = Vec::with_capacity(PREFIX_BYTES + body.len());
    frame.extend_from_slice(&length_prefix(body.len(), limit)?);
    frame.extend_from_slice(body);
    Ok(frame)
}

/// Encodes a body as a bulk frame, prefix included; compressed where that is
/// shorter.
///
/// # Errors
///
/// Refuses an empty body and one above `limit` bytes, counted uncompressed.
pub(crate) fn encode_bulk(body: &[u8], limit: usize) -> Result<Vec<u8>, FrameError> {
    let declared = length_prefix(body.len(), limit)?;
    let compressed = (body.len() >= COMPRESS_FROM_BYTES)
        .then(|| zstd::bulk::compress(body, ZSTD_LEVEL).ok())
        .flatten()
        .filter(|compressed| compressed.len() < body.len());
    let (codec, data) = match &compressed {
        Some(compressed) => (ZSTD, compressed.as_slice()),
        None => (PLAIN, body),
    };
    let length = BULK_HEADER_BYTES + data.len();
    let mut frame = Vec::with_capacity(PREFIX_BYTES + length);
    frame.extend_from_slice(&length_prefix(length, bulk_frame_limit(limit))?);
    frame.push(codec);
    frame.extend_from_slice(&declared);
    frame.extend_from_slice(data);
    Ok(frame)
}

/// Returns the largest frame body on the bulk stream, for bodies of up to
/// `limit` bytes.
pub(crate) fn bulk_frame_limit(limit: usize) -> usize {
    BULK_HEADER_BYTES + limit
}

fn length_prefix(length: usize, limit: usize) -> Result<[u8; PREFIX_BYTES], FrameError> {
    if length == 0 {
        return Err(FrameError::Empty);
    }
    let oversized = FrameError::Oversized {
        declared: length,
        limit,
    };
    if length > limit {
        return Err(oversized);
    }
    u32::try_from(length)
        .map(u32::to_be_bytes)
        .map_err(|_| oversized)
}

/// Decodes a bulk frame's body: what is inside it, at most `limit` bytes.
///
/// # Errors
///
/// Refuses unknown codecs, lengths that do not agree with the data, and data
/// that is not exactly one zstd frame. It never unpacks more than the frame
/// declares, nor more than `limit`.
pub(crate) fn decode_bulk(frame: &[u8], limit: usize) -> Result<Vec<u8>, FrameError> {
    let Some((header, data)) = frame.split_first_chunk::<BULK_HEADER_BYTES>() else {
        return Err(FrameError::NoData(frame.len()));
    };
    let [codec, length @ ..] = *header;
    if data.is_empty() {
        return Err(FrameError::NoData(frame.len()));
    }
    if codec != PLAIN && codec != ZSTD {
        return Err(FrameError::UnknownCodec(codec));
    }
    let declared = checked_length(length, limit)?;
    if codec == PLAIN {
        if data.len() != declared {
            return Err(FrameError::WrongLength {
                declared,
                held: data.len(),
            });
        }
        return Ok(data.to_vec());
    }
    let not_compressed = FrameError::NotCompressed { declared };
    if !is_one_zstd_frame(data) {
        return Err(not_compressed);
    }
    let body = decompress(data, declared).map_err(|_| not_compressed)?;
    if body.len() != declared {
        return Err(FrameError::WrongLength {
            declared,
            held: body.len(),
        });
    }
    Ok(body)
}

/// Tells whether `data` starts as a zstd frame and ends where it ends: frames
/// in a row and skippable frames would be second encodings of one body.
fn is_one_zstd_frame(data: &[u8]) -> bool {
    data.starts_with(&zstd::zstd_safe::MAGICNUMBER.to_le_bytes())
        && zstd::zstd_safe::find_frame_compressed_size(data) == Ok(data.len())
}

fn decompress(data: &[u8], capacity: usize) -> io::Result<Vec<u8>> {
    let mut body = Vec::with_capacity(capacity);
    zstd::bulk::Decompressor::new()?.decompress_to_buffer(data, &mut body)?;
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    /// Reads a whole stream in pieces of `piece` bytes.
    fn read(stream: &[u8], piece: usize, limit: usize) -> Result<Vec<Vec<u8>>, FrameError> {
        let mut decoder = Decoder::new(limit);
        let mut frames = Vec::new();
        for mut input in stream.chunks(piece) {
            while !input.is_empty() {
                frames.extend(decoder.next(&mut input)?);
            }
        }
        decoder.finish()?;
        Ok(frames)
    }

    fn read_bulk(stream: &[u8]) -> Result<Vec<Vec<u8>>, FrameError> {
        read(stream, 7, bulk_frame_limit(BODY_BYTES_MAX))?
            .iter()
            .map(|frame| decode_bulk(frame, BODY_BYTES_MAX))
            .collect()
    }

    fn vectors() -> Value {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/vectors/frame.json");
        let text = std::fs::read_to_string(path).expect("docs/vectors/frame.json");
        serde_json::from_str(&text).expect("the vectors are JSON")
    }

    fn cases(of: &Value) -> &Vec<Value> {
        of.as_array().expect("a list")
    }

    fn text(of: &Value) -> &str {
        of.as_str().expect("a text")
    }

    fn bytes(of: &Value) -> Vec<u8> {
        hex::decode(text(of)).expect("hexadecimal")
    }

    #[test]
    fn vectors_of_frames_hold() {
        let vectors = vectors();
        assert_eq!(vectors["control_bytes_max"], CONTROL_BYTES_MAX);
        assert_eq!(vectors["body_bytes_max"], BODY_BYTES_MAX);
        for case in cases(&vectors["control"]) {
            let messages: Vec<_> = cases(&case["messages"]).iter().map(bytes).collect();
            let stream = bytes(&case["stream"]);
            for piece in 1..=stream.len() {
                let read = read(&stream, piece, CONTROL_BYTES_MAX);
                assert_eq!(read.as_ref(), Ok(&messages), "{}", case["name"]);
            }
            let written = messages
                .iter()
                .map(|message| encode_control(message, CONTROL_BYTES_MAX))
                .collect::<Result<Vec<_>, _>>();
            assert_eq!(written.expect("encodes").concat(), stream);
        }
        for case in cases(&vectors["bulk"]) {
            let read = read_bulk(&bytes(&case["stream"]));
            assert_eq!(read, Ok(vec![bytes(&case["body"])]), "{}", case["name"]);
        }
    }

    #[test]
    fn vectors_of_refused_frames_hold() {
        for case in cases(&vectors()["refused"]) {
            let stream = bytes(&case["stream"]);
            let read = match text(&case["on"]) {
                "control" => read(&stream, 3, CONTROL_BYTES_MAX),
                _ => read_bulk(&stream),
            };
            let reason = read.map_err(|error| error.reason());
            assert_eq!(reason, Err(text(&case["reason"])), "{}", case["name"]);
        }
    }

    #[test]
    fn promises_reserve_no_memory() {
        let mut decoder = Decoder::new(CONTROL_BYTES_MAX);
        let mut input = &(4u32 << 20).to_be_bytes()[..];
        assert_eq!(decoder.next(&mut input), Ok(None));
        assert!(decoder.inside_frame());
        assert_eq!(decoder.body.capacity(), 0);
    }

    #[test]
    fn what_compresses_is_compressed_and_what_does_not_is_plain() {
        let even = vec![7; 1 << 20];
        let frame = encode_bulk(&even, BODY_BYTES_MAX).expect("encodes");
        assert!(frame.len() < 1 << 12);
        assert_eq!(frame[PREFIX_BYTES], ZSTD);
        assert_eq!(read_bulk(&frame), Ok(vec![even]));
        let mut state = 1u32;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        })
        .take(1 << 16)
        .collect();
        let frame = encode_bulk(&noise, BODY_BYTES_MAX).expect("encodes");
        assert_eq!(frame[PREFIX_BYTES], PLAIN);
        assert_eq!(read_bulk(&frame), Ok(vec![noise]));
    }

    #[test]
    fn nothing_is_encoded_that_would_be_refused() {
        assert_eq!(encode_control(&[], 9), Err(FrameError::Empty));
        assert_eq!(encode_bulk(&[], 9), Err(FrameError::Empty));
        let oversized = FrameError::Oversized {
            declared: 10,
            limit: 9,
        };
        assert_eq!(encode_control(&[0; 10], 9), Err(oversized));
        assert_eq!(encode_bulk(&[0; 10], 9), Err(oversized));
    }

    proptest! {
        #[test]
        fn frames_come_back_however_the_stream_is_cut(
            messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..300), 0..8),
            piece in 1usize..400,
        ) {
            let stream: Vec<u8> = messages
                .iter()
                .flat_map(|message| encode_control(message, 300).expect("fits"))
                .collect();
            prop_assert_eq!(read(&stream, piece, 300), Ok(messages));
        }

        #[test]
        fn bodies_come_back(
            body in prop::collection::vec(any::<u8>(), 1..2_000),
            repeats in 1usize..20,
        ) {
            let body = body.repeat(repeats);
            let frame = encode_bulk(&body, BODY_BYTES_MAX).expect("fits");
            prop_assert_eq!(read_bulk(&frame), Ok(vec![body]));
        }

        #[test]
        fn any_bytes_are_read_without_panic_and_within_limits(
            stream in prop::collection::vec(any::<u8>(), 0..2_000),
            piece in 1usize..64,
        ) {
            if let Ok(frames) = read(&stream, piece, 1_000) {
                prop_assert!(frames.iter().all(|frame| (1..=1_000).contains(&frame.len())));
            }
            if let Ok(body) = decode_bulk(&stream, 1_000) {
                prop_assert!(body.len() <= 1_000);
            }
        }

        /// The same with bytes that get past the first checks more often.
        #[test]
        fn damaged_bodies_are_read_without_panic_and_within_limits(
            body in prop::collection::vec(0u8..4, 300..900),
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        ) {
            let mut frame = encode_bulk(&body, 1_000).expect("fits")[PREFIX_BYTES..].to_vec();
            for (index, byte) in damage {
                let index = index.index(frame.len());
                frame[index] = byte;
            }
            if let Ok(body) = decode_bulk(&frame, 1_000) {
                prop_assert!(body.len() <= 1_000);
            }
        }
    }
}
