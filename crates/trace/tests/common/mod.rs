//! Events in short hand, and a map that holds them.

#![allow(dead_code, reason = "every test binary uses a part of this")]

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;

use charter::MemberId;
use gs1::Key;
use record::{Digest, Epoch, LogId, RawKey, RecordId, ScopeName};
use serde_json::{Value, json};
use trace::{Answer, Attestation, Direction, EventId, EventReader, Held, Question, trace};

/// Events by number, and their numbers by what they name.
#[derive(Clone, Default)]
pub(crate) struct Map {
    events: BTreeMap<EventId, Held>,
    naming: BTreeMap<Key, BTreeSet<EventId>>,
}

impl EventReader for Map {
    type Error = Infallible;

    fn events_naming(&self, key: &Key, limit: usize) -> Result<Vec<EventId>, Infallible> {
        let naming = self.naming.get(key);
        Ok(naming.into_iter().flatten().copied().take(limit).collect())
    }

    fn event(&self, id: EventId) -> Result<Held, Infallible> {
        Ok(self.events[&id].clone())
    }
}

impl Map {
    pub(crate) fn add(&mut self, event: epcis::Event, authors: &[&str]) {
        let number = EventId(u64::try_from(self.events.len()).expect("few"));
        for key in trace::names(&event) {
            self.naming.entry(key).or_default().insert(number);
        }
        let attestations = authors.iter().map(|author| attestation(author, number.0));
        let held = Held {
            event: Arc::new(event),
            attestations: attestations.collect(),
        };
        self.events.insert(number, held);
    }

    /// Holds events, each stated by the member that its `by` names.
    pub(crate) fn of(events: &[Value]) -> Self {
        let mut map = Self::default();
        for event in events {
            let mut event = event.clone();
            let by = event.as_object_mut().expect("an object").remove("by");
            let by: Vec<String> = serde_json::from_value(by.expect("by")).expect("names");
            let by: Vec<&str> = by.iter().map(String::as_str).collect();
            map.add(parse(event), &by);
        }
        map
    }

    pub(crate) fn ask(&self, about: &str, direction: Direction) -> Answer {
        self.ask_this(&Question::new(key(about), direction))
    }

    pub(crate) fn ask_this(&self, question: &Question) -> Answer {
        trace(self, question).expect("a map answers")
    }
}

pub(crate) fn attestation(author: &str, index: u64) -> Attestation {
    let digest = Digest::of(&[author.as_bytes()]);
    let mut raw = [0; 32];
    raw.copy_from_slice(digest.as_bytes());
    let mut epoch = [0; 16];
    epoch.copy_from_slice(&raw[16..]);
    Attestation {
        record: RecordId(Digest::of(&[author.as_bytes(), &index.to_be_bytes()])),
        log: LogId {
            author: RawKey(raw),
            scope: ScopeName::new("national").expect("a name"),
            epoch: Epoch(epoch),
        },
        index,
        author: MemberId::new(author).expect("a member's id"),
        checkpoint_size: index + 1,
        checkpoint_root: Digest::of(&[b"root", author.as_bytes(), &index.to_be_bytes()]),
        recovered: false,
        witnesses: 0,
        disclosed_by: None,
    }
}

/// A thing that stands for another while a document is read.
const STAND_IN: &str = "urn:epc:id:sscc:8934999.9999999999";

/// Makes an event. One that packs a thing into itself is refused in a document,
/// and may stand in a log all the same: it is given to the trace as a payload.
pub(crate) fn parse(mut event: Value) -> epcis::Event {
    let parent = event.get("parentID").cloned();
    let children = event.get_mut("childEPCs").and_then(Value::as_array_mut);
    let mut itself = None;
    for child in children.into_iter().flatten() {
        if parent.as_ref() == Some(&*child) {
            *child = json!(STAND_IN);
            itself = parent.as_ref().and_then(Value::as_str);
        }
    }
    let parsed = read(event);
    let Some(itself) = itself else { return parsed };
    let payload = String::from_utf8(parsed.payload().as_bytes().to_vec()).expect("UTF-8");
    let payload = payload.replace(STAND_IN, itself);
    epcis::Event::from_payload(payload.as_bytes()).expect("a canonical payload")
}

fn read(mut event: Value) -> epcis::Event {
    let members = event.as_object_mut().expect("an object");
    let context = json!([
        "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
        { "nguon": "https://nguon.vn.example/epcis/" }
    ]);
    members.insert("@context".to_owned(), context);
    let document = epcis::Document::parse(event.to_string().as_bytes(), &epcis::Contexts::new());
    document.expect("a sound event").events.remove(0)
}

