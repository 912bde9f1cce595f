//! The text of XML: elements, attributes, escapes.

use std::fmt::Write as _;

/// Appends an element with text alone.
pub(super) fn simple(name: &str, text: &str, out: &mut String) {
    let _ = write!(out, "<{name}>");
    escaped(text, out);
    let _ = write!(out, "</{name}>");
}

pub(super) fn attribute(name: &str, value: &str, out: &mut String) {
    let _ = write!(out, " {name}=\"");
    for character in value.chars() {
        match character {
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#9;"),
            '\n' => out.push_str("&#10;"),
            other => escape(other, out),
        }
    }
    out.push('"');
}

pub(super) fn escaped(text: &str, out: &mut String) {
    text.chars().for_each(|character| escape(character, out));
}

fn escape(character: char, out: &mut String) {
    match character {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '\r' => out.push_str("&#13;"),
        other => out.push(other),
    }
}
