//! What is wrong with an input, where, and how to mend it.

use std::borrow::Cow;
use std::fmt;

/// The most problems that are collected for one document.
pub const PROBLEMS_MAX: usize = 100;

/// The class of a [`Problem`], for programs that react to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The text is no JSON (RFC 8259), no XML, or no UTF-8.
    Syntax,
    /// An object has two members of one name.
    DuplicateMember,
    /// Binary64 does not keep the decimal digits of a number.
    NumberPrecision,
    /// A string holds half of a UTF-16 surrogate pair.
    LoneSurrogate,
    /// Arrays and objects are nested deeper than [`crate::DEPTH_MAX`].
    TooDeep,
    /// The canonical form is longer than [`crate::PAYLOAD_BYTES_MAX`].
    TooLarge,
    /// A context document is named that is not held here.
    UnknownContext,
    /// A context uses a feature of JSON-LD that is not supported.
    UnsupportedContext,
    /// A name or value has a prefix, or is a word, that no context resolves.
    Unresolved,
    /// Two members of one object have the same expanded name.
    NameCollision,
    /// A required member is missing.
    Missing,
    /// A value has the wrong JSON type.
    WrongType,
    /// A string does not have the form that its member asks for.
    WrongForm,
    /// A word is none of the vocabulary of its member.
    UnknownWord,
    /// A member is not known at its place and bears no namespace.
    UnknownMember,
    /// A rule of EPCIS that spans several members does not hold.
    Rule,
    /// An identifier breaks the syntax of its GS1 scheme.
    Identifier,
    /// A value cannot stand in the canonical form.
    NoCanonicalForm,
    /// An XML element stands where the schema does not let it.
    Misplaced,
    /// A profile asks for more than EPCIS does.
    Profile,
}

impl Reason {
    /// Returns the name used in test vectors and machine-readable answers.
    pub fn name(self) -> &'static str {
        match self {
            Reason::Syntax => "syntax",
            Reason::DuplicateMember => "duplicate-member",
            Reason::NumberPrecision => "number-precision",
            Reason::LoneSurrogate => "lone-surrogate",
            Reason::TooDeep => "too-deep",
            Reason::TooLarge => "too-large",
            Reason::UnknownContext => "unknown-context",
            Reason::UnsupportedContext => "unsupported-context",
            Reason::Unresolved => "unresolved",
            Reason::NameCollision => "name-collision",
            Reason::Missing => "missing",
            Reason::WrongType => "wrong-type",
            Reason::WrongForm => "wrong-form",
            Reason::UnknownWord => "unknown-word",
            Reason::UnknownMember => "unknown-member",
            Reason::Rule => "rule",
            Reason::Identifier => "identifier",
            Reason::NoCanonicalForm => "no-canonical-form",
            Reason::Misplaced => "misplaced",
            Reason::Profile => "profile",
        }
    }
}

/// One thing that is wrong with an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which event of the document, counted from 0; `None` outside events.
    pub event: Option<usize>,
    /// Where in the document, as a JSON Pointer (RFC 6901).
    pub pointer: String,
    /// Where in the text, for documents in XML. Their pointer speaks of the
    /// JSON-LD document that means the same.
    pub position: Option<Position>,
    /// The class of the problem.
    pub reason: Reason,
    /// What is wrong.
    pub what: String,
    /// What would be right.
    pub mend: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Position { line, column }) = self.position {
            write!(f, "line {line}, column {column}, ")?;
        }
        if let Some(event) = self.event {
            write!(f, "event {event}, ")?;
        }
        let place = if self.pointer.is_empty() {
            "the whole"
        } else {
            &self.pointer
        };
        write!(f, "{place}: {}; {}", self.what, self.mend)
    }
}

/// A place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line, counted from 1.
    pub line: usize,
    /// The character in the line, counted from 1.
    pub column: usize,
}

impl Position {
    /// Returns a place that is known by its byte offset alone, until
    /// [`Position::resolve`] has seen the text. Line 0 marks it.
    pub(crate) fn unresolved(offset: usize) -> Position {
        Position {
            line: 0,
            column: offset,
        }
    }

    /// Turns byte offsets into lines and columns, in one pass over the text.
    pub(crate) fn resolve(text: &str, problems: &mut [Problem]) {
        let mut places: Vec<&mut Position> = problems
            .iter_mut()
            .filter_map(|problem| problem.position.as_mut())
            .filter(|position| position.line == 0)
            .collect();
        places.sort_by_key(|place| place.column);
        let (mut line, mut column, mut from) = (1, 1, 0);
        for place in places {
            let mut offset = place.column.clamp(from, text.len());
            while !text.is_char_boundary(offset) {
                offset -= 1;
            }
            let passed = text.get(from..offset).unwrap_or_default();
            match passed.rsplit_once('\n') {
                Some((lines, last)) => {
                    line += 1 + lines.bytes().filter(|byte| *byte == b'\n').count();
                    column = 1 + last.chars().count();
                }
                None => column += passed.chars().count(),
            }
            from = offset;
            *place = Position { line, column };
        }
    }
}

/// Collects problems up to a number, [`PROBLEMS_MAX`] unless told otherwise;
/// later ones are counted only.
#[derive(Debug)]
pub(crate) struct Problems {
    list: Vec<Problem>,
    max: usize,
    found: usize,
}

