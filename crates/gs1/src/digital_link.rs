//! GS1 Digital Link URIs, uncompressed (GS1 Digital Link: URI Syntax §4), on
//! any domain and below any path.

use crate::ai::{self, Ai, Rule};
use crate::error::{Fault, Problem};
use crate::pair::{CheckDigit, Pair, Qualifiers};
use crate::text::{Set, Text, Writing, decode_name, leading_digits};

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
        Some(pairs) if on_gs1_domain || claims(&pairs.key) => {
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
        if self.qualifiers.is_empty() || orders.iter().any(in_order) {
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
            return Err(Fault::new(
                parameter,
                Problem::Duplicate {
                    found: found.into(),
                },
            ));
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
        if on_gs1_domain || (goes_on && claims(&key)) {
            return Some(fault_in(&key, next));
        }
    }
    None
}

/// Finds what is wrong with the segments that follow a key in a path.
fn fault_in<'a>(key: &Pair<'a>, mut rest: &'a str) -> Fault<'a> {
    loop {
        let (name, after) = rest.split_once('/').unwrap_or((rest, &rest[rest.len()..]));
        if name.is_empty() {
            return Fault::new(rest, Problem::EmptySegment);
        }
        let Some(rule) = rule_of(name).filter(|rule| rule.qualifiers.is_none()) else {
            return key.sequence_fault(name, rest);
        };
        match after.split_once('/') {
            Some((value, next)) if !value.is_empty() => rest = next,
            None if !after.is_empty() => return key.sequence_fault(name, rest),
            _ => return Fault::new(after, rule.length(0)),
        }
    }
}

/// Tells whether the value looks so much like this key that anything wrong
/// with it is a fault, not a coincidence.
fn claims(key: &Pair<'_>) -> bool {
    let least = match key.rule.form.checked {
        0 => ai::COMPANY_PREFIX_LEN_MIN,
        _ => CLAIM_DIGITS_MIN,
    };
    leading_digits(key.raw, key.writing) >= least
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
