//! Turns the standard's objects into their JSON-LD form: events and what
//! stands inside them.

use std::borrow::Cow;
use std::collections::HashMap;

use super::names;
use super::schema::{self, Version};
use super::tree::{Attribute, Element, INSTANCE, Scope, XML, is_blank, trimmed};
use super::{Conversion, Order};
use crate::context::canonical_name;
use crate::number;
use crate::problem::{Path, Reason, shown};
use crate::reader::Value;
use crate::terms::{EventType, Kind, Shape};
use crate::vocabulary::{CBV, GS1, Vocabulary};

/// What stands before the names that EPCIS 1.x lets stand in its wrappers with
/// no namespace.
const LOCAL: &str = "urn:nguon:epcis-xml:";

/// Where a member comes from.
pub(super) enum Source<'t, 'a> {
    Element(&'t Element<'a>),
    Attribute(&'t Attribute<'a>, &'t Scope<'a>),
    /// The text of an element whose fields are attributes.
    Text(&'t Element<'a>),
    /// A value that was written as JSON, and where.
    Json(Value<'static>, usize),
}

impl Source<'_, '_> {
    pub(super) fn at(&self) -> usize {
        match self {
            Source::Element(element) | Source::Text(element) => element.at,
            Source::Attribute(attribute, _) => attribute.at,
            Source::Json(_, at) => *at,
        }
    }
}

/// The members of an object to be, those of one name together.
#[derive(Default)]
pub(super) struct Groups<'t, 'a> {
    list: Vec<(Cow<'t, str>, Vec<Source<'t, 'a>>)>,
    /// Where a name stands in the list, once there are many.
    places: HashMap<Cow<'t, str>, usize>,
}

impl<'t, 'a> Groups<'t, 'a> {
    const COMPARED_MAX: usize = 32;

    pub(super) fn add(&mut self, name: Cow<'t, str>, source: Source<'t, 'a>) {
        let place = if self.list.len() < Self::COMPARED_MAX {
            self.list.iter().position(|(other, _)| *other == name)
        } else {
            if self.places.is_empty() {
                let names = self.list.iter().enumerate();
                self.places = names.map(|(at, (name, _))| (name.clone(), at)).collect();
            }
            self.places.get(&name).copied()
        };
        match place {
            Some(place) => self.list[place].1.push(source),
            None => {
                if !self.places.is_empty() {
                    self.places.insert(name.clone(), self.list.len());
                }
                self.list.push((name, vec![source]));
            }
        }
    }

    pub(super) fn into_list(self) -> Vec<(Cow<'t, str>, Vec<Source<'t, 'a>>)> {
        self.list
    }
}

impl<'t, 'a> Conversion<'t, 'a, '_> {
    pub(super) fn event(
        &mut self,
        element: &'t Element<'a>,
        event_type: EventType,
        context: Option<Value<'static>>,
        path: &Path<'_>,
    ) -> Value<'t> {
        self.place(path, element.at);
        if self.wants_nothing_in(path) {
            return Value::Null;
        }
        let mut members: Vec<(Cow<'t, str>, Value<'t>)> = Vec::new();
        members.extend(context.map(|context| (Cow::Borrowed("@context"), context)));
        let name = Value::String(Cow::Borrowed(event_type.name()));
        members.push((Cow::Borrowed("type"), name));
        let shape = event_type.shape();
        let sequence = schema::event_sequence(event_type);
        let mut groups = Groups::default();
        self.attributes(element, shape, &mut groups, path);
        self.children(element, shape, Some(&sequence), &mut groups, path);
        self.members(shape, groups, &mut members, path);
        Value::Object(members)
    }

