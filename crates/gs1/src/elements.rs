//! Whole element strings: every application identifier with its checked value,
//! and the rules for what stands beside what.

use std::fmt;
use std::sync::LazyLock;

use crate::element_string::{each_element, opens_ai};
use crate::error::{Fault, KeyError, Problem};
use crate::key::Key;
use crate::syntax::{AiFacts, AiPattern};
use crate::text::{Writing, decode, fault_at};

/// Application identifiers and their values, each of them valid, in the order
/// in which they stood; none stands twice.
///
/// [`Display`](fmt::Display) writes it with brackets. What must and what cannot
/// stand beside each other is apart from that, since one label may be of
/// several element strings: see [`pair_problems`](Self::pair_problems).
///
/// ```
/// use gs1::ElementString;
///
/// let scanned = ElementString::parse("^010893850512345517261123^10L7^21A")?;
/// assert_eq!(scanned.to_string(), "(01)08938505123455(17)261123(10)L7(21)A");
/// assert_eq!(scanned.value("17"), Some("261123"));
/// assert!(scanned.pair_problems().is_empty());
/// # Ok::<(), gs1::KeyError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ElementString {
    elements: Vec<Element>,
}

/// One application identifier with its value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Element {
    ai: Box<str>,
    value: Box<str>,
}

/// How to read one element.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    pub(crate) writing: Writing,
    /// Takes GTINs of 8, 12 and 13 digits for (01).
    pub(crate) short_gtins: bool,
}

impl ElementString {
    /// Reads an element string, `(01)08938505123455(10)L7` or, as scanned,
    /// `010893850512345510L7` and so on with GS (0x1D) or `^` after values of no
    /// predefined length.
    ///
    /// # Errors
    ///
    /// An application identifier that is unknown or given twice with different
    /// values, and a value that is not of its form.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut all = Self::default();
        let read = each_element(text, |ai, raw, writing| all.take_up(ai, raw, writing));
        read.map_err(|fault| KeyError::new(text, fault))?;
        if all.elements.is_empty() {
            return Err(KeyError::at(
                text,
                0,
                Problem::NoAi {
                    found: String::new(),
                },
            ));
        }
        Ok(all)
    }

    /// Makes an element string of application identifiers and their values,
    /// which are written without escapes.
    ///
    /// # Errors
    ///
    /// As [`ElementString::parse`]; the error quotes the value.
    pub fn from_pairs<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, KeyError> {
        let mut all = Self::default();
        for (ai, value) in pairs {
            all.take_up(ai, value, Writing::Plain)
                .map_err(|fault| KeyError::new(value, fault))?;
        }
        Ok(all)
    }

    /// Steps through the elements.
    pub fn iter(&self) -> impl Iterator<Item = &Element> {
        self.elements.iter()
    }

    /// Returns the value of an application identifier.
    pub fn value(&self, ai: &str) -> Option<&str> {
        let found = self.elements.iter().find(|element| &*element.ai == ai);
        found.map(|element| &*element.value)
    }

    /// Returns what is missing beside an application identifier, and what
    /// stands beside it but cannot.
    pub fn pair_problems(&self) -> Vec<Problem> {
        let beside = |element: &Element, pattern: &AiPattern| {
            let mut others = self.elements.iter();
            others.any(|other| other.ai != element.ai && pattern.matches(&other.ai))
        };
        let mut problems = Vec::new();
        for element in &self.elements {
            let Some(facts) = element.facts() else {
                continue;
            };
            let found = || element.ai.to_string();
            for groups in facts.requires() {
                let stands = |group: &Vec<AiPattern>| group.iter().all(|ai| beside(element, ai));
                if !groups.iter().any(stands) {
                    let right = alternatives(groups);
                    problems.push(Problem::Requires {
                        found: found(),
                        right,
                    });
                }
            }
            for other in &self.elements {
                let excluded = |pattern: &AiPattern| pattern.matches(&other.ai);
                if other.ai != element.ai && facts.excludes().iter().any(excluded) {
                    let other = other.ai.to_string();
                    problems.push(Problem::Excludes {
                        found: found(),
                        other,
                    });
                }
            }
        }
        problems
    }

    /// Returns the key that the first primary key of the element string makes
    /// with its qualifiers.
    ///
    /// # Errors
    ///
    /// An element string without a primary key, or with qualifiers that cannot
    /// stand together.
    pub fn key(&self) -> Result<Key, KeyError> {
        Key::from_element_string(&self.to_string())
    }

    /// Writes the element string as a symbol holds it: after a leading FNC1,
    /// with FNC1 after every value of no predefined length but the last.
    ///
    /// `fnc1` is the character that stands for FNC1: GS (0x1D) in scanners'
    /// data, `^` where people read it.
    pub fn to_unbracketed(&self, fnc1: char) -> String {
        let mut text = String::from(fnc1);
        let mut elements = self.elements.iter().peekable();
        while let Some(element) = elements.next() {
            text.push_str(&element.ai);
            text.push_str(&element.value);
            let ends_itself = element.facts().is_some_and(AiFacts::has_predefined_length);
            if elements.peek().is_some() && !ends_itself {
                text.push(fnc1);
            }
        }
        text
    }

    fn take_up<'a>(
        &mut self,
        ai: &'a str,
        raw: &'a str,
        writing: Writing,
    ) -> Result<(), Fault<'a>> {
        let reading = Reading {
            writing,
            short_gtins: false,
        };
        if AiFacts::of(ai).is_none() {
            return Err(Fault::new(ai, Problem::UnknownAi { found: ai.into() }));
        }
        let element = Element::read(ai, raw, reading)?;
        match self.elements.iter().find(|each| each.ai == element.ai) {
            None => self.elements.push(element),
            Some(same) if same.value == element.value => {}
            Some(_) => return Err(Fault::new(raw, element.given_twice())),
        }
        Ok(())
    }
}

