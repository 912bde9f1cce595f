//! A record's payload, taken apart as its kind demands.

use epcis::Event;
use record::{AnyHeader, FederationId, Kind, Opening, Record, UnverifiedDisclosure};

/// What a payload holds, read without judging the record.
#[derive(Debug, Clone)]
pub enum Contents {
    /// The payload is not here.
    Missing,
    /// The payload of a kind that this build does not read.
    Unread,
    /// An opening.
    Opening(Opening),
    /// An event.
    Event(Box<Event>),
    /// A disclosure, its proofs not checked yet.
    Disclosure(Box<UnverifiedDisclosure>),
    /// The payload is not what its kind demands, and why.
    Malformed(String),
}

/// Takes a record's payload apart. Needs nothing but the record, so it can run
/// beside the one place that writes.
pub fn read(record: &Record, federation: FederationId) -> Contents {
    let Some(sealed) = record.content() else {
        return Contents::Missing;
    };
    let AnyHeader::V1(header) = record.header() else {
        return Contents::Unread;
    };
    let payload = sealed.payload.as_slice();
    let malformed = |e: &dyn std::error::Error| Contents::Malformed(e.to_string());
    match header.kind {
        Kind::OPENING => Opening::decode(payload).map_or_else(|e| malformed(&e), Contents::Opening),
        Kind::EVENT => Event::from_payload(payload)
            .map_or_else(|e| malformed(&e), |event| Contents::Event(Box::new(event))),
        Kind::DISCLOSURE => UnverifiedDisclosure::decode(payload, federation)
            .map_or_else(|e| malformed(&e), |d| Contents::Disclosure(Box::new(d))),
        _ => Contents::Unread,
    }
}
