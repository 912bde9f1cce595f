//! What the GS1 Barcode Syntax Dictionary says of every application
//! identifier: the form of its value, its company in an element string, its
//! place in a Digital Link.
//!
//! The facts lie in `data/application_identifiers.txt`, in the dictionary's own
//! grammar and under its licence, and are read once.

use std::fmt;
use std::sync::LazyLock;

use crate::error::Problem;
use crate::text::Set;

mod codes;
mod coupon;
mod rules;

pub use rules::ValueRule;

/// The dictionary's release that the table was derived from.
pub const DICTIONARY_RELEASE: &str = "2026-01-27";

static TABLE: LazyLock<Vec<AiFacts>> = LazyLock::new(|| {
    let text = include_str!("../data/application_identifiers.txt");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(AiFacts::read).collect()
});

/// Everything known of one application identifier, or of a range of them that
/// are alike but for the last digit, such as (3100) to (3105).
#[derive(Debug)]
pub struct AiFacts {
    first: &'static str,
    last: &'static str,
    title: &'static str,
    /// Title and range, for error messages.
    name: String,
    predefined_length: bool,
    attribute: bool,
    parts: Vec<Part>,
    requires: Vec<Vec<Vec<AiPattern>>>,
    excludes: Vec<AiPattern>,
    qualifiers: Option<Vec<Vec<&'static str>>>,
}

/// One part of a value, such as the 13 digits with which a GRAI begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    set: Set,
    min: usize,
    max: usize,
    optional: bool,
    rules: Vec<ValueRule>,
}

/// Application identifiers that begin alike: `01`, or `35nn` for (3500) to
/// (3599).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AiPattern(&'static str);

impl AiFacts {
    /// Returns what is known of an application identifier given by its digits.
    ///
    /// ```
    /// use gs1::AiFacts;
    ///
    /// let facts = AiFacts::of("3103").expect("a known application identifier");
    /// assert_eq!(facts.title(), "NET WEIGHT (kg)");
    /// assert!(facts.has_predefined_length());
    /// assert!(AiFacts::of("89").is_none());
    /// ```
    pub fn of(ai: &str) -> Option<&'static Self> {
        let after = TABLE.partition_point(|facts| facts.first <= ai);
        let facts = &TABLE[after.checked_sub(1)?];
        (facts.first.len() == ai.len() && ai <= facts.last).then_some(facts)
    }

    /// Returns the whole table, in the order of the digits.
    pub fn all() -> &'static [Self] {
        &TABLE
    }

    /// Returns the first and the last application identifier of the range.
    pub fn range(&self) -> (&'static str, &'static str) {
        (self.first, self.last)
    }

    /// Returns the data title, `BATCH/LOT`; empty where there is none.
    pub fn title(&self) -> &'static str {
        self.title
    }

    /// Tells whether the value's length follows from the first two digits of
    /// the application identifier, so that no separator stands after it.
    pub fn has_predefined_length(&self) -> bool {
        self.predefined_length
    }

    /// Tells whether it may stand in the query of a Digital Link.
    pub fn is_link_attribute(&self) -> bool {
        self.attribute
    }

    /// Returns the parts of the value.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Returns what must stand beside it: of each of these, one alternative,
    /// and of an alternative all.
    pub fn requires(&self) -> &[Vec<Vec<AiPattern>>] {
        &self.requires
    }

    /// Returns what cannot stand beside it.
    pub fn excludes(&self) -> &[AiPattern] {
        &self.excludes
    }

    /// Returns, for a primary key of Digital Links, the orders in which
    /// qualifiers may follow it; `None`: it is no primary key.
    pub fn key_qualifiers(&self) -> Option<&[Vec<&'static str>]> {
        self.qualifiers.as_deref()
    }

    /// Returns the most characters a value has.
    pub fn len_max(&self) -> usize {
        self.parts.iter().map(|part| part.max).sum()
    }

    /// Returns the fewest characters a value has.
    pub fn len_min(&self) -> usize {
        let mandatory = self.parts.iter().filter(|part| !part.optional);
        mandatory.map(|part| part.min).sum()
    }

    /// Checks a value: its characters, its length, its check digits and every
    /// other rule of its parts.
    ///
    /// # Errors
    ///
    /// What is wrong, and the index of the character at which.
    pub fn check(&'static self, value: &[u8]) -> Result<(), (usize, Problem)> {
        if !(self.len_min()..=self.len_max()).contains(&value.len()) {
            return Err((0, self.length(value.len())));
        }
        let mut at = 0;
        for part in &self.parts {
            let rest = &value[at..];
            if rest.is_empty() && part.optional {
                break;
            }
            let len = part.max.min(rest.len());
            if len < part.min {
                return Err((at, self.length(value.len())));
            }
            part.check(&rest[..len], &self.name)
                .map_err(|(index, problem)| (at + index, problem))?;
            at += len;
        }
        if at < value.len() {
            return Err((at, self.length(value.len())));
        }
        Ok(())
    }

    fn length(&'static self, found: usize) -> Problem {
        let (min, max) = (self.len_min(), self.len_max());
        let right = if min == max {
            max.to_string()
        } else {
            format!("{min} to {max}")
        };
        let what = &self.name;
        Problem::Length { what, found, right }
    }

    /// Makes what is asked of application identifiers that nothing is known of.
    pub(crate) fn of_unknown(form: &'static str) -> Self {
        let mut facts = Self::read("00");
        facts.name = "an unknown application identifier".into();
        facts.take_up(form);
        facts
    }

    fn read(line: &'static str) -> Self {
        let (facts, title) = line.split_once('#').unwrap_or((line, ""));
        let mut words = facts.split_whitespace().peekable();
        let range = words.next().expect("a line names its identifiers");
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let is_flags = |word: &&str| word.bytes().all(|byte| b"*?".contains(&byte));
        let flags = words.next_if(is_flags).unwrap_or("");
        let title = title.trim();
        let mut facts = Self {
            first,
            last,
            title,
            name: format!("{title} ({range})").trim_start().into(),
            predefined_length: flags.contains('*'),
            attribute: flags.contains('?'),
            parts: Vec::new(),
            requires: Vec::new(),
            excludes: Vec::new(),
            qualifiers: None,
        };
        for word in words {
            facts.take_up(word);
        }
        facts
    }

    fn take_up(&mut self, word: &'static str) {
        match word.split_once('=') {
            Some(("req", groups)) => {
                let all_of = |group: &'static str| group.split('+').map(AiPattern).collect();
                self.requires.push(groups.split(',').map(all_of).collect());
            }
            Some(("ex", patterns)) => self.excludes.extend(patterns.split(',').map(AiPattern)),
            Some(("dlpkey", orders)) => {
                let in_order = |order: &'static str| order.split(',').collect();
                self.qualifiers = Some(orders.split('|').map(in_order).collect());
            }
            None if word == "dlpkey" => self.qualifiers = Some(Vec::new()),
            _ => self.parts.push(Part::read(word)),
        }
    }
}