impl FromIterator<Element> for ElementString {
    /// Collects elements; of an application identifier given twice, the first.
    fn from_iter<I: IntoIterator<Item = Element>>(elements: I) -> Self {
        let mut all = Self::default();
        for element in elements {
            if all.value(&element.ai).is_none() {
                all.elements.push(element);
            }
        }
        all
    }
}

impl Element {
    /// Returns the digits of the application identifier.
    pub fn ai(&self) -> &str {
        &self.ai
    }

    /// Returns the value, without escapes.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Returns what is known of the application identifier; `None` for one that
    /// the GS1 list lacks, which only a Digital Link may have been allowed.
    pub fn facts(&self) -> Option<&'static AiFacts> {
        AiFacts::of(&self.ai)
    }

    /// Reads a value as it is written; any 90 characters are a value of an
    /// application identifier that the GS1 list lacks.
    pub(crate) fn read<'a>(ai: &str, raw: &'a str, reading: Reading) -> Result<Self, Fault<'a>> {
        let facts = AiFacts::of(ai).unwrap_or_else(|| &UNKNOWN);
        let mut value = decode(raw, reading.writing);
        let mut zeros = 0;
        if reading.short_gtins && ai == "01" && matches!(value.len(), 8 | 12 | 13) {
            zeros = 14 - value.len();
            value.splice(..0, std::iter::repeat_n(b'0', zeros));
        }
        facts.check(&value).map_err(|(index, problem)| {
            fault_at(raw, reading.writing, index.saturating_sub(zeros), problem)
        })?;
        let value = String::from_utf8(value).expect("a checked value is ASCII");
        Ok(Self {
            ai: ai.into(),
            value: value.into(),
        })
    }

    pub(crate) fn given_twice(&self) -> Problem {
        let found = self.ai.to_string();
        Problem::Duplicate { found }
    }
}

/// What is asked of the values of application identifiers that are unknown.
static UNKNOWN: LazyLock<AiFacts> = LazyLock::new(|| AiFacts::of_unknown("X..90"));

/// Writes the element string with brackets; `\(` stands for a bracket of a
/// value that would open an application identifier.
impl fmt::Display for ElementString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Element { ai, value } in &self.elements {
            write!(f, "({ai})")?;
            let mut rest = &**value;
            while let Some(at) = rest.find('(') {
                let (before, bracket) = rest.split_at(at);
                let escape = if opens_ai(bracket) { "\\" } else { "" };
                write!(f, "{before}{escape}(")?;
                rest = &bracket[1..];
            }
            f.write_str(rest)?;
        }
        Ok(())
    }
}

fn alternatives(groups: &[Vec<AiPattern>]) -> String {
    let written = groups.iter().map(|group| {
        let all: Vec<String> = group.iter().map(ToString::to_string).collect();
        all.join(" with ")
    });
    written.collect::<Vec<_>>().join(" or ")
}
