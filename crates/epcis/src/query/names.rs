//! What prefixes and names in a query stand for.

use std::borrow::Cow;

use super::error::QueryError;
use crate::canonical::{Given, Walk};
use crate::context::{Active, Contexts, Member, canonical_name};
use crate::problem::{Path, Problems};
use crate::reader::Value;
use crate::uri;
use crate::vocabulary::Vocabulary;

/// Where GS1 publishes what is no context of a user's own; a query may name
/// any of it.
const STANDARD: [&str; 2] = [
    "https://ref.gs1.org/standards/epcis/",
    "https://gs1.github.io/EPCIS/",
];

/// The prefixes that a query may use: the standard's, and those that its
/// context or the header `GS1-Extensions` declares.
#[derive(Clone, Debug)]
pub struct Namespaces(Active);

impl Default for Namespaces {
    fn default() -> Self {
        Self(Active::CANONICAL)
    }
}

impl Namespaces {
    /// Reads the header `GS1-Extensions`: `prefix=uri,prefix2=uri2`.
    ///
    /// # Errors
    ///
    /// A text of another form, and a prefix that cannot be declared.
    pub fn from_header(text: &str) -> Result<Self, QueryError> {
        const HEADER: &str = "GS1-Extensions";
        let mut members = Vec::new();
        for part in text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            let pair = part.split_once('=');
            let pair = pair.filter(|(prefix, uri)| !prefix.is_empty() && uri::is_iri(uri));
            let Some((prefix, iri)) = pair else {
                let what = format!("has the part {part:.80}");
                return Err(QueryError::value(HEADER, what, "write prefix=uri"));
            };
            let definition = Value::Object(vec![
                (Cow::Borrowed("@id"), Value::String(Cow::Borrowed(iri))),
                (Cow::Borrowed("@prefix"), Value::Bool(true)),
            ]);
            members.push((Cow::Borrowed(prefix), definition));
        }
        Self::default().under(HEADER, &Value::Object(members), &Contexts::new())
    }

    /// Applies the `@context` of a query's body on top.
    pub(super) fn with(
        &self,
        context: &Value<'_>,
        contexts: &Contexts,
    ) -> Result<Self, QueryError> {
        const CONTEXT: &str = "@context";
        let is_standard = |value: &Value<'_>| {
            let url = value.as_str();
            url.is_some_and(|url| STANDARD.iter().any(|start| url.starts_with(start)))
        };
        match context {
            value if is_standard(value) => Ok(self.clone()),
            Value::Array(items) => items
                .iter()
                .filter(|item| !is_standard(item))
                .try_fold(self.clone(), |names, item| {
                    names.under(CONTEXT, item, contexts)
                }),
            other => self.clone().under(CONTEXT, other, contexts),
        }
    }

    fn under(
        mut self,
        name: &str,
        context: &Value<'_>,
        contexts: &Contexts,
    ) -> Result<Self, QueryError> {
        let mut problems = Problems::default();
        self.0.apply(context, contexts, &Path::ROOT, &mut problems);
        match problems.into_vec().into_iter().next() {
            Some(problem) => Err(QueryError::value(name, problem.what, problem.mend)),
            None => Ok(self),
        }
    }

    /// Expands a CURIE; any other text stays as it is.
    pub(super) fn expand(&self, text: &str) -> String {
        self.0.expand_uri(Cow::Borrowed(text)).into_owned()
    }

    /// Returns the absolute IRI of a field's or attribute's name.
    pub(super) fn field(&self, name: &str) -> Result<String, (String, String)> {
        match self.0.member(Cow::Borrowed(name), &[]) {
            Ok(Member::Extension { iri, .. }) => Ok(iri.into_owned()),
            Ok(_) => Err((
                format!("{name:.80} is no qualified name"),
                "write it as prefix:name".to_owned(),
            )),
            Err((_, unresolved)) => Err((
                unresolved.what,
                format!(
                    "{}; in a query string, declare prefixes in the header GS1-Extensions",
                    unresolved.mend
                ),
            )),
        }
    }

    /// Returns the absolute IRI of an attribute of master data; a bare word is
    /// one of CBV's.
    pub(super) fn attribute(&self, name: &str) -> Result<String, (String, String)> {
        if name.contains(':') {
            return self.field(name);
        }
        let prefix = self.0.prefix("cbvmda").unwrap_or_default();
        Ok(canonical_name(Cow::Owned(format!("{prefix}{name}"))).into_owned())
    }

    /// Returns the full URI of a word of a vocabulary.
    pub(super) fn word(
        &self,
        vocabulary: &'static Vocabulary,
        text: &str,
    ) -> Result<String, (String, String)> {
        let mut problems = Problems::default();
        let mut walk = Walk {
            active: &self.0,
            given: Given::Document,
            problems: &mut problems,
        };
        let word = walk.word(vocabulary, Cow::Borrowed(text), &Path::ROOT);
        let word = word.map(Cow::into_owned);
        match (word, problems.into_vec().into_iter().next()) {
            (Some(word), None) => Ok(word),
            (_, Some(problem)) => Err((problem.what, problem.mend)),
            (None, None) => Err((
                format!("{text:.80} is no {}", vocabulary.title),
                "give a word or URI".to_owned(),
            )),
        }
    }
}
