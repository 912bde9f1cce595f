//! Writes events and master data as JSON-LD documents that the standard's schema accepts.
//!
//! Bare words come back where the standard's JSON form uses them, extension
//! names get prefixes, and the context declares just these. The same events
//! give the same text, and reading it gives the same canonical forms.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::canonical::DEPTH_MAX;
use crate::context::EPCIS_CONTEXT;
use crate::document::take;
use crate::event::Event;
use crate::global_terms::PREFIXES;
use crate::jcs;
use crate::master_data::VocabularyElement;
use crate::problem::Problems;
use crate::reader::{self, Value};
use crate::terms::{EventType, Kind, Shape};
use crate::uri;

/// What each generated prefix begins with; a number follows.
const PREFIX_STEM: &str = "ns";

/// The version of the standard that written documents name.
pub(crate) const SCHEMA_VERSION: &str = "2.0";

/// An event to be written, with what the answering node knows of it.
#[derive(Clone, Copy, Debug)]
pub struct Written<'e> {
    /// The event.
    pub event: &'e Event,
    /// When this repository durably stored it, as a date-time with zone.
    pub record_time: Option<&'e str>,
    /// The `eventID` under which it is answered if its author gave none: the
    /// derived id, [`Event::id`]. It makes another event of it, so nothing that
    /// is to be captured or converted bears one.
    pub derived_id: Option<&'e str>,
}

impl<'e> From<&'e Event> for Written<'e> {
    /// The event as it is, nothing added.
    fn from(event: &'e Event) -> Self {
        Self {
            event,
            record_time: None,
            derived_id: None,
        }
    }
}

/// What an answer says of the query that it answers.
#[derive(Clone, Copy, Debug)]
pub struct Answered<'q> {
    /// The name of the query.
    pub query_name: &'q str,
    /// The subscription that it is delivered for.
    pub subscription_id: Option<&'q str>,
    /// When the answer was made, as a date-time with zone.
    pub creation_date: &'q str,
}

/// Returns one event as a JSON-LD document of its own.
pub fn event_document(written: Written<'_>) -> String {
    let events = [Tree::of(written)];
    let prefixes = Prefixes::of(&events, &[]);
    let [event] = events;
    let mut members = vec![("@context".into(), prefixes.context())];
    members.extend(prefixes.event(event));
    text(&Value::Object(members))
}

/// Returns an `EPCISDocument` with the events in their order.
pub fn capture_document<'e>(
    creation_date: &str,
    events: impl IntoIterator<Item = Written<'e>>,
) -> String {
    master_data_document(creation_date, [], events)
}

/// Returns an `EPCISDocument` with master data in its header, both in their
/// order.
pub fn master_data_document<'e>(
    creation_date: &str,
    elements: impl IntoIterator<Item = &'e VocabularyElement>,
    events: impl IntoIterator<Item = Written<'e>>,
) -> String {
    let contents = Contents::of(elements, events);
    let mut members = vec![
        ("@context".into(), contents.context),
        ("type".into(), string("EPCISDocument")),
        ("schemaVersion".into(), string(SCHEMA_VERSION)),
        ("creationDate".into(), string(creation_date)),
    ];
    if let Some(list) = contents.vocabularies {
        let master_data = object([("vocabularyList", list)]);
        let header = object([("epcisMasterData", master_data)]);
        members.push(("epcisHeader".into(), header));
    }
    let body = object([("eventList", contents.events)]);
    members.push(("epcisBody".into(), body));
    text(&Value::Object(members))
}

/// Returns an `EPCISQueryDocument` with the events in their order
/// (EPCIS 2.0 §8.2.9).
pub fn query_document<'e>(
    answered: &Answered<'_>,
    events: impl IntoIterator<Item = Written<'e>>,
) -> String {
    answer(answered, Contents::of([], events))
}

/// Returns an `EPCISQueryDocument` with vocabulary elements in their order, as
/// a master data query answers. Its list of events is empty: the standard's
/// schema asks for one.
pub fn master_data_answer<'e>(
    answered: &Answered<'_>,
    elements: impl IntoIterator<Item = &'e VocabularyElement>,
) -> String {
    let mut contents = Contents::of(elements, []);
    contents
        .vocabularies
        .get_or_insert(Value::Array(Vec::new()));
    answer(answered, contents)
}

