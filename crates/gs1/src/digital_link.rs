//! GS1 Digital Link URIs, uncompressed (GS1 Digital Link: URI Syntax §4), on
//! any domain and below any path.

use crate::ai::{self, Ai, Rule};
use crate::error::{Fault, Problem};
use crate::text::{Set, Text, Value, Writing, decode_name, fault_at, leading_digits, read};

/// The domain on which whatever looks like a key is meant to be one.
const GS1_DOMAIN: &str = "id.gs1.org";

/// The digits that must stand after a key's name for the path of a web page
/// not to be taken for a broken key: `/2024/01/15` is a date.
const CLAIM_DIGITS_MIN: usize = 8;

/// Splits off `http://` or `https://`.
pub(crate) fn after_scheme(uri: &str) -> Option<&str> {
    ["https://", "http://"].into_iter().find_map(|scheme| {
        let (head, rest) = uri.split_at_checked(scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then_some(rest)
    })
}

/// What to do about the check digit of a primary key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CheckDigit {
    /// A wrong one is a fault.
    Verified,
    /// It is taken as it is.
    AsGiven,
}

/// Reads what follows `https://` into a canonical text.
///
/// `None`: a link that does not claim to be a GS1 Digital Link.
pub(crate) fn parse(rest: &str, check_digit: CheckDigit) -> Result<Option<Text>, Fault<'_>> {
    let rest = rest.split('#').next().unwrap_or(rest);
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let Some((domain, path)) = rest.find('/').map(|at| rest.split_at(at)) else {
        return Ok(None);
    };
    if domain.is_empty() || !domain.bytes().all(is_domain_byte) {
        return Ok(None);
    }
    let on_gs1_domain = domain.eq_ignore_ascii_case(GS1_DOMAIN);
    match Pairs::at_the_end_of(path) {
        Some(pairs) if on_gs1_domain || pairs.key.claims() => {
            pairs.key(query, check_digit).map(Some)
        }
        Some(_) => Ok(None),
        None => match broken_claim(path, on_gs1_domain) {
            Some(fault) => Err(fault),
            None => Ok(None),
        },
    }
}

/// Reads the canonical text of a key, or the same with other escapes.
pub(crate) fn parse_key_path(path: &str) -> Result<Text, Fault<'_>> {
    match Pairs::at_the_end_of(path) {
        Some(pairs) if pairs.stem.is_empty() => pairs.key("", CheckDigit::Verified),
        _ => Err(Fault::new(path, Problem::NotAKeyPath)),
    }
}

/// One application identifier with its value as written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair<'a> {
    pub(crate) rule: &'static Rule,
    pub(crate) raw: &'a str,
    pub(crate) writing: Writing,
}

/// No key has more qualifiers than three; one more to say that it is too many.
const QUALIFIERS_MAX: usize = 4;

/// The qualifiers of a key, as found: a list of few without allocation.
#[derive(Default)]
pub(crate) struct Qualifiers<'a> {
    pairs: [Option<Pair<'a>>; QUALIFIERS_MAX],
}

impl<'a> Qualifiers<'a> {
    /// Adds a pair; one that finds no room is given back.
    pub(crate) fn push(&mut self, pair: Pair<'a>) -> Option<Pair<'a>> {
        match self.pairs.iter_mut().find(|each| each.is_none()) {
            Some(free) => {
                *free = Some(pair);
                None
            }
            None => Some(pair),
        }
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Pair<'a>> {
        self.pairs.iter().flatten()
    }

    pub(crate) fn has(&self, ai: Ai) -> bool {
        self.iter().any(|pair| pair.rule.ai == ai)
    }
}

impl<'a> Pair<'a> {
    /// Tells whether the value looks so much like this key that anything wrong
    /// with it is a fault, not a coincidence.
    fn claims(&self) -> bool {
        let least = match self.rule.form.checked {
            0 => ai::COMPANY_PREFIX_LEN_MIN,
            _ => CLAIM_DIGITS_MIN,
        };
        leading_digits(self.raw, self.writing) >= least
    }

