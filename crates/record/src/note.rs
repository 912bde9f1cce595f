//! C2SP signed notes: a text, a blank line, and signature lines.
//!
//! Only the syntax stands here, and signature type 0x01 (Ed25519); whether a
//! signature holds is for [`SignedCheckpoint`](crate::SignedCheckpoint).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::digest::Digest;
use crate::key::{RawKey, Signature};

/// The signature type of plain Ed25519 in a key id (C2SP signed-note).
const ED25519: u8 = 0x01;
/// The most signature lines that are read.
const SIGNATURES_MAX: usize = 64;

/// One signature line: `— <name> <base64(key id ‖ signature)>`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) key_id: [u8; 4],
    pub(crate) signature: Vec<u8>,
}

impl Line {
    /// Makes the line of an Ed25519 signature.
    pub(crate) fn ed25519(name: &str, key: RawKey, signature: Signature) -> Self {
        Self {
            name: name.to_owned(),
            key_id: key_id(name, key),
            signature: signature.0.to_vec(),
        }
    }

    /// Returns the signature, if the line is the Ed25519 one of that name and key.
    pub(crate) fn as_ed25519(&self, name: &str, key: RawKey) -> Option<Signature> {
        let ours = self.name == name && self.key_id == key_id(name, key);
        let bytes = self.signature.as_slice().try_into().ok()?;
        ours.then_some(Signature(bytes))
    }

    fn text(&self) -> String {
        let bytes = [&self.key_id[..], &self.signature].concat();
        format!("— {} {}\n", self.name, BASE64.encode(bytes))
    }
}

/// Returns the first four bytes of SHA-256(name ‖ LF ‖ type ‖ key).
fn key_id(name: &str, key: RawKey) -> [u8; 4] {
    let digest = Digest::of(&[name.as_bytes(), b"\n", &[ED25519], &key.0]);
    let [a, b, c, d, ..] = *digest.as_bytes();
    [a, b, c, d]
}

/// Writes a note. `text` ends with a line feed.
pub(crate) fn write(text: &str, lines: &[Line]) -> String {
    let lines: String = lines.iter().map(Line::text).collect();
    format!("{text}\n{lines}")
}

/// Splits a note into its text, with the line feed, and its signature lines.
/// `None` where the syntax is not that of a signed note.
pub(crate) fn read(note: &str) -> Option<(&str, Vec<Line>)> {
    let (body, signatures) = note.rsplit_once("\n\n")?;
    let text = &note[..=body.len()];
    let signatures = signatures.strip_suffix('\n')?;
    let mut lines = Vec::new();
    for line in signatures.split('\n') {
        if lines.len() == SIGNATURES_MAX {
            return None;
        }
        let (name, encoded) = line.strip_prefix("— ")?.split_once(' ')?;
        let bytes = BASE64.decode(encoded).ok()?;
        let (key_id, signature) = bytes.split_first_chunk::<4>()?;
        if name.is_empty() || name.contains('+') || name.contains(char::is_whitespace) {
            return None;
        }
        lines.push(Line {
            name: name.to_owned(),
            key_id: *key_id,
            signature: signature.to_vec(),
        });
    }
    Some((text, lines))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_round_trip() {
        let line = Line::ed25519("nguon/x", RawKey([2; 32]), Signature([7; 64]));
        let note = write("nguon/x\n3\nroot\n", std::slice::from_ref(&line));
        let (text, lines) = read(&note).expect("what was written reads");
        assert_eq!(text, "nguon/x\n3\nroot\n");
        assert_eq!(lines, std::slice::from_ref(&line));
        assert_eq!(
            line.as_ed25519("nguon/x", RawKey([2; 32])),
            Some(Signature([7; 64]))
        );
        assert_eq!(line.as_ed25519("nguon/x", RawKey([3; 32])), None);
        for broken in [
            "",
            "a\n",
            "a\n\n",
            "a\n\n— b\n",
            "a\n\n— b !\n",
            "a\n\n— b AAAA",
        ] {
            assert_eq!(read(broken), None, "{broken:?}");
        }
    }
}
