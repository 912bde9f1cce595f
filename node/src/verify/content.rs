//! What a proven record says, in a few lines.

use std::fmt;

use epcis::{Event, Role};
use record::Kind;
use serde::Serialize;

/// How many objects of an event are named.
const OBJECTS_SHOWN: usize = 3;

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Content {
    /// An EPCIS event.
    Event(EventSummary),
    /// The opening of a log.
    Opening {
        /// How many earlier logs it names.
        parents: usize,
    },
    /// A record of another log, disclosed.
    Disclosure {
        /// The disclosed record's id.
        record: String,
        /// The key that signed it.
        author: String,
        /// The member of that key; `None` without a charter.
        member: Option<String>,
        /// The disclosed event, where it is one and is shown.
        event: Option<EventSummary>,
    },
}

/// An event in a few lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventSummary {
    /// Its type.
    #[serde(rename = "type")]
    pub event_type: &'static str,
    /// Its `eventID`, or the hash id where its author gave none.
    pub id: Option<String>,
    /// When it happened, as its author wrote it.
    pub time: String,
    /// The business step's URI.
    pub biz_step: Option<String>,
    /// Where it was read.
    pub read_point: Option<String>,
    /// How many objects and classes it names.
    pub objects: usize,
    /// The first few of them.
    pub first_objects: Vec<String>,
    /// Whether it declares an event in error.
    pub error_declaration: bool,
}

impl EventSummary {
    /// Summarises an event.
    pub fn of(event: &Event) -> Self {
        // A parent says most: a container before its pallets.
        let mut objects: Vec<_> = event.objects().collect();
        objects.sort_by_key(|object| object.role != Role::Parent);
        let first = objects.iter().take(OBJECTS_SHOWN);
        Self {
            event_type: event.event_type().name(),
            id: event.id(),
            time: event.event_time().text.clone(),
            biz_step: event.biz_step().map(str::to_owned),
            read_point: event.read_point().map(|place| place.id.clone()),
            objects: objects.len(),
            first_objects: first.map(|object| object.identifier.id.clone()).collect(),
            error_declaration: event.error_declaration().is_some(),
        }
    }
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(event) => event.fmt(f),
            Self::Opening { .. } | Self::Disclosure { event: None, .. } => Ok(()),
            Self::Disclosure {
                event: Some(event), ..
            } => event.fmt(f),
        }
    }
}

impl fmt::Display for EventSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = self.biz_step.as_deref().map(short_word).unwrap_or_default();
        writeln!(f, "The record says: {} {step}", self.event_type)?;
        writeln!(f, "  happened   {}", self.time)?;
        if let Some(place) = &self.read_point {
            writeln!(f, "  at         {place}")?;
        }
        for object in &self.first_objects {
            writeln!(f, "  object     {object}")?;
        }
        if let Some(more) = self.objects.checked_sub(self.first_objects.len())
            && more > 0
        {
            writeln!(f, "             and {more} more")?;
        }
        if let Some(id) = &self.id {
            writeln!(f, "  event id   {id}")?;
        }
        if self.error_declaration {
            writeln!(f, "  declares that event in error")?;
        }
        Ok(())
    }
}

/// Returns the last word of a vocabulary URI, such as
/// `https://ref.gs1.org/cbv/BizStep-shipping`.
fn short_word(uri: &str) -> &str {
    uri.rsplit(['-', '/', ':', '#']).next().unwrap_or(uri)
}

/// Names a kind of record.
pub(super) fn kind_name(kind: Kind) -> String {
    match kind {
        Kind::OPENING => "a log's opening".to_owned(),
        Kind::EVENT => "an event".to_owned(),
        Kind::DISCLOSURE => "a disclosure".to_owned(),
        Kind(number) => format!("a record of kind {number}"),
    }
}

/// Writes a moment in UTC; milliseconds since 1970 where no calendar reaches.
pub(super) fn utc(ms: u64) -> String {
    let timestamp = i64::try_from(ms)
        .ok()
        .map(jiff::Timestamp::from_millisecond);
    match timestamp {
        Some(Ok(timestamp)) => timestamp.to_string(),
        _ => format!("{ms} ms after 1970"),
    }
}
