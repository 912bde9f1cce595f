//! Documents that carry events and master data: EPCISDocument,
//! EPCISQueryDocument, and one event alone (EPCIS 2.0 §10, JSON/JSON-LD binding).

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::binding::{self, Binding};
use crate::canonical::{DEPTH_MAX, Given, PAYLOAD_BYTES_MAX, Walk};
use crate::context::{Active, Contexts, EPCIS_CONTEXT};
use crate::event::{Event, PayloadError};
use crate::hash::Spelling;
use crate::jcs;
use crate::master_data::VocabularyElement;
use crate::problem::{PROBLEMS_MAX, Path, Problem, Problems, Reason, shown};
use crate::reader::{self, Value};
use crate::rules;
use crate::time;
use crate::uri;
use crate::xml;

/// Objects and arrays around an event or vocabulary element in the deepest
/// document.
const AROUND: usize = 7;

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DocumentKind {
    /// An `EPCISDocument`, for capture.
    Events,
    /// An `EPCISQueryDocument`, an answer to a query.
    QueryResults,
    /// One event alone.
    Event,
    /// A message of the capture or query interface in XML that holds no
    /// events: a capture job, a query, or an answer to another question.
    Message,
}

/// A sound document.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// What it is.
    pub kind: DocumentKind,
    /// Its events, in the document's order.
    pub events: Vec<Event>,
    /// How each of them was written, as far as the hash asks for it.
    pub(crate) spellings: Vec<Spelling>,
    /// The master data of its header, or that a master data query answered,
    /// in the document's order.
    pub master_data: Vec<VocabularyElement>,
}

impl Document {
    /// Reads a JSON-LD document and brings its events to canonical form.
    ///
    /// It is checked against what the EPCIS 2.0.1 JSON schema demands, with
    /// `format` asserted, and against the rules that a schema cannot tell.
    /// Where anything is wrong there is no document, and all problems are
    /// returned, at most [`crate::PROBLEMS_MAX`].
    pub fn parse(bytes: &[u8], contexts: &Contexts) -> Result<Document, Vec<Problem>> {
        Document::judge(bytes, contexts, PROBLEMS_MAX)?.whole()
    }

    /// Reads a JSON-LD document as [`Document::parse`] does and judges its
    /// events one by one: those that are sound are kept where others are not.
    ///
    /// # Errors
    ///
    /// All that is wrong, where some of it lies outside the events.
    pub fn sift(bytes: &[u8], contexts: &Contexts) -> Result<Sifted, Vec<Problem>> {
        Document::judge(bytes, contexts, SIFTED_PROBLEMS_MAX)
    }

    fn judge(
        bytes: &[u8],
        contexts: &Contexts,
        problems_max: usize,
    ) -> Result<Sifted, Vec<Problem>> {
        let mut problems = Problems::up_to(problems_max);
        let value = read_json(bytes, &mut problems);
        let bound = (Binding::Json, Spelling::CANONICAL);
        Sifted::of_value(value, bound, contexts, problems)
    }

    /// Reads an XML document of EPCIS 2.0, 1.2 or older, and brings its events
    /// to the same canonical form as their JSON-LD form (`docs/epcis-xml.md`).
    ///
    /// It is checked against what the XML schema demands of order and names,
    /// and then as [`Document::parse`] checks. A document type that declares
    /// anything is refused, and nothing is fetched. Every problem has a
    /// position; its pointer is that of the JSON-LD document that means the
    /// same.
    pub fn parse_xml(bytes: &[u8], contexts: &Contexts) -> Result<Document, Vec<Problem>> {
        xml::parse(bytes, xml::Order::Schema, contexts, PROBLEMS_MAX)?.whole()
    }

    /// Reads an XML document as [`Document::parse_xml`] does and judges its
    /// events one by one, as [`Document::sift`] does.
    pub fn sift_xml(bytes: &[u8], contexts: &Contexts) -> Result<Sifted, Vec<Problem>> {
        xml::parse(bytes, xml::Order::Schema, contexts, SIFTED_PROBLEMS_MAX)
    }

