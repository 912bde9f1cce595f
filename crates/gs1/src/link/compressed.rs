//! Compressed Digital Links: a path segment of URI-safe base64, whose bits are
//! application identifiers, four bits a digit, and their values in as many bits
//! as they need (GS1 Digital Link: URI Compression).

use super::{DigitalLink, LinkOptions, Parts, ai_named, parts};
use crate::elements::ElementString;
use crate::error::{KeyError, Problem};
use crate::percent::decode_path;
use crate::syntax::AiFacts;

mod bits;

use bits::{Bits, Read};

/// Reads a compressed Digital Link.
pub(super) fn read(uri: &str) -> Result<DigitalLink, KeyError> {
    let Parts {
        origin,
        path,
        query,
    } = parts(uri).map_err(|fault| KeyError::new(uri, fault))?;
    let (before, packed) = path.rsplit_once('/').unwrap_or(("", path));
    let at = origin.len() + before.len() + 1;
    let broken = |why| KeyError::at(uri, at, Problem::Compressed { why });
    let found = Bits::of(packed).and_then(unpack).map_err(broken)?;
    let (stem, key) = uncompressed_key(before);
    let elements: Vec<(String, String)> = key.into_iter().chain(found.elements).collect();
    let pairs = elements.iter().map(|(ai, value)| (&**ai, &**value));
    let elements = ElementString::from_pairs(pairs)
        .map_err(|error| KeyError::at(uri, at, error.problem().clone()))?;
    let mut link = DigitalLink::of(&elements)
        .map_err(|error| KeyError::at(uri, at, error.problem().clone()))?;
    link.stem = format!("{origin}{stem}").into();
    link.others = found.others;
    link.read_query(query, LinkOptions::default())
        .map_err(|fault| KeyError::new(uri, fault))?;
    Ok(link)
}

/// Finds the primary key that stands uncompressed before the compressed part.
fn uncompressed_key(before: &str) -> (&str, Option<(String, String)>) {
    let found = before.rsplit_once('/').and_then(|(rest, raw)| {
        let (stem, name) = rest.rsplit_once('/')?;
        let options = LinkOptions {
            words: true,
            ..LinkOptions::default()
        };
        let ai = ai_named(name, options)?;
        AiFacts::of(&ai)?.key_qualifiers()?;
        Some((stem, (ai, String::from_utf8(decode_path(raw)).ok()?)))
    });
    found.map_or((before, None), |(stem, key)| (stem, Some(key)))
}

/// What a compressed part says.
#[derive(Default)]
struct Found {
    elements: Vec<(String, String)>,
    others: Vec<(String, String)>,
}

/// The sequences of application identifiers that have a byte of their own.
const SEQUENCES: [(u8, &[&str]); 28] = [
    (0x0A, &["01", "22"]),
    (0x0B, &["01", "10"]),
    (0x0C, &["01", "21"]),
    (0x0D, &["01", "17"]),
    (0x0E, &["01", "7003"]),
    (0x0F, &["01", "30"]),
    (0x1A, &["01", "10", "21", "17"]),
    (0x1B, &["01", "15"]),
    (0x1C, &["01", "11"]),
    (0x1D, &["01", "16"]),
    (0x1E, &["01", "91"]),
    (0x1F, &["01", "10", "15"]),
    (0x2A, &["01", "3100"]),
    (0x2B, &["01", "3101"]),
    (0x2C, &["01", "3102"]),
    (0x2D, &["01", "3103"]),
    (0x2E, &["01", "3104"]),
    (0x2F, &["01", "3105"]),
    (0x3A, &["01", "3200"]),
    (0x3B, &["01", "3201"]),
    (0x3C, &["01", "3202"]),
    (0x3D, &["01", "3203"]),
    (0x3E, &["01", "3204"]),
    (0x3F, &["01", "3205"]),
    (0x9A, &["8010", "8011"]),
    (0x9B, &["8017", "8019"]),
    (0x9C, &["8018", "8019"]),
    (0x9D, &["414", "254"]),
];

/// Returns the sequence that a byte stands for: those above, and the prices and
/// coupons whose last digit is in the byte.
fn sequence_of(byte: u8) -> Option<Vec<String>> {
    let digit = byte & 15;
    match byte {
        0xA0..=0xA9 => Some(vec!["01".into(), format!("392{digit}")]),
        0xC0..=0xC9 => Some(vec!["255".into(), format!("390{digit}")]),
        0xCA..=0xCD => Some(vec!["255".into(), format!("394{}", digit - 10)]),
        _ => {
            let found = SEQUENCES.iter().find(|(each, _)| *each == byte)?;
            Some(found.1.iter().map(|ai| String::from(*ai)).collect())
        }
    }
}

fn unpack(mut bits: Bits) -> Read<Found> {
    let mut found = Found::default();
    if bits.left() == 0 {
        return Err("it is empty");
    }
    // What is left at the end is padding of less than a byte.
    while bits.left() > 8 {
        let byte = bits.byte()?;
        match (byte >> 4, byte & 15) {
            (0..=9, 0..=9) => {
                let ai = read_ai(byte, &mut bits)?;
                found.add(&ai, &mut bits)?;
            }
            (15, low) => {
                let parameter = read_parameter(low, &mut bits)?;
                found.others.push(parameter);
            }
            _ => {
                let ais = sequence_of(byte).ok_or("a byte stands for no sequence")?;
                ais.iter().try_for_each(|ai| found.add(ai, &mut bits))?;
            }
        }
    }
    Ok(found)
}

