//! Application identifiers with their values as read, by whatever reader, and
//! the one way in which they become a canonical text.

use crate::ai::{Ai, Rule};
use crate::error::{Fault, Problem};
use crate::text::{Text, Value, Writing, fault_at, read};

/// What to do about the check digit of a primary key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CheckDigit {
    /// A wrong one is a fault.
    Verified,
    /// It is taken as it is.
    AsGiven,
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

    pub(crate) fn is_empty(&self) -> bool {
        self.pairs[0].is_none()
    }

    pub(crate) fn has(&self, ai: Ai) -> bool {
        self.iter().any(|pair| pair.rule.ai == ai)
    }
}

impl<'a> Pair<'a> {
    /// Decodes and checks the value, and appends it.
    pub(crate) fn push_to(
        &self,
        text: &mut Text,
        check_digit: CheckDigit,
    ) -> Result<(), Fault<'a>> {
        let mut value = Value::new();
        read(&mut value, self.rule, self.raw, self.writing)?;
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
        let mut text = Text::new();
        self.push_to(&mut text, check_digit)?;
        if qualifiers.is_empty() {
            return Ok(text);
        }
        for ai in self.order_for(qualifiers)? {
            let mut same = qualifiers.iter().filter(|pair| pair.rule.ai == *ai);
            if let Some(pair) = same.next() {
                pair.push_to(&mut text, check_digit)?;
            }
            if let Some(pair) = same.next() {
                let found = ai.to_string();
                return Err(Fault::new(pair.raw, Problem::Duplicate { found }));
            }
        }
        Ok(text)
    }

    /// Finds the order that has a place for every qualifier.
    fn order_for(&self, qualifiers: &Qualifiers<'a>) -> Result<&'static [Ai], Fault<'a>> {
        let orders = self.rule.qualifiers.unwrap_or_default();
        let mut best: Option<&Pair<'a>> = None;
        for order in orders {
            match qualifiers
                .iter()
                .find(|pair| !order.contains(&pair.rule.ai))
            {
                None => return Ok(order),
                Some(astray) => best = best.or(Some(astray)),
            }
        }
        let astray = best.or(qualifiers.iter().next()).unwrap_or(self);
        Err(self.sequence_fault(astray.rule.ai.as_str(), astray.raw))
    }

    /// Returns the fault of an application identifier that cannot stand at a
    /// place after this key.
    pub(crate) fn sequence_fault(&self, found: &str, at: &'a str) -> Fault<'a> {
        let problem = Problem::Sequence {
            found: found.into(),
            primary: self.rule.ai.as_str(),
            right: self.rule.what_follows(),
        };
        Fault::new(at, problem)
    }
}
