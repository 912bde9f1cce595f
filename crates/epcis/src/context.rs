//! JSON-LD contexts: which documents are known here, and what names and
//! values mean under them.
//!
//! Supported of JSON-LD 1.1: contexts as URL, object, array or null; prefixes;
//! terms as string or as object with `@id`, `@type`, `@container: @set`,
//! `@prefix`, `@protected`; `@vocab`; `@version`. Everything else is refused,
//! since a feature that is half understood would sign another meaning than
//! its author's. `@protected` has no effect of its own: what EPCIS, CBV and
//! GS1 define can never be redefined, the rest can.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::definition::Definer;
use crate::global_terms::{Coercion, PREFIXES, global_term};
use crate::problem::{Path, Problem, Problems, Reason, shown};
use crate::reader::{self, Value};
use crate::uri;
use crate::vocabulary::{EPCIS, GS1, GS1_ALIASES};

/// The URL of the standard's context that written documents name.
pub const EPCIS_CONTEXT: &str = "https://ref.gs1.org/standards/epcis/epcis-context.jsonld";

/// The URLs under which the context of EPCIS 2.0 has been published.
const EPCIS_CONTEXTS: [&str; 4] = [
    EPCIS_CONTEXT,
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    "https://ref.gs1.org/standards/epcis/2.0.1/epcis-context.jsonld",
    "https://gs1.github.io/EPCIS/epcis-context.jsonld",
];

/// How deep context documents may name each other.
const NESTING_MAX: usize = 8;

/// Nesting of the JSON of a context document.
const CONTEXT_DEPTH_MAX: usize = 16;

/// A context document cannot be taken in.
#[derive(Debug, thiserror::Error)]
pub enum ContextError {
    /// The URL is one of the standard's own context.
    #[error("{url} is the context of EPCIS itself, which is built in")]
    BuiltIn {
        /// The URL given.
        url: String,
    },
    /// The file is no JSON-LD context, or uses what is not supported.
    #[error("{url} cannot serve as a context: {}", first(.problems))]
    Unusable {
        /// The URL given.
        url: String,
        /// Everything found, with pointers into the file.
        problems: Vec<Problem>,
    },
}

fn first(problems: &[Problem]) -> String {
    problems.first().map(Problem::to_string).unwrap_or_default()
}

/// The context documents that can be named by URL: the standard's own, and
/// those that an operator added. Nothing is ever fetched.
#[derive(Clone, Debug, Default)]
pub struct Contexts {
    documents: BTreeMap<String, Value<'static>>,
}

impl Contexts {
    /// Returns the set that knows the context of EPCIS alone.
    pub fn new() -> Contexts {
        Contexts::default()
    }

    /// Adds a context document: a JSON object with an `@context` member.
    /// Documents that it names in turn have to be there already.
    pub fn add(&mut self, url: &str, json: &[u8]) -> Result<(), ContextError> {
        if EPCIS_CONTEXTS.contains(&url) {
            return Err(ContextError::BuiltIn {
                url: url.to_owned(),
            });
        }
        let mut problems = Problems::default();
        let document = reader::read(json, CONTEXT_DEPTH_MAX, &mut problems);
        let context = match document {
            Some(Value::Object(members)) => members
                .into_iter()
                .find(|(name, _)| name == "@context")
                .map(|(_, value)| value),
            _ => None,
        };
        if let Some(context) = &context {
            let path = Path::ROOT.name("@context");
            Active::default().apply(context, self, &path, &mut problems);
        } else if problems.is_empty() {
            problems.add(
                &Path::ROOT,
                Reason::Missing,
                "there is no @context member",
                "give a JSON object with the context under @context",
            );
        }
        match context {
            Some(context) if problems.is_empty() => {
                self.documents.insert(url.to_owned(), context.into_owned());
                Ok(())
            }
            _ => Err(ContextError::Unusable {
                url: url.to_owned(),
                problems: problems.into_vec(),
            }),
        }
    }
}

/// A term that a context outside the standard defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Term {
    /// Mapped to null: what bears it would be dropped.
    Undefined,
    Defined {
        iri: String,
        coercion: Coercion,
        set: bool,
        prefix: bool,
    },
}

/// The contexts in force at one place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Active {
    /// The standard's own context is among them.
    pub(crate) epcis: bool,
    pub(crate) vocab: Option<String>,
    pub(crate) terms: BTreeMap<String, Term>,
}

/// Nothing resolves a name or a value.
pub(crate) struct Unresolved {
    pub(crate) what: String,
    pub(crate) mend: &'static str,
}

