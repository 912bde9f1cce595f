//! Percent-encoding of application identifiers' values in Digital Links.
//!
//! Only the unreserved characters of RFC 3986 §2.3 stand as they are. In a
//! query a blank is written as `+`; no valid value holds one.

use crate::text::{Writing, decode, is_unreserved};

/// Encodes a value for the path of a Digital Link.
///
/// ```
/// assert_eq!(gs1::percent::encode_path("LO/7 a"), "LO%2F7%20a");
/// ```
pub fn encode_path(value: &str) -> String {
    encode(value, false)
}

/// Encodes a value for the query of a Digital Link.
pub fn encode_query(value: &str) -> String {
    encode(value, true)
}

/// Decodes a segment of a Digital Link's path. A percent sign that begins no
/// escape is itself, and the result may be no UTF-8.
pub fn decode_path(segment: &str) -> Vec<u8> {
    decode(segment, Writing::Path)
}

/// Decodes a name or a value of a Digital Link's query, in which `+` is a
/// blank.
pub fn decode_query(text: &str) -> Vec<u8> {
    decode(text, Writing::Query)
}

fn encode(value: &str, in_query: bool) -> String {
    let mut encoded = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b' ' if in_query => encoded.push('+'),
            _ if is_unreserved(byte) => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