impl Default for Problems {
    fn default() -> Self {
        Self::up_to(PROBLEMS_MAX)
    }
}

impl Problems {
    /// Collects so many problems at most.
    pub(crate) fn up_to(max: usize) -> Self {
        Self {
            list: Vec::new(),
            max,
            found: 0,
        }
    }

    pub(crate) fn add(
        &mut self,
        path: &Path<'_>,
        reason: Reason,
        what: impl Into<String>,
        mend: impl Into<String>,
    ) {
        self.put(path, None, reason, what, mend);
    }

    /// Adds a problem whose byte offset in the text is known.
    pub(crate) fn add_at(
        &mut self,
        path: &Path<'_>,
        offset: usize,
        reason: Reason,
        what: impl Into<String>,
        mend: impl Into<String>,
    ) {
        let position = Position::unresolved(offset);
        self.put(path, Some(position), reason, what, mend);
    }

    fn put(
        &mut self,
        path: &Path<'_>,
        position: Option<Position>,
        reason: Reason,
        what: impl Into<String>,
        mend: impl Into<String>,
    ) {
        self.found += 1;
        if self.list.len() < self.max {
            self.list.push(Problem {
                event: None,
                pointer: path.pointer(),
                position,
                reason,
                what: what.into(),
                mend: mend.into(),
            });
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Returns how many were found, those that were not kept included.
    pub(crate) fn found(&self) -> usize {
        self.found
    }

    /// Tells whether some were found that were not kept.
    pub(crate) fn is_cut(&self) -> bool {
        self.found > self.list.len()
    }

    /// Steps through what was kept.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.list.iter()
    }

    pub(crate) fn into_vec(self) -> Vec<Problem> {
        self.list
    }

    /// Takes over another list, each problem placed under `path`.
    pub(crate) fn add_under(&mut self, path: &Path<'_>, others: Vec<Problem>) {
        let base = path.pointer();
        for mut problem in others {
            self.found += 1;
            if self.list.len() < self.max {
                problem.pointer.insert_str(0, &base);
                self.list.push(problem);
            }
        }
    }
}

/// A place in a document, linked upwards along the call stack, so that a walk
/// pays for its text only when something is wrong there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    step: Step<'p>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'p> {
    Root,
    Name(&'p str),
    Index(usize),
}

impl<'p> Path<'p> {
    pub(crate) const ROOT: Path<'static> = Path {
        parent: None,
        step: Step::Root,
    };

    pub(crate) fn name<'q>(&'q self, name: &'q str) -> Path<'q> {
        Path {
            parent: Some(self),
            step: Step::Name(name),
        }
    }

    pub(crate) fn index(&self, index: usize) -> Path<'_> {
        Path {
            parent: Some(self),
            step: Step::Index(index),
        }
    }

    /// Returns the last step as the pointer has it, without escapes.
    pub(crate) fn last(&self) -> Cow<'p, str> {
        match self.step {
            Step::Root => Cow::Borrowed(""),
            Step::Name(name) => Cow::Borrowed(name),
            Step::Index(index) => Cow::Owned(index.to_string()),
        }
    }

    pub(crate) fn pointer(&self) -> String {
        let mut text = self.parent.map(Path::pointer).unwrap_or_default();
        match self.step {
            Step::Root => {}
            Step::Name(name) => {
                text.push('/');
                for character in name.chars() {
                    match character {
                        '~' => text.push_str("~0"),
                        '/' => text.push_str("~1"),
                        other => text.push(other),
                    }
                }
            }
            Step::Index(index) => {
                text.push('/');
                text.push_str(&index.to_string());
            }
        }
        text
    }
}

/// Returns the start of a value for a message, so that messages stay short.
pub(crate) fn shown(text: &str) -> String {
    const SHOWN_MAX: usize = 80;
    let mut shown: String = text.chars().take(SHOWN_MAX).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("{shown:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_escape_tilde_and_slash() {
        let list = Path::ROOT.name("a/b~c");
        assert_eq!(list.index(3).name("d").pointer(), "/a~1b~0c/3/d");
        assert_eq!(Path::ROOT.pointer(), "");
    }

    #[test]
    fn offsets_become_lines_and_columns() {
        let mut problems = Problems::default();
        for offset in [10, 0, 4, 6, 99] {
            let path = Path::ROOT.index(offset);
            problems.add_at(&path, offset, Reason::Rule, "what", "mend");
        }
        let mut problems = problems.into_vec();
        Position::resolve("ab\ncộx\n\ny", &mut problems);
        let places: Vec<_> = problems
            .iter()
            .filter_map(|problem| problem.position)
            .map(|place| (place.line, place.column))
            .collect();
        assert_eq!(places, [(4, 1), (1, 1), (2, 2), (2, 2), (4, 2)]);
    }

    #[test]
    fn no_more_problems_than_the_bound_are_kept() {
        let mut problems = Problems::default();
        for index in 0..PROBLEMS_MAX + 5 {
            problems.add(&Path::ROOT.index(index), Reason::Rule, "what", "mend");
        }
        assert_eq!(problems.found(), PROBLEMS_MAX + 5);
        assert!(problems.is_cut());
        assert_eq!(problems.into_vec().len(), PROBLEMS_MAX);
    }
}
