//! Conversion of whole documents between the bindings. What is not sound is
//! not converted.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::context::{Active, Contexts};
use crate::document::{DOCUMENT_MEMBERS, Document, DocumentKind, read_json};
use crate::jcs;
use crate::problem::{Path, Problem, Problems, Reason, shown};
use crate::reader::Value;
use crate::write::{Answered, Written};
use crate::xml::{self, CbvForm, Framed, Header};

/// Returns a sound document of either binding as JSON-LD.
///
/// Words of the standard become bare, and namespaces the prefixes of a
/// context, under the names that they have in XML where these can serve.
///
/// # Errors
///
/// All problems of the document.
pub fn to_json(bytes: &[u8], contexts: &Contexts) -> Result<String, Vec<Problem>> {
    events_of(bytes, contexts)?;
    let text = |value: Value<'_>| {
        let mut text = Vec::new();
        jcs::write(&value, &mut text);
        String::from_utf8(text).unwrap_or_default()
    };
    if xml::looks_like_xml(bytes) {
        return xml::with_json(bytes, text);
    }
    let mut problems = Problems::default();
    match read_json(bytes, &mut problems) {
        Some(value) if problems.is_empty() => Ok(text(value)),
        _ => Err(problems.into_vec()),
    }
}

/// Returns a sound document of either binding as XML of EPCIS 2.0.
///
/// The `id` of a JSON-LD document has no place in XML and is left out.
///
/// # Errors
///
/// All problems of the document, and what of it XML cannot hold: unknown members
/// around the events (those of other namespaces go to the end of an
/// `EPCISDocument`), events and master data in one answer, and an answer
/// without the date that XML asks for.
pub fn to_xml(bytes: &[u8], contexts: &Contexts, form: CbvForm) -> Result<String, Vec<Problem>> {
    let json;
    let bytes = if xml::looks_like_xml(bytes) {
        json = to_json(bytes, contexts)?;
        json.as_bytes()
    } else {
        bytes
    };
    let document = Document::parse(bytes, contexts)?;
    let mut problems = Problems::default();
    let Some(value) = read_json(bytes, &mut problems) else {
        return Err(problems.into_vec());
    };
    let known = prefixes(&value, contexts);
    let mut converting = Converting {
        value: &value,
        active: Active::default(),
        problems: &mut problems,
        others: Vec::new(),
    };
    if let Some(context) = value.member("@context") {
        let path = Path::ROOT.name("@context");
        let problems = &mut *converting.problems;
        converting.active.apply(context, contexts, &path, problems);
    }
    let text = converting.xml(&document, &known, form);
    if problems.is_empty() {
        Ok(text)
    } else {
        Err(problems.into_vec())
    }
}

/// Reads a document, which has to be one that may hold events.
fn events_of(bytes: &[u8], contexts: &Contexts) -> Result<Document, Vec<Problem>> {
    let document = Document::parse_any(bytes, contexts)?;
    if document.kind != DocumentKind::Message {
        return Ok(document);
    }
    let mut problems = Problems::default();
    problems.add(
        &Path::ROOT,
        Reason::UnknownWord,
        "a message without events has no form in the other binding",
        "give a document with events or master data",
    );
    Err(problems.into_vec())
}

struct Converting<'v, 'p> {
    value: &'v Value<'v>,
    active: Active,
    problems: &'p mut Problems,
    /// Members around the events that are of other namespaces.
    others: Vec<(Cow<'v, str>, Value<'v>)>,
}

