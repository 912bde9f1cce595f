//! Takes the definitions of one context object into the contexts in force.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::context::{Active, Term, canonical_name};
use crate::global_terms::{Coercion, PREFIXES, PREFIXES_FIXED, global_term};
use crate::problem::{Path, Problems, Reason, shown};
use crate::reader::Value;
use crate::uri;

/// The most terms that the contexts of one event may define.
const TERMS_MAX: usize = 1_000;

/// How many definitions may rest on each other.
const CHAIN_MAX: usize = 16;

/// Schemes that identifiers and names begin with, so no prefix can be one.
const SCHEMES: [&str; 4] = ["http", "https", "urn", "tag"];

type Members<'m, 'a> = &'m [(Cow<'a, str>, Value<'a>)];

pub(crate) struct Definer<'x, 'm, 'a> {
    active: &'x mut Active,
    members: Members<'m, 'a>,
    problems: &'x mut Problems,
    /// Where the context object stands.
    place: Path<'x>,
    /// Terms met, and whether their definition is complete.
    met: BTreeMap<&'m str, bool>,
}

/// The pieces of an expanded term definition.
struct Parts<'v> {
    id: Option<&'v str>,
    coercion: Coercion,
    set: bool,
    prefix: bool,
}

impl<'x, 'm, 'a> Definer<'x, 'm, 'a> {
    pub(crate) fn new(
        active: &'x mut Active,
        members: Members<'m, 'a>,
        problems: &'x mut Problems,
        place: Path<'x>,
    ) -> Self {
        Definer {
            active,
            members,
            problems,
            place,
            met: BTreeMap::new(),
        }
    }

    pub(crate) fn define_all(mut self) {
        let path = self.place;
        if self.members.len() > TERMS_MAX {
            return self.too_many(&path);
        }
        for (name, value) in self.members {
            if name.starts_with('@') {
                self.keyword(name, value, &path.name(name));
            }
        }
        for (name, _) in self.members {
            if !name.starts_with('@') {
                self.define(name, 0);
            }
        }
        if self.active.terms.len() > TERMS_MAX {
            self.too_many(&path);
        }
    }

    fn too_many(&mut self, path: &Path<'_>) {
        let what = format!("contexts define more than {TERMS_MAX} terms");
        self.unsupported(path, what, "keep only the terms that the events use");
    }

    fn keyword(&mut self, name: &str, value: &Value<'_>, path: &Path<'_>) {
        match (name, value) {
            ("@version", Value::Number(version)) if (*version - 1.1).abs() < f64::EPSILON => {}
            ("@protected", Value::Bool(_)) => {}
            ("@vocab", Value::Null) => self.active.vocab = None,
            ("@vocab", Value::String(vocab)) => {
                let iri = canonical_name(self.active.expand_uri(Cow::Borrowed(vocab)));
                if uri::is_absolute_name(&iri) {
                    self.active.vocab = Some(iri.into_owned());
                } else {
                    let what = format!("@vocab is {}, no absolute IRI", shown(vocab));
                    self.unsupported(path, what, "give an IRI like https://example.org/terms/");
                }
            }
            _ => {
                let what = format!("{} is not supported in a context", shown(name));
                self.unsupported(path, what, "use prefixes, terms and @vocab");
            }
        }
    }

    fn define(&mut self, name: &str, chain: usize) {
        let (members, place) = (self.members, self.place);
        let Some((name, value)) = members.iter().find(|(other, _)| other == name) else {
            return;
        };
        let path = &place.name(name);
        match self.met.get(&**name) {
            Some(true) => return,
            Some(false) => {
                self.unsupported(path, "a term is defined by itself", "break the circle");
                return;
            }
            None => {}
        }
        if chain > CHAIN_MAX {
            let what = format!("more than {CHAIN_MAX} definitions rest on each other");
            self.unsupported(path, what, "write whole IRIs");
            return;
        }
        self.met.insert(name, false);
        if let Some(term) = self.term(name, value, path, chain) {
            self.accept(name, term, path);
        }
        self.met.insert(name, true);
    }

    fn term(
        &mut self,
        name: &str,
        value: &Value<'_>,
        path: &Path<'_>,
        chain: usize,
    ) -> Option<Term> {
        let parts = match value {
            Value::Null => return Some(Term::Undefined),
            Value::String(id) => Parts {
                id: Some(id),
                coercion: Coercion::None,
                set: false,
                prefix: true,
            },
            Value::Object(members) => {
                if members
                    .iter()
                    .any(|(key, value)| key == "@id" && *value == Value::Null)
                {
                    return Some(Term::Undefined);
                }
                self.parts(members, path, chain)?
            }
            other => {
                let what = format!("{} defines no term", other.type_name());
                self.unsupported(path, what, "give an IRI, or an object with @id and @type");
                return None;
            }
        };
        let keyword = parts.id.filter(|id| id.starts_with('@'));
        if let Some(keyword) = keyword {
            let own = matches!(
                (name, keyword),
                ("id" | "eventID", "@id") | ("type", "@type")
            );
            if own {
                return None;
            }
            let what = format!("{} is made an alias of {keyword}", shown(name));
            self.unsupported(path, what, "use id and type");
            return None;
        }
        let bare = parts.id.is_none_or(|id| id == name) && !name.contains(':');
        let iri = if bare {
            self.under_vocab(name, path)?
        } else {
            self.iri(parts.id.unwrap_or(name), path, chain)?
        };
        if parts.id.is_some() && name.contains(':') && self.iri(name, path, chain)? != iri {
            let what = format!("{} is defined as another IRI than it reads as", shown(name));
            self.unsupported(path, what, "leave @id out, or define a term without colon");
            return None;
        }
        Some(Term::Defined {
            iri,
            coercion: parts.coercion,
            set: parts.set,
            prefix: parts.prefix,
        })
    }