impl Active {
    /// The standard's context alone: what canonical forms are read under.
    pub(crate) const CANONICAL: Active = Active {
        epcis: true,
        vocab: None,
        terms: BTreeMap::new(),
    };

    /// Applies a context on top of those in force.
    pub(crate) fn apply(
        &mut self,
        context: &Value<'_>,
        known: &Contexts,
        path: &Path<'_>,
        problems: &mut Problems,
    ) {
        self.apply_nested(context, known, path, problems, 0);
    }

    fn apply_nested(
        &mut self,
        context: &Value<'_>,
        known: &Contexts,
        path: &Path<'_>,
        problems: &mut Problems,
        depth: usize,
    ) {
        match context {
            Value::Null if self.epcis => problems.add(
                path,
                Reason::UnsupportedContext,
                "null would undo the context of EPCIS, which is protected",
                "leave null out, or put it before the context of EPCIS",
            ),
            Value::Null => *self = Active::default(),
            Value::String(url) if EPCIS_CONTEXTS.contains(&&**url) => self.epcis = true,
            Value::String(url) => match known.documents.get(&**url) {
                Some(_) if depth == NESTING_MAX => problems.add(
                    path,
                    Reason::UnsupportedContext,
                    format!("context documents name each other more than {NESTING_MAX} deep"),
                    "name the contexts side by side",
                ),
                Some(inner) => self.apply_nested(inner, known, path, problems, depth + 1),
                None => problems.add(
                    path,
                    Reason::UnknownContext,
                    format!("the context document {} is not held here", shown(url)),
                    "give its content as an object here, or have the operator add it as a file",
                ),
            },
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.apply_nested(item, known, &path.index(index), problems, depth);
                }
            }
            Value::Object(members) => {
                Definer::new(self, members, problems, *path).define_all();
            }
            other => problems.add(
                path,
                Reason::WrongType,
                format!("{} is no context", other.type_name()),
                "give a URL, an object, or an array of these",
            ),
        }
    }

    /// Returns what a prefix stands for.
    pub(crate) fn prefix(&self, prefix: &str) -> Option<&str> {
        match self.terms.get(prefix) {
            Some(Term::Defined {
                iri, prefix: true, ..
            }) => Some(iri),
            Some(_) => None,
            None => PREFIXES
                .iter()
                .find(|(name, _)| *name == prefix)
                .map(|(_, iri)| *iri),
        }
    }

    /// Returns the prefixes that contexts outside the standard declare.
    pub(crate) fn prefixes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.terms.iter().filter_map(|(name, term)| match term {
            Term::Defined {
                iri, prefix: true, ..
            } => Some((name.as_str(), iri.as_str())),
            _ => None,
        })
    }

    /// Expands a CURIE; any other text is returned as it is.
    pub(crate) fn expand_uri<'a>(&self, text: Cow<'a, str>) -> Cow<'a, str> {
        match self.expand_curie(&text) {
            Some(iri) => Cow::Owned(iri),
            None => text,
        }
    }

    /// Returns what a CURIE stands for, if the text is one.
    pub(crate) fn expand_curie(&self, text: &str) -> Option<String> {
        let (prefix, suffix) = text.split_once(':')?;
        if suffix.starts_with("//") {
            return None;
        }
        self.prefix(prefix).map(|iri| format!("{iri}{suffix}"))
    }

    /// Expands a term or CURIE that is written with a colon. A text that no
    /// context knows is returned as it is: a URI of a scheme of its own.
    pub(crate) fn expand_term<'a>(&self, text: Cow<'a, str>) -> Result<Cow<'a, str>, Unresolved> {
        match self.terms.get(&*text) {
            Some(Term::Defined { iri, .. }) => Ok(Cow::Owned(iri.clone())),
            Some(Term::Undefined) => Err(Unresolved {
                what: format!("a context maps {} to null", shown(&text)),
                mend: "leave it out, or define the term",
            }),
            None => Ok(canonical_name(self.expand_uri(text))),
        }
    }

    /// Expands a term, CURIE or word of `@vocab` to an absolute IRI.
    pub(crate) fn expand_vocab<'a>(&self, text: Cow<'a, str>) -> Result<Cow<'a, str>, Unresolved> {
        if text.contains(':') || self.terms.contains_key(&*text) {
            let iri = self.expand_term(text)?;
            if uri::is_absolute_name(&iri) {
                return Ok(iri);
            }
            return Err(Unresolved {
                what: format!("no context declares the prefix of {}", shown(&iri)),
                mend: "declare the prefix in @context, or write the whole IRI \
                       (scheme://…, urn:… or tag:…)",
            });
        }
        if let Some(iri) = global_term(&text).and_then(|term| term.iri) {
            return Ok(Cow::Borrowed(iri));
        }
        match &self.vocab {
            Some(vocab) if uri::has_iri_characters(&text) && !text.is_empty() => {
                Ok(canonical_name(Cow::Owned(format!("{vocab}{text}"))))
            }
            _ => Err(Unresolved {
                what: format!("no context defines the term {}", shown(&text)),
                mend: "write it with a declared prefix, or define it in @context",
            }),
        }
    }

    /// Resolves the name of a member of an extension value, or of a standard
    /// object that takes any resolved name.
    ///
    /// `scoped` are the bare names to which the standard gives a meaning of
    /// its own at that place.
    pub(crate) fn member<'a>(
        &self,
        name: Cow<'a, str>,
        scoped: &[&str],
    ) -> Result<Member<'a>, (Reason, Unresolved)> {
        let refused = |reason, what: String, mend| Err((reason, Unresolved { what, mend }));
        match &*name {
            "@id" => return Ok(Member::Id),
            "@type" => return Ok(Member::Type),
            _ => {}
        }
        if name.starts_with('@') {
            let what = format!("the JSON-LD keyword {} is not supported here", shown(&name));
            return refused(Reason::NoCanonicalForm, what, "write plain members");
        }
        if scoped.contains(&&*name) {
            let what = format!("{} has a meaning of its own at this place", shown(&name));
            return refused(
                Reason::Unresolved,
                what,
                "write it with the prefix of your own",
            );
        }
        if let Some(Term::Defined { coercion, set, .. }) = self.terms.get(&*name) {
            let (coercion, set) = (*coercion, *set);
            let iri = self
                .expand_vocab(name)
                .map_err(|error| (Reason::Unresolved, error))?;
            return Ok(Member::Extension { iri, coercion, set });
        }
        match global_term(&name) {
            Some(term) if term.scoped => {
                let what = format!("{} cannot stand inside an extension", shown(&name));
                refused(
                    Reason::NoCanonicalForm,
                    what,
                    "use a member of your own namespace",
                )
            }
            Some(term) => Ok(match (term.iri, term.name) {
                (Some(iri), _) => Member::Extension {
                    iri: Cow::Borrowed(iri),
                    coercion: term.coercion,
                    set: term.set,
                },
                (None, "type") => Member::Type,
                (None, _) => Member::Id,
            }),
            None if self.is_private(&name) => {
                if uri::has_iri_characters(&name) && !name.is_empty() {
                    return Ok(Member::Private(name));
                }
                let what = format!("{} is no name", shown(&name));
                refused(
                    Reason::WrongForm,
                    what,
                    "use letters, digits, '-', '_' and '.'",
                )
            }
            None => {
                let iri = self
                    .expand_vocab(name)
                    .map_err(|error| (Reason::Unresolved, error))?;
                Ok(Member::Extension {
                    iri,
                    coercion: Coercion::None,
                    set: false,
                })
            }
        }
    }

    /// Says whether a name is bare and no context gives it a meaning.
    fn is_private(&self, name: &str) -> bool {
        !name.contains(':') && self.vocab.is_none() && !self.terms.contains_key(name)
    }
}

/// What the name of a member means.
pub(crate) enum Member<'a> {
    /// `@id`.
    Id,
    /// `@type`.
    Type,
    /// A name that contexts resolve.
    Extension {
        iri: Cow<'a, str>,
        coercion: Coercion,
        set: bool,
    },
    /// A bare name known to the enclosing extension alone.
    Private(Cow<'a, str>),
}

impl Member<'_> {
    /// Says whether the name is one of the standard's namespace.
    pub(crate) fn is_epcis(&self) -> bool {
        matches!(self, Member::Extension { iri, .. } if iri.starts_with(EPCIS))
    }
}

/// Brings the other published namespaces of the GS1 Web Vocabulary to the one
/// that is signed.
pub(crate) fn canonical_name(iri: Cow<'_, str>) -> Cow<'_, str> {
    let alias = GS1_ALIASES.iter().find_map(|alias| iri.strip_prefix(alias));
    match alias {
        Some(name) => Cow::Owned(format!("{GS1}{name}")),
        None => iri,
    }
}
