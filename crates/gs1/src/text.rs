//! The bytes of identifiers: character sets, escapes in and out, and the two
//! small buffers, on the stack, through which every key is made.

use crate::ai::{Ai, Rule};
use crate::error::{Fault, Problem};

/// The characters that an application identifier's value may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Set {
    /// ASCII digits.
    Digits,
    /// GS1 character set 82 (General Specifications figure 7.11-1).
    Any,
    /// GS1 character set 39 (General Specifications figure 7.11-2).
    Part,
    /// GS1 character set 64, URI-safe base64 (General Specifications figure
    /// 7.11-3).
    Base64,
}

impl Set {
    /// Tells whether the set has the byte.
    pub(crate) fn has(self, byte: u8) -> bool {
        let bit = match self {
            Self::Digits => DIGITS,
            Self::Any => ANY,
            Self::Part => PART,
            Self::Base64 => BASE64,
        };
        CLASSES[usize::from(byte)] & bit != 0
    }

    /// Names the set's characters.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Digits => "digits 0 to 9",
            Self::Any => {
                "GS1 character set 82: letters, digits and ! \" % & ' ( ) * + , - . / : ; < = > ? _"
            }
            Self::Part => "GS1 character set 39: capital letters, digits and # - /",
            Self::Base64 => "GS1 character set 64: letters, digits and - _, at the end =",
        }
    }
}

const DIGITS: u8 = 1;
const ANY: u8 = 2;
const PART: u8 = 4;
/// RFC 3986 §2.3.
const UNRESERVED: u8 = 8;
/// What may stand in an EPC URN as it is (Tag Data Standard, `GS3A3Char` and
/// `CPRefComponent`); `*` included.
const URN: u8 = 16;
const BASE64: u8 = 32;

const CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        let mut bits = 0;
        if byte.is_ascii_digit() {
            bits |= DIGITS | ANY | PART | UNRESERVED | URN | BASE64;
        }
        if byte.is_ascii_alphabetic() {
            bits |= ANY | UNRESERVED | URN | BASE64;
        }
        if byte.is_ascii_uppercase() {
            bits |= PART;
        }
        bits |= match byte {
            b'-' => ANY | PART | UNRESERVED | URN | BASE64,
            b'_' => ANY | UNRESERVED | URN | BASE64,
            b'.' => ANY | UNRESERVED | URN,
            b'~' => UNRESERVED,
            b'!' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b':' | b';' => ANY | URN,
            b'=' => ANY | URN | BASE64,
            b'"' | b'%' | b'&' | b'<' | b'>' | b'?' => ANY,
            b'/' => ANY | PART,
            b'#' => PART,
            _ => 0,
        };
        table[byte as usize] = bits;
        byte += 1;
    }
    table
}

/// How a value is written where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writing {
    /// In an EPC URN: certain characters must be escaped, any may be.
    Urn,
    /// In the path of a Digital Link: any character may be escaped, and a
    /// percent sign that begins no escape is itself.
    Path,
    /// In the query of a Digital Link: as in its path, and `+` is a blank.
    Query,
    /// In an element string: as it is.
    Plain,
    /// In an element string with brackets: as it is, and `\(` is a bracket.
    Bracketed,
}

/// Steps through the characters of a written value: offset and meaning.
struct Decoded<'a> {
    raw: &'a [u8],
    at: usize,
    writing: Writing,
}

impl<'a> Decoded<'a> {
    fn new(raw: &'a str, writing: Writing) -> Self {
        Self {
            raw: raw.as_bytes(),
            at: 0,
            writing,
        }
    }
}

impl Iterator for Decoded<'_> {
    type Item = (usize, u8);

    fn next(&mut self) -> Option<(usize, u8)> {
        let at = self.at;
        let byte = *self.raw.get(at)?;
        let (step, byte) = match (byte, self.writing) {
            (b'%', Writing::Urn | Writing::Path | Writing::Query) => {
                escape_at(self.raw, at).map_or((1, b'%'), |byte| (3, byte))
            }
            (b'+', Writing::Query) => (1, b' '),
            (b'\\', Writing::Bracketed) if self.raw.get(at + 1) == Some(&b'(') => (2, b'('),
            _ => (1, byte),
        };
        self.at += step;
        Some((at, byte))
    }
}