impl<'v> Converting<'v, '_> {
    fn xml(
        &mut self,
        document: &Document,
        known: &BTreeMap<String, String>,
        form: CbvForm,
    ) -> String {
        match document.kind {
            DocumentKind::Events => self.events_document(document, known, form),
            DocumentKind::QueryResults => self.query_document(document, known, form),
            DocumentKind::Event | DocumentKind::Message => {
                let written = |event| Written {
                    record_time: record_time(self.value),
                    ..Written::from(event)
                };
                let event = document.events.first().map(written);
                let text = event.map(|event| xml::event_document_xml(event, form, known));
                text.unwrap_or_default()
            }
        }
    }

    fn events_document(
        &mut self,
        document: &Document,
        known: &BTreeMap<String, String>,
        form: CbvForm,
    ) -> String {
        let root = &Path::ROOT;
        let value = self.value;
        self.collect(value, root, &DOCUMENT_MEMBERS);
        let body = value.member("epcisBody");
        let list = body.and_then(|body| {
            self.collect(body, &root.name("epcisBody"), &["eventList"]);
            body.member("eventList")
        });
        let header = value.member("epcisHeader");
        let master_data = header.and_then(|header| {
            let path = root.name("epcisHeader");
            self.collect(header, &path, &["epcisMasterData"]);
            let master_data = header.member("epcisMasterData")?;
            let path = path.name("epcisMasterData");
            self.collect(master_data, &path, &["vocabularyList"]);
            master_data.member("vocabularyList")
        });
        let text = |name: &str| self.value.member(name).and_then(Value::as_str);
        let creation_date = text("creationDate").unwrap_or_default();
        let business = [text("sender"), text("receiver"), text("instanceIdentifier")];
        let mut header = Header {
            active: &self.active,
            known,
            problems: &mut *self.problems,
            text: String::new(),
        };
        let path = root.name("epcisHeader");
        let path = path.name("epcisMasterData");
        header.write(
            business,
            creation_date,
            master_data,
            &path.name("vocabularyList"),
        );
        let others = std::mem::take(&mut self.others);
        let others = Value::Object(header.names(others, root));
        let framed = Framed {
            creation_date,
            header: &header.text,
            others: &others,
            known,
            form,
        };
        xml::document_xml(&framed, written(document, list))
    }

    fn query_document(
        &mut self,
        document: &Document,
        known: &BTreeMap<String, String>,
        form: CbvForm,
    ) -> String {
        let root = &Path::ROOT;
        let names = [
            "@context",
            "id",
            "type",
            "schemaVersion",
            "creationDate",
            "epcisBody",
        ];
        let value = self.value;
        self.collect(value, root, &names);
        if let Some((name, _)) = self.others.first() {
            let what = format!("{} is not carried over to XML here", shown(name));
            let mend = "leave it out, or put it into an event";
            let path = root.name(name);
            self.problems.add(&path, Reason::UnknownMember, what, mend);
        }
        let body = self.value.member("epcisBody");
        let results = body.and_then(|body| body.member("queryResults"));
        let inner = results.and_then(|results| results.member("resultsBody"));
        let text = |name: &str| results.and_then(|results| results.member(name)?.as_str());
        let Some(date) = self.value.member("creationDate").and_then(Value::as_str) else {
            self.problems.add(
                &root.name("creationDate"),
                Reason::Missing,
                "the answer has no creationDate, which XML asks for",
                "give creationDate",
            );
            return String::new();
        };
        let answered = Answered {
            query_name: text("queryName").unwrap_or_default(),
            subscription_id: text("subscriptionID"),
            creation_date: date,
        };
        let body = root.name("epcisBody");
        let path = body.name("queryResults");
        let path = path.name("resultsBody");
        let path = path.name("vocabularyList");
        let Some(vocabularies) = inner.and_then(|inner| inner.member("vocabularyList")) else {
            let list = inner.and_then(|inner| inner.member("eventList"));
            return xml::query_document_xml(&answered, written(document, list), form, known);
        };
        if !document.events.is_empty() {
            self.problems.add(
                &path,
                Reason::NoCanonicalForm,
                "the answer holds events and master data, XML only one of them",
                "make two answers of it",
            );
        }
        let mut header = Header {
            active: &self.active,
            known,
            problems: &mut *self.problems,
            text: String::new(),
        };
        header.vocabulary_list(vocabularies, &path);
        xml::query_results_xml(&answered, &header.text)
    }

    /// Takes up members that are of other namespaces.
    fn collect(&mut self, value: &'v Value<'v>, path: &Path<'_>, names: &[&str]) {
        let Value::Object(members) = value else {
            return;
        };
        for (name, value) in members {
            if name.contains(':') {
                self.others.push((Cow::Borrowed(&**name), value.clone()));
            } else if !names.contains(&&**name) {
                let what = format!("{} is not carried over to XML here", shown(name));
                let mend = "leave it out, or put it into an event";
                let path = path.name(name);
                self.problems.add(&path, Reason::UnknownMember, what, mend);
            }
        }
    }
}

/// Returns the events of a document with the times of recording that the list
/// they were read from states.
fn written<'d>(
    document: &'d Document,
    list: Option<&'d Value<'_>>,
) -> impl Iterator<Item = Written<'d>> {
    let items: &[Value<'_>] = match list {
        Some(Value::Array(items)) => items,
        _ => &[],
    };
    let events = document.events.iter().enumerate();
    events.map(|(index, event)| Written {
        record_time: items.get(index).and_then(record_time),
        ..Written::from(event)
    })
}

fn record_time<'v>(event: &'v Value<'_>) -> Option<&'v str> {
    event.member("recordTime")?.as_str()
}

/// Returns the prefixes that the contexts of a document and of its events
/// declare.
fn prefixes(document: &Value<'_>, contexts: &Contexts) -> BTreeMap<String, String> {
    let body = document.member("epcisBody");
    let results = body
        .and_then(|body| body.member("queryResults")?.member("resultsBody"))
        .or(body);
    let events: &[Value<'_>] = match results.and_then(|body| body.member("eventList")) {
        Some(Value::Array(events)) => events,
        _ => &[],
    };
    let mut known = BTreeMap::new();
    let all = std::iter::once(document).chain(events);
    for context in all.filter_map(|holder| holder.member("@context")) {
        let mut active = Active::default();
        // The document was read, so its contexts hold no problem.
        active.apply(context, contexts, &Path::ROOT, &mut Problems::default());
        for (name, iri) in active.prefixes() {
            known
                .entry(name.to_owned())
                .or_insert_with(|| iri.to_owned());
        }
    }
    known
}
