//! Reads JSON strictly: what a looser reader would silently change is a
//! problem here (duplicate members, digits that binary64 drops, half
//! surrogates), each with its pointer.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::jcs;
use crate::number;
use crate::problem::{Path, Problems, Reason, shown};

/// A JSON value that borrows from its text where no escape stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    Number(f64),
    String(Cow<'a, str>),
    Array(Vec<Value<'a>>),
    Object(Vec<(Cow<'a, str>, Value<'a>)>),
}

impl<'a> Value<'a> {
    /// Returns the member of that name, if this is an object that has one.
    pub(crate) fn member(&self, name: &str) -> Option<&Value<'a>> {
        match self {
            Value::Object(members) => members
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the same value with the members of each object in the order of
    /// RFC 8785.
    pub(crate) fn ordered(&self) -> Value<'_> {
        match self {
            Value::String(text) => Value::String(Cow::Borrowed(text)),
            Value::Array(items) => Value::Array(items.iter().map(Value::ordered).collect()),
            Value::Object(members) => {
                let mut ordered: Vec<_> = members
                    .iter()
                    .map(|(name, value)| (Cow::Borrowed(&**name), value.ordered()))
                    .collect();
                ordered.sort_by(|left, right| jcs::name_order(&left.0, &right.0));
                Value::Object(ordered)
            }
            Value::Null => Value::Null,
            Value::Bool(bool) => Value::Bool(*bool),
            Value::Number(number) => Value::Number(*number),
        }
    }

    /// Returns the JSON type's name for messages.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        }
    }

    /// Returns the same value independent of the text it was read from.
    pub(crate) fn into_owned(self) -> Value<'static> {
        match self {
            Value::Null => Value::Null,
            Value::Bool(bool) => Value::Bool(bool),
            Value::Number(number) => Value::Number(number),
            Value::String(text) => Value::String(Cow::Owned(text.into_owned())),
            Value::Array(items) => Value::Array(items.into_iter().map(Value::into_owned).collect()),
            Value::Object(members) => Value::Object(
                members
                    .into_iter()
                    .map(|(name, value)| (Cow::Owned(name.into_owned()), value.into_owned()))
                    .collect(),
            ),
        }
    }
}

/// Reads one JSON text. `None` means it could not be read to its end; the
/// reason is among the problems then. A value may come with problems too.
pub(crate) fn read<'a>(
    bytes: &'a [u8],
    depth_max: usize,
    problems: &mut Problems,
) -> Option<Value<'a>> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let what = format!("no UTF-8 at byte {}", error.valid_up_to());
            problems.add(
                &Path::ROOT,
                Reason::Syntax,
                what,
                "encode the document as UTF-8",
            );
            return None;
        }
    };
    let mut reader = Reader {
        text,
        bytes,
        at: 0,
        depth: 0,
        depth_max,
        problems,
    };
    let value = reader.value(&Path::ROOT).ok()?;
    reader.space();
    if reader.at < bytes.len() {
        reader
            .syntax(&Path::ROOT, "more text after the end of the document")
            .ok()?;
    }
    Some(value)
}

/// Returns how many bytes, from the first on, stand in a JSON string as they
/// are: no control character, quotation mark or backslash.
pub(crate) fn plain_len(bytes: &[u8]) -> usize {
    let is_plain = |byte: u8| byte >= 0x20 && byte != b'"' && byte != b'\\';
    let (chunks, _) = bytes.as_chunks::<16>();
    // Without an early way out, a chunk is looked at in one step.
    let plain = |chunk: &&[u8; 16]| chunk.iter().fold(true, |all, byte| all & is_plain(*byte));
    let at = 16 * chunks.iter().take_while(plain).count();
    let rest = bytes[at..].iter();
    at + rest.take_while(|byte| is_plain(**byte)).count()
}

/// Reading cannot go on; the problem is already noted.
struct Stopped;

struct Reader<'a, 'b> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    depth: usize,
    depth_max: usize,
    problems: &'b mut Problems,
}

