//! Brings events to their canonical form, and checks them on the way.
//!
//! One walk serves both sides: an event of a document is walked under the
//! document's contexts, a payload under the standard's context alone. A
//! payload is canonical when the walk changes none of its bytes.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::context::{Active, Member, canonical_name};
use crate::global_terms::Coercion;
use crate::jcs;
use crate::problem::{Path, Problems, Reason, shown};
use crate::reader::Value;
use crate::rules;
use crate::terms::{EventType, Extensions, Field, Kind, List, Shape};
use crate::time;
use crate::uri;
use crate::vocabulary::Vocabulary;

/// How deep arrays and objects of an event may be nested, the event counted.
pub const DEPTH_MAX: usize = 64;

/// The longest canonical form, in bytes.
pub const PAYLOAD_BYTES_MAX: usize = 1 << 20;

/// Old or mistaken names of the CBV namespace.
const FOREIGN_CBV: [&str; 3] = [
    "http://ref.gs1.org/cbv/",
    "https://ns.gs1.org/cbv/",
    "http://ns.gs1.org/cbv/",
];

/// What is walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    /// An event of a document, as its author wrote it.
    Document,
    /// A payload that claims to be canonical.
    Payload,
}

type Members<'a> = Vec<(Cow<'a, str>, Value<'a>)>;

/// A walk over one event.
pub(crate) struct Walk<'c> {
    pub(crate) active: &'c Active,
    pub(crate) given: Given,
    pub(crate) problems: &'c mut Problems,
}