/// Reads the rest of an application identifier that begins with the two digits
/// of `byte`.
fn read_ai(byte: u8, bits: &mut Bits) -> Read<String> {
    let mut ai = format!("{byte:02x}");
    let mut known = AiFacts::all().iter().map(|facts| facts.range().0);
    let len = known
        .find(|each| each.starts_with(&ai))
        .map(str::len)
        .ok_or("no application identifier begins with its digits")?;
    while ai.len() < len {
        match u8::try_from(bits.number(4)?) {
            Ok(digit @ 0..=9) => ai.push(char::from(b'0' + digit)),
            _ => return Err("an application identifier holds something other than digits"),
        }
    }
    Ok(ai)
}

/// Reads a parameter that is no application identifier; `low` begins the length
/// of its name.
fn read_parameter(low: u8, bits: &mut Bits) -> Read<(String, String)> {
    let len = usize::from(low) << 3 | bits.number(3)?;
    let name = bits.characters(3, len)?;
    let encoding = bits.number(3)?;
    let len = bits.number(7)?;
    Ok((name, bits.characters(encoding, len)?))
}

impl Found {
    fn add(&mut self, ai: &str, bits: &mut Bits) -> Read<()> {
        let facts = AiFacts::of(ai).ok_or("an application identifier is unknown")?;
        let mut value = String::new();
        for chunk in chunks(facts) {
            value.push_str(&chunk.read(bits)?);
        }
        self.elements.push((ai.into(), value));
        Ok(())
    }
}

/// A piece of a value as it is compressed.
#[derive(Debug, PartialEq, Eq)]
enum Chunk {
    /// So many digits.
    Digits(usize),
    /// Up to so many digits, after their count.
    DigitsUpTo(usize),
    /// So many characters, after their encoding.
    Characters(usize),
    /// Up to so many characters, after their encoding and count.
    CharactersUpTo(usize),
}

/// Returns the pieces in which a value is compressed. They are the dictionary's
/// parts, neighbours alike joined: the digits that every value has, the digits
/// that only some have, and all characters.
fn chunks(facts: &AiFacts) -> Vec<Chunk> {
    use Chunk::{Characters, CharactersUpTo, Digits, DigitsUpTo};
    let mut chunks = Vec::new();
    for part in facts.parts() {
        let (min, max) = part.len();
        let fixed = min == max && !part.is_optional();
        let next = match (part.is_numeric(), fixed) {
            (true, true) => Digits(max),
            (true, false) => DigitsUpTo(max),
            (false, true) => Characters(max),
            (false, false) => CharactersUpTo(max),
        };
        let joined = match (chunks.last(), &next) {
            (Some(Digits(a)), Digits(b)) => Digits(a + b),
            (Some(DigitsUpTo(a)), DigitsUpTo(b)) => DigitsUpTo(a + b),
            (Some(Characters(a)), Characters(b)) => Characters(a + b),
            (Some(Characters(a) | CharactersUpTo(a)), Characters(b) | CharactersUpTo(b)) => {
                CharactersUpTo(a + b)
            }
            _ => {
                chunks.push(next);
                continue;
            }
        };
        chunks.pop();
        chunks.push(joined);
    }
    chunks
}

impl Chunk {
    fn read(&self, bits: &mut Bits) -> Read<String> {
        match *self {
            Self::Digits(len) => bits.digits(len),
            Self::DigitsUpTo(max) => {
                let len = bits.count(max)?;
                bits.digits(len)
            }
            Self::Characters(len) => {
                let encoding = bits.number(3)?;
                bits.characters(encoding, len)
            }
            Self::CharactersUpTo(max) => {
                let encoding = bits.number(3)?;
                let len = bits.count(max)?;
                bits.characters(encoding, len)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_of_values() {
        use Chunk::{Characters, CharactersUpTo, Digits, DigitsUpTo};
        for (ai, right) in [
            ("01", vec![Digits(14)]),
            ("10", vec![CharactersUpTo(20)]),
            ("253", vec![Digits(13), CharactersUpTo(17)]),
            ("255", vec![Digits(13), DigitsUpTo(12)]),
            ("3910", vec![Digits(3), DigitsUpTo(15)]),
            ("421", vec![Digits(3), CharactersUpTo(9)]),
            ("423", vec![Digits(3), DigitsUpTo(12)]),
            ("4307", vec![Characters(2)]),
            ("7003", vec![Digits(10)]),
            ("7007", vec![Digits(6), DigitsUpTo(6)]),
            ("7040", vec![Digits(1), Characters(3)]),
            ("7230", vec![CharactersUpTo(30)]),
            ("8001", vec![Digits(14)]),
            ("8003", vec![Digits(14), CharactersUpTo(16)]),
            ("8006", vec![Digits(18)]),
            ("8008", vec![Digits(8), DigitsUpTo(4)]),
            ("8010", vec![CharactersUpTo(30)]),
        ] {
            let facts = AiFacts::of(ai).expect("it is known");
            assert_eq!(chunks(facts), right, "({ai})");
        }
    }

    #[test]
    fn sequences() {
        for (byte, ais) in [
            (0x0A, Some("01 22")),
            (0xA9, Some("01 3929")),
            (0xC3, Some("255 3903")),
            (0xCD, Some("255 3943")),
            (0xCE, None),
            (0x4A, None),
            (0xB0, None),
        ] {
            let found = sequence_of(byte).map(|ais| ais.join(" "));
            assert_eq!(found.as_deref(), ais, "{byte:x}");
        }
    }
}