    /// Reads a document in either binding: XML if it begins with `<`.
    pub fn parse_any(bytes: &[u8], contexts: &Contexts) -> Result<Document, Vec<Problem>> {
        if xml::looks_like_xml(bytes) {
            Document::parse_xml(bytes, contexts)
        } else {
            Document::parse(bytes, contexts)
        }
    }

    /// Reads a document as [`Document::parse_any`] does, but lets the elements
    /// of XML stand in any order, so that documents whose meaning is clear can
    /// be worked on although the XML schema refuses them.
    pub fn parse_any_order(bytes: &[u8], contexts: &Contexts) -> Result<Document, Vec<Problem>> {
        if xml::looks_like_xml(bytes) {
            xml::parse(bytes, xml::Order::Any, contexts, PROBLEMS_MAX)?.whole()
        } else {
            Document::parse(bytes, contexts)
        }
    }
}

/// The most problems that are told of a sifted document.
pub const SIFTED_PROBLEMS_MAX: usize = 1_000;

/// A document whose events were judged one by one.
#[derive(Clone, Debug, PartialEq)]
pub struct Sifted {
    /// What it is.
    pub kind: DocumentKind,
    /// Its sound events with their places in the document, counted from 0.
    pub events: Vec<(usize, Event)>,
    /// The master data of its header or answer.
    pub master_data: Vec<VocabularyElement>,
    /// What is wrong with others, at most [`SIFTED_PROBLEMS_MAX`]: events that
    /// are neither here nor there are wrong too.
    pub problems: Vec<Problem>,
    /// How many events the document holds in all.
    pub count: usize,
    spellings: Vec<Spelling>,
}

impl Sifted {
    /// Returns a message without events.
    pub(crate) fn message() -> Sifted {
        Sifted {
            kind: DocumentKind::Message,
            events: Vec::new(),
            master_data: Vec::new(),
            problems: Vec::new(),
            count: 0,
            spellings: Vec::new(),
        }
    }

    /// Checks the JSON-LD document that was read, from whichever binding, and
    /// adds to the problems of reading. `spelling` is what the binding tells the
    /// hash beside it.
    pub(crate) fn of_value(
        value: Option<Value<'_>>,
        (binding, spelling): (Binding, Spelling),
        contexts: &Contexts,
        mut problems: Problems,
    ) -> Result<Sifted, Vec<Problem>> {
        // What was not read without loss is known by its place.
        let spoiled: BTreeSet<Option<usize>> = problems.iter().map(of_event).collect();
        let lost = problems.is_cut() || spoiled.contains(&None);
        let mut reading = Reading {
            contexts,
            binding,
            problems: &mut problems,
            kept: !lost,
            events: Vec::new(),
            count: 0,
            spelling: (!spelling.is_empty()).then(|| Arc::new(spelling)),
            master_data: Vec::new(),
        };
        let kind = value.and_then(|value| reading.document(value));
        let (mut events, count) = (reading.events, reading.count);
        let master_data = reading.master_data;
        events.retain(|read| !spoiled.contains(&Some(read.place)));
        let problems = with_event_index(problems.into_vec(), kind);
        match kind {
            Some(kind) if !lost && problems.iter().all(|problem| problem.event.is_some()) => {
                let (events, spellings) = events
                    .into_iter()
                    .map(|read| ((read.place, read.event), read.spelling))
                    .unzip();
                Ok(Sifted {
                    kind,
                    events,
                    master_data,
                    problems,
                    count,
                    spellings,
                })
            }
            _ => Err(problems),
        }
    }

    /// Takes the document as a whole: it is none if any of its events is wrong.
    fn whole(self) -> Result<Document, Vec<Problem>> {
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        Ok(Document {
            kind: self.kind,
            events: self.events.into_iter().map(|(_, event)| event).collect(),
            spellings: self.spellings,
            master_data: self.master_data,
        })
    }
}

/// Reads the JSON of a document.
pub(crate) fn read_json<'a>(bytes: &'a [u8], problems: &mut Problems) -> Option<Value<'a>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    reader::read(bytes, DEPTH_MAX + AROUND, problems)
}