impl Walk<'_> {
    /// Returns the event with its objects sorted, unless it is no event at
    /// all. It is sound only if no problem was added.
    pub(crate) fn event<'a>(
        &mut self,
        value: Value<'a>,
        path: &Path<'_>,
    ) -> Option<(EventType, Value<'a>)> {
        let type_path = path.name("type");
        let event_type = match value.member("type") {
            Some(Value::String(name)) => match EventType::from_name(name) {
                Some(event_type) => event_type,
                None => {
                    let what = format!("{} is none of the event types", shown(name));
                    let names = EventType::ALL.map(EventType::name).join(", ");
                    let mend = format!("write one of {names}");
                    self.problems
                        .add(&type_path, Reason::UnknownWord, what, mend);
                    return None;
                }
            },
            Some(other) => {
                self.wrong_type(&type_path, other, "a string");
                return None;
            }
            None => {
                if matches!(value, Value::Object(_)) {
                    self.missing(path, "type", "an event");
                } else {
                    self.wrong_type(path, &value, "an event object");
                }
                return None;
            }
        };
        let stated = rules::Stated::of(&value, self.given);
        let event = self.object(event_type.shape(), value, path, 1)?;
        rules::check(event_type, &event, stated, path, self.problems);
        Some((event_type, event))
    }

    fn object<'a>(
        &mut self,
        shape: &'static Shape,
        value: Value<'a>,
        path: &Path<'_>,
        depth: usize,
    ) -> Option<Value<'a>> {
        let Value::Object(members) = value else {
            self.wrong_type(path, &value, "an object");
            return None;
        };
        for field in shape
            .fields
            .iter()
            .copied()
            .flatten()
            .filter(|field| field.required)
        {
            if !members.iter().any(|(name, _)| name == field.name) {
                self.missing(path, field.name, shape.title);
            }
        }
        let mut out = Vec::with_capacity(members.len());
        for (name, member) in members {
            match shape.field(&name) {
                Some(Field { kind, .. }) => {
                    if let Some(member) = self.field(kind, member, &path.name(&name), depth) {
                        out.push((name, member));
                    }
                }
                None => {
                    if let Some(member) = self.beside(shape, name, member, path, depth) {
                        out.push(member);
                    }
                }
            }
        }
        Some(self.sorted(out, path))
    }

    /// Walks the value of a standard field; `None` leaves the field out.
    fn field<'a>(
        &mut self,
        kind: &'static Kind,
        value: Value<'a>,
        path: &Path<'_>,
        depth: usize,
    ) -> Option<Value<'a>> {
        match kind {
            Kind::Object(shape) => return self.object(shape, value, path, depth + 1),
            Kind::List(list) => return self.list(list, value, path, depth + 1),
            Kind::Context => return None,
            Kind::Number => {
                if !matches!(value, Value::Number(_)) {
                    self.wrong_type(path, &value, "a number");
                }
                return Some(value);
            }
            Kind::Boolean => {
                if !matches!(value, Value::Bool(_)) {
                    self.wrong_type(path, &value, "true or false");
                }
                return Some(value);
            }
            _ => {}
        }
        let Value::String(text) = value else {
            self.wrong_type(path, &value, "a string");
            return None;
        };
        let text = match kind {
            Kind::Uri | Kind::Identifier => self.uri(text, path)?,
            Kind::Word(vocabulary) => self.word(vocabulary, text, path)?,
            Kind::RecordTime => {
                self.form(kind, &text, path);
                return None;
            }
            _ => {
                self.form(kind, &text, path);
                text
            }
        };
        if matches!(kind, Kind::Identifier) && self.given == Given::Document {
            rules::identifier(&text, path, self.problems);
        }
        Some(Value::String(text))
    }

    /// Checks a string that stays as written.
    fn form(&mut self, kind: &Kind, text: &str, path: &Path<'_>) {
        let (right, mend) = match kind {
            Kind::Time | Kind::RecordTime => (
                time::instant_ms(text).is_some(),
                "write a date-time with zone, like 2025-07-01T08:30:00.000+07:00",
            ),
            Kind::ZoneOffset => (
                time::offset_minutes(text.as_bytes()).is_some(),
                "write the offset from UTC as ±hh:mm, like +07:00",
            ),
            Kind::Action => (
                matches!(text, "ADD" | "OBSERVE" | "DELETE"),
                "write ADD, OBSERVE or DELETE",
            ),
            Kind::Hex => (
                !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit()),
                "write hexadecimal digits",
            ),
            Kind::Unit => (
                matches!(text.len(), 2 | 3)
                    && text
                        .bytes()
                        .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()),
                "write a unit code of UN/CEFACT Recommendation 20, like KGM",
            ),
            _ => return,
        };
        if !right {
            let what = format!("{} does not have the form of this field", shown(text));
            self.problems.add(path, Reason::WrongForm, what, mend);
        }
    }

    pub(crate) fn uri<'a>(&mut self, text: Cow<'a, str>, path: &Path<'_>) -> Option<Cow<'a, str>> {
        if !self.is_uri(&text, path) {
            return None;
        }
        match self.active.expand_curie(&text) {
            Some(expanded) => self.is_uri(&expanded, path).then_some(Cow::Owned(expanded)),
            None => Some(text),
        }
    }

    pub(crate) fn is_uri(&mut self, text: &str, path: &Path<'_>) -> bool {
        let right = uri::is_uri(text);
        if !right {
            let what = format!("{} is no URI", shown(text));
            let mend = "write a URI such as urn:epc:id:sgtin:… or https://…, \
                        other characters percent-encoded";
            self.problems.add(path, Reason::WrongForm, what, mend);
        }
        right
    }

    /// Brings a vocabulary value to its web URI.
    pub(crate) fn word<'a>(
        &mut self,
        vocabulary: &'static Vocabulary,
        text: Cow<'a, str>,
        path: &Path<'_>,
    ) -> Option<Cow<'a, str>> {
        if !text.contains(':') {
            if vocabulary.has(&text) {
                return Some(Cow::Owned(format!("{}{text}", vocabulary.iri)));
            }
            let what = format!("{} is no {} of CBV 2.0", shown(&text), vocabulary.title);
            let mend = if vocabulary.words.len() > 20 {
                "write a word of the vocabulary, or the URI of your own".to_owned()
            } else {
                format!(
                    "write one of {}, or the URI of your own",
                    vocabulary.words.join(", ")
                )
            };
            self.problems.add(path, Reason::UnknownWord, what, mend);
            return None;
        }
        if !self.is_uri(&text, path) {
            return None;
        }
        let uri = match self.active.expand_term(text) {
            Ok(uri) => uri,
            Err(unresolved) => {
                self.problems
                    .add(path, Reason::Unresolved, unresolved.what, unresolved.mend);
                return None;
            }
        };
        if matches!(uri, Cow::Owned(_)) && !self.is_uri(&uri, path) {
            return None;
        }
        let urn_word = vocabulary.urn.and_then(|urn| uri.strip_prefix(urn));
        if let Some(word) = urn_word.filter(|word| vocabulary.has(word)) {
            return Some(Cow::Owned(format!("{}{word}", vocabulary.iri)));
        }
        if uri.starts_with("urn:epcglobal:cbv:")
            || FOREIGN_CBV.iter().any(|foreign| uri.starts_with(foreign))
        {
            let what = format!("{} is no {} of CBV 2.0", shown(&uri), vocabulary.title);
            let mend = format!("write the bare word, or {} with the word", vocabulary.iri);
            self.problems.add(path, Reason::UnknownWord, what, mend);
            return None;
        }
        Some(uri)
    }

    fn list<'a>(
        &mut self,
        list: &'static List,
        value: Value<'a>,
        path: &Path<'_>,
        depth: usize,
    ) -> Option<Value<'a>> {
        let items = match value {
            Value::Array(items) => items,
            Value::String(_) if list.single => {
                return Some(Value::Array(vec![
                    self.field(&list.item, value, path, depth)?,
                ]));
            }
            other => {
                self.wrong_type(path, &other, "an array");
                return None;
            }
        };
        if items.is_empty() {
            if list.filled {
                let mend = "give at least one item, or leave the field out where it may be";
                self.problems
                    .add(path, Reason::WrongForm, "the array is empty", mend);
            }
            return None;
        }
        let mut out = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            out.extend(self.field(&list.item, item, &path.index(index), depth));
        }
        if list.distinct {
            self.distinct(&out, path);
        }
        Some(Value::Array(out))
    }

    fn distinct(&mut self, items: &[Value<'_>], path: &Path<'_>) {
        let mut seen = HashSet::with_capacity(items.len());
        for (index, text) in items.iter().filter_map(Value::as_str).enumerate() {
            if !seen.insert(text) {
                let what = format!("{} stands in the list twice", shown(text));
                self.problems
                    .add(&path.index(index), Reason::Rule, what, "name it once");
            }
        }
    }

    /// Walks a member that is no field of the standard object it stands in.
    fn beside<'a>(
        &mut self,
        shape: &'static Shape,
        name: Cow<'a, str>,
        value: Value<'a>,
        path: &Path<'_>,
        depth: usize,
    ) -> Option<(Cow<'a, str>, Value<'a>)> {
        let here = Path::clone(path);
        let written = name.clone();
        let path = &here.name(&written);
        let unknown = |walk: &mut Self, mend: String| {
            let what = format!("{} is no field of {}", shown(&written), shape.title);
            walk.problems.add(path, Reason::UnknownMember, what, mend);
            None
        };
        let mend = || {
            if shape.extensions == Extensions::Refused {
                format!("use only {}", shape.field_names())
            } else {
                "use a field of the standard, or a name with the prefix of your own".to_owned()
            }
        };
        match shape.extensions {
            Extensions::Refused => return unknown(self, mend()),
            Extensions::Namespaced if self.given == Given::Document && !uri::is_uri(&name) => {
                return unknown(self, mend());
            }
            _ => {}
        }
        let member = match self.active.member(name, &[]) {
            Ok(member) => member,
            Err((reason, unresolved)) => {
                self.problems
                    .add(path, reason, unresolved.what, unresolved.mend);
                return None;
            }
        };
        if member.is_epcis() {
            return unknown(
                self,
                "write the bare name of a field that stands here".to_owned(),
            );
        }
        match member {
            Member::Extension { iri, coercion, set } => {
                let how = Reading {
                    coercion,
                    set,
                    scoped: shape.scoped,
                };
                Some((iri, self.extension(value, how, path, depth)?))
            }
            Member::Id | Member::Type | Member::Private(_) => unknown(self, mend()),
        }
    }

    /// Walks a value that no term coerces, at a place without terms of its own.
    pub(crate) fn plain_extension<'a>(
        &mut self,
        value: Value<'a>,
        path: &Path<'_>,
        depth: usize,
    ) -> Option<Value<'a>> {
        let how = Reading {
            coercion: Coercion::None,
            set: false,
            scoped: &[],
        };
        self.extension(value, how, path, depth)
    }

    /// Walks a value inside an extension.
    fn extension<'a>(
        &mut self,
        value: Value<'a>,
        how: Reading,
        path: &Path<'_>,
        depth: usize,
    ) -> Option<Value<'a>> {
        if depth >= DEPTH_MAX && matches!(value, Value::Array(_) | Value::Object(_)) {
            let what = format!("arrays and objects are nested deeper than {DEPTH_MAX}");
            self.problems
                .add(path, Reason::TooDeep, what, "flatten the data");
            return None;
        }
        let single = how.set && !matches!(value, Value::Array(_));
        let inner = Reading { set: false, ..how };
        let value = match value {
            Value::Null => {
                let mend = "leave the member out, or give it a value";
                self.problems
                    .add(path, Reason::NoCanonicalForm, "null means no value", mend);
                return None;
            }
            Value::String(text) => Value::String(self.literal(text, how.coercion, path)?),
            Value::Array(items) => {
                let mut out = Vec::with_capacity(items.len());
                for (index, item) in items.into_iter().enumerate() {
                    out.extend(self.extension(item, inner, &path.index(index), depth + 1));
                }
                Value::Array(out)
            }
            Value::Object(members) => self.extension_object(members, inner, path, depth + 1),
            plain => plain,
        };
        Some(if single {
            Value::Array(vec![value])
        } else {
            value
        })
    }

    fn literal<'a>(
        &mut self,
        text: Cow<'a, str>,
        coercion: Coercion,
        path: &Path<'_>,
    ) -> Option<Cow<'a, str>> {
        match coercion {
            Coercion::None => Some(text),
            Coercion::Word(vocabulary) => self.word(vocabulary, text, path),
            Coercion::Id => self.iri(self.active.expand_uri(text), path),
            Coercion::Vocab => match self.active.expand_vocab(text) {
                Ok(iri) => self.iri(iri, path),
                Err(unresolved) => {
                    self.problems
                        .add(path, Reason::Unresolved, unresolved.what, unresolved.mend);
                    None
                }
            },
        }
    }

    fn iri<'a>(&mut self, text: Cow<'a, str>, path: &Path<'_>) -> Option<Cow<'a, str>> {
        if uri::is_iri(&text) {
            return Some(text);
        }
        let what = format!(
            "{} is no absolute IRI, which this member asks for",
            shown(&text)
        );
        let mend = "write the whole IRI, or one with a declared prefix";
        self.problems.add(path, Reason::WrongForm, what, mend);
        None
    }

    fn extension_object<'a>(
        &mut self,
        members: Members<'a>,
        how: Reading,
        path: &Path<'_>,
        depth: usize,
    ) -> Value<'a> {
        let mut out = Vec::with_capacity(members.len());
        for (name, value) in members {
            let written = name.clone();
            let path = &path.name(&written);
            let member = match self.active.member(name, how.scoped) {
                Ok(member) => member,
                Err((reason, unresolved)) => {
                    self.problems
                        .add(path, reason, unresolved.what, unresolved.mend);
                    continue;
                }
            };
            let plain = Reading {
                coercion: Coercion::None,
                set: false,
                scoped: how.scoped,
            };
            let (name, value) = match member {
                Member::Id => {
                    if !matches!(value, Value::String(_)) {
                        self.wrong_type(path, &value, "an IRI");
                        continue;
                    }
                    let how = Reading {
                        coercion: Coercion::Id,
                        ..plain
                    };
                    (Cow::Borrowed("id"), self.extension(value, how, path, depth))
                }
                Member::Type => (Cow::Borrowed("type"), self.types(value, path)),
                Member::Extension { iri, coercion, set } => (
                    iri,
                    self.extension(
                        value,
                        Reading {
                            coercion,
                            set,
                            ..plain
                        },
                        path,
                        depth,
                    ),
                ),
                Member::Private(name) => (name, self.extension(value, plain, path, depth)),
            };
            out.extend(value.map(|value| (name, value)));
        }
        self.sorted(out, path)
    }

    /// Walks the `type` of an object inside an extension: one IRI or several.
    fn types<'a>(&mut self, value: Value<'a>, path: &Path<'_>) -> Option<Value<'a>> {
        match value {
            Value::String(text) => {
                let iri = self.literal(text, Coercion::Vocab, path)?;
                Some(Value::String(canonical_name(iri)))
            }
            Value::Array(items) if items.iter().all(|item| matches!(item, Value::String(_))) => {
                let mut out = Vec::with_capacity(items.len());
                for (index, item) in items.into_iter().enumerate() {
                    out.push(self.types(item, &path.index(index))?);
                }
                Some(Value::Array(out))
            }
            other => {
                self.wrong_type(path, &other, "an IRI or an array of IRIs");
                None
            }
        }
    }

    /// Sorts the members of an object and refuses equal names.
    pub(crate) fn sorted<'a>(&mut self, mut members: Members<'a>, path: &Path<'_>) -> Value<'a> {
        if !members.is_sorted_by(|left, right| jcs::name_order(&left.0, &right.0).is_lt()) {
            members.sort_by(|left, right| jcs::name_order(&left.0, &right.0));
            for pair in members.windows(2) {
                if pair[0].0 == pair[1].0 {
                    let what = format!("two members mean {}", shown(&pair[0].0));
                    self.problems
                        .add(path, Reason::NameCollision, what, "keep one of them");
                }
            }
        }
        Value::Object(members)
    }

    pub(crate) fn missing(&mut self, path: &Path<'_>, name: &str, title: &str) {
        let what = format!("{title} has no {name}");
        let mend = format!("give its {name}");
        self.problems
            .add(&path.name(name), Reason::Missing, what, mend);
    }

    pub(crate) fn wrong_type(&mut self, path: &Path<'_>, value: &Value<'_>, right: &str) {
        let what = format!("{} stands here", value.type_name());
        self.problems
            .add(path, Reason::WrongType, what, format!("give {right}"));
    }
}

/// How a value inside an extension is read.
#[derive(Clone, Copy)]
struct Reading {
    coercion: Coercion,
    set: bool,
    scoped: &'static [&'static str],
}