    /// Decodes and checks the value, and appends it.
    pub(crate) fn push_to(
        &self,
        text: &mut Text,
        check_digit: CheckDigit,
    ) -> Result<(), Fault<'a>> {
        let mut value = Value::new();
        read(&mut value, self.rule.name, self.raw, self.writing)?;
        let mut zeros = 0;
        if self.rule.ai == Ai::GTIN && matches!(value.as_bytes().len(), 8 | 12 | 13) {
            zeros = 14 - value.as_bytes().len();
            value.pad(14);
        }
        let checked = match check_digit {
            CheckDigit::Verified => self.rule.check(value.as_bytes()),
            CheckDigit::AsGiven => self.rule.check_form(value.as_bytes()),
        };
        checked.map_err(|(index, problem)| {
            let index = index.saturating_sub(zeros);
            fault_at(self.raw, self.writing, index, problem)
        })?;
        // An extension 0 says that there is none (Tag Data Standard, SGLN).
        if self.rule.ai != Ai::GLN_EXTENSION || value.as_bytes() != b"0" {
            text.push(self.rule.ai, value.as_bytes());
        }
        Ok(())
    }

    /// Makes the canonical text of this key with its qualifiers, given in any
    /// order.
    pub(crate) fn with(
        &self,
        qualifiers: &Qualifiers<'a>,
        check_digit: CheckDigit,
    ) -> Result<Text, Fault<'a>> {
        let orders = self.rule.qualifiers.unwrap_or_default();
        let mut text = Text::new();
        self.push_to(&mut text, check_digit)?;
        if qualifiers.pairs[0].is_none() {
            return Ok(text);
        }
        let fits = |order: &&&[Ai]| qualifiers.iter().all(|pair| order.contains(&pair.rule.ai));
        let Some(order) = orders.iter().find(fits) else {
            let first = orders.iter().find(|order| {
                qualifiers
                    .iter()
                    .next()
                    .is_some_and(|pair| order.contains(&pair.rule.ai))
            });
            let astray = qualifiers
                .iter()
                .find(|pair| first.is_none_or(|order| !order.contains(&pair.rule.ai)));
            let astray = astray.unwrap_or(self);
            return Err(self.sequence_fault(astray.rule.ai.as_str(), astray.raw));
        };
        for ai in *order {
            let mut same = qualifiers.iter().filter(|pair| pair.rule.ai == *ai);
            if let Some(pair) = same.next() {
                pair.push_to(&mut text, check_digit)?;
            }
            if let Some(pair) = same.next() {
                let found = ai.as_str();
                return Err(Fault::new(pair.raw, Problem::Duplicate { found }));
            }
        }
        Ok(text)
    }

    fn sequence_fault(&self, found: &str, at: &'a str) -> Fault<'a> {
        let problem = Problem::Sequence {
            found: found.into(),
            primary: self.rule.ai.as_str(),
            right: self.rule.what_follows(),
        };
        Fault::new(at, problem)
    }
}

/// The pairs with which a path ends, from its primary key on.
struct Pairs<'a> {
    key: Pair<'a>,
    /// From the last to the first.
    qualifiers: Qualifiers<'a>,
    /// What of the path stands before the key.
    stem: &'a str,
}

impl<'a> Pairs<'a> {
    /// Collects pairs from the end of the path, up to the first that is a
    /// primary key; what stands before is the stem. `None` if none is met.
    fn at_the_end_of(path: &'a str) -> Option<Self> {
        let mut qualifiers = Qualifiers::default();
        let mut rest = path;
        loop {
            let (before, raw) = rest.rsplit_once('/')?;
            let (before, name) = before.rsplit_once('/')?;
            let pair = Pair {
                rule: rule_of(name)?,
                raw,
                writing: Writing::Path,
            };
            if pair.rule.qualifiers.is_some() {
                return Some(Self {
                    key: pair,
                    qualifiers,
                    stem: before,
                });
            }
            if qualifiers.push(pair).is_some() {
                return None;
            }
            rest = before;
        }
    }

    fn key(mut self, query: &'a str, check_digit: CheckDigit) -> Result<Text, Fault<'a>> {
        self.check_stem()?;
        self.check_order()?;
        for parameter in query.split('&') {
            let (name, raw) = parameter.split_once('=').unwrap_or((parameter, ""));
            if let Some(rule) =
                decode_name(name, Writing::Query).and_then(|name| ai::by_digits(name.as_bytes()))
            {
                self.add_from_query(rule, parameter, raw)?;
            }
        }
        self.key.with(&self.qualifiers, check_digit)
    }

    /// Checks that no qualifier of the key stands before it: read as part of
    /// the stem, it would be lost without a word.
    fn check_stem(&self) -> Result<(), Fault<'a>> {
        let orders = self.key.rule.qualifiers.unwrap_or_default();
        let (before, raw) = self.stem.rsplit_once('/').unwrap_or(("", ""));
        let name = before.rsplit_once('/').map_or("", |(_, name)| name);
        match rule_of(name) {
            Some(rule) if orders.iter().any(|order| order.contains(&rule.ai)) => {
                Err(self.key.sequence_fault(rule.ai.as_str(), raw))
            }
            _ => Ok(()),
        }
    }

