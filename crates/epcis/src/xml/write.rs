//! Writes events as XML that the schema of EPCIS 2.0 accepts and that reads
//! back to the same canonical forms (the mapping is told in
//! `docs/epcis-xml.md`).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::markup::{attribute, escaped, simple};
use super::schema::{self, EPCIS_XML, MARKS, QUERY_XML};
use super::tree::is_character;
use super::values::{Writer, json, members};
use crate::number;
use crate::reader::Value;
use crate::terms::{Kind, Shape};
use crate::vocabulary::{CBV, GS1, Vocabulary};
use crate::write::{Answered, SCHEMA_VERSION, Tree, Written, needs_empty_list};

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// How words of the CBV are written in XML.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CbvForm {
    /// `urn:epcglobal:cbv:bizstep:shipping`, as the XML examples of the
    /// standard do. Vocabularies that never had URNs are written with the
    /// prefixes `cbv` and `gs1`.
    #[default]
    Urn,
    /// `https://ref.gs1.org/cbv/BizStep-shipping`.
    WebUri,
}

/// Returns one event as an XML document of its own.
pub fn event_xml(written: Written<'_>, form: CbvForm) -> String {
    event_document_xml(written, form, &BTreeMap::new())
}

/// Returns an `EPCISDocument` with the events in their order.
pub fn capture_xml<'e>(
    creation_date: &str,
    events: impl IntoIterator<Item = Written<'e>>,
    form: CbvForm,
) -> String {
    let framed = Framed {
        creation_date,
        header: "",
        others: &Value::Object(Vec::new()),
        known: &BTreeMap::new(),
        form,
    };
    document_xml(&framed, events)
}

/// Returns an `EPCISQueryDocument` with the events in their order.
pub fn query_xml<'e>(
    answered: &Answered<'_>,
    events: impl IntoIterator<Item = Written<'e>>,
    form: CbvForm,
) -> String {
    query_document_xml(answered, events, form, &BTreeMap::new())
}

pub(crate) fn event_document_xml(
    written: Written<'_>,
    form: CbvForm,
    known: &BTreeMap<String, String>,
) -> String {
    let mut text = DECLARATION.to_owned();
    event(written, form, known, &mut text);
    text
}

/// What a written document says besides its events.
pub(crate) struct Framed<'f> {
    pub(crate) creation_date: &'f str,
    /// The text of the header, or nothing.
    pub(crate) header: &'f str,
    /// Members of other namespaces, by IRI.
    pub(crate) others: &'f Value<'f>,
    /// Prefixes to be used where they fit.
    pub(crate) known: &'f BTreeMap<String, String>,
    pub(crate) form: CbvForm,
}

pub(crate) fn document_xml<'e>(
    framed: &Framed<'_>,
    events: impl IntoIterator<Item = Written<'e>>,
) -> String {
    let mut writer = Writer::new(framed.form, framed.known);
    writer
        .declared
        .insert(EPCIS_XML.to_owned(), "epcis".to_owned());
    writer.avoid(framed.others);
    let mut others = String::new();
    writer.loose(framed.others, &mut others);
    let mut text = DECLARATION.to_owned();
    text.push_str("<epcis:EPCISDocument");
    for (namespace, prefix) in &writer.declared {
        attribute(&format!("xmlns:{prefix}"), namespace, &mut text);
    }
    attribute("schemaVersion", SCHEMA_VERSION, &mut text);
    attribute("creationDate", framed.creation_date, &mut text);
    text.push('>');
    text.push_str(framed.header);
    text.push_str("<EPCISBody>");
    event_list(events, framed.form, framed.known, &mut text);
    let _ = writeln!(text, "</EPCISBody>{others}</epcis:EPCISDocument>");
    text
}

pub(crate) fn query_document_xml<'e>(
    answered: &Answered<'_>,
    events: impl IntoIterator<Item = Written<'e>>,
    form: CbvForm,
    known: &BTreeMap<String, String>,
) -> String {
    let mut list = String::new();
    event_list(events, form, known, &mut list);
    query_results_xml(answered, &list)
}

/// Returns an answer around a list of events or vocabularies.
pub(crate) fn query_results_xml(answered: &Answered<'_>, list: &str) -> String {
    let mut text = DECLARATION.to_owned();
    text.push_str("<epcisq:EPCISQueryDocument");
    attribute("xmlns:epcisq", QUERY_XML, &mut text);
    attribute("schemaVersion", SCHEMA_VERSION, &mut text);
    attribute("creationDate", answered.creation_date, &mut text);
    text.push_str("><EPCISBody><epcisq:QueryResults>");
    simple("queryName", answered.query_name, &mut text);
    if let Some(subscription) = answered.subscription_id {
        simple("subscriptionID", subscription, &mut text);
    }
    let _ = write!(text, "<resultsBody>{list}</resultsBody>");
    text.push_str("</epcisq:QueryResults></EPCISBody></epcisq:EPCISQueryDocument>\n");
    text
}

fn event_list<'e>(
    events: impl IntoIterator<Item = Written<'e>>,
    form: CbvForm,
    known: &BTreeMap<String, String>,
    text: &mut String,
) {
    text.push_str("<EventList>");
    for written in events {
        text.push('\n');
        event(written, form, known, text);
    }
    text.push_str("</EventList>");
}

