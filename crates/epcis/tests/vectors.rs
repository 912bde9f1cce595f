//! The published vectors of the canonical form, `docs/vectors/`.

use epcis::{Contexts, Document, Event, Written, event_document};
use serde_json::Value;

fn cases() -> Vec<Value> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/vectors/canonical-event.json"
    );
    let text = std::fs::read_to_string(path).expect("the vectors are part of the repository");
    let file: Value = serde_json::from_str(&text).expect("the vectors are JSON");
    file["cases"].as_array().expect("cases is a list").clone()
}

fn text<'c>(case: &'c Value, name: &str) -> &'c str {
    case[name].as_str().expect("the case has this text")
}

#[test]
fn canonical_forms() {
    let cases = cases();
    let cases: Vec<_> = cases
        .iter()
        .filter(|case| case.get("canonical").is_some())
        .collect();
    assert!(cases.len() >= 25);
    for case in cases {
        let name = text(case, "name");
        let parsed = Document::parse(text(case, "document").as_bytes(), &Contexts::new());
        let document = parsed.unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
        let index = case["event"]
            .as_u64()
            .and_then(|index| usize::try_from(index).ok());
        let event = &document.events[index.expect("the case has an index")];
        let canonical = text(case, "canonical");
        assert_eq!(event.payload().as_str(), canonical, "{name}");
        let again = Event::from_payload(canonical.as_bytes()).expect("a payload");
        assert_eq!(&again, event, "{name}");
        let written = event_document(Written::from(event));
        let read = Document::parse(written.as_bytes(), &Contexts::new());
        assert_eq!(
            read.expect("what is written reads back").events,
            [again],
            "{name}: {written}"
        );
    }
}

#[test]
fn refusals() {
    let cases = cases();
    let cases: Vec<_> = cases
        .iter()
        .filter(|case| case.get("refused").is_some())
        .collect();
    assert!(cases.len() >= 25);
    for case in cases {
        let name = text(case, "name");
        let parsed = Document::parse(text(case, "document").as_bytes(), &Contexts::new());
        let problems = parsed.expect_err(name);
        let first = problems.first().expect("a refusal has a problem");
        assert_eq!(
            first.pointer,
            text(&case["refused"], "pointer"),
            "{name}: {first}"
        );
        assert_eq!(
            first.reason.name(),
            text(&case["refused"], "reason"),
            "{name}: {first}"
        );
        assert_eq!(problems.len(), 1, "{name}: {problems:?}");
    }
}