/// Where the events of each kind of document lie.
const EVENT_LISTS: [&str; 2] = [
    "/epcisBody/eventList/",
    "/epcisBody/queryResults/resultsBody/eventList/",
];

impl DocumentKind {
    /// Returns where an event, counted from 0, stands in such a document: a JSON
    /// Pointer.
    pub fn pointer_to(self, event: usize) -> String {
        let [events, results] = EVENT_LISTS;
        match self {
            DocumentKind::Events => format!("{events}{event}"),
            DocumentKind::QueryResults => format!("{results}{event}"),
            DocumentKind::Event | DocumentKind::Message => String::new(),
        }
    }
}

fn with_event_index(mut problems: Vec<Problem>, kind: Option<DocumentKind>) -> Vec<Problem> {
    for problem in &mut problems {
        problem.event = match kind {
            Some(DocumentKind::Event) => Some(0),
            _ => of_event(problem),
        };
    }
    problems
}

/// Returns the place of the event that a problem lies in.
fn of_event(problem: &Problem) -> Option<usize> {
    let mut lists = EVENT_LISTS.iter();
    let rest = lists.find_map(|list| problem.pointer.strip_prefix(list))?;
    rest.split('/').next()?.parse().ok()
}

/// A sound event of a document.
struct Read {
    /// Its place in the document, counted from 0.
    place: usize,
    event: Event,
    spelling: Spelling,
}

/// One reading of a document, and what came of it so far.
pub(crate) struct Reading<'c> {
    contexts: &'c Contexts,
    binding: Binding,
    pub(crate) problems: &'c mut Problems,
    /// The text was read without loss, so that events can be brought to
    /// canonical form.
    pub(crate) kept: bool,
    events: Vec<Read>,
    /// How many events were come by, sound or not.
    count: usize,
    /// How the document was written.
    spelling: Option<Arc<Spelling>>,
    pub(crate) master_data: Vec<VocabularyElement>,
}

pub(crate) const DOCUMENT_MEMBERS: [&str; 10] = [
    "@context",
    "id",
    "type",
    "schemaVersion",
    "creationDate",
    "instanceIdentifier",
    "sender",
    "receiver",
    "epcisHeader",
    "epcisBody",
];
const QUERY_DOCUMENT_MEMBERS: [&str; 6] = [
    "@context",
    "id",
    "type",
    "schemaVersion",
    "creationDate",
    "epcisBody",
];

type Members<'m, 'a> = &'m mut Vec<(Cow<'a, str>, Value<'a>)>;

