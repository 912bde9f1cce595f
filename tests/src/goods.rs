//! Events for tests, told apart by a lot and a serial number.

use std::ops::Range;

use epcis::{Contexts, Document, Event};
use gs1::Key;

/// Returns the `eventID` of an event.
pub fn event_id(lot: u32, serial: u64) -> String {
    format!("urn:uuid:{lot:08x}-0000-4000-8000-{serial:012x}")
}

/// Returns the EPC of the item that an event names.
pub fn epc(lot: u32, serial: u64) -> String {
    format!("urn:epc:id:sgtin:8934999.900101.{lot}-{serial}")
}

/// Returns the canonical key of the item that an event names.
///
/// # Panics
///
/// Never: [`epc`] makes EPCs.
pub fn item(lot: u32, serial: u64) -> Key {
    Key::from_uri(&epc(lot, serial)).expect("an EPC")
}

/// Returns a capture document of one event for each serial number.
pub fn document(lot: u32, serials: Range<u64>) -> String {
    let events: Vec<_> = serials.map(|serial| one(lot, serial)).collect();
    format!(
        r#"{{"@context":["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type":"EPCISDocument","schemaVersion":"2.0","creationDate":"2026-05-01T09:00:00Z",
        "epcisBody":{{"eventList":[{}]}}}}"#,
        events.join(",")
    )
}

fn one(lot: u32, serial: u64) -> String {
    format!(
        r#"{{"type":"ObjectEvent","action":"OBSERVE","bizStep":"shipping",
        "eventTime":"2026-05-01T08:00:00.000Z","eventTimeZoneOffset":"+07:00",
        "eventID":"{id}","epcList":["{epc}"]}}"#,
        id = event_id(lot, serial),
        epc = epc(lot, serial),
    )
}

/// Returns one event for each serial number.
///
/// # Panics
///
/// Never: [`document`] makes sound documents.
pub fn events(lot: u32, serials: Range<u64>) -> Vec<Event> {
    let text = document(lot, serials);
    let read = Document::parse(text.as_bytes(), &Contexts::new());
    read.expect("a sound document").events
}