    fn parts<'v>(
        &mut self,
        members: &'v [(Cow<'_, str>, Value<'_>)],
        path: &Path<'_>,
        chain: usize,
    ) -> Option<Parts<'v>> {
        let mut parts = Parts {
            id: None,
            coercion: Coercion::None,
            set: false,
            prefix: false,
        };
        for (key, value) in members {
            match (&**key, value) {
                ("@id", Value::String(id)) => parts.id = Some(id),
                ("@type", Value::String(coercion)) => {
                    parts.coercion = match &**coercion {
                        "@id" => Coercion::Id,
                        "@vocab" => Coercion::Vocab,
                        "@none" => Coercion::None,
                        other if other.starts_with('@') => {
                            let what = format!("the type {other} is not supported");
                            self.unsupported(&path.name(key), what, "use @id or @vocab");
                            return None;
                        }
                        // A datatype says how to read a literal that stays as written.
                        datatype => {
                            self.iri(datatype, &path.name(key), chain)?;
                            Coercion::None
                        }
                    }
                }
                ("@container", Value::Null) => {}
                ("@container", Value::String(container)) if container == "@set" => parts.set = true,
                ("@container", Value::Array(items))
                    if items.len() == 1 && items[0].as_str() == Some("@set") =>
                {
                    parts.set = true;
                }
                ("@prefix", Value::Bool(prefix)) => parts.prefix = *prefix,
                ("@protected", Value::Bool(_)) => {}
                _ => {
                    let what = format!("{} is not supported with this value", shown(key));
                    let mend = "use @id, @type, @prefix and \"@container\": \"@set\"";
                    self.unsupported(&path.name(key), what, mend);
                    return None;
                }
            }
        }
        Some(parts)
    }

    fn under_vocab(&mut self, name: &str, path: &Path<'_>) -> Option<String> {
        let iri = self
            .active
            .vocab
            .as_ref()
            .map(|vocab| format!("{vocab}{name}"));
        if iri.is_none() {
            self.unresolved(name, path);
        }
        iri
    }

    /// Expands what a definition names, first defining what it rests on.
    fn iri(&mut self, text: &str, path: &Path<'_>, chain: usize) -> Option<String> {
        if text.contains(':') {
            if let Some((prefix, suffix)) = text.split_once(':')
                && !suffix.starts_with("//")
            {
                self.rest_on(prefix, chain);
            }
            let iri = canonical_name(self.active.expand_uri(Cow::Borrowed(text)));
            if uri::is_absolute_name(&iri) {
                return Some(iri.into_owned());
            }
        } else {
            self.rest_on(text, chain);
            if let Ok(iri) = self.active.expand_vocab(Cow::Borrowed(text)) {
                return Some(iri.into_owned());
            }
        }
        self.unresolved(text, path);
        None
    }

    fn rest_on(&mut self, name: &str, chain: usize) {
        if self.met.get(name) != Some(&true) && self.members.iter().any(|(key, _)| key == name) {
            self.define(name, chain + 1);
        }
    }

    /// Enters a definition, unless it would change what the standard defines.
    fn accept(&mut self, name: &str, term: Term, path: &Path<'_>) {
        let iri = match &term {
            Term::Defined { iri, .. } => Some(iri.as_str()),
            Term::Undefined => None,
        };
        let own = global_term(name).map(|term| term.iri).or_else(|| {
            let fixed = &PREFIXES[..PREFIXES_FIXED];
            fixed
                .iter()
                .find(|(prefix, _)| *prefix == name)
                .map(|(_, iri)| Some(*iri))
        });
        if let Some(own) = own {
            if own.is_none() || own != iri {
                let what = format!(
                    "{} is a term of EPCIS and given another meaning",
                    shown(name)
                );
                self.unsupported(path, what, "choose another name");
            }
            return;
        }
        if SCHEMES.contains(&name) || name.is_empty() {
            let what = format!("{} cannot be a term", shown(name));
            self.unsupported(path, what, "choose another name");
            return;
        }
        let standard = PREFIXES.iter().any(|(prefix, _)| *prefix == name);
        if standard && !matches!(term, Term::Defined { prefix: true, .. }) {
            let what = format!("the standard's prefix {name} is no longer one");
            self.unsupported(path, what, "choose another name");
            return;
        }
        self.active.terms.insert(name.to_owned(), term);
    }

    fn unresolved(&mut self, text: &str, path: &Path<'_>) {
        self.problems.add(
            path,
            Reason::Unresolved,
            format!("{} is no IRI under the contexts before it", shown(text)),
            "write the whole IRI (scheme://…, urn:… or tag:…)",
        );
    }

    fn unsupported(&mut self, path: &Path<'_>, what: impl Into<String>, mend: &str) {
        self.problems
            .add(path, Reason::UnsupportedContext, what, mend);
    }
}