    fn object(
        &mut self,
        shape: &'static Shape,
        element: &'t Element<'a>,
        path: &Path<'_>,
    ) -> Value<'t> {
        self.place(path, element.at);
        let mut groups = Groups::default();
        self.attributes(element, shape, &mut groups, path);
        if schema::has_attributes(element.local) {
            for child in &element.children {
                self.unknown(child.local, shape.title, child.at, path);
            }
            match shape.field(element.local) {
                Some(field) => groups.add(Cow::Borrowed(field.name), Source::Text(element)),
                None => self.no_text(element, path),
            }
        } else {
            let sequence = schema::sequence(element.local);
            self.children(element, shape, sequence, &mut groups, path);
        }
        let mut members = Vec::new();
        self.members(shape, groups, &mut members, path);
        Value::Object(members)
    }

    /// Gathers the attributes of a standard object's element.
    fn attributes(
        &mut self,
        element: &'t Element<'a>,
        shape: &'static Shape,
        groups: &mut Groups<'t, 'a>,
        path: &Path<'_>,
    ) {
        for attribute in &element.attributes {
            let source = Source::Attribute(attribute, &element.scope);
            match attribute.namespace.as_deref() {
                Some(INSTANCE) => {}
                Some(XML) if attribute.local == "space" => {}
                Some(schema::MARKS) if attribute.local == "json" => {
                    self.json(&attribute.value, attribute.at, groups, path);
                }
                Some(namespace)
                    if names::is_foreign(Some(namespace))
                        && schema::takes_attributes(element.local) =>
                {
                    groups.add(self.names.foreign(namespace, attribute.local), source);
                }
                None if schema::has_attributes(element.local)
                    && attribute.local != element.local
                    && shape.field(attribute.local).is_some() =>
                {
                    groups.add(Cow::Borrowed(attribute.local), source);
                }
                // A bare event may say of itself what a document says.
                None if self.bare
                    && matches!(attribute.local, "schemaVersion" | "creationDate") => {}
                _ => self.unknown(attribute.local, shape.title, attribute.at, path),
            }
        }
    }

    /// Gathers the child elements of a standard object, in the order that the
    /// XML schema asks for.
    fn children(
        &mut self,
        element: &'t Element<'a>,
        shape: &'static Shape,
        sequence: Option<&[&'static str]>,
        groups: &mut Groups<'t, 'a>,
        path: &Path<'_>,
    ) {
        self.no_text(element, path);
        let strict = self.order == Order::Schema;
        let mut follower = Follower::new(sequence.filter(|_| strict));
        for child in &element.children {
            let namespace = child.namespace.as_deref();
            if let Some(namespace) = namespace.filter(|_| names::is_foreign(namespace)) {
                follower.last = usize::MAX;
                let name = self.names.foreign(namespace, child.local);
                groups.add(name, Source::Element(child));
                continue;
            }
            if namespace == Some(schema::MARKS) && child.local == "json" {
                self.json(&child.text, child.at, groups, path);
                continue;
            }
            if !schema::is_own(namespace) {
                self.unknown(child.local, shape.title, child.at, path);
                continue;
            }
            if let Some(before) = follower.misplaces(child.local) {
                let what = format!("{} stands after {before}", child.local);
                let mend = "keep to the order of the XML schema";
                self.problem_at(path, child.at, Reason::Misplaced, what, mend);
            }
            match child.local {
                name if schema::is_wrapper(name) => {
                    self.wrapper(child, shape, sequence, groups, path);
                }
                name if shape.field(name).is_some() && !matches!(name, "type" | "@context") => {
                    groups.add(Cow::Borrowed(name), Source::Element(child));
                }
                // The wrappers of EPCIS 1.x are open to names of no namespace.
                name if self.version == Version::One && schema::is_wrapper(element.local) => {
                    groups.add(Cow::Owned(format!("{LOCAL}{name}")), Source::Element(child));
                }
                name => self.unknown(name, shape.title, child.at, path),
            }
        }
    }

    /// Takes up what stands in an element `extension` or `baseExtension`.
    fn wrapper(
        &mut self,
        wrapper: &'t Element<'a>,
        shape: &'static Shape,
        sequence: Option<&[&'static str]>,
        groups: &mut Groups<'t, 'a>,
        path: &Path<'_>,
    ) {
        if self.version == Version::Two {
            let own = |child: &&Element<'_>| schema::is_own(child.namespace.as_deref());
            if let Some(child) = wrapper.children.iter().find(own) {
                let what = format!("{} stands in {}", child.local, wrapper.local);
                let mend = "put it into the event itself, as EPCIS 2.0 does";
                self.problem_at(path, child.at, Reason::Misplaced, what, mend);
                return;
            }
        }
        for attribute in &wrapper.attributes {
            if attribute.namespace.as_deref() != Some(INSTANCE) {
                self.unknown(attribute.local, wrapper.local, attribute.at, path);
            }
        }
        self.children(wrapper, shape, sequence, groups, path);
    }

    fn members(
        &mut self,
        shape: &'static Shape,
        groups: Groups<'t, 'a>,
        members: &mut Vec<(Cow<'t, str>, Value<'t>)>,
        path: &Path<'_>,
    ) {
        for (name, sources) in groups.into_list() {
            let written = name.clone();
            let path = &path.name(&written);
            let value = match shape.field(&name) {
                Some(field) => self.field(&field.kind, &written, sources, path),
                None => Some(self.extensions(sources, path)),
            };
            members.extend(value.map(|value| (name, value)));
        }
    }

    fn field(
        &mut self,
        kind: &'static Kind,
        name: &str,
        sources: Vec<Source<'t, 'a>>,
        path: &Path<'_>,
    ) -> Option<Value<'t>> {
        if let Kind::List(list) = kind
            && schema::item_of(name).is_none()
        {
            let mut items = Vec::with_capacity(sources.len());
            for (index, source) in sources.into_iter().enumerate() {
                items.extend(self.single(&list.item, source, &path.index(index)));
            }
            return Some(Value::Array(items));
        }
        let mut sources = sources.into_iter();
        let first = sources.next()?;
        for second in sources {
            let what = format!("the element {name} stands here twice");
            let mend = "keep one of them";
            self.problem_at(path, second.at(), Reason::DuplicateMember, what, mend);
        }
        match (kind, schema::item_of(name), first) {
            (Kind::List(list), Some(item), Source::Element(element)) => {
                Some(self.items(&list.item, item, element, path))
            }
            (_, _, first) => self.single(kind, first, path),
        }
    }

    /// Converts a list whose items are child elements.
    fn items(
        &mut self,
        kind: &'static Kind,
        item: &'static str,
        element: &'t Element<'a>,
        path: &Path<'_>,
    ) -> Value<'t> {
        self.place(path, element.at);
        self.no_text(element, path);
        self.no_attributes(element, path);
        if element.children.is_empty() && schema::is_filled(element.local) {
            let what = format!("{} is empty", element.local);
            let mend = "give at least one item, or leave the list out";
            self.problem_at(path, element.at, Reason::WrongForm, what, mend);
        }
        let mut items = Vec::with_capacity(element.children.len());
        for child in &element.children {
            if child.local == item && schema::is_own(child.namespace.as_deref()) {
                let path = path.index(items.len());
                items.extend(self.single(kind, Source::Element(child), &path));
            } else {
                let title = format!("the list {}", element.local);
                self.unknown(child.local, &title, child.at, path);
            }
        }
        Value::Array(items)
    }

    fn single(
        &mut self,
        kind: &'static Kind,
        source: Source<'t, 'a>,
        path: &Path<'_>,
    ) -> Option<Value<'t>> {
        self.place(path, source.at());
        match (kind, source) {
            (_, Source::Json(value, _)) => Some(value),
            (Kind::Object(shape), Source::Element(element)) => {
                Some(self.object(shape, element, path))
            }
            (_, Source::Element(element)) => {
                if let Some(child) = element.children.first() {
                    self.unknown(child.local, element.local, child.at, path);
                }
                self.no_attributes(element, path);
                let nil = element.attribute(Some(INSTANCE), "nil").map(trimmed);
                if matches!(nil, Some("true" | "1")) && matches!(kind, Kind::Number) {
                    return None;
                }
                let text = Cow::Borrowed(&*element.text);
                self.scalar(kind, text, &element.scope, element.at, path)
            }
            (_, Source::Text(element)) => {
                let text = Cow::Borrowed(&*element.text);
                self.scalar(kind, text, &element.scope, element.at, path)
            }
            (_, Source::Attribute(attribute, scope)) => {
                let text = Cow::Borrowed(&*attribute.value);
                self.scalar(kind, text, scope, attribute.at, path)
            }
        }
    }

    /// Reads the text of a standard field. The schema collapses white space
    /// around all but strings.
    fn scalar(
        &mut self,
        kind: &'static Kind,
        text: Cow<'t, str>,
        scope: &Scope<'a>,
        at: usize,
        path: &Path<'_>,
    ) -> Option<Value<'t>> {
        let text = match (kind, text) {
            (Kind::Text | Kind::Action | Kind::Unit | Kind::ZoneOffset, text) => text,
            (_, Cow::Borrowed(text)) => Cow::Borrowed(trimmed(text)),
            (_, Cow::Owned(text)) => Cow::Owned(trimmed(&text).to_owned()),
        };
        match kind {
            Kind::Number => self.number(&text, at, path),
            Kind::Boolean => self.boolean(&text, at, path),
            Kind::Uri | Kind::Identifier => Some(Value::String(self.uri(text, scope))),
            Kind::Word(vocabulary) => {
                let text = self.uri(text, scope);
                Some(Value::String(word(vocabulary, text)))
            }
            _ => Some(Value::String(text)),
        }
    }

    /// Takes a URI or CURIE into the context of the JSON-LD document, and keeps
    /// what it was for the event hash.
    fn uri(&mut self, text: Cow<'t, str>, scope: &Scope<'a>) -> Cow<'t, str> {
        let value = self.names.value(text.clone(), scope);
        if value != text {
            self.spelling.curie(&text, &value);
        }
        value
    }

    pub(super) fn number(&mut self, text: &str, at: usize, path: &Path<'_>) -> Option<Value<'t>> {
        if !is_number(text) {
            let what = format!("{} is no number", shown(text));
            let mend = "write decimal digits, like 12.5";
            self.problem_at(path, at, Reason::WrongForm, what, mend);
            return None;
        }
        let (value, kept) = number::read(text.strip_prefix('+').unwrap_or(text));
        if !kept {
            let what = format!("binary64 does not keep the digits of {}", shown(text));
            let mend = "write digits that a binary64 number keeps, or give it as a string";
            self.problem_at(path, at, Reason::NumberPrecision, what, mend);
            return None;
        }
        Some(Value::Number(value))
    }

    pub(super) fn boolean(&mut self, text: &str, at: usize, path: &Path<'_>) -> Option<Value<'t>> {
        match text {
            "true" | "1" => Some(Value::Bool(true)),
            "false" | "0" => Some(Value::Bool(false)),
            _ => {
                let what = format!("{} is no truth value", shown(text));
                let mend = "write true or false";
                self.problem_at(path, at, Reason::WrongForm, what, mend);
                None
            }
        }
    }

    pub(super) fn no_text(&mut self, element: &Element<'_>, path: &Path<'_>) {
        if element.mixed || !is_blank(&element.text) {
            let what = format!("text stands in {}", element.local);
            let mend = "leave it out, or give it an element of your own namespace";
            self.problem_at(path, element.at, Reason::UnknownMember, what, mend);
        }
    }

    pub(super) fn no_attributes(&mut self, element: &Element<'_>, path: &Path<'_>) {
        for attribute in &element.attributes {
            let silent = match attribute.namespace.as_deref() {
                Some(INSTANCE) => true,
                Some(XML) => attribute.local == "space",
                _ => false,
            };
            if !silent {
                self.unknown(attribute.local, element.local, attribute.at, path);
            }
        }
    }

    pub(super) fn unknown(&mut self, name: &str, title: &str, at: usize, path: &Path<'_>) {
        let what = format!("{name} has no place in {title}");
        let mend = "use an element of the standard, or one of your own namespace";
        self.problem_at(path, at, Reason::UnknownMember, what, mend);
    }
}

/// Follows the order of the elements of one parent.
struct Follower<'s> {
    sequence: Option<&'s [&'static str]>,
    /// The place of the last element; those of other namespaces come last.
    last: usize,
    name: &'static str,
}

