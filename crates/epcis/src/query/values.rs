//! The values of a parameter, from a query string or from a JSON body.

use std::borrow::Cow;

use gs1::{Key, Pattern};

use super::error::QueryError;
use super::literal::{Bound, Literal, decimal, instant};
use super::names::Namespaces;
use crate::problem::shown;
use crate::reader::Value;
use crate::time;
use crate::vocabulary::Vocabulary;

/// The most values that one parameter may list.
pub(super) const VALUES_MAX: usize = 1_000;

/// A parameter with its values.
pub(super) struct Given<'g> {
    pub(super) name: &'g str,
    pub(super) names: &'g Namespaces,
    /// Never empty.
    values: Vec<Value<'g>>,
}

impl<'g> Given<'g> {
    /// Takes a parameter of a query string, whose lists are joined with bars.
    pub(super) fn text(
        name: &'g str,
        text: &'g str,
        names: &'g Namespaces,
    ) -> Result<Self, QueryError> {
        let values = text
            .split('|')
            .map(|item| Value::String(Cow::Borrowed(item)));
        Self::new(name, values.collect(), names)
    }

    /// Takes a parameter of a query string that has no lists.
    pub(super) fn single(name: &'g str, text: &'g str, names: &'g Namespaces) -> Self {
        Self {
            name,
            names,
            values: vec![Value::String(Cow::Borrowed(text))],
        }
    }

    /// Takes a member of a JSON body: a value or an array of values.
    pub(super) fn json(
        name: &'g str,
        value: &'g Value<'g>,
        names: &'g Namespaces,
    ) -> Result<Self, QueryError> {
        let values = match value {
            Value::Array(items) => items.clone(),
            single => vec![single.clone()],
        };
        Self::new(name, values, names)
    }

    fn new(
        name: &'g str,
        values: Vec<Value<'g>>,
        names: &'g Namespaces,
    ) -> Result<Self, QueryError> {
        let given = Self {
            name,
            names,
            values,
        };
        if given.values.len() > VALUES_MAX {
            let what = format!("lists {} values", given.values.len());
            return Err(given.wrong(what, format!("list at most {VALUES_MAX}")));
        }
        if given.values.is_empty() {
            return Err(given.wrong("lists no value", "give one, or leave the parameter out"));
        }
        Ok(given)
    }

    pub(super) fn wrong(&self, what: impl Into<String>, mend: impl Into<String>) -> QueryError {
        QueryError::value(self.name, what, mend)
    }

    fn stands(&self, value: &Value<'_>, right: &str) -> QueryError {
        let found = match value {
            Value::String(text) => format!("is {}", shown(text)),
            other => format!("has {}", other.type_name()),
        };
        self.wrong(found, format!("give {right}"))
    }