impl Part {
    /// Returns the fewest and the most characters of the part.
    pub fn len(&self) -> (usize, usize) {
        (self.min, self.max)
    }

    /// Tells whether a value may end before this part.
    pub fn is_optional(&self) -> bool {
        self.optional
    }

    /// Tells whether the part holds digits only.
    pub fn is_numeric(&self) -> bool {
        self.set == Set::Digits
    }

    /// Returns the letter of the part's characters: N for digits, X for GS1
    /// character set 82, Y for 39, Z for 64.
    pub fn set_letter(&self) -> char {
        match self.set {
            Set::Digits => 'N',
            Set::Any => 'X',
            Set::Part => 'Y',
            Set::Base64 => 'Z',
        }
    }

    /// Returns the rules that its content must meet, beside its characters.
    pub fn rules(&self) -> &[ValueRule] {
        &self.rules
    }

    fn read(word: &'static str) -> Self {
        let mut words = word.split(',');
        let form = words.next().unwrap_or("");
        let optional = form.starts_with('[');
        let form = form.trim_matches(['[', ']']);
        let (set, len) = form.split_at(1);
        let set = match set {
            "N" => Set::Digits,
            "X" => Set::Any,
            "Y" => Set::Part,
            "Z" => Set::Base64,
            _ => panic!("the table of application identifiers has a type {set}"),
        };
        let number = |digits: &str| digits.parse().expect("a length is a number");
        let (min, max) = match len.strip_prefix("..") {
            Some(max) => (1, number(max)),
            None => (number(len), number(len)),
        };
        Self {
            set,
            min,
            max,
            optional,
            rules: words.map(ValueRule::named).collect(),
        }
    }

    fn check(&self, value: &[u8], what: &'static str) -> Result<(), (usize, Problem)> {
        if let Some(at) = value.iter().position(|byte| !self.set.has(*byte)) {
            let found = quote(&value[at..=at]);
            let problem = match self.set {
                Set::Digits => Problem::NotADigit { what, found },
                set => Problem::Character {
                    what,
                    found,
                    right: set.name(),
                },
            };
            return Err((at, problem));
        }
        if self.set == Set::Base64 {
            ValueRule::Base64Padding.check(value, what)?;
        }
        self.rules
            .iter()
            .try_for_each(|rule| rule.check(value, what))
    }
}

impl AiPattern {
    /// Tells whether the pattern stands for an application identifier.
    pub fn matches(self, ai: &str) -> bool {
        let alike = |(pattern, digit): (u8, u8)| pattern == b'n' || pattern == digit;
        self.0.len() == ai.len() && self.0.bytes().zip(ai.bytes()).all(alike)
    }
}

impl fmt::Display for AiPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({})", self.0)
    }
}

/// Quotes a piece of a value, with bytes outside ASCII as their escapes.
fn quote(bytes: &[u8]) -> String {
    let quoted = bytes.iter().map(|byte| match byte {
        0x20..0x7f => char::from(*byte).to_string(),
        _ => format!("%{byte:02X}"),
    });
    quoted.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_identifier_of_every_range_is_found() {
        let mut count = 0;
        for facts in AiFacts::all() {
            let (first, last) = facts.range();
            let number = |digits: &str| digits.parse::<u32>().expect("digits");
            for ai in number(first)..=number(last) {
                let ai = format!("{ai:0width$}", width = first.len());
                let found = AiFacts::of(&ai).expect("it is in the table");
                assert_eq!(found.range(), (first, last), "{ai}");
                count += 1;
            }
        }
        assert_eq!(count, 541);
        for ai in ["", "0", "89", "3106", "310", "31000", "999", "ab"] {
            assert!(AiFacts::of(ai).is_none(), "{ai}");
        }
    }

    #[test]
    fn lengths() {
        for (ai, min, max) in [
            ("01", 14, 14),
            ("10", 1, 20),
            ("253", 13, 30),
            ("423", 3, 15),
            ("8008", 8, 12),
            ("8043", 18, 20),
            ("7230", 3, 30),
        ] {
            let facts = AiFacts::of(ai).expect("it is in the table");
            assert_eq!((facts.len_min(), facts.len_max()), (min, max), "{ai}");
        }
    }

    #[test]
    fn patterns() {
        let pattern = AiPattern("35nn");
        assert!(pattern.matches("3599") && pattern.matches("3500"));
        assert!(!pattern.matches("3600") && !pattern.matches("35"));
        assert_eq!(pattern.to_string(), "(35nn)");
    }
}
