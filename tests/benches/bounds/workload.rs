//! The events that everything is measured with.

use std::fmt::Write as _;
use std::ops::Range;

use epcis::{Contexts, Document, Event};
use gs1::Key;

/// How many events one capture carries.
pub(crate) const CAPTURE: u32 = 1_000;
/// How many cases each event packs on its pallet.
const CASES: u32 = 5;

/// Returns an EPCIS document of packing events: each puts five cases of its
/// own on a pallet of its own, at one of a hundred packing houses. Canonical,
/// an event has some 640 bytes, and is filed under 13 terms.
pub(crate) fn document(serials: Range<u32>) -> String {
    let mut text = String::from(
        r#"{"@context":["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type":"EPCISDocument","schemaVersion":"2.0","creationDate":"2026-10-12T18:00:00Z",
        "epcisBody":{"eventList":["#,
    );
    for serial in serials.clone() {
        if serial > serials.start {
            text.push(',');
        }
        write_event(&mut text, serial);
    }
    text.push_str("]}}");
    text
}

fn write_event(text: &mut String, serial: u32) {
    let house = serial % 100;
    let (hour, minute, second) = (serial / 3_600 % 24, serial / 60 % 60, serial % 60);
    let cases: Vec<String> = (0..CASES)
        .map(|n| format!("\"{}\"", case(serial, n)))
        .collect();
    write!(
        text,
        r#"{{"type":"AggregationEvent","eventID":"{}",
        "eventTime":"2026-10-12T{hour:02}:{minute:02}:{second:02}.000+07:00",
        "eventTimeZoneOffset":"+07:00","parentID":"{}","childEPCs":[{}],"action":"ADD",
        "bizStep":"packing","disposition":"in_progress",
        "readPoint":{{"id":"urn:epc:id:sgln:8938999902.{house:02}.1"}},
        "bizLocation":{{"id":"urn:epc:id:sgln:8938999902.{house:02}.0"}},
        "bizTransactionList":[{{"type":"po","bizTransaction":"urn:epc:id:gdti:8938999902.10.{serial}"}}]}}"#,
        event_id(serial),
        pallet(serial),
        cases.join(","),
    )
    .expect("writing to memory does not fail");
}

/// A UUID that looks as random as a drawn one, so that nothing compresses
/// better here than it would elsewhere.
fn event_id(serial: u32) -> String {
    let (a, b) = (scramble(serial, 1), scramble(serial, 2));
    format!(
        "urn:uuid:{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        a >> 32,
        a >> 16 & 0xffff,
        a & 0xfff,
        b >> 52,
        b & 0xffff_ffff_ffff
    )
}

/// Mixes a number beyond recognition (the finaliser of SplitMix64).
fn scramble(serial: u32, stream: u64) -> u64 {
    let mut z = (u64::from(serial) << 8 | stream).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn case(serial: u32, n: u32) -> String {
    format!(
        "urn:epc:id:sgtin:8938999902.901.{}",
        u64::from(serial) * 10 + u64::from(n)
    )
}

fn pallet(serial: u32) -> String {
    format!("urn:epc:id:sscc:8938999902.{serial:07}")
}

/// Returns the key of the first case that an event packs.
pub(crate) fn first_case(serial: u32) -> Key {
    Key::from_uri(&case(serial, 0)).expect("a key")
}

/// Parses a document.
pub(crate) fn parse(document: &str) -> Vec<Event> {
    Document::parse(document.as_bytes(), &Contexts::new())
        .expect("sound events")
        .events
}

/// Returns the events of one capture, the `nth` of a run.
pub(crate) fn capture(nth: u32) -> Vec<Event> {
    parse(&document(serials(nth)))
}

/// Returns the serial numbers of the events of one capture.
pub(crate) fn serials(nth: u32) -> Range<u32> {
    nth * CAPTURE..(nth + 1) * CAPTURE
}