fn escape_at(raw: &[u8], at: usize) -> Option<u8> {
    let high = char::from(*raw.get(at + 1)?).to_digit(16)?;
    let low = char::from(*raw.get(at + 2)?).to_digit(16)?;
    u8::try_from(high * 16 + low).ok()
}

/// Returns the fault at the decoded character number `index` of `raw`, quoting
/// as it is written what no value can hold.
pub(crate) fn fault_at<'a>(
    raw: &'a str,
    writing: Writing,
    index: usize,
    mut problem: Problem,
) -> Fault<'a> {
    let rest = from_index(raw, writing, index);
    if let Problem::NotADigit { found, .. } | Problem::Character { found, .. } = &mut problem
        && !rest.starts_with(|c: char| c.is_ascii())
    {
        *found = first_of(rest);
    }
    Fault::new(rest, problem)
}

/// Returns what of `raw` begins with its decoded character number `index`.
fn from_index(raw: &str, writing: Writing, index: usize) -> &str {
    let mut decoded = Decoded::new(raw, writing);
    let at = decoded.nth(index).map_or(raw.len(), |(at, _)| at);
    raw.get(at..).unwrap_or(raw)
}

/// Returns the first character of a piece of input, or its escape, for quoting.
pub(crate) fn first_of(rest: &str) -> String {
    if escape_at(rest.as_bytes(), 0).is_some() && rest.starts_with('%') {
        rest.get(..3).unwrap_or("%").into()
    } else {
        rest.chars().take(1).collect()
    }
}

/// Decodes a segment that may be the name of an application identifier; `None`
/// if it is longer than any.
pub(crate) fn decode_name(segment: &str, writing: Writing) -> Option<Value> {
    let mut value = Value::new();
    for (_, byte) in Decoded::new(segment, writing) {
        value.try_push(byte)?;
    }
    Some(value)
}

/// Decodes a written value, whatever it holds.
pub(crate) fn decode(raw: &str, writing: Writing) -> Vec<u8> {
    Decoded::new(raw, writing).map(|(_, byte)| byte).collect()
}

/// Counts the digits with which a written value begins.
pub(crate) fn leading_digits(raw: &str, writing: Writing) -> usize {
    let decoded = Decoded::new(raw, writing);
    decoded
        .take_while(|(_, byte)| byte.is_ascii_digit())
        .count()
}

/// Appends `raw`, decoded, to `value`.
///
/// What the rule says of the value is the caller's to check; this checks what
/// only the written form can tell: escapes, and what an EPC URN must escape.
pub(crate) fn read<'a>(
    value: &mut Value,
    rule: &Rule,
    raw: &'a str,
    writing: Writing,
) -> Result<(), Fault<'a>> {
    for (at, byte) in Decoded::new(raw, writing) {
        if writing == Writing::Urn {
            check_urn_character(raw, at)?;
        }
        if value.try_push(byte).is_none() {
            let found = Decoded::new(raw, writing).count();
            return Err(Fault::new(raw, rule.length(found)));
        }
    }
    Ok(())
}

fn check_urn_character(raw: &str, at: usize) -> Result<(), Fault<'_>> {
    let byte = raw.as_bytes()[at];
    if CLASSES[usize::from(byte)] & URN != 0 {
        return Ok(());
    }
    let rest = raw.get(at..).unwrap_or(raw);
    if byte == b'%' {
        if escape_at(raw.as_bytes(), at).is_some() {
            return Ok(());
        }
        let found = rest.chars().take(3).collect();
        return Err(Fault::new(rest, Problem::Escape { found }));
    }
    if CLASSES[usize::from(byte)] & (ANY | PART) != 0 {
        let problem = Problem::Unescaped {
            found: char::from(byte),
            right: format!("%{byte:02X}"),
        };
        return Err(Fault::new(rest, problem));
    }
    Ok(())
}

