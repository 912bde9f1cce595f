//! A JSON tree that forgets nothing a strict reader must see: repeated member
//! names, and numbers that are not whole.

use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::ser::{Error as _, SerializeMap as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The largest whole number that binary64, and so RFC 8785, keeps exactly
/// together with its neighbours: 2^53 − 1.
const WHOLE_MAX: i64 = (1 << 53) - 1;

/// A JSON value as it stands in a file, its members in the file's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    /// A whole number within ±(2^53 − 1), written without point or exponent.
    Whole(i64),
    /// Any other number. Its digits are not kept: no reader takes it.
    OtherNumber,
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// Says why bytes could not be read as one JSON value.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// More bytes than this kind of file may have.
    #[error("the file has {bytes} bytes, and at most {bytes_max} are read")]
    TooLarge {
        /// How many bytes there are.
        bytes: usize,
        /// How many there may be.
        bytes_max: usize,
    },
    /// Not one JSON value (RFC 8259) in UTF-8.
    #[error("the file is not JSON")]
    NotJson(#[source] serde_json::Error),
}

impl FileError {
    /// Returns the reason's class, as counters and test vectors name it.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too-large",
            Self::NotJson(_) => "not-json",
        }
    }
}

impl Json {
    /// Reads one JSON value of at most `bytes_max` bytes.
    pub(crate) fn read(file: &[u8], bytes_max: usize) -> Result<Self, FileError> {
        if file.len() > bytes_max {
            return Err(FileError::TooLarge {
                bytes: file.len(),
                bytes_max,
            });
        }
        serde_json::from_slice(file).map_err(FileError::NotJson)
    }

    /// Returns the canonical form (RFC 8785) of a value that a reader accepted
    /// whole, which has no repeated member and whole numbers only.
    pub(crate) fn canonical(&self) -> Vec<u8> {
        serde_json_canonicalizer::to_vec(self)
            .expect("an accepted value holds nothing that JCS cannot write")
    }

    /// Returns an indented text of an accepted value, with a newline at its
    /// end, its members in their own order.
    pub(crate) fn pretty(&self) -> String {
        let mut text = serde_json::to_string_pretty(self)
            .expect("an accepted value holds nothing that JSON cannot write");
        text.push('\n');
        text
    }

    /// Makes an object of the members that are there.
    pub(crate) fn object<'a>(members: impl IntoIterator<Item = (&'a str, Option<Json>)>) -> Self {
        let present = |(name, value): (&str, Option<Json>)| Some((name.to_owned(), value?));
        Self::Object(members.into_iter().filter_map(present).collect())
    }

    /// Makes a text of anything that shows itself as one.
    pub(crate) fn text(of: impl fmt::Display) -> Self {
        Self::Text(of.to_string())
    }

    /// Makes an array.
    pub(crate) fn array(items: impl IntoIterator<Item = Json>) -> Self {
        Self::Array(items.into_iter().collect())
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Whole(value) => serializer.serialize_i64(*value),
            Self::OtherNumber => Err(S::Error::custom("not a whole number")),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(if (-WHOLE_MAX..=WHOLE_MAX).contains(&value) {
            Json::Whole(value)
        } else {
            Json::OtherNumber
        })
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(match i64::try_from(value) {
            Ok(value) if value <= WHOLE_MAX => Json::Whole(value),
            _ => Json::OtherNumber,
        })
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::OtherNumber)
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = access.next_entry()? {
            members.push(member);
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_numbers_keep_their_value() {
        let check = |text: &str, expect: Json| {
            let read = Json::read(text.as_bytes(), 100).expect("JSON");
            assert_eq!(read, expect, "{text}");
        };
        check("0", Json::Whole(0));
        check("9007199254740991", Json::Whole(WHOLE_MAX));
        check("-9007199254740991", Json::Whole(-WHOLE_MAX));
        for other in [
            "9007199254740992",
            "18446744073709551616",
            "1.0",
            "1e2",
            "-0",
            "0.5",
        ] {
            check(other, Json::OtherNumber);
        }
    }

    #[test]
    fn repeated_members_are_kept_for_the_reader_to_refuse() {
        let read = Json::read(br#"{"a":1,"a":2}"#, 100).expect("JSON");
        assert!(matches!(read, Json::Object(members) if members.len() == 2));
    }

    #[test]
    fn bytes_that_are_not_one_value_are_refused() {
        for bad in [
            &b""[..],
            b"{",
            b"{}{}",
            b"\xef\xbb\xbf{}",
            b"\"\xff\"",
            b"\"\\ud800\"",
        ] {
            assert!(Json::read(bad, 100).is_err(), "{bad:?}");
        }
        assert!(matches!(
            Json::read(b"[1,2]", 4),
            Err(FileError::TooLarge {
                bytes: 5,
                bytes_max: 4
            })
        ));
        let deep = "[".repeat(100_000);
        assert!(Json::read(deep.as_bytes(), 200_000).is_err());
    }
}