fn answer(answered: &Answered<'_>, contents: Contents<'_>) -> String {
    let mut results = vec![("queryName".into(), string(answered.query_name))];
    if let Some(subscription) = answered.subscription_id {
        results.push(("subscriptionID".into(), string(subscription)));
    }
    let mut body = vec![("eventList".into(), contents.events)];
    body.extend(
        contents
            .vocabularies
            .map(|list| ("vocabularyList".into(), list)),
    );
    results.push(("resultsBody".into(), Value::Object(body)));
    text(&object([
        ("@context", contents.context),
        ("type", string("EPCISQueryDocument")),
        ("schemaVersion", string(SCHEMA_VERSION)),
        ("creationDate", string(answered.creation_date)),
        (
            "epcisBody",
            object([("queryResults", Value::Object(results))]),
        ),
    ]))
}

/// The parts of a document that share one context.
struct Contents<'e> {
    context: Value<'static>,
    vocabularies: Option<Value<'e>>,
    events: Value<'e>,
}

impl<'e> Contents<'e> {
    fn of(
        elements: impl IntoIterator<Item = &'e VocabularyElement>,
        events: impl IntoIterator<Item = Written<'e>>,
    ) -> Contents<'e> {
        let events: Vec<_> = events.into_iter().map(Tree::of).collect();
        let elements: Vec<_> = elements
            .into_iter()
            .filter_map(|element| {
                reader::read(element.payload(), DEPTH_MAX, &mut Problems::default())
            })
            .collect();
        let prefixes = Prefixes::of(&events, &elements);
        let events = events
            .into_iter()
            .map(|tree| Value::Object(prefixes.event(tree)))
            .collect();
        let vocabularies = prefixes.vocabularies(elements);
        Contents {
            context: prefixes.context(),
            vocabularies: (!vocabularies.is_empty()).then_some(Value::Array(vocabularies)),
            events: Value::Array(events),
        }
    }
}

fn object<'a, const N: usize>(members: [(&'static str, Value<'a>); N]) -> Value<'a> {
    Value::Object(
        members
            .into_iter()
            .map(|(name, value)| (name.into(), value))
            .collect(),
    )
}

fn string(text: &str) -> Value<'static> {
    Value::String(Cow::Owned(text.to_owned()))
}

fn text(value: &Value<'_>) -> String {
    let mut bytes = Vec::new();
    jcs::write(value, &mut bytes);
    String::from_utf8(bytes).unwrap_or_default()
}

/// A canonical event as JSON.
pub(crate) struct Tree<'e> {
    pub(crate) event_type: EventType,
    pub(crate) value: Value<'e>,
    pub(crate) record_time: Option<&'e str>,
    pub(crate) derived_id: Option<&'e str>,
}

impl<'e> Tree<'e> {
    pub(crate) fn of(written: Written<'e>) -> Tree<'e> {
        let bytes = written.event.payload().as_bytes();
        let value = reader::read(bytes, DEPTH_MAX, &mut Problems::default());
        Tree {
            event_type: written.event.event_type(),
            value: value.unwrap_or(Value::Null),
            record_time: written.record_time,
            derived_id: match written.event.event_id() {
                Some(_) => None,
                None => written.derived_id,
            },
        }
    }
}

/// The prefixes of one document.
struct Prefixes {
    /// Namespace to prefix.
    used: BTreeMap<String, String>,
}

impl Prefixes {
    fn of(events: &[Tree<'_>], elements: &[Value<'_>]) -> Prefixes {
        let mut found = Found::default();
        for element in elements {
            found.element(element);
        }
        for tree in events {
            found.object(Some(tree.event_type.shape()), &tree.value);
        }
        let mut used = BTreeMap::new();
        let mut number = 0;
        for namespace in found.namespaces {
            let standard = PREFIXES.iter().find(|(_, iri)| *iri == namespace);
            let prefix = match standard {
                Some((prefix, _)) => (*prefix).to_owned(),
                None => loop {
                    number += 1;
                    let prefix = format!("{PREFIX_STEM}{number}");
                    if !found.taken.contains(&prefix) {
                        break prefix;
                    }
                },
            };
            used.insert(namespace, prefix);
        }
        Prefixes { used }
    }

    /// Returns the smallest context under which the events mean the same.
    fn context(&self) -> Value<'static> {
        let own: Vec<_> = self
            .used
            .iter()
            .filter(|(namespace, _)| !PREFIXES.iter().any(|(_, iri)| iri == namespace))
            .map(|(namespace, prefix)| (Cow::Owned(prefix.clone()), string(namespace)))
            .collect();
        let mut contexts = vec![string(EPCIS_CONTEXT)];
        if !own.is_empty() {
            contexts.push(Value::Object(own));
        }
        Value::Array(contexts)
    }