    fn one(&self, right: &str) -> Result<&Value<'g>, QueryError> {
        match self.values.as_slice() {
            [value] => Ok(value),
            several => {
                let what = format!("has {} values", several.len());
                Err(self.wrong(what, format!("give {right}, and just one")))
            }
        }
    }

    /// Reads each value by a function that says `None` to what is wrong.
    fn each<T>(
        &self,
        right: &str,
        read: impl Fn(&Value<'g>) -> Option<T>,
    ) -> Result<Vec<T>, QueryError> {
        let each = |value| read(value).ok_or_else(|| self.stands(value, right));
        self.values.iter().map(each).collect()
    }

    pub(super) fn texts(&self) -> Result<Vec<String>, QueryError> {
        self.each("a text", |value| value.as_str().map(str::to_owned))
    }

    /// Reads the one text of a parameter that takes no list.
    pub(super) fn one_text(&self) -> Result<&str, QueryError> {
        const RIGHT: &str = "a text";
        let value = self.one(RIGHT)?;
        value.as_str().ok_or_else(|| self.stands(value, RIGHT))
    }

    /// Reads one of a few words.
    pub(super) fn one_of<T: Copy>(&self, words: &[(T, &str)]) -> Result<T, QueryError> {
        let known: Vec<_> = words.iter().map(|(_, word)| *word).collect();
        let right = known.join(" or ");
        let value = self.one(&right)?;
        let found = words.iter().find(|(_, word)| value.as_str() == Some(word));
        found
            .map(|(thing, _)| *thing)
            .ok_or_else(|| self.stands(value, &right))
    }

    pub(super) fn all_of<T: Copy>(&self, words: &[(T, &str)]) -> Result<Vec<T>, QueryError> {
        let known: Vec<_> = words.iter().map(|(_, word)| *word).collect();
        self.each(&known.join(", "), |value| {
            let found = words.iter().find(|(_, word)| value.as_str() == Some(word));
            found.map(|(thing, _)| *thing)
        })
    }

    pub(super) fn moment(&self) -> Result<i64, QueryError> {
        const RIGHT: &str = "a date-time with zone, like 2025-07-01T08:30:00.000+07:00";
        let value = self.one(RIGHT)?;
        let text = value.as_str();
        text.and_then(|text| time::instant_ms(&with_plus(text)))
            .ok_or_else(|| self.stands(value, RIGHT))
    }

    pub(super) fn numbers(&self) -> Result<Vec<f64>, QueryError> {
        self.each("a number", number)
    }

    pub(super) fn one_number(&self) -> Result<f64, QueryError> {
        const RIGHT: &str = "a number";
        let value = self.one(RIGHT)?;
        number(value).ok_or_else(|| self.stands(value, RIGHT))
    }

    /// Reads a whole number from `least` on.
    pub(super) fn count(&self, least: u64) -> Result<u64, QueryError> {
        let right = format!("a whole number from {least} on");
        let value = self.one(&right)?;
        let text = match value {
            Value::String(text) => text.to_string(),
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        let count = text.parse().ok().filter(|count| *count >= least);
        count.ok_or_else(|| self.stands(value, &right))
    }

    /// Reads a switch: true, 1, or, as EPCIS 1.2 has it, nothing; false or 0.
    pub(super) fn flag(&self) -> Result<bool, QueryError> {
        const RIGHT: &str = "true or false";
        let value = self.one(RIGHT)?;
        let is_one = |number: f64| (number - 1.0).abs() < f64::EPSILON;
        match value {
            Value::Bool(flag) => Ok(*flag),
            Value::Null => Ok(true),
            Value::Number(number) if is_one(*number) || *number == 0.0 => Ok(is_one(*number)),
            Value::String(text) if matches!(&**text, "true" | "1" | "") => Ok(true),
            Value::String(text) if matches!(&**text, "false" | "0") => Ok(false),
            other => Err(self.stands(other, RIGHT)),
        }
    }

    /// Reads URIs, CURIEs expanded.
    pub(super) fn uris(&self) -> Result<Vec<String>, QueryError> {
        self.each("a URI", |value| {
            let text = self.names.expand(value.as_str()?);
            crate::uri::is_iri(&text).then_some(text)
        })
    }

    /// Reads identifiers as the keys of their identities.
    pub(super) fn keys(&self) -> Result<Vec<Key>, QueryError> {
        let key = |text: &String| {
            let key = Key::from_uri_or_verbatim(text);
            let key = key.map_err(|error| self.wrong(error.to_string(), "give a URI"))?;
            Ok(key.identity().into_owned())
        };
        self.uris()?.iter().map(key).collect()
    }

    /// Reads identifiers and patterns of them.
    pub(super) fn patterns(&self) -> Result<Vec<Pattern>, QueryError> {
        let read = |text: &String| {
            Pattern::read(text)
                .map_err(|error| self.wrong(error.to_string(), "give a URI or an EPC pattern"))
        };
        self.uris()?.iter().map(read).collect()
    }

    /// Reads words of a vocabulary as full URIs.
    pub(super) fn words(&self, words: &'static Vocabulary) -> Result<Vec<String>, QueryError> {
        let right = format!("a {} or a URI", words.title);
        let texts = self.each(&right, |value| value.as_str().map(str::to_owned))?;
        let read = |text: &String| {
            let word = self.names.word(words, text);
            word.map_err(|(what, mend)| self.wrong(what, mend))
        };
        texts.iter().map(read).collect()
    }

    pub(super) fn literals(&self) -> Result<Vec<Literal>, QueryError> {
        self.each("a text, number or boolean", |value| match value {
            Value::String(text) => Some(Literal::Text(text.to_string())),
            Value::Number(number) => Some(Literal::Number(*number)),
            Value::Bool(flag) => Some(Literal::Bool(*flag)),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        })
    }

    pub(super) fn bound(&self) -> Result<Bound, QueryError> {
        const RIGHT: &str = "a number, a date, or a date-time with zone";
        let value = self.one(RIGHT)?;
        let bound = match value {
            Value::String(text) => decimal(text)
                .map(Bound::Number)
                .or_else(|| instant(&with_plus(text)).map(Bound::Instant)),
            other => number(other).map(Bound::Number),
        };
        bound.ok_or_else(|| self.stands(value, RIGHT))
    }
}

fn number(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Number(number) => Some(*number),
        Value::String(text) => decimal(text),
        _ => None,
    }
}

/// Puts the plus sign back that a query string's decoder turned to a blank: no
/// other blank can stand in a date-time.
fn with_plus(text: &str) -> Cow<'_, str> {
    if text.contains(' ') {
        Cow::Owned(text.replace(' ', "+"))
    } else {
        Cow::Borrowed(text)
    }
}
