//! The answer: a graph of objects and events with its evidence.
//!
//! Its JSON form is that of these types, field by field in this order; a
//! reader takes members that it does not know for later additions. Objects,
//! events and logs are named by their place in the answer's lists. Absent
//! values and empty lists of an event are left out.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::question::Direction;
use crate::step::Role;

/// What a trace found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The canonical key of what was asked about, `/00/…`.
    pub about: String,
    /// Which way was asked.
    pub direction: Direction,
    /// The window's begin as asked, in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// The window's end as asked, in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// No limit was met: everything that the reader holds is told.
    pub complete: bool,
    /// The limits met, if any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shortfalls: Vec<Shortfall>,
    /// The objects; the one asked about comes first.
    pub objects: Vec<Object>,
    /// The events, by the moment at which they happened.
    pub events: Vec<Event>,
    /// The logs that the answer rests on.
    pub logs: Vec<Log>,
    /// What is doubtful about it.
    pub findings: Vec<Finding>,
}

/// A limit that was met, so that there may be more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shortfall {
    /// Links beyond the question's depth were not followed.
    Depth,
    /// More events name what was met than the question allows to read.
    Events,
    /// More objects were met than the question allows to tell of.
    Objects,
    /// The events read name more objects than are kept in memory.
    Names,
    /// Following every way would have taken more steps than allowed.
    Steps,
}

/// An object, or several of one kind that went through exactly the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Object {
    /// A single thing or a kind of things.
    pub level: Level,
    /// How many objects this stands for.
    pub count: usize,
    /// The canonical key of the only or first of them, by byte order.
    pub first: String,
    /// That of the last, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// How an event writes the first; absent where none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<String>,
    /// The first few keys, beginning with `first`, where there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sample: Vec<String>,
    /// The key of the class they belong to: of a lot or item its trade item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The lots to one of which each belongs, as places in `objects`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lots: Vec<usize>,
    /// What they were inside of or attached to, and when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stays: Vec<Stay>,
    /// Found on the way back.
    pub upstream: bool,
    /// Found on the way on.
    pub downstream: bool,
    /// Only went along with something else told of here: what it held beside
    /// that, and where it came from, was not followed.
    pub along: bool,
}

/// Whether an object is one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// One physical or digital thing.
    Instance,
    /// A lot, a trade item: anything that comes in quantities.
    Class,
}

/// A time inside a parent or attached to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stay {
    /// The parent, as a place in `objects`.
    pub parent: usize,
    /// Inside, or attached only.
    pub bond: Bond,
    /// Since when, in UTC.
    pub since: String,
    /// Until when; absent: no end is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// What ties a child to its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bond {
    /// An AggregationEvent put it inside.
    Inside,
    /// An AssociationEvent attached it.
    Attached,
}

/// An amount.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quantity {
    /// How much.
    pub value: f64,
    /// The unit (UN/CEFACT Recommendation 20); absent: pieces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// An event as the answer tells it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// `eventID`, or the hash id where its author gave none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `type`: one of the five event types.
    #[serde(rename = "type")]
    pub event_type: String,
    /// `eventTime` as written.
    pub time: String,
    /// The offset from UTC where it happened, `±hh:mm`.
    pub offset: String,
    /// `ADD`, `OBSERVE` or `DELETE`; a transformation has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The business step's full URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub biz_step: Option<String>,
    /// The disposition's full URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disposition: Option<String>,
    /// `persistentDisposition`, as signed: the full URIs `set` and `unset`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persistent_disposition: Option<Value>,
    /// `transformationID`: all events that share it are one transformation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transformation: Option<String>,
    /// Where it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_point: Option<String>,
    /// Where the objects were afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub biz_location: Option<String>,
    /// `sourceList`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Typed>,
    /// `destinationList`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub destinations: Vec<Typed>,
    /// `bizTransactionList`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transactions: Vec<Typed>,
    /// `certificationInfo`, as signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certifications: Option<Value>,
    /// `sensorElementList`, as signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sensors: Option<Value>,
    /// `ilmd`, as signed: members by IRI.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub ilmd: Map<String, Value>,
    /// Members of the event that are not the standard's, by IRI.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub extensions: Map<String, Value>,
    /// The error declaration, where the event is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declaration: Option<Declaration>,
    /// It counts: it is no error declaration, and at least one member states
    /// it who did not declare it in error. What does not count is listed and
    /// not followed.
    pub counts: bool,
    /// The objects of the answer that it names.
    pub objects: Vec<Mention>,
    /// How many times it names objects that are not in the answer.
    pub others: usize,
    /// Found on the way back.
    pub upstream: bool,
    /// Found on the way on.
    pub downstream: bool,
    /// Who states it, and what proves that.
    pub evidence: Vec<Evidence>,
}

/// An identifier with the type that the event gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typed {
    /// The full URI of the type.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub typed: Option<String>,
    /// The identifier as written.
    pub id: String,
}

/// An error declaration (EPCIS 2.0 §7.4.1.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declaration {
    /// When it was made, as written.
    pub time: String,
    /// The full URI of the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The events that correct the wrong one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub corrective_events: Vec<String>,
}

/// An edge from an event to an object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mention {
    /// The object, as a place in `objects`; the event names each that it
    /// stands for in this way.
    pub object: usize,
    /// What it is to the event.
    pub role: Role,
    /// How much of a class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Quantity>,
}

/// One record that states an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The record's id, in hexadecimal digits.
    pub record: String,
    /// Its log, as a place in `logs`.
    pub log: usize,
    /// Its place in the log, counted from 0.
    pub index: u64,
    /// The size of the checkpoint that covers it.
    pub checkpoint_size: u64,
    /// The root of that checkpoint, in hexadecimal digits.
    pub checkpoint_root: String,
    /// It lies in a tail that came back after its author's disk was restored.
    pub recovered: bool,
    /// How many witnesses cosigned a checkpoint that covers it; 0: unwitnessed.
    pub witnesses: u32,
    /// The member who disclosed it, where it came by a disclosure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disclosed_by: Option<String>,
}

/// A log that the answer rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// The member whose key signs it.
    pub member: String,
    /// That key, in hexadecimal digits.
    pub author: String,
    /// Its scope.
    pub scope: String,
    /// Its epoch, in hexadecimal digits.
    pub epoch: String,
    /// The size of the largest checkpoint cited.
    pub size: u64,
    /// The root of that checkpoint, in hexadecimal digits.
    pub root: String,
}

/// Something doubtful. More kinds will come.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "finding", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Finding {
    /// Nothing that is held here tells how an object came to be: neither its
    /// commissioning nor a transformation that made it, nor anything packed.
    BrokenChain {
        /// The object.
        object: usize,
    },
    /// An object took part in an event before the one that made it.
    ImpossibleTime {
        /// The object.
        object: usize,
        /// What it took part in first.
        event: usize,
        /// What made it.
        made_by: usize,
    },
    /// Events of one `eventID` say different things.
    Conflict {
        /// The events.
        events: Vec<usize>,
    },
    /// An event is declared in error, but not by all who state it: it counts.
    DisputedDeclaration {
        /// The event.
        event: usize,
        /// The declaration.
        declaration: usize,
    },
}