    /// Writes vocabulary elements, neighbours of one type in one vocabulary.
    fn vocabularies<'e>(&self, elements: Vec<Value<'e>>) -> Vec<Value<'e>> {
        let mut vocabularies: Vec<(Value<'e>, Vec<Value<'e>>)> = Vec::new();
        for element in elements {
            let Value::Object(mut members) = element else {
                continue;
            };
            let Some(vocabulary_type) = take(&mut members, "type") else {
                continue;
            };
            let element = self.element(members);
            match vocabularies.last_mut() {
                Some((last, elements)) if *last == vocabulary_type => elements.push(element),
                _ => vocabularies.push((vocabulary_type, vec![element])),
            }
        }
        let written = vocabularies.into_iter().map(|(vocabulary_type, elements)| {
            object([
                ("type", vocabulary_type),
                ("vocabularyElementList", Value::Array(elements)),
            ])
        });
        written.collect()
    }

    fn element<'e>(&self, mut members: Vec<(Cow<'e, str>, Value<'e>)>) -> Value<'e> {
        let mut out = Vec::with_capacity(members.len());
        out.extend(take(&mut members, "id").map(|id| ("id".into(), id)));
        if let Some(Value::Object(attributes)) = take(&mut members, "attributes") {
            let mut list = Vec::with_capacity(attributes.len());
            for (name, values) in attributes {
                let Value::Array(values) = values else {
                    continue;
                };
                for value in values {
                    let id = Value::String(name.clone());
                    list.push(object([("id", id), ("attribute", self.extension(value))]));
                }
            }
            out.push(("attributes".into(), Value::Array(list)));
        }
        out.extend(take(&mut members, "children").map(|list| ("children".into(), list)));
        Value::Object(out)
    }

    fn event<'e>(&self, tree: Tree<'e>) -> Vec<(Cow<'e, str>, Value<'e>)> {
        let needs_list = needs_empty_list(tree.event_type, &tree.value);
        let Value::Object(mut members) = self.shaped(tree.event_type.shape(), tree.value) else {
            return Vec::new();
        };
        let mut place = members
            .iter()
            .position(|(name, _)| name == "eventTimeZoneOffset");
        place = place.map(|place| place + 1);
        if let (Some(place), Some(id)) = (place, tree.derived_id) {
            members.insert(place, ("eventID".into(), string(id)));
        }
        if let (Some(place), Some(time)) = (place, tree.record_time) {
            members.insert(place, ("recordTime".into(), string(time)));
        }
        if let (Some(place), true) = (place, needs_list) {
            members.insert(place, ("epcList".into(), Value::Array(Vec::new())));
        }
        members
    }

    /// Writes a standard object, its own fields first, in the standard's order.
    fn shaped<'e>(&self, shape: &'static Shape, value: Value<'e>) -> Value<'e> {
        let Value::Object(mut members) = value else {
            return value;
        };
        let fields = || shape.fields.iter().copied().flatten();
        members.sort_by_key(|(name, _)| {
            fields()
                .position(|field| field.name == name)
                .unwrap_or(usize::MAX)
        });
        let written = members
            .into_iter()
            .map(|(name, value)| match shape.field(&name) {
                Some(field) => {
                    let value = self.field(&field.kind, value);
                    (name, value)
                }
                None => (self.name(name), self.extension(value)),
            });
        Value::Object(written.collect())
    }

    fn field<'e>(&self, kind: &'static Kind, value: Value<'e>) -> Value<'e> {
        match (kind, value) {
            (Kind::Object(shape), value) => self.shaped(shape, value),
            (Kind::List(list), Value::Array(items)) => Value::Array(
                items
                    .into_iter()
                    .map(|item| self.field(&list.item, item))
                    .collect(),
            ),
            (Kind::Word(vocabulary), Value::String(uri)) => {
                let bare = vocabulary.bare(&uri).map(str::to_owned);
                Value::String(bare.map_or(uri, Cow::Owned))
            }
            (_, value) => value,
        }
    }

    fn extension<'e>(&self, value: Value<'e>) -> Value<'e> {
        match value {
            Value::Array(items) => {
                Value::Array(items.into_iter().map(|item| self.extension(item)).collect())
            }
            Value::Object(members) => Value::Object(
                members
                    .into_iter()
                    .map(|(name, value)| (self.name(name), self.extension(value)))
                    .collect(),
            ),
            plain => plain,
        }
    }

    fn name<'e>(&self, name: Cow<'e, str>) -> Cow<'e, str> {
        if !name.contains(':') {
            return name;
        }
        let (namespace, local) = split(&name);
        match self.used.get(namespace) {
            Some(prefix) => Cow::Owned(format!("{prefix}:{local}")),
            None => name,
        }
    }
}