    /// Checks that the path's qualifiers stand in the standard's order.
    fn check_order(&self) -> Result<(), Fault<'a>> {
        let in_order = |order: &&[Ai]| {
            let mut places = order.iter();
            let mut given = self.qualifiers.iter().rev();
            given.all(|pair| places.any(|ai| *ai == pair.rule.ai))
        };
        let orders = self.key.rule.qualifiers.unwrap_or_default();
        if self.qualifiers.pairs[0].is_none() || orders.iter().any(in_order) {
            return Ok(());
        }
        // The last one that may not follow those before it.
        let astray = self.qualifiers.iter().next().unwrap_or(&self.key);
        Err(self.key.sequence_fault(astray.rule.ai.as_str(), astray.raw))
    }

    /// Takes up what the query says of the key. A lot may stand there, as the
    /// attribute of the trade item; other qualifiers may not.
    fn add_from_query(
        &mut self,
        rule: &'static Rule,
        parameter: &'a str,
        raw: &'a str,
    ) -> Result<(), Fault<'a>> {
        let found = rule.ai.as_str();
        if self.key.rule.ai == rule.ai || self.qualifiers.has(rule.ai) {
            return Err(Fault::new(parameter, Problem::Duplicate { found }));
        }
        if rule.qualifiers.is_some() {
            return Ok(());
        }
        if rule.ai != Ai::LOT {
            return Err(Fault::new(parameter, Problem::QualifierInQuery { found }));
        }
        let takes_lot = |order: &&[Ai]| order.contains(&Ai::LOT);
        let orders = self.key.rule.qualifiers.unwrap_or_default();
        if orders.iter().any(takes_lot) && !self.qualifiers.has(Ai::TPX) {
            self.qualifiers.push(Pair {
                rule,
                raw,
                writing: Writing::Query,
            });
        }
        Ok(())
    }
}

/// Finds, in a path that ends in no pairs of a key, a key that was meant: its
/// name, a value that fits the claim, and then the end of the path or what
/// looks like an application identifier.
fn broken_claim(path: &str, on_gs1_domain: bool) -> Option<Fault<'_>> {
    let mut rest = path;
    while let Some((_, after)) = rest.split_once('/') {
        rest = after;
        let (name, after) = rest.split_once('/')?;
        let Some(rule) = rule_of(name).filter(|rule| rule.qualifiers.is_some()) else {
            continue;
        };
        let (raw, next) = after.split_once('/')?;
        let key = Pair {
            rule,
            raw,
            writing: Writing::Path,
        };
        let found = next.split('/').next().unwrap_or(next);
        let looks_like_ai =
            (2..=4).contains(&found.len()) && found.bytes().all(|byte| Set::Digits.has(byte));
        let goes_on = found.is_empty() || looks_like_ai || rule_of(found).is_some();
        if on_gs1_domain || (goes_on && key.claims()) {
            return Some(key.fault_in(next));
        }
    }
    None
}

impl<'a> Pair<'a> {
    /// Finds what is wrong with the segments that follow this key in a path.
    fn fault_in(&self, mut rest: &'a str) -> Fault<'a> {
        loop {
            let (name, after) = rest.split_once('/').unwrap_or((rest, &rest[rest.len()..]));
            if name.is_empty() {
                return Fault::new(rest, Problem::EmptySegment);
            }
            let Some(rule) = rule_of(name).filter(|rule| rule.qualifiers.is_none()) else {
                return self.sequence_fault(name, rest);
            };
            match after.split_once('/') {
                Some((value, next)) if !value.is_empty() => rest = next,
                None if !after.is_empty() => return self.sequence_fault(name, rest),
                _ => return Fault::new(after, rule.empty()),
            }
        }
    }
}

fn rule_of(name: &str) -> Option<&'static Rule> {
    if name.contains('%') {
        return decode_name(name, Writing::Path).and_then(|name| ai::by_name(name.as_bytes()));
    }
    ai::by_name(name.as_bytes())
}

/// The characters of a host, port and user (RFC 3986 §3.2), and those beyond
/// ASCII (RFC 3987).
fn is_domain_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:@[]".contains(&byte) || !byte.is_ascii()
}
