//! Turns what stands around events into its JSON-LD form: documents, query
//! results, headers and master data.

use std::borrow::Cow;

use super::names;
use super::objects::{Groups, Source};
use super::schema::{self, MARKS, SBDH, Version};
use super::tree::{Element, INSTANCE, trimmed};
use super::{Conversion, Order};
use crate::problem::{Path, Reason, shown};
use crate::reader::Value;
use crate::terms::EventType;

type Members<'t> = Vec<(Cow<'t, str>, Value<'t>)>;

/// The parts of an element that have names of the standard.
type Parts<'t, 'a, const N: usize> = [Option<&'t Element<'a>>; N];

impl<'t, 'a> Conversion<'t, 'a, '_> {
    /// Returns the JSON-LD document, unless the root is none that is known.
    pub(super) fn document(&mut self, root: &'t Element<'a>) -> Option<Value<'t>> {
        self.place(&Path::ROOT, root.at);
        if let Some(event_type) = EventType::from_name(root.local)
            && schema::is_own(root.namespace.as_deref())
        {
            self.bare = true;
            let context = self.names.context();
            return Some(self.event(root, event_type, Some(context), &Path::ROOT));
        }
        let known = root.namespace.as_deref().and_then(schema::version_of);
        match (known, root.local) {
            (Some(_), "EPCISDocument") => Some(self.events_document(root)),
            (Some(_), "EPCISMasterDataDocument") => Some(self.master_data_document(root)),
            (Some(_), "EPCISQueryDocument") => self.query_document(root),
            (Some(_), "QueryResults") => {
                let mut members = self.head("EPCISQueryDocument");
                let body = Path::ROOT.name("epcisBody");
                let results = self.query_results(root, &body.name("queryResults"));
                members.push(("epcisBody".into(), object([("queryResults", results)])));
                Some(Value::Object(members))
            }
            _ => {
                let what = format!("the element {} is no document of events", shown(root.local));
                let mend = "give an EPCISDocument, an EPCISQueryDocument with QueryResults, \
                            or one event, in the namespace of EPCIS";
                self.problem_at(&Path::ROOT, root.at, Reason::UnknownWord, what, mend);
                None
            }
        }
    }

    fn head(&self, document_type: &'static str) -> Members<'t> {
        vec![
            ("@context".into(), self.names.context()),
            ("type".into(), Value::String(document_type.into())),
        ]
    }

    fn events_document(&mut self, root: &'t Element<'a>) -> Value<'t> {
        let path = &Path::ROOT;
        let mut members = self.head("EPCISDocument");
        let [header, body] = self.frame(root, &mut members);
        if let Some(header) = header {
            self.header(header, &mut members);
        }
        if let Some(body) = body {
            let path = path.name("epcisBody");
            self.place(&path, body.at);
            let mut inner = Vec::new();
            let [list] = self.parts(body, ["EventList"], &mut inner, &path);
            if let Some(list) = list {
                let events = self.event_list(list, &path.name("eventList"));
                inner.push(("eventList".into(), events));
            }
            members.push(("epcisBody".into(), Value::Object(inner)));
        }
        Value::Object(members)
    }

    /// Reads a master data document as a document with no events whose header
    /// holds the master data.
    fn master_data_document(&mut self, root: &'t Element<'a>) -> Value<'t> {
        let path = &Path::ROOT;
        let mut members = self.head("EPCISDocument");
        let [_, body] = self.frame(root, &mut members);
        if let Some(body) = body {
            let mut inner = Vec::new();
            let header = path.name("epcisHeader");
            let path = header.name("epcisMasterData");
            let names = ["VocabularyList"];
            let [list] = self.parts(body, names, &mut inner, &path);
            if let Some(list) = list {
                let list = self.vocabulary_list(list, &path.name("vocabularyList"));
                inner.push(("vocabularyList".into(), list));
            }
            let header = object([("epcisMasterData", Value::Object(inner))]);
            members.push(("epcisHeader".into(), header));
            let body = object([("eventList", Value::Array(Vec::new()))]);
            members.push(("epcisBody".into(), body));
        }
        Value::Object(members)
    }

    fn query_document(&mut self, root: &'t Element<'a>) -> Option<Value<'t>> {
        let mut members = self.head("EPCISQueryDocument");
        let [_, body] = self.frame(root, &mut members);
        let path = Path::ROOT.name("epcisBody");
        let Some(body) = body else {
            return Some(Value::Object(members));
        };
        self.place(&path, body.at);
        let results = |child: &&Element<'_>| {
            child.local == "QueryResults" && schema::is_own(child.namespace.as_deref())
        };
        match body.children.as_slice() {
            [child] if results(&child) => {
                let results = self.query_results(child, &path.name("queryResults"));
                members.push(("epcisBody".into(), object([("queryResults", results)])));
                Some(Value::Object(members))
            }
            others => {
                let first = others.first();
                let what = match first {
                    Some(other) => format!("{} is no answer with events", shown(other.local)),
                    None => "the body is empty".to_owned(),
                };
                let at = first.map_or(body.at, |other| other.at);
                let mend = "give one QueryResults element";
                self.problem_at(&path, at, Reason::UnknownMember, what, mend);
                None
            }
        }
    }

    fn query_results(&mut self, element: &'t Element<'a>, path: &Path<'_>) -> Value<'t> {
        self.place(path, element.at);
        let mut members = Vec::new();
        let names = ["queryName", "subscriptionID", "resultsBody"];
        // Published answers differ in the order of the first two.
        let [name, subscription, body] = self.parts_anyhow(element, names, &mut members, path);
        for (member, part) in [("queryName", name), ("subscriptionID", subscription)] {
            if let Some(part) = part {
                self.place(&path.name(member), part.at);
                members.push((member.into(), string(&part.text)));
            }
        }
        if let Some(body) = body {
            let path = path.name("resultsBody");
            self.place(&path, body.at);
            let mut inner = Vec::new();
            let names = ["EventList", "VocabularyList"];
            let [events, vocabularies] = self.parts(body, names, &mut inner, &path);
            if let Some(list) = vocabularies {
                let list = self.vocabulary_list(list, &path.name("vocabularyList"));
                inner.push(("vocabularyList".into(), list));
            }
            match (events, vocabularies) {
                (Some(list), _) => {
                    let events = self.event_list(list, &path.name("eventList"));
                    inner.push(("eventList".into(), events));
                }
                // Answers to queries for master data have no events.
                (None, Some(_)) => inner.push(("eventList".into(), Value::Array(Vec::new()))),
                (None, None) => {}
            }
            members.push(("resultsBody".into(), Value::Object(inner)));
        }
        Value::Object(members)
    }

    /// Reads what every kind of document has around its body.
    fn frame(&mut self, root: &'t Element<'a>, members: &mut Members<'t>) -> Parts<'t, 'a, 2> {
        let path = &Path::ROOT;
        for attribute in &root.attributes {
            let name = match (attribute.namespace.as_deref(), attribute.local) {
                (Some(INSTANCE), _) => continue,
                (None, name @ ("schemaVersion" | "creationDate")) => Cow::Borrowed(name),
                (Some(namespace), local) if names::is_foreign(Some(namespace)) => {
                    self.names.foreign(namespace, local)
                }
                // Some answers bear other attributes of the query interface.
                (None, _) if root.local == "EPCISQueryDocument" => continue,
                (_, local) => {
                    self.unknown(local, "the document", attribute.at, path);
                    continue;
                }
            };
            self.place(&path.name(&name), attribute.at);
            let version = name == "schemaVersion" && self.version == Version::One;
            let value = if version {
                // The JSON-LD document is one of EPCIS 2.0.
                Value::String("2.0".into())
            } else {
                string(trimmed(&attribute.value))
            };
            members.push((name, value));
        }
        self.parts(root, ["EPCISHeader", "EPCISBody"], members, path)
    }

    fn header(&mut self, header: &'t Element<'a>, members: &mut Members<'t>) {
        let path = &Path::ROOT.name("epcisHeader");
        self.place(path, header.at);
        let mut inner = Vec::new();
        let business = |child: &&Element<'_>| child.namespace.as_deref() == Some(SBDH);
        if let Some(business) = header.children.iter().find(business) {
            business_header(business, members);
        }
        let [extension] = self.parts(header, ["extension"], &mut inner, path);
        if self.version == Version::Two
            && let Some(other) = header.children.iter().find(|child| {
                let namespace = child.namespace.as_deref();
                names::is_foreign(namespace) && namespace != Some(SBDH)
            })
        {
            self.unknown(other.local, "the header of EPCIS 2.0", other.at, path);
        }
        if let Some(extension) = extension {
            let names = ["EPCISMasterData"];
            let [master_data] = self.parts(extension, names, &mut inner, path);
            if let Some(master_data) = master_data {
                let path = path.name("epcisMasterData");
                self.place(&path, master_data.at);
                let mut inner_most = Vec::new();
                let names = ["VocabularyList"];
                let [list] = self.parts(master_data, names, &mut inner_most, &path);
                if let Some(list) = list {
                    let list = self.vocabulary_list(list, &path.name("vocabularyList"));
                    inner_most.push(("vocabularyList".into(), list));
                }
                inner.push(("epcisMasterData".into(), Value::Object(inner_most)));
            }
        }
        members.push(("epcisHeader".into(), Value::Object(inner)));
    }

    fn event_list(&mut self, list: &'t Element<'a>, path: &Path<'_>) -> Value<'t> {
        self.place(path, list.at);
        self.no_attributes(list, path);
        let mut events = Vec::with_capacity(list.children.len());
        self.events(list, &mut events, path);
        Value::Array(events)
    }

    fn events(&mut self, list: &'t Element<'a>, events: &mut Vec<Value<'t>>, path: &Path<'_>) {
        self.no_text(list, path);
        for child in &list.children {
            let own = schema::is_own(child.namespace.as_deref());
            match EventType::from_name(child.local) {
                Some(event_type) if own => {
                    let event = self.event(child, event_type, None, &path.index(events.len()));
                    events.push(event);
                }
                None if own && child.local == "extension" && self.version == Version::One => {
                    self.events(child, events, path);
                }
                None if own && child.local == "QuantityEvent" => {
                    let what = "a QuantityEvent stands here, which EPCIS 2.0 no longer has";
                    let mend = "write an ObjectEvent with action OBSERVE and a quantityList";
                    self.problem_at(path, child.at, Reason::UnknownWord, what, mend);
                }
                _ => {
                    let what = format!("{} is none of the event types", shown(child.local));
                    let names = EventType::ALL.map(EventType::name).join(", ");
                    let mend = format!("write one of {names}");
                    self.problem_at(path, child.at, Reason::UnknownWord, what, mend);
                }
            }
        }
    }

    fn vocabulary_list(&mut self, list: &'t Element<'a>, path: &Path<'_>) -> Value<'t> {
        self.place(path, list.at);
        let mut vocabularies = Vec::with_capacity(list.children.len());
        for vocabulary in self.repeated(list, "Vocabulary", path) {
            let path = path.index(vocabularies.len());
            self.place(&path, vocabulary.at);
            let mut members = Vec::new();
            self.named(vocabulary, "type", &mut members, &path);
            let names = ["VocabularyElementList"];
            let [list] = self.parts(vocabulary, names, &mut members, &path);
            if let Some(list) = list {
                let path = path.name("vocabularyElementList");
                self.place(&path, list.at);
                let mut elements = Vec::with_capacity(list.children.len());
                for element in self.repeated(list, "VocabularyElement", &path) {
                    let element = self.vocabulary_element(element, &path.index(elements.len()));
                    elements.push(element);
                }
                members.push(("vocabularyElementList".into(), Value::Array(elements)));
            }
            vocabularies.push(Value::Object(members));
        }
        Value::Array(vocabularies)
    }

    fn vocabulary_element(&mut self, element: &'t Element<'a>, path: &Path<'_>) -> Value<'t> {
        self.place(path, element.at);
        self.no_text(element, path);
        let mut members = Vec::new();
        self.named(element, "id", &mut members, path);
        let mut attributes = Vec::new();
        let mut children = None;
        let mut groups = Groups::default();
        for child in &element.children {
            match (child.namespace.as_deref(), child.local) {
                (Some(namespace), local) if names::is_foreign(Some(namespace)) => {
                    groups.add(self.names.foreign(namespace, local), Source::Element(child));
                }
                (namespace, "attribute") if schema::is_own(namespace) && children.is_none() => {
                    let path = path.name("attributes");
                    let attribute = self.vocabulary_attribute(child, &path.index(attributes.len()));
                    attributes.push(attribute);
                }
                (namespace, "children") if schema::is_own(namespace) && children.is_none() => {
                    let path = path.name("children");
                    self.place(&path, child.at);
                    let mut ids = Vec::with_capacity(child.children.len());
                    for id in self.repeated(child, "id", &path) {
                        self.place(&path.index(ids.len()), id.at);
                        ids.push(string(trimmed(&id.text)));
                    }
                    children = Some(ids);
                }
                (_, local) => self.unknown(local, "a vocabulary element", child.at, path),
            }
        }
        if !attributes.is_empty() {
            members.push(("attributes".into(), Value::Array(attributes)));
        }
        // An empty list of children is as none (EPCIS 2.0, XML schema).
        if let Some(ids) = children.filter(|ids| !ids.is_empty()) {
            members.push(("children".into(), Value::Array(ids)));
        }
        self.rest(groups, &mut members, path);
        Value::Object(members)
    }

    fn vocabulary_attribute(&mut self, element: &'t Element<'a>, path: &Path<'_>) -> Value<'t> {
        self.place(path, element.at);
        let mut members = Vec::new();
        if let Some(id) = element.attribute(None, "id") {
            members.push(("id".into(), string(trimmed(id))));
        }
        let value = self.content(element, Some("id"), &path.name("attribute"));
        members.push(("attribute".into(), value));
        Value::Object(members)
    }

    /// Takes an attribute that names an object, and those of other namespaces.
    fn named(
        &mut self,
        element: &'t Element<'a>,
        name: &'static str,
        members: &mut Members<'t>,
        path: &Path<'_>,
    ) {
        for attribute in &element.attributes {
            match (attribute.namespace.as_deref(), attribute.local) {
                (Some(INSTANCE), _) => {}
                (None, local) if local == name => {
                    self.place(&path.name(name), attribute.at);
                    members.push((name.into(), string(trimmed(&attribute.value))));
                }
                (Some(namespace), local) if names::is_foreign(Some(namespace)) => {
                    let name = self.names.foreign(namespace, local);
                    members.push((name, string(&attribute.value)));
                }
                (_, local) => self.unknown(local, "master data", attribute.at, path),
            }
        }
    }

    /// Returns the children of a list that has items of one name alone.
    fn repeated(
        &mut self,
        list: &'t Element<'a>,
        name: &str,
        path: &Path<'_>,
    ) -> Vec<&'t Element<'a>> {
        self.no_text(list, path);
        let mut items = Vec::with_capacity(list.children.len());
        for child in &list.children {
            if child.local == name && schema::is_own(child.namespace.as_deref()) {
                items.push(child);
            } else {
                self.unknown(child.local, list.local, child.at, path);
            }
        }
        items
    }

    /// Returns the children of these names, which stand once and in this
    /// order, and puts those of other namespaces among the members.
    fn parts<const N: usize>(
        &mut self,
        element: &'t Element<'a>,
        names: [&str; N],
        members: &mut Members<'t>,
        path: &Path<'_>,
    ) -> Parts<'t, 'a, N> {
        let parts = self.parts_anyhow(element, names, members, path);
        let mut last: Option<&Element<'_>> = None;
        let strict = self.order == Order::Schema;
        for part in parts.iter().copied().flatten().filter(|_| strict) {
            if let Some(before) = last.filter(|before| before.at > part.at) {
                let what = format!("{} stands after {}", part.local, before.local);
                let mend = "keep to the order of the XML schema";
                self.problem_at(path, part.at, Reason::Misplaced, what, mend);
            }
            last = Some(part);
        }
        parts
    }

    /// Does the same as `parts` for an element whose order is not checked.
    fn parts_anyhow<const N: usize>(
        &mut self,
        element: &'t Element<'a>,
        names: [&str; N],
        members: &mut Members<'t>,
        path: &Path<'_>,
    ) -> Parts<'t, 'a, N> {
        self.no_text(element, path);
        let mut parts = [None; N];
        let mut groups = Groups::default();
        for child in &element.children {
            let namespace = child.namespace.as_deref();
            if namespace == Some(SBDH) {
                continue;
            }
            if let Some(namespace) = namespace.filter(|_| names::is_foreign(namespace)) {
                let name = self.names.foreign(namespace, child.local);
                groups.add(name, Source::Element(child));
                continue;
            }
            let place = names.iter().position(|name| *name == child.local);
            match place.filter(|_| namespace != Some(MARKS)) {
                Some(place) if parts[place].is_none() => parts[place] = Some(child),
                Some(_) => {
                    let what = format!("the element {} stands here twice", child.local);
                    let mend = "keep one of them";
                    self.problem_at(path, child.at, Reason::DuplicateMember, what, mend);
                }
                None => self.unknown(child.local, element.local, child.at, path),
            }
        }
        self.rest(groups, members, path);
        parts
    }

    fn rest(&mut self, groups: Groups<'t, 'a>, members: &mut Members<'t>, path: &Path<'_>) {
        for (name, sources) in groups.into_list() {
            let written = name.clone();
            let value = self.extensions(sources, &path.name(&written));
            members.push((name, value));
        }
    }
}

/// Reads of a Standard Business Document Header what JSON-LD has members for.
fn business_header<'t>(header: &'t Element<'_>, members: &mut Members<'t>) {
    let child = |element: &'t Element<'_>, name: &str| {
        element.children.iter().find(|child| child.local == name)
    };
    for (member, names) in [
        ("sender", ["Sender", "Identifier"]),
        ("receiver", ["Receiver", "Identifier"]),
        (
            "instanceIdentifier",
            ["DocumentIdentification", "InstanceIdentifier"],
        ),
    ] {
        let found = child(header, names[0]).and_then(|outer| child(outer, names[1]));
        if let Some(found) = found {
            members.push((member.into(), string(trimmed(&found.text))));
        }
    }
}

fn object<'t, const N: usize>(members: [(&'static str, Value<'t>); N]) -> Value<'t> {
    let members = members.into_iter();
    Value::Object(members.map(|(name, value)| (name.into(), value)).collect())
}

fn string(text: &str) -> Value<'_> {
    Value::String(Cow::Borrowed(text))
}