/// Appends one event, which declares the namespaces that it uses.
fn event(written: Written<'_>, form: CbvForm, known: &BTreeMap<String, String>, text: &mut String) {
    let tree = Tree::of(written);
    let mut writer = Writer::new(form, known);
    writer.avoid(&tree.value);
    let mut body = String::new();
    writer.event(&tree, &mut body);
    let name = tree.event_type.name();
    let _ = write!(text, "<{name}");
    for (namespace, prefix) in &writer.declared {
        attribute(&format!("xmlns:{prefix}"), namespace, text);
    }
    let _ = write!(text, ">{body}</{name}>");
}
impl Writer<'_> {
    /// Writes the content of an event.
    fn event(&mut self, tree: &Tree<'_>, out: &mut String) {
        let shape = tree.event_type.shape();
        let needs_list = needs_empty_list(tree.event_type, &tree.value);
        for name in schema::event_sequence(tree.event_type) {
            let told = match name {
                "recordTime" => tree.record_time,
                "eventID" => tree.derived_id,
                _ => None,
            };
            match (name, told, tree.value.member(name)) {
                (_, Some(told), _) => simple(name, told, out),
                ("epcList", _, None) if needs_list => out.push_str("<epcList/>"),
                (_, _, Some(value)) => self.field(name, shape, value, out),
                _ => {}
            }
        }
        self.beside(shape, &tree.value, out);
    }

    /// Writes a field of a standard object as elements.
    fn field(&mut self, name: &str, shape: &'static Shape, value: &Value<'_>, out: &mut String) {
        let Some(field) = shape.field(name) else {
            return;
        };
        match (&field.kind, value, schema::item_of(name)) {
            (Kind::List(list), Value::Array(items), Some(item)) => {
                let _ = write!(out, "<{name}>");
                for value in items {
                    self.single(item, &list.item, value, out);
                }
                let _ = write!(out, "</{name}>");
            }
            (Kind::List(list), Value::Array(items), None) => {
                for value in items {
                    self.single(name, &list.item, value, out);
                }
            }
            (kind, value, _) => self.single(name, kind, value, out),
        }
    }

    fn single(&mut self, name: &str, kind: &'static Kind, value: &Value<'_>, out: &mut String) {
        match kind {
            Kind::Object(shape) if schema::has_attributes(name) => {
                self.attributed(name, shape, value, out);
            }
            Kind::Object(shape) => {
                let _ = write!(out, "<{name}>");
                match schema::sequence(name) {
                    Some(sequence) => {
                        for inner in sequence {
                            if let Some(value) = value.member(inner) {
                                self.field(inner, shape, value, out);
                            }
                        }
                    }
                    None => {
                        for inner in shape.fields.iter().copied().flatten() {
                            if let Some(value) = value.member(inner.name) {
                                self.field(inner.name, shape, value, out);
                            }
                        }
                    }
                }
                self.beside(shape, value, out);
                let _ = write!(out, "</{name}>");
            }
            kind => {
                let text = self.scalar(kind, value);
                simple(name, &text, out);
            }
        }
    }

    /// Writes a standard object whose fields are attributes.
    fn attributed(
        &mut self,
        name: &str,
        shape: &'static Shape,
        value: &Value<'_>,
        out: &mut String,
    ) {
        let mut text = None;
        let mut rest = Vec::new();
        let _ = write!(out, "<{name}");
        for (member, value) in members(value) {
            match shape.field(member) {
                Some(field) if member == name => text = Some(self.scalar(&field.kind, value)),
                Some(field) => {
                    let text = self.scalar(&field.kind, value);
                    if text.chars().all(is_character) {
                        attribute(member, &text, out);
                    } else {
                        rest.push((member, value));
                    }
                }
                None => {
                    let plain = value.as_str().filter(|text| text.chars().all(is_character));
                    match (plain, self.attribute_name(member)) {
                        (Some(text), Some(name)) => attribute(&name, text, out),
                        _ => rest.push((member, value)),
                    }
                }
            }
        }
        if !rest.is_empty() {
            let name = format!("{}:json", self.prefix(MARKS, "nguon"));
            attribute(&name, &json(&rest), out);
        }
        match text {
            Some(text) => {
                out.push('>');
                escaped(&text, out);
                let _ = write!(out, "</{name}>");
            }
            None => out.push_str("/>"),
        }
    }

    fn scalar(&mut self, kind: &'static Kind, value: &Value<'_>) -> String {
        match (kind, value) {
            (Kind::Word(vocabulary), Value::String(uri)) => self.word(vocabulary, uri),
            (_, Value::String(text)) => text.clone().into_owned(),
            (_, Value::Number(number)) => number::text(*number),
            (_, Value::Bool(flag)) => flag.to_string(),
            _ => String::new(),
        }
    }

    fn word(&mut self, vocabulary: &Vocabulary, uri: &str) -> String {
        let word = vocabulary.bare(uri).filter(|_| self.form == CbvForm::Urn);
        match (word, vocabulary.urn) {
            (Some(word), Some(urn)) => format!("{urn}{word}"),
            (Some(_), None) => {
                let short = [(CBV, "cbv"), (GS1, "gs1")]
                    .into_iter()
                    .find_map(|(iri, prefix)| Some((iri, prefix, uri.strip_prefix(iri)?)));
                short.map_or_else(
                    || uri.to_owned(),
                    |(iri, prefix, word)| format!("{}:{word}", self.prefix(iri, prefix)),
                )
            }
            (None, _) => uri.to_owned(),
        }
    }

    /// Writes the members of a standard object that are not the standard's.
    fn beside(&mut self, shape: &'static Shape, value: &Value<'_>, out: &mut String) {
        let others = members(value).filter(|(name, _)| shape.field(name).is_none());
        self.each(others, out);
    }
}
