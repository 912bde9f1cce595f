//! Times how fast payloads are judged on one core.
//!
//! Run with `cargo run -p epcis --example payload_speed`; the profile decides.

use std::hint::black_box;
use std::time::Instant;

use epcis::{Contexts, Document, Event};

const ROUNDS: u32 = 200_000;

const DOCUMENT: &str = r#"{
  "@context": ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld",
               {"vuon": "https://vuon.example.vn/tu-vung/"}],
  "type": "ObjectEvent",
  "eventID": "urn:uuid:0197c0de-7a4b-7c51-9d3e-2f6b8a1c4d5e",
  "eventTime": "2025-07-14T06:12:00.000+07:00",
  "eventTimeZoneOffset": "+07:00",
  "epcList": ["urn:epc:id:sscc:8938505.0000000001", "urn:epc:id:sscc:8938505.0000000002"],
  "quantityList": [
    {"epcClass": "urn:epc:class:lgtin:8938505.012345.L250714", "quantity": 480.5, "uom": "KGM"}],
  "action": "OBSERVE",
  "bizStep": "shipping",
  "disposition": "in_transit",
  "readPoint": {"id": "urn:epc:id:sgln:8938505.00001.0"},
  "vuon:seal": "VN-88231"
}"#;

#[allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]
fn main() {
    let document = match Document::parse(DOCUMENT.as_bytes(), &Contexts::new()) {
        Ok(document) => document,
        Err(problems) => return println!("the example event is refused: {problems:?}"),
    };
    let payload = document.events[0].payload().as_bytes();
    let per_second = rate(|| {
        black_box(Event::from_payload(black_box(payload)).is_ok());
    });
    println!(
        "judge a payload of {} bytes: {per_second:.0} events/s",
        payload.len()
    );
    let contexts = Contexts::new();
    let per_second = rate(|| {
        black_box(Document::parse(black_box(DOCUMENT.as_bytes()), &contexts).is_ok());
    });
    println!(
        "parse it as a document of {} bytes: {per_second:.0} events/s",
        DOCUMENT.len()
    );
}

fn rate(mut work: impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..ROUNDS {
        work();
    }
    f64::from(ROUNDS) / start.elapsed().as_secs_f64()
}
