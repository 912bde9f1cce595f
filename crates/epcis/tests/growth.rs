//! What a large document takes beside a small one. It is told, not asserted:
//! a test machine's clock proves nothing.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use epcis::{Contexts, Document};

const MEBIBYTE: usize = 1 << 20;

/// A document of at least this many bytes: a place with many children, and
/// events of many objects each.
fn document(bytes: usize) -> String {
    let mut text = r#"{"@context": ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld",
        {"vuon": "https://vuon.example.vn/tu-vung/"}],
        "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2025-07-14T06:00:00Z",
        "epcisHeader": {"epcisMasterData": {"vocabularyList": [
        {"type": "urn:epcglobal:epcis:vtype:BusinessLocation", "vocabularyElementList": ["#
        .to_owned();
    let mut place = 0;
    while text.len() < bytes / 4 {
        let comma = if place == 0 { "" } else { "," };
        let _ = write!(
            text,
            r#"{comma}{{"id": "urn:epc:id:sgln:8938505.00001.{place}", "attributes": [
            {{"id": "cbvmda:name", "attribute": "Vườn {place}"}}],
            "children": ["vuon:lo-{place}-1", "vuon:lo-{place}-2"]}}"#
        );
        place += 1;
    }
    text.push_str(r#"]}]}}, "epcisBody": {"eventList": ["#);
    let mut event = 0;
    while text.len() < bytes {
        let comma = if event == 0 { "" } else { "," };
        let _ = write!(
            text,
            r#"{comma}{{"type": "ObjectEvent", "action": "ADD", "eventID": "urn:uuid:{event}",
            "eventTime": "2025-07-14T05:40:00.000+07:00", "eventTimeZoneOffset": "+07:00",
            "bizStep": "commissioning", "ilmd": {{"vuon:lo": {{"giong": "Ri6", "so": {event}}}}},
            "epcList": ["urn:epc:id:sgtin:8938505.012345.{event}""#
        );
        for serial in 0..200 {
            let _ = write!(
                text,
                r#","urn:epc:id:sgtin:8938505.012345.{event}-{serial}""#
            );
        }
        text.push_str("]}");
        event += 1;
    }
    text.push_str("]}}");
    text
}

/// Returns the least time of a few readings.
fn time_of(text: &str) -> Duration {
    let readings = (0..3).map(|_| {
        let begun = Instant::now();
        let read = Document::parse(text.as_bytes(), &Contexts::new());
        let elapsed = begun.elapsed();
        let document = read.unwrap_or_else(|problems| panic!("{}", problems[0]));
        assert!(!document.events.is_empty() && !document.master_data.is_empty());
        elapsed
    });
    readings.min().expect("there were readings")
}

#[test]
#[allow(clippy::print_stdout, reason = "the figure is what the test is for")]
fn large_documents_take_their_share() {
    let (small, large) = (document(MEBIBYTE), document(5 * MEBIBYTE));
    let (one, five) = (time_of(&small), time_of(&large));
    let factor = five.as_secs_f64() / one.as_secs_f64();
    println!("growth: 1 MiB takes {one:?}, 5 MiB {five:?}: {factor:.1} times as long");
}