impl<'a> Reader<'a, '_> {
    fn value(&mut self, path: &Path<'_>) -> Result<Value<'a>, Stopped> {
        self.space();
        match self.peek() {
            Some(b'{') => self.nested(path, Self::object),
            Some(b'[') => self.nested(path, Self::array),
            Some(b'"') => Ok(Value::String(self.string(path)?)),
            Some(b'-' | b'0'..=b'9') => self.number(path),
            Some(b't') => self.literal(path, "true", Value::Bool(true)),
            Some(b'f') => self.literal(path, "false", Value::Bool(false)),
            Some(b'n') => self.literal(path, "null", Value::Null),
            Some(_) => self.syntax(path, "no JSON value begins here"),
            None => self.syntax(path, "the text ends where a value should begin"),
        }
    }

    fn nested(
        &mut self,
        path: &Path<'_>,
        inner: fn(&mut Self, &Path<'_>) -> Result<Value<'a>, Stopped>,
    ) -> Result<Value<'a>, Stopped> {
        if self.depth == self.depth_max {
            let what = format!(
                "arrays and objects are nested deeper than {}",
                self.depth_max
            );
            self.problems
                .add(path, Reason::TooDeep, what, "flatten the data");
            return Err(Stopped);
        }
        self.depth += 1;
        self.at += 1;
        let value = inner(self, path)?;
        self.depth -= 1;
        Ok(value)
    }

    fn object(&mut self, path: &Path<'_>) -> Result<Value<'a>, Stopped> {
        let mut members: Vec<(Cow<'a, str>, Value<'a>)> = Vec::new();
        let mut seen = Names::default();
        self.space();
        if self.take(b'}') {
            return Ok(Value::Object(members));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return self.syntax(path, "a member name in quotes should stand here");
            }
            let name = self.string(path)?;
            self.space();
            if !self.take(b':') {
                return self.syntax(&path.name(&name), "a colon should follow the member name");
            }
            let value = self.value(&path.name(&name))?;
            if seen.holds(&name, &members) {
                self.problems.add(
                    &path.name(&name),
                    Reason::DuplicateMember,
                    format!("the member {} stands here twice", shown(&name)),
                    "keep one of them",
                );
            } else {
                members.push((name, value));
            }
            self.space();
            if self.take(b'}') {
                return Ok(Value::Object(members));
            }
            if !self.take(b',') {
                return self.syntax(path, "a comma or a closing brace should stand here");
            }
        }
    }

    fn array(&mut self, path: &Path<'_>) -> Result<Value<'a>, Stopped> {
        let mut items = Vec::new();
        self.space();
        if self.take(b']') {
            return Ok(Value::Array(items));
        }
        loop {
            let item = self.value(&path.index(items.len()))?;
            items.push(item);
            self.space();
            if self.take(b']') {
                return Ok(Value::Array(items));
            }
            if !self.take(b',') {
                return self.syntax(path, "a comma or a closing bracket should stand here");
            }
        }
    }

    fn string(&mut self, path: &Path<'_>) -> Result<Cow<'a, str>, Stopped> {
        self.at += 1;
        let start = self.at;
        let text = self.text;
        self.at += plain_len(&self.bytes[start..]);
        match self.peek() {
            Some(b'"') => {
                let plain = &text[start..self.at];
                self.at += 1;
                return Ok(Cow::Borrowed(plain));
            }
            Some(b'\\') => {}
            Some(_) => return self.syntax(path, "a control character stands in a string"),
            None => return self.syntax(path, "the text ends inside a string"),
        }
        let mut owned = text[start..self.at].to_owned();
        loop {
            let from = self.at;
            self.at += plain_len(&self.bytes[from..]);
            owned.push_str(&text[from..self.at]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Cow::Owned(owned));
                }
                Some(b'\\') => {
                    self.at += 1;
                    let character = self.escape(path)?;
                    owned.push(character);
                }
                Some(_) => return self.syntax(path, "a control character stands in a string"),
                None => return self.syntax(path, "the text ends inside a string"),
            }
        }
    }

    fn escape(&mut self, path: &Path<'_>) -> Result<char, Stopped> {
        let Some(byte) = self.peek() else {
            return self.syntax(path, "the text ends inside an escape");
        };
        self.at += 1;
        Ok(match byte {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(path),
            _ => {
                self.at -= 1;
                return self.syntax(path, "no JSON escape");
            }
        })
    }

    fn unicode(&mut self, path: &Path<'_>) -> Result<char, Stopped> {
        let unit = self.hex4(path)?;
        let lone = |reader: &mut Self| {
            reader.problems.add(
                path,
                Reason::LoneSurrogate,
                format!("\\u{unit:04x} is half of a surrogate pair"),
                "write the whole character",
            );
            Ok(char::REPLACEMENT_CHARACTER)
        };
        match unit {
            0xd800..=0xdbff => {
                let mark = self.at;
                if self.take(b'\\') && self.take(b'u') {
                    let low = self.hex4(path)?;
                    if (0xdc00..=0xdfff).contains(&low) {
                        let code = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                        return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                    }
                }
                self.at = mark;
                lone(self)
            }
            0xdc00..=0xdfff => lone(self),
            _ => Ok(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)),
        }
    }

    fn hex4(&mut self, path: &Path<'_>) -> Result<u32, Stopped> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else {
                return self.syntax(path, "four hexadecimal digits should follow \\u");
            };
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
    }

    fn number(&mut self, path: &Path<'_>) -> Result<Value<'a>, Stopped> {
        let start = self.at;
        self.take(b'-');
        if self.take(b'0') {
            if matches!(self.peek(), Some(b'0'..=b'9')) {
                return self.syntax(path, "a number begins with a needless zero");
            }
        } else {
            self.digits(path)?;
        }
        if self.take(b'.') {
            self.digits(path)?;
        }
        if self.take(b'e') || self.take(b'E') {
            if !self.take(b'+') {
                self.take(b'-');
            }
            self.digits(path)?;
        }
        let literal = &self.text[start..self.at];
        let (value, kept) = number::read(literal);
        if !kept {
            self.problems.add(
                path,
                Reason::NumberPrecision,
                format!("binary64 does not keep the digits of {}", shown(literal)),
                "write it as a string, or with digits that a binary64 number keeps",
            );
        }
        Ok(Value::Number(value))
    }

    fn digits(&mut self, path: &Path<'_>) -> Result<(), Stopped> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if start == self.at {
            return self.syntax(path, "a digit should stand here");
        }
        Ok(())
    }

    fn literal(
        &mut self,
        path: &Path<'_>,
        word: &str,
        value: Value<'a>,
    ) -> Result<Value<'a>, Stopped> {
        if self.bytes[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(value)
        } else {
            self.syntax(path, "no JSON value begins here")
        }
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let taken = self.peek() == Some(byte);
        self.at += usize::from(taken);
        taken
    }

    fn syntax<T>(&mut self, path: &Path<'_>, what: &str) -> Result<T, Stopped> {
        let read = &self.bytes[..self.at];
        let line = 1 + read.iter().filter(|byte| **byte == b'\n').count();
        let column = 1 + read.iter().rev().take_while(|byte| **byte != b'\n').count();
        self.problems.add(
            path,
            Reason::Syntax,
            format!("{what} (line {line}, byte {column} of it)"),
            "write JSON as RFC 8259 tells",
        );
        Err(Stopped)
    }
}

