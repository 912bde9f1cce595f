//! Reading an event and working out its hash id.

use std::hint::black_box;
use std::time::Instant;

use criterion::Criterion;
use epcis::{Contexts, Document, HashVersion};

use crate::report::{Case, Report, median};
use crate::workload;

/// How many events one round takes.
const EVENTS: u32 = 1_000;
/// How often the time of one event is taken.
const ROUNDS: usize = 30;
/// What one event may take of one core: 50,000 a second.
const EVENT_US_MAX: f64 = 20.0;

/// Parses, validates and hashes events that come one in each document, beside
/// `serde_json` parsing the same texts; then hashes alone.
pub(crate) fn run(criterion: &mut Criterion, report: &mut Report) {
    let documents: Vec<String> = (0..EVENTS)
        .map(|serial| workload::document(serial..serial + 1))
        .collect();
    let contexts = Contexts::new();
    let bound = || {
        let begun = Instant::now();
        for document in &documents {
            let value: Result<serde_json::Value, _> = serde_json::from_str(black_box(document));
            black_box(value.expect("JSON"));
        }
        begun.elapsed()
    };
    let case = |what| Case {
        what,
        bound: "serde_json, the same texts",
        units: documents.len(),
        target: None,
    };
    let ours = || {
        let begun = Instant::now();
        for document in &documents {
            let read = Document::parse(black_box(document).as_bytes(), &contexts);
            for event in read.expect("sound").events {
                black_box(event.hash_id(HashVersion::Cbv20)).expect("short");
            }
        }
        begun.elapsed()
    };
    report.compare(criterion, &case("parse, validate and hash"), ours, bound);
    let mut times: Vec<_> = (0..ROUNDS).map(|_| ours()).collect();
    let event_us = median(&mut times).as_secs_f64() * 1e6 / f64::from(EVENTS);
    let what = "parse, validate and hash one event";
    report.limit(what, event_us, "µs", EVENT_US_MAX);
    let events: Vec<_> = documents
        .iter()
        .flat_map(|text| workload::parse(text))
        .collect();
    let hashed = || {
        let begun = Instant::now();
        for event in &events {
            black_box(black_box(event).hash_id(HashVersion::Cbv20)).expect("short");
        }
        begun.elapsed()
    };
    report.compare(criterion, &case("hash"), hashed, bound);
}
