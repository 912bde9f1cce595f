//! Turns elements and attributes of other namespaces into members, and their
//! content into JSON values (the mapping is told in `docs/epcis-xml.md`).

use std::borrow::Cow;

use super::Conversion;
use super::names;
use super::objects::{Groups, Source};
use super::schema::{self, MARKS};
use super::tree::{Attribute, Element, INSTANCE, XML, is_blank, trimmed};
use crate::canonical::DEPTH_MAX;
use crate::problem::{Path, Problems, Reason};
use crate::reader::{self, Value};
use crate::uri;
use crate::write::split;

/// The member that holds the text of an element with other members.
pub(super) const TEXT: &str = "#text";

/// Types of XML Schema whose values are numbers.
const NUMBERS: [&str; 16] = [
    "byte",
    "decimal",
    "double",
    "float",
    "int",
    "integer",
    "long",
    "negativeInteger",
    "nonNegativeInteger",
    "nonPositiveInteger",
    "positiveInteger",
    "short",
    "unsignedByte",
    "unsignedInt",
    "unsignedLong",
    "unsignedShort",
];

impl<'t, 'a> Conversion<'t, 'a, '_> {
    /// Converts what stands under one name: several siblings are an array.
    pub(super) fn extensions(
        &mut self,
        sources: Vec<Source<'t, 'a>>,
        path: &Path<'_>,
    ) -> Value<'t> {
        if sources.len() > 1 {
            let mut items = Vec::with_capacity(sources.len());
            for (index, source) in sources.into_iter().enumerate() {
                items.push(self.extension(source, &path.index(index)));
            }
            return Value::Array(items);
        }
        match sources.into_iter().next() {
            Some(source) => self.extension(source, path),
            None => Value::Null,
        }
    }

    fn extension(&mut self, source: Source<'t, 'a>, path: &Path<'_>) -> Value<'t> {
        self.place(path, source.at());
        match source {
            Source::Json(value, _) => value,
            Source::Attribute(attribute, _) => Value::String(Cow::Borrowed(&*attribute.value)),
            Source::Element(element) | Source::Text(element) => {
                if element.marks.array {
                    return Value::Array(vec![self.element(element, &path.index(0))]);
                }
                self.element(element, path)
            }
        }
    }

    /// Converts the content of an element: a value if there is only text, an
    /// object if there are attributes or children.
    pub(super) fn element(&mut self, element: &'t Element<'a>, path: &Path<'_>) -> Value<'t> {
        self.content(element, None, path)
    }

    /// Does the same for an element one of whose attributes is not part of the
    /// value.
    pub(super) fn content(
        &mut self,
        element: &'t Element<'a>,
        apart: Option<&str>,
        path: &Path<'_>,
    ) -> Value<'t> {
        self.place(path, element.at);
        let mut groups = Groups::default();
        let is_apart = |attribute: &Attribute<'_>| {
            attribute.namespace.is_none() && Some(attribute.local) == apart
        };
        for attribute in element.attributes.iter().filter(|it| !is_apart(it)) {
            self.inner_attribute(element, attribute, &mut groups, path);
        }
        for child in &element.children {
            match child.namespace.as_deref() {
                Some(MARKS) if child.local == "json" => {
                    self.json(&child.text, child.at, &mut groups, path);
                }
                Some(namespace) if names::is_foreign(Some(namespace)) => {
                    let name = self.names.foreign(namespace, child.local);
                    groups.add(name, Source::Element(child));
                }
                namespace if schema::is_own(namespace) => {
                    groups.add(Cow::Borrowed(child.local), Source::Element(child));
                }
                _ => self.unknown(child.local, "an extension", child.at, path),
            }
        }
        if element.mixed {
            let what = "text stands after an element, so their order would be lost";
            let mend = "give the text an element of its own";
            self.problem_at(path, element.at, Reason::NoCanonicalForm, what, mend);
        }
        let list = groups.into_list();
        if list.is_empty() && element.children.is_empty() {
            return self.text(element, path);
        }
        let mut members = Vec::with_capacity(list.len());
        for (name, sources) in list {
            let written = name.clone();
            members.push((name, self.extensions(sources, &path.name(&written))));
        }
        if !is_blank(&element.text) || (keeps_space(element) && !element.text.is_empty()) {
            let text = self.text(element, &path.name(TEXT));
            members.push((Cow::Borrowed(TEXT), text));
        }
        Value::Object(members)
    }

    fn inner_attribute(
        &mut self,
        element: &'t Element<'a>,
        attribute: &'t Attribute<'a>,
        groups: &mut Groups<'t, 'a>,
        path: &Path<'_>,
    ) {
        let source = Source::Attribute(attribute, &element.scope);
        match attribute.namespace.as_deref() {
            Some(INSTANCE) => {}
            Some(XML) if attribute.local == "space" => {}
            Some(MARKS) if attribute.local == "json" => {
                self.json(&attribute.value, attribute.at, groups, path);
            }
            Some(namespace) if names::is_foreign(Some(namespace)) => {
                groups.add(self.names.foreign(namespace, attribute.local), source);
            }
            None => groups.add(Cow::Borrowed(attribute.local), source),
            Some(_) => self.unknown(attribute.local, "an extension", attribute.at, path),
        }
    }

    /// Reads the text of an element by its `xsi:type`.
    fn text(&mut self, element: &'t Element<'a>, path: &Path<'_>) -> Value<'t> {
        self.place(path, element.at);
        let nil = element.attribute(Some(INSTANCE), "nil").map(trimmed);
        if matches!(nil, Some("true" | "1")) {
            return Value::Null;
        }
        let plain = trimmed(&element.text);
        let stated = element.attribute(Some(INSTANCE), "type").map(trimmed);
        if let Some(stated) = stated {
            let namespace = element.namespace.as_deref().map_or("", names::base);
            let name = format!("{namespace}{}", element.local);
            self.spelling.xsi_type(name, plain, stated);
        }
        let local = stated.map(|name| name.rsplit_once(':').map_or(name, |(_, local)| local));
        let typed = match local {
            _ if element.marks.number => self.number(plain, element.at, path),
            _ if element.marks.boolean => self.boolean(plain, element.at, path),
            Some(name) if NUMBERS.contains(&name) => self.number(plain, element.at, path),
            Some("boolean") => self.boolean(plain, element.at, path),
            _ => None,
        };
        let text = if keeps_space(element) {
            &*element.text
        } else {
            plain
        };
        typed.unwrap_or(Value::String(Cow::Borrowed(text)))
    }

    /// Takes up members that no XML name or text can express, written as the
    /// text of a JSON object with whole IRIs for names.
    pub(super) fn json(
        &mut self,
        text: &str,
        at: usize,
        groups: &mut Groups<'t, 'a>,
        path: &Path<'_>,
    ) {
        let mut problems = Problems::default();
        let value = reader::read(text.as_bytes(), DEPTH_MAX, &mut problems);
        let value = value.map(Value::into_owned);
        match (value, problems.into_vec().first()) {
            (Some(Value::Object(members)), None) => {
                for (name, value) in members {
                    let name = self.json_name(name);
                    groups.add(name, Source::Json(value, at));
                }
            }
            (_, problem) => {
                let what = match problem {
                    Some(problem) => format!("the JSON here is broken: {problem}"),
                    None => "the JSON here is no object".to_owned(),
                };
                let mend = "write the text of a JSON object";
                self.problem_at(path, at, Reason::Syntax, what, mend);
            }
        }
    }

    fn json_name(&self, name: Cow<'static, str>) -> Cow<'t, str> {
        // The standard's objects take URIs as names only.
        if !name.contains(':') || uri::is_uri(&name) {
            return name;
        }
        let (namespace, local) = split(&name);
        self.names.foreign(namespace, local)
    }
}

fn keeps_space(element: &Element<'_>) -> bool {
    element.marks.space || element.attribute(Some(XML), "space") == Some("preserve")
}