impl Reading<'_> {
    fn document(&mut self, value: Value<'_>) -> Option<DocumentKind> {
        let Value::Object(mut members) = value else {
            self.wrong_type(&Path::ROOT, &value, "a JSON object");
            return None;
        };
        let kind = match members.iter().find(|(name, _)| name == "type") {
            Some((_, Value::String(name))) => match &**name {
                "EPCISDocument" => DocumentKind::Events,
                "EPCISQueryDocument" => DocumentKind::QueryResults,
                _ => DocumentKind::Event,
            },
            Some((_, other)) => {
                self.wrong_type(&Path::ROOT.name("type"), other, "a string");
                return None;
            }
            None => {
                self.missing(&Path::ROOT, "type");
                return None;
            }
        };
        match kind {
            DocumentKind::Events => self.events_document(&mut members),
            DocumentKind::QueryResults => self.query_document(&mut members),
            DocumentKind::Event | DocumentKind::Message => {
                let before = self.problems.found();
                self.context(&Active::default(), &members, &Path::ROOT, true);
                if self.problems.found() == before {
                    let event = Value::Object(members);
                    binding::check(self.binding, &event, &Path::ROOT, self.problems);
                    self.event(event, &Active::default(), &Path::ROOT);
                }
            }
        }
        Some(kind)
    }

    fn events_document(&mut self, members: Members<'_, '_>) {
        let root = &Path::ROOT;
        let body = take(members, "epcisBody");
        let header = take(members, "epcisHeader");
        self.frame(
            members,
            &DOCUMENT_MEMBERS,
            &["schemaVersion", "creationDate"],
        );
        let active = self.context(&Active::default(), members, root, true);
        if let Some(header) = header {
            self.header(header, &active, &root.name("epcisHeader"));
        }
        match body {
            Some(Value::Object(mut body)) => {
                let path = root.name("epcisBody");
                self.no_keywords(&body, &path);
                let before = self.problems.found();
                self.event_list(take(&mut body, "eventList"), active, &path);
                if self.problems.found() == before {
                    self.conflicts();
                }
            }
            Some(other) => self.wrong_type(&root.name("epcisBody"), &other, "an object"),
            None => self.missing(root, "epcisBody"),
        }
    }

    fn query_document(&mut self, members: Members<'_, '_>) {
        let root = &Path::ROOT;
        let body = take(members, "epcisBody");
        self.frame(members, &QUERY_DOCUMENT_MEMBERS, &[]);
        let active = self.context(&Active::default(), members, root, true);
        let body_path = root.name("epcisBody");
        let Some(mut body) = self.inner(body, &body_path, &["queryResults"]) else {
            return;
        };
        let results_path = body_path.name("queryResults");
        let names = ["queryName", "subscriptionID", "resultsBody"];
        let results = take(&mut body, "queryResults");
        let Some(mut results) = self.inner(results, &results_path, &names) else {
            return;
        };
        self.text(&results, &results_path, "queryName", true);
        self.text(&results, &results_path, "subscriptionID", false);
        let path = results_path.name("resultsBody");
        let names = ["eventList", "vocabularyList"];
        let results_body = take(&mut results, "resultsBody");
        let Some(mut results_body) = self.inner(results_body, &path, &names) else {
            return;
        };
        if let Some(list) = take(&mut results_body, "vocabularyList") {
            self.vocabulary_list(list, &active, &path.name("vocabularyList"));
        }
        self.event_list(take(&mut results_body, "eventList"), active, &path);
    }

    /// Checks what stands around the body.
    fn frame(&mut self, members: &[(Cow<'_, str>, Value<'_>)], names: &[&str], needed: &[&str]) {
        let root = &Path::ROOT;
        self.names(members, root, names);
        for (name, value) in members {
            let path = &root.name(name);
            match (&**name, value) {
                ("schemaVersion", Value::String(text)) => {
                    let right = text
                        .split('.')
                        .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
                    self.form(right, text, path, "write a version like 2.0");
                }
                ("creationDate", Value::String(text)) => {
                    let mend = "write a date-time with zone, like 2025-07-01T08:30:00+07:00";
                    self.form(time::instant_ms(text).is_some(), text, path, mend);
                }
                ("id", Value::String(text)) => {
                    self.form(uri::is_uri(text), text, path, "write a URI");
                }
                (
                    "schemaVersion" | "creationDate" | "id" | "instanceIdentifier" | "sender"
                    | "receiver",
                    other,
                ) if names.contains(&&**name) && !matches!(other, Value::String(_)) => {
                    self.wrong_type(path, other, "a string");
                }
                _ => {}
            }
        }
        for name in needed {
            if !members.iter().any(|(other, _)| other == name) {
                self.missing(root, name);
            }
        }
    }

    fn event_list(&mut self, list: Option<Value<'_>>, active: Active, body: &Path<'_>) {
        let path = body.name("eventList");
        let events = match list {
            Some(Value::Array(events)) => events,
            Some(other) => return self.wrong_type(&path, &other, "an array"),
            None => return self.missing(body, "eventList"),
        };
        for (index, event) in events.into_iter().enumerate() {
            let path = &path.index(index);
            binding::check(self.binding, &event, path, self.problems);
            self.event(event, &active, path);
            self.count = index + 1;
        }
    }

    /// Refuses two events of one identity that say different things. An answer
    /// may show such a conflict; nobody can capture one.
    fn conflicts(&mut self) {
        let mut first = HashMap::new();
        let list = Path::ROOT.name("epcisBody");
        let list = list.name("eventList");
        let mut conflicting = BTreeSet::new();
        for read in &self.events {
            let Some(key) = read.event.logical_key() else {
                continue;
            };
            let payload = read.event.payload();
            let (earlier, said) = *first.entry(key).or_insert((read.place, payload));
            if said != payload {
                let what = format!("event {earlier} has this eventID and says something else");
                let mend = "give each event an eventID of its own, or leave it out";
                let at = list.index(read.place);
                self.problems
                    .add(&at.name("eventID"), Reason::Rule, what, mend);
                conflicting.insert(read.place);
            }
        }
        self.events
            .retain(|read| !conflicting.contains(&read.place));
    }

    fn event(&mut self, value: Value<'_>, around: &Active, path: &Path<'_>) {
        let before = self.problems.found();
        let own = match &value {
            Value::Object(members) if members.iter().any(|(name, _)| name == "@context") => {
                Some(self.context(around, members, path, false))
            }
            _ => None,
        };
        let active = own.as_ref().unwrap_or(around);
        let spelling = Spelling::of(&value, active, self.spelling.as_ref());
        let mut walk = Walk {
            active,
            given: Given::Document,
            problems: &mut *self.problems,
        };
        let walked = walk.event(value, path);
        let sound = self.problems.found() == before;
        if sound && !active.epcis {
            self.no_epcis_context(path);
        } else if let (true, Some((_, event))) = (sound && self.kept, walked) {
            self.canonical(&event, spelling, path);
        }
    }

    fn canonical(&mut self, event: &Value<'_>, spelling: Spelling, path: &Path<'_>) {
        let mut bytes = Vec::new();
        jcs::write(event, &mut bytes);
        match Event::from_payload(&bytes) {
            Ok(event) => {
                let before = self.problems.found();
                rules::check_identities(&event, path, self.problems);
                if self.problems.found() == before {
                    self.events.push(Read {
                        place: self.count,
                        event,
                        spelling,
                    });
                }
            }
            Err(PayloadError::TooLarge { bytes }) => self.problems.add(
                path,
                Reason::TooLarge,
                format!("the event takes {bytes} bytes, more than {PAYLOAD_BYTES_MAX}"),
                "split the event, or keep bulky data elsewhere and name it by URI",
            ),
            Err(PayloadError::Unsound { problems }) => self.problems.add_under(path, problems),
            Err(error @ PayloadError::NotCanonical { .. }) => self.problems.add(
                path,
                Reason::NoCanonicalForm,
                error.to_string(),
                "write prefixes and terms out as whole IRIs",
            ),
        }
    }

    /// Applies the context of a document or event to those around it.
    fn context(
        &mut self,
        around: &Active,
        members: &[(Cow<'_, str>, Value<'_>)],
        path: &Path<'_>,
        needed: bool,
    ) -> Active {
        let mut active = around.clone();
        let at = path.name("@context");
        match members.iter().find(|(name, _)| name == "@context") {
            Some((_, context)) => {
                let before = self.problems.found();
                if !matches!(
                    context,
                    Value::String(_) | Value::Object(_) | Value::Array(_)
                ) {
                    self.wrong_type(&at, context, "a URL, an object, or an array of these");
                }
                if let Value::Array(items) = context {
                    self.context_items(items, &at);
                }
                if self.problems.found() == before {
                    active.apply(context, self.contexts, &at, self.problems);
                }
                if self.problems.found() > before {
                    // What else is wrong under a broken context is not worth telling.
                    active.epcis = true;
                }
            }
            None if needed => {
                self.missing(path, "@context");
                active.epcis = true;
            }
            None => {}
        }
        active
    }

    fn context_items(&mut self, items: &[Value<'_>], path: &Path<'_>) {
        let mut seen = HashSet::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            if !matches!(item, Value::String(_) | Value::Object(_)) {
                self.wrong_type(&path.index(index), item, "a URL or an object");
            }
            let mut text = Vec::new();
            jcs::write(&item.ordered(), &mut text);
            if !seen.insert(text) {
                let what = "the same context stands here twice";
                self.problems
                    .add(&path.index(index), Reason::Rule, what, "name it once");
            }
            if items.len() > CONTEXTS_MAX {
                let what = format!("more than {CONTEXTS_MAX} contexts stand side by side");
                self.problems
                    .add(path, Reason::UnsupportedContext, what, "join them");
                return;
            }
        }
    }

    pub(crate) fn no_epcis_context(&mut self, path: &Path<'_>) {
        self.problems.add(
            &path.name("@context"),
            Reason::Unresolved,
            "the context of EPCIS is not in force, so no field has a meaning",
            format!("put \"{EPCIS_CONTEXT}\" into @context"),
        );
    }

    /// Returns the members of an object around events, its names checked.
    pub(crate) fn inner<'a>(
        &mut self,
        value: Option<Value<'a>>,
        path: &Path<'_>,
        names: &[&str],
    ) -> Option<Vec<(Cow<'a, str>, Value<'a>)>> {
        match value {
            Some(Value::Object(members)) => {
                self.names(&members, path, names);
                Some(members)
            }
            Some(other) => {
                self.wrong_type(path, &other, "an object");
                None
            }
            None => {
                let what = format!("{} is missing", shown(&path.pointer()));
                self.problems.add(path, Reason::Missing, what, "give it");
                None
            }
        }
    }

    /// Refuses JSON-LD keywords where the schema lets any member stand.
    fn no_keywords(&mut self, members: &[(Cow<'_, str>, Value<'_>)], path: &Path<'_>) {
        for (name, _) in members.iter().filter(|(name, _)| name.starts_with('@')) {
            let what = format!("the JSON-LD keyword {} is not supported here", shown(name));
            let mend = "put contexts into the document or its events";
            self.problems
                .add(&path.name(name), Reason::UnsupportedContext, what, mend);
        }
    }

    fn names(&mut self, members: &[(Cow<'_, str>, Value<'_>)], path: &Path<'_>, names: &[&str]) {
        for (name, _) in members {
            if !names.contains(&&**name) && !uri::is_uri(name) {
                let what = format!("{} is not known here and has no namespace", shown(name));
                let mend = format!("use {}, or a name with a prefix", names.join(", "));
                self.problems
                    .add(&path.name(name), Reason::UnknownMember, what, mend);
            }
        }
    }

    fn text(
        &mut self,
        members: &[(Cow<'_, str>, Value<'_>)],
        path: &Path<'_>,
        name: &str,
        needed: bool,
    ) {
        match members.iter().find(|(other, _)| other == name) {
            Some((_, Value::String(_))) => {}
            Some((_, other)) => self.wrong_type(&path.name(name), other, "a string"),
            None if needed => self.missing(path, name),
            None => {}
        }
    }

    fn form(&mut self, right: bool, text: &str, path: &Path<'_>, mend: &str) {
        if !right {
            let what = format!("{} does not have the form of this field", shown(text));
            self.problems.add(path, Reason::WrongForm, what, mend);
        }
    }

    pub(crate) fn missing(&mut self, path: &Path<'_>, name: &str) {
        let what = format!("{name} is missing");
        self.problems.add(
            &path.name(name),
            Reason::Missing,
            what,
            format!("give {name}"),
        );
    }

    pub(crate) fn wrong_type(&mut self, path: &Path<'_>, value: &Value<'_>, right: &str) {
        let what = format!("{} stands here", value.type_name());
        self.problems
            .add(path, Reason::WrongType, what, format!("give {right}"));
    }
}

/// The most contexts in one `@context` array.
const CONTEXTS_MAX: usize = 100;

/// Takes a member out of its object.
pub(crate) fn take<'a>(
    members: &mut Vec<(Cow<'a, str>, Value<'a>)>,
    name: &str,
) -> Option<Value<'a>> {
    let index = members.iter().position(|(other, _)| other == name)?;
    Some(members.remove(index).1)
}