impl<'s> Follower<'s> {
    fn new(sequence: Option<&'s [&'static str]>) -> Follower<'s> {
        Follower {
            sequence,
            last: 0,
            name: "an element of another namespace",
        }
    }

    /// Notes an element; returns what should have come after it instead.
    fn misplaces(&mut self, name: &str) -> Option<&'static str> {
        let sequence = self.sequence?;
        let place = match name {
            "extension" => sequence.len() + 1,
            _ => 1 + sequence.iter().position(|other| *other == name)?,
        };
        if place < self.last {
            let beyond = self.last > sequence.len() + 1;
            return Some(if beyond {
                "an element of another namespace"
            } else {
                self.name
            });
        }
        self.last = place;
        self.name = sequence.get(place - 1).copied().unwrap_or("extension");
        None
    }
}

/// Returns a word of the standard bare, as JSON-LD writes it; its XML forms are
/// URN, web URI, and the standard's prefixes.
fn word<'t>(vocabulary: &Vocabulary, text: Cow<'t, str>) -> Cow<'t, str> {
    let text = match vocabulary.iri {
        // Its other published names are refused in the text of JSON-LD.
        GS1 => canonical_name(text),
        _ => text,
    };
    let bare = |text: &str| {
        let short = [("cbv:", CBV), ("gs1:", GS1)];
        let web = short.into_iter().find_map(|(prefix, iri)| {
            let word = text.strip_prefix(prefix)?;
            vocabulary.bare(&format!("{iri}{word}")).map(str::to_owned)
        });
        let urn = vocabulary.urn.and_then(|urn| text.strip_prefix(urn));
        let plain = urn.filter(|word| vocabulary.has(word));
        web.or_else(|| plain.or_else(|| vocabulary.bare(text)).map(str::to_owned))
    };
    match bare(&text) {
        Some(word) => Cow::Owned(word),
        None => text,
    }
}

/// Says whether the text is an xsd:decimal, or an xsd:double that is a number.
fn is_number(text: &str) -> bool {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = |text: &str| text.strip_prefix(['+', '-']).unwrap_or(text).len();
    let exponent = &exponent[exponent.len() - unsigned(exponent)..];
    let mantissa = &mantissa[mantissa.len() - unsigned(mantissa)..];
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    !exponent.is_empty()
        && digits(exponent)
        && !(whole.is_empty() && fraction.is_empty())
        && digits(whole)
        && digits(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (text, expected) in [
            ("1", true),
            ("+1.50", true),
            ("-.5", true),
            ("5.", true),
            ("1e-7", true),
            ("007", true),
            ("", false),
            (".", false),
            ("-", false),
            ("1e", false),
            ("+-1", false),
            ("1 2", false),
            ("INF", false),
            ("NaN", false),
            ("0x1", false),
        ] {
            assert_eq!(is_number(text), expected, "{text}");
        }
    }
}
