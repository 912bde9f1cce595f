//! How the author of a document wrote what the canonical form writes out.
//!
//! The reference implementation of the event hash looks at a document's text:
//! at the namespaces that its prefixes stand for, and at CURIEs in values,
//! which it expands for the standards' own prefixes alone. The canonical form
//! keeps neither, and needs neither where a namespace ends with `/`, `#` or `:`
//! and values are written in full. In XML it also hashes the `xsi:type` of an
//! element, which the canonical form keeps as the type of the value. This keeps
//! the rest, for those who ask for the hash of a document.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::text;
use crate::context::{Active, Term};
use crate::reader::Value;

/// What is told of one event. Empty for nearly all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spelling {
    /// The IRI of a name, and the length of its namespace, where that does not
    /// end where one would expect.
    names: BTreeMap<String, usize>,
    /// The IRI that a value stands for, and its CURIE.
    values: BTreeMap<String, String>,
    /// The `xsi:type` of XML elements, by their names and their texts.
    types: BTreeMap<(String, String), String>,
    /// What is told of the whole document.
    document: Option<Arc<Spelling>>,
}

impl Spelling {
    /// Nothing that the canonical form does not tell.
    pub(crate) const CANONICAL: Spelling = Spelling {
        names: BTreeMap::new(),
        values: BTreeMap::new(),
        types: BTreeMap::new(),
        document: None,
    };

    /// Reads it off an event as its author wrote it, beside what is told of the
    /// whole document.
    pub(crate) fn of(
        event: &Value<'_>,
        active: &Active,
        document: Option<&Arc<Spelling>>,
    ) -> Spelling {
        let mut spelling = Spelling {
            document: document.cloned(),
            ..Spelling::default()
        };
        if !active.terms.is_empty() {
            spelling.look_at(event, active);
        }
        spelling
    }

    fn look_at(&mut self, value: &Value<'_>, active: &Active) {
        match value {
            Value::String(text) => {
                if let Some((_, iri)) = expand(text, active) {
                    self.curie(text, &iri);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.look_at(item, active)),
            Value::Object(members) => {
                for (name, member) in members {
                    if let Some((namespace, iri)) = expand(name, active) {
                        self.name(&namespace, iri);
                    }
                    self.look_at(member, active);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Notes the CURIE of a value, unless its prefix is one of the standards'.
    pub(crate) fn curie(&mut self, curie: &str, iri: &str) {
        if !iri.starts_with(text::STANDARDS) {
            self.values.insert(iri.to_owned(), curie.to_owned());
        }
    }

    /// Notes the `xsi:type` of an XML element that has a text alone.
    pub(crate) fn xsi_type(&mut self, name: String, text: &str, xsi_type: &str) {
        let text = text::value(text).into_owned();
        self.types.insert((name, text), xsi_type.to_owned());
    }

    /// Says whether it tells nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty() && self.values.is_empty() && self.types.is_empty()
    }

    /// Notes where the namespace of a name ends.
    fn name(&mut self, namespace: &str, iri: String) {
        let expected = text::split(&iri).map(|(namespace, _)| namespace.len());
        let standard = iri.starts_with(text::MASTER_DATA);
        if !standard && expected != Some(namespace.len()) {
            self.names.insert(iri, namespace.len());
        }
    }

    /// Splits a name into its namespace and local name; `None`: it is bare.
    pub(super) fn split<'n>(&self, name: &'n str) -> Option<(&'n str, &'n str)> {
        if self.names.is_empty() {
            return text::split(name);
        }
        match self.names.get(name) {
            Some(end) => name.split_at_checked(*end),
            None => text::split(name),
        }
    }

    /// Returns a value as it was written.
    pub(super) fn value<'t>(&'t self, text: &'t str) -> &'t str {
        let own = self.all().find_map(|told| told.values.get(text));
        own.map_or(text, String::as_str)
    }

    /// Returns the `xsi:type` that an element of that name and text has.
    pub(super) fn type_of(&self, name: &str, text: &str) -> Option<&str> {
        let key = (name.to_owned(), text.to_owned());
        self.all()
            .find_map(|told| told.types.get(&key))
            .map(String::as_str)
    }

    /// Says whether any element has a type.
    pub(super) fn has_types(&self) -> bool {
        self.all().any(|told| !told.types.is_empty())
    }

    fn all(&self) -> impl Iterator<Item = &Spelling> {
        std::iter::once(self).chain(self.document.as_deref())
    }
}

/// Returns the namespace of a CURIE whose prefix a document declares, and what
/// it stands for.
fn expand(text: &str, active: &Active) -> Option<(String, String)> {
    let (prefix, suffix) = text.split_once(':')?;
    if suffix.starts_with("//") {
        return None;
    }
    let Some(Term::Defined {
        iri, prefix: true, ..
    }) = active.terms.get(prefix)
    else {
        return None;
    };
    let namespace = crate::context::canonical_name(Cow::Borrowed(iri)).into_owned();
    let iri = format!("{namespace}{suffix}");
    Some((namespace, iri))
}
