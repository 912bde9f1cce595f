//! The fields of an encoded batch, by their places: a reader of its CBOR
//! (RFC 8949 §3) that knows names and no rules.

use std::ops::Range;

/// One field where it lies in the bytes.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    /// Its name, as in `docs/protocol.md`.
    pub(crate) name: String,
    /// The bytes that tell type and length, and the value of a number.
    pub(crate) head: Range<usize>,
    /// The bytes of its content; empty for numbers and arrays.
    pub(crate) content: Range<usize>,
}

struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    fields: Vec<Field>,
}

/// Returns the fields of a batch:
/// `[key, scope, epoch, start, [record…], root, signature]`.
pub(crate) fn of_batch(bytes: &[u8]) -> Vec<Field> {
    let mut walk = Walk {
        bytes,
        at: 0,
        fields: Vec::new(),
    };
    walk.take("batch");
    for name in ["key", "scope", "epoch", "start"] {
        walk.take(name);
    }
    let count = walk.take("records");
    for record in 0..count {
        let elements = walk.take(&format!("record {record}"));
        walk.take(&format!("record {record} form"));
        walk.header(&format!("record {record} header"));
        if elements == 4 {
            walk.take(&format!("record {record} salt"));
            walk.take(&format!("record {record} payload"));
        }
    }
    walk.take("root");
    walk.take("signature");
    assert_eq!(walk.at, bytes.len(), "a batch ends with its signature");
    walk.fields
}

impl Walk<'_> {
    /// Takes one item, without what an array holds, and returns its argument.
    fn take(&mut self, name: &str) -> usize {
        let first = self.bytes[self.at];
        let head_end = self.at + 1 + argument_bytes(first);
        let argument = argument(first, &self.bytes[self.at + 1..head_end]);
        let is_string = matches!(first >> 5, 2 | 3);
        let end = head_end + if is_string { argument } else { 0 };
        self.fields.push(Field {
            name: name.to_owned(),
            head: self.at..head_end,
            content: head_end..end,
        });
        self.at = end;
        argument
    }

    /// Takes a header: a byte string that holds an array of nine.
    fn header(&mut self, name: &str) {
        let end = {
            self.take(name);
            self.at
        };
        let header = self.fields.last_mut().expect("just taken");
        let inside = std::mem::replace(&mut header.content, end..end);
        self.at = inside.start;
        assert_eq!(self.take(&format!("{name} array")), 9);
        for element in [
            "format",
            "kind",
            "flags",
            "time",
            "charter version",
            "charter hash",
            "payload length",
            "commitment",
            "subject",
        ] {
            self.take(&format!("{name} {element}"));
        }
        assert_eq!(self.at, end, "a header ends with its subject");
    }
}

fn argument_bytes(first: u8) -> usize {
    match first & 0x1f {
        24 => 1,
        25 => 2,
        26 => 4,
        27 => 8,
        _ => 0,
    }
}

fn argument(first: u8, following: &[u8]) -> usize {
    if following.is_empty() {
        return usize::from(first & 0x1f);
    }
    following
        .iter()
        .fold(0, |argument, byte| argument << 8 | usize::from(*byte))
}