/// What the names and values of events already use.
#[derive(Default)]
struct Found {
    namespaces: BTreeSet<String>,
    /// Texts that a generated prefix must not be.
    taken: BTreeSet<String>,
}

impl Found {
    fn object(&mut self, shape: Option<&'static Shape>, value: &Value<'_>) {
        let Value::Object(members) = value else {
            return;
        };
        for (name, value) in members {
            let field = shape.and_then(|shape| shape.field(name));
            if field.is_none() && name.contains(':') {
                self.namespaces.insert(split(name).0.to_owned());
            }
            self.avoid(name);
            self.value(field.map(|field| &field.kind), value);
        }
    }

    /// Looks into a vocabulary element: the names of its attributes are written
    /// whole, those inside their values with prefixes.
    fn element(&mut self, element: &Value<'_>) {
        let Value::Object(members) = element else {
            return;
        };
        for (name, value) in members {
            match (&**name, value) {
                ("attributes", Value::Object(attributes)) => {
                    for (name, values) in attributes {
                        self.avoid(name);
                        self.value(None, values);
                    }
                }
                (_, value) => self.value(None, value),
            }
        }
    }

    fn value(&mut self, kind: Option<&'static Kind>, value: &Value<'_>) {
        let shape = match kind {
            Some(Kind::Object(shape)) => Some(*shape),
            _ => None,
        };
        match value {
            Value::String(text) => self.avoid(text),
            Value::Object(_) => self.object(shape, value),
            Value::Array(items) => {
                let item = match kind {
                    Some(Kind::List(list)) => Some(&list.item),
                    _ => None,
                };
                items.iter().for_each(|value| self.value(item, value));
            }
            _ => {}
        }
    }

    fn avoid(&mut self, text: &str) {
        let head = text.split_once(':').map_or(text, |(head, _)| head);
        let number = head.strip_prefix(PREFIX_STEM);
        if number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit())) {
            self.taken.insert(head.to_owned());
        }
    }
}

/// Splits the IRI of an extension into a namespace and the longest local name
/// that may follow a prefix, after the last `/`, `#` or `:` if there is one.
pub(crate) fn split(iri: &str) -> (&str, &str) {
    let from = iri.rfind(['/', '#', ':']).map_or(0, |at| at + 1);
    let mut starts = iri
        .char_indices()
        .map(|(at, _)| at)
        .filter(|at| *at >= from);
    let fits = |at: &usize| {
        let (namespace, local) = iri.split_at(*at);
        uri::is_absolute_name(namespace) && uri::is_uri(&format!("{PREFIX_STEM}:{local}"))
    };
    iri.split_at(starts.find(fits).unwrap_or(iri.len()))
}

/// Says whether the standard's schema asks for an `epcList`, be it empty, that
/// the canonical form leaves out.
pub(crate) fn needs_empty_list(event_type: EventType, event: &Value<'_>) -> bool {
    let has = |name: &str| event.member(name).is_some();
    if has("epcList") || has("quantityList") {
        return false;
    }
    match event_type {
        EventType::Object => !(has("sensorElementList") && has("readPoint")),
        EventType::Transaction => event.member("action").and_then(Value::as_str) != Some("DELETE"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iris_are_split_where_a_prefix_can_stand() {
        for (iri, expected) in [
            ("https://a.vn/x/y", ("https://a.vn/x/", "y")),
            ("https://a.vn/x#y", ("https://a.vn/x#", "y")),
            ("https://a.vn/x/", ("https://a.vn/x/", "")),
            ("https://a.vn/độ-chín-1", ("https://a.vn/độ-chí", "n-1")),
            ("https://a.vn/độ", ("https://a.vn/độ", "")),
            ("https://a.vn", ("https://a", ".vn")),
            ("urn:gs1:x:y", ("urn:gs1:x:", "y")),
            ("urn:x", ("urn:x", "")),
        ] {
            assert_eq!(split(iri), expected, "{iri}");
        }
    }
}
