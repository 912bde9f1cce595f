//! Element strings: what a scanner reads, with brackets or with separators
//! (GS1 General Specifications §7.8).

use crate::ai::{self, Ai};
use crate::error::{Fault, Problem};
use crate::pair::{CheckDigit, Pair, Qualifiers};
use crate::text::{Set, Text, Writing};

/// The separator as transmitted, the control character GS.
const GS: char = '\u{1D}';

/// Reads an element string into a canonical text.
///
/// The first primary key wins, as it does where element strings are made into
/// links; what is no part of it is read over.
pub(crate) fn parse(input: &str) -> Result<Text, Fault<'_>> {
    let mut found = Found::default();
    each_element(input, |digits, raw, writing| {
        found.add(digits, raw, writing)
    })?;
    found.into_text(input)
}

/// Takes an element string of either form to its application identifiers and
/// their values as written.
pub(crate) fn each_element<'a>(
    input: &'a str,
    found: impl FnMut(&'a str, &'a str, Writing) -> Result<(), Fault<'a>>,
) -> Result<(), Fault<'a>> {
    if input.starts_with('(') {
        each_bracketed(input, found)
    } else {
        each_separated(input, found)
    }
}

/// Tells whether a bracket at the start of `rest` opens an application
/// identifier, so that a value must have a backslash before it.
pub(crate) fn opens_ai(rest: &str) -> bool {
    bracketed_ai(rest).is_some()
}

/// The pairs found that can be part of a key. All application identifiers
/// that make keys together are 25.
#[derive(Default)]
struct Found<'a> {
    pairs: Vec<Pair<'a>>,
}

impl<'a> Found<'a> {
    fn add(&mut self, digits: &'a str, raw: &'a str, writing: Writing) -> Result<(), Fault<'a>> {
        let Some(rule) = ai::by_digits(digits.as_bytes()) else {
            return Ok(());
        };
        match self.pairs.iter().find(|pair| pair.rule.ai == rule.ai) {
            None => self.pairs.push(Pair { rule, raw, writing }),
            Some(pair) if pair.raw == raw => {}
            Some(_) => {
                let found = rule.ai.to_string();
                return Err(Fault::new(raw, Problem::Duplicate { found }));
            }
        }
        Ok(())
    }

    fn into_text(self, input: &'a str) -> Result<Text, Fault<'a>> {
        let mut keys = self
            .pairs
            .iter()
            .filter(|pair| pair.rule.qualifiers.is_some());
        let Some(key) = keys.next() else {
            return Err(Fault::new(input, Problem::NoKey));
        };
        let orders = key.rule.qualifiers.unwrap_or_default();
        let has_tpx = self.pairs.iter().any(|pair| pair.rule.ai == Ai::TPX);
        let mut qualifiers = Qualifiers::default();
        for pair in &self.pairs {
            let ai = pair.rule.ai;
            let is_attribute = ai == Ai::LOT && has_tpx;
            if orders.iter().any(|order| order.contains(&ai)) && !is_attribute {
                // No key has more kinds of qualifiers than there is room.
                qualifiers.push(*pair);
            }
        }
        key.with(&qualifiers, CheckDigit::Verified)
    }
}

/// Reads `(01)…(10)…`. A bracket that opens no application identifier is part
/// of the value, as is one after a backslash.
fn each_bracketed<'a>(
    input: &'a str,
    mut found: impl FnMut(&'a str, &'a str, Writing) -> Result<(), Fault<'a>>,
) -> Result<(), Fault<'a>> {
    let mut rest = input;
    while !rest.is_empty() {
        let Some((digits, after)) = bracketed_ai(rest) else {
            return Err(no_ai(rest, 6));
        };
        let end = after
            .match_indices('(')
            .map(|(at, _)| at)
            .find(|at| !after[..*at].ends_with('\\') && bracketed_ai(&after[*at..]).is_some())
            .unwrap_or(after.len());
        let (raw, next) = after.split_at(end);
        found(digits, raw, Writing::Bracketed)?;
        rest = next;
    }
    Ok(())
}

fn bracketed_ai(rest: &str) -> Option<(&str, &str)> {
    let (digits, after) = rest.strip_prefix('(')?.split_once(')')?;
    let well_formed =
        (2..=4).contains(&digits.len()) && digits.bytes().all(|byte| Set::Digits.has(byte));
    well_formed.then_some((digits, after))
}

/// Reads `01…10…<GS>21…`, with a symbology identifier before it or not. The
/// caret stands for the separator too: no value can hold it.
fn each_separated<'a>(
    input: &'a str,
    mut found: impl FnMut(&'a str, &'a str, Writing) -> Result<(), Fault<'a>>,
) -> Result<(), Fault<'a>> {
    let is_separator = |c: char| c == GS || c == '^';
    let mut rest = input;
    if rest.starts_with(']') {
        rest = rest.get(3..).unwrap_or("");
    }
    rest = rest.strip_prefix(is_separator).unwrap_or(rest);
    while !rest.is_empty() {
        let split = ai_len(rest).and_then(|len| rest.split_at_checked(len));
        let Some((digits, after)) = split else {
            return Err(no_ai(rest, 4));
        };
        let next = after.find(is_separator).unwrap_or(after.len());
        let end = predefined_len(digits).map_or(next, |len| len.min(next));
        let Some((raw, after)) = after.split_at_checked(end) else {
            return Err(no_ai(after, 4));
        };
        found(digits, raw, Writing::Plain)?;
        rest = after.strip_prefix(is_separator).unwrap_or(after);
    }
    Ok(())
}

/// Returns how many digits an application identifier has that begins like
/// this (GS1 General Specifications figure 3.2-1).
fn ai_len(rest: &str) -> Option<usize> {
    let start = rest.as_bytes().get(..2)?;
    let len = match start {
        b"00" | b"01" | b"02" | b"03" | b"30" | b"37" => 2,
        [b'1', b'0'..=b'9'] | [b'2', b'0'..=b'2'] | [b'9', b'0'..=b'9'] => 2,
        [b'2', b'3'..=b'5'] | b"40" | b"41" | b"42" | b"71" => 3,
        [b'3', b'1'..=b'6'] | b"39" | b"43" | b"70" | b"72" | b"80" | b"81" | b"82" => 4,
        _ => return None,
    };
    let digits = rest.as_bytes().get(..len)?;
    digits
        .iter()
        .all(|byte| Set::Digits.has(*byte))
        .then_some(len)
}

/// Returns the length of a value that needs no separator after it (GS1 General
/// Specifications figure 7.8.5-2).
fn predefined_len(digits: &str) -> Option<usize> {
    Some(match digits.as_bytes().get(..2)? {
        b"00" => 18,
        b"01" | b"02" | b"03" => 14,
        [b'1', b'1'..=b'9'] => 6,
        b"20" => 2,
        [b'3', b'1'..=b'6'] => 6,
        b"41" => 13,
        _ => return None,
    })
}

fn no_ai(rest: &str, len: usize) -> Fault<'_> {
    let found = rest.chars().take(len).collect();
    Fault::new(rest, Problem::NoAi { found })
}