/// Returns the URI of a short name: `p7` and `c7` are SSCCs, `i2.7` is item 7
/// of trade item 2, `l2.A` its lot A, `g2` all of it, `s7` an asset, `x7` a
/// place.
pub(crate) fn uri(name: &str) -> String {
    let (kind, rest) = name.split_at(1);
    let (number, more) = rest.split_once('.').unwrap_or((rest, ""));
    let number: u32 = number.parse().expect("a number");
    match kind {
        "p" => format!("urn:epc:id:sscc:8934999.1{number:09}"),
        "c" => format!("urn:epc:id:sscc:8934999.3{number:09}"),
        "i" => format!("urn:epc:id:sgtin:8934999.{number:06}.{more}"),
        "l" => format!("urn:epc:class:lgtin:8934999.{number:06}.{more}"),
        "g" => format!("urn:epc:idpat:sgtin:8934999.{number:06}.*"),
        "s" => format!("urn:epc:id:giai:8934999.S{number}"),
        "x" => format!("urn:epc:id:sgln:8934999.{number:05}.0"),
        _ => panic!("{name} is no short name"),
    }
}

pub(crate) fn key(name: &str) -> Key {
    Key::from_uri(&uri(name)).expect("a sound identifier")
}

/// Lists in one event: names apart by spaces, amounts of lots after a colon.
fn lists(event: &mut Value, single: &str, class: &str, names: &str) {
    let (mut singles, mut classes) = (Vec::new(), Vec::new());
    for name in names.split_whitespace() {
        let (name, amount) = name.split_once(':').unwrap_or((name, ""));
        if !name.starts_with(['l', 'g']) {
            singles.push(json!(uri(name)));
            continue;
        }
        let mut element = json!({ "epcClass": uri(name) });
        if !amount.is_empty() {
            element["quantity"] = json!(amount.parse::<f64>().expect("an amount"));
            element["uom"] = json!("KGM");
        }
        classes.push(element);
    }
    if !singles.is_empty() {
        event[single] = json!(singles);
    }
    if !classes.is_empty() {
        event[class] = json!(classes);
    }
}

/// Returns an event at a minute, whose id is `urn:e:` and `name`.
fn event(kind: &str, name: &str, minute: i64) -> Value {
    json!({
        "type": kind,
        "eventID": format!("urn:e:{name}"),
        "eventTime": format!("2026-10-12T{:02}:{:02}:00Z", minute / 60, minute % 60),
        "eventTimeZoneOffset": "+07:00",
        "by": ["dong-thap"],
    })
}

pub(crate) fn object(name: &str, minute: i64, action: &str, names: &str) -> Value {
    let mut event = event("ObjectEvent", name, minute);
    event["action"] = json!(action);
    lists(&mut event, "epcList", "quantityList", names);
    event
}

pub(crate) fn aggregation(
    name: &str,
    minute: i64,
    action: &str,
    parent: &str,
    names: &str,
) -> Value {
    let mut event = event("AggregationEvent", name, minute);
    event["action"] = json!(action);
    event["parentID"] = json!(uri(parent));
    lists(&mut event, "childEPCs", "childQuantityList", names);
    event
}

pub(crate) fn association(
    name: &str,
    minute: i64,
    action: &str,
    parent: &str,
    names: &str,
) -> Value {
    let mut event = aggregation(name, minute, action, parent, names);
    event["type"] = json!("AssociationEvent");
    event
}

pub(crate) fn transformation(name: &str, minute: i64, inputs: &str, outputs: &str) -> Value {
    let mut event = event("TransformationEvent", name, minute);
    lists(&mut event, "inputEPCList", "inputQuantityList", inputs);
    lists(&mut event, "outputEPCList", "outputQuantityList", outputs);
    event
}

/// Adds a member to an event.
pub(crate) fn with(mut event: Value, name: &str, value: Value) -> Value {
    event[name] = value;
    event
}

/// Returns the names of the events found, in the answer's order.
pub(crate) fn events(answer: &Answer) -> Vec<&str> {
    let ids = answer.events.iter().filter_map(|event| event.id.as_deref());
    ids.map(|id| id.strip_prefix("urn:e:").unwrap_or(id))
        .collect()
}

/// Tells whether the answer tells of an object.
pub(crate) fn has(answer: &Answer, name: &str) -> bool {
    let key = key(name).to_string();
    answer.objects.iter().any(|object| {
        object.first == key || object.last.as_ref() == Some(&key) || object.sample.contains(&key)
    })
}