/// The longest value of any application identifier that makes keys is 30
/// characters; the rest is room to say what is wrong with a longer one.
const VALUE_LEN_MAX: usize = 48;

/// A decoded value.
pub(crate) struct Value {
    bytes: [u8; VALUE_LEN_MAX],
    len: usize,
}

impl Value {
    pub(crate) fn new() -> Self {
        Self {
            bytes: [0; VALUE_LEN_MAX],
            len: 0,
        }
    }

    pub(crate) fn push(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    /// Appends a byte if there is room.
    fn try_push(&mut self, byte: u8) -> Option<()> {
        *self.bytes.get_mut(self.len)? = byte;
        self.len += 1;
        Some(())
    }

    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        self.bytes[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }

    /// Pads with zeros on the left.
    pub(crate) fn pad(&mut self, width: usize) {
        let zeros = width - self.len;
        self.bytes.copy_within(..self.len, zeros);
        self.bytes[..zeros].fill(b'0');
        self.len = width;
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// The longest canonical text: an ITIP or GTIN with three qualifiers of 20
/// characters, each of them escaped, has 216 bytes.
const TEXT_LEN_MAX: usize = 256;

/// A canonical text in the making: `/01/08938505123455/21/1`.
pub(crate) struct Text {
    bytes: [u8; TEXT_LEN_MAX],
    len: usize,
}

impl Text {
    pub(crate) fn new() -> Self {
        Self {
            bytes: [0; TEXT_LEN_MAX],
            len: 0,
        }
    }

    /// Appends an application identifier and its value, escaped strictly: only
    /// the unreserved characters of RFC 3986 §2.3 stand as they are.
    pub(crate) fn push(&mut self, ai: Ai, value: &[u8]) {
        self.append(b"/");
        self.append(ai.as_str().as_bytes());
        self.append(b"/");
        for &byte in value {
            if is_unreserved(byte) {
                self.append(&[byte]);
            } else {
                self.append(&[
                    b'%',
                    HEX[usize::from(byte >> 4)],
                    HEX[usize::from(byte & 15)],
                ]);
            }
        }
    }

    pub(crate) fn into_boxed_str(self) -> Box<str> {
        std::str::from_utf8(&self.bytes[..self.len])
            .expect("a canonical text is ASCII")
            .into()
    }

    fn append(&mut self, bytes: &[u8]) {
        self.bytes[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Tells whether a byte is unreserved, so that it stands in a URI as it is.
pub(crate) fn is_unreserved(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & UNRESERVED != 0
}

/// Appends a value as an EPC URN holds it.
pub(crate) fn push_urn_escaped(urn: &mut String, value: &str) {
    for byte in value.bytes() {
        if CLASSES[usize::from(byte)] & URN != 0 {
            urn.push(char::from(byte));
        } else {
            urn.push_str(&format!("%{byte:02X}"));
        }
    }
}

/// Undoes the escapes of a canonical text's segment.
pub(crate) fn unescape(segment: &str) -> std::borrow::Cow<'_, str> {
    if !segment.contains('%') {
        return segment.into();
    }
    let decoded = Decoded::new(segment, Writing::Path);
    decoded
        .map(|(_, byte)| char::from(byte))
        .collect::<String>()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_links() {
        for (raw, path, query) in [
            ("A%20B", "A B", "A B"),
            ("A+B", "A+B", "A B"),
            ("%2f%2F", "//", "//"),
            ("ABC%2", "ABC%2", "ABC%2"),
            ("A%4gB%", "A%4gB%", "A%4gB%"),
        ] {
            assert_eq!(decode(raw, Writing::Path), path.as_bytes(), "{raw}");
            assert_eq!(decode(raw, Writing::Query), query.as_bytes(), "{raw}");
        }
    }

    #[test]
    fn set_sizes() {
        let size = |set: Set| (0..=255).filter(|byte| set.has(*byte)).count();
        assert_eq!(size(Set::Digits), 10);
        assert_eq!(size(Set::Any), 82);
        assert_eq!(size(Set::Part), 39);
        assert_eq!(size(Set::Base64), 65);
    }
}