/// The names met in one object: few are compared, many are hashed.
#[derive(Default)]
struct Names {
    hashed: HashSet<String>,
}

impl Names {
    const COMPARED_MAX: usize = 32;

    fn holds(&mut self, name: &str, members: &[(Cow<'_, str>, Value<'_>)]) -> bool {
        if members.len() < Self::COMPARED_MAX {
            return members.iter().any(|(other, _)| other == name);
        }
        if self.hashed.is_empty() {
            self.hashed
                .extend(members.iter().map(|(name, _)| name.clone().into_owned()));
        }
        !self.hashed.insert(name.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Problem;

    fn check(text: &str) -> (Option<Value<'_>>, Vec<Problem>) {
        let mut problems = Problems::default();
        let value = read(text.as_bytes(), 8, &mut problems);
        (value, problems.into_vec())
    }

    fn reason(text: &str) -> (Reason, String) {
        let (_, problems) = check(text);
        let first = problems.first().expect("a problem is found");
        (first.reason, first.pointer.clone())
    }

    #[test]
    fn values_are_read() {
        let (value, problems) =
            check(" {\"a\": [1, -2.5e1, true, null, \"\\u0110\\ud83d\\ude00\"]} ");
        assert!(problems.is_empty());
        let value = value.expect("the text is JSON");
        let items = value.member("a").expect("a is there");
        assert_eq!(
            items,
            &Value::Array(vec![
                Value::Number(1.0),
                Value::Number(-25.0),
                Value::Bool(true),
                Value::Null,
                Value::String("Đ😀".into()),
            ])
        );
    }

    #[test]
    fn what_others_would_change_is_refused() {
        for (text, expected, pointer) in [
            (
                "{\"a\":1,\"b\":{\"c\":1,\"c\":2}}",
                Reason::DuplicateMember,
                "/b/c",
            ),
            ("{\"a\":1,\"\\u0061\":1}", Reason::DuplicateMember, "/a"),
            ("[9007199254740993]", Reason::NumberPrecision, "/0"),
            ("[1e400]", Reason::NumberPrecision, "/0"),
            ("[\"\\ud83d\"]", Reason::LoneSurrogate, "/0"),
            ("[\"\\ude00\"]", Reason::LoneSurrogate, "/0"),
            ("[\"\\ud83dx\"]", Reason::LoneSurrogate, "/0"),
            ("[[[[[[[[[]]]]]]]]]", Reason::TooDeep, "/0/0/0/0/0/0/0/0"),
            ("[01]", Reason::Syntax, "/0"),
            ("[1.]", Reason::Syntax, "/0"),
            ("[-]", Reason::Syntax, "/0"),
            ("[1,]", Reason::Syntax, "/1"),
            ("{\"a\":1,}", Reason::Syntax, ""),
            ("[\"\t\"]", Reason::Syntax, "/0"),
            ("[\"\\x\"]", Reason::Syntax, "/0"),
            ("[\"\\u12\"]", Reason::Syntax, "/0"),
            ("nul", Reason::Syntax, ""),
            ("1 2", Reason::Syntax, ""),
            ("\u{feff}{}", Reason::Syntax, ""),
            ("", Reason::Syntax, ""),
        ] {
            assert_eq!(reason(text), (expected, pointer.to_owned()), "{text}");
        }
    }

    #[test]
    fn duplicates_are_found_among_many_members() {
        let mut text = String::from("{");
        for index in 0..100 {
            text.push_str(&format!("\"m{index}\":0,"));
        }
        text.push_str("\"m70\":1}");
        assert_eq!(reason(&text), (Reason::DuplicateMember, "/m70".to_owned()));
    }
}
