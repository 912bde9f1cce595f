//! The published vectors of the canonical form, `docs/vectors/`.

use epcis::{
    Answered, Contexts, Document, Event, PayloadError, VocabularyElement, Written, event_document,
    master_data_answer, master_data_document,
};
use serde_json::Value;

const EVENTS: &str = "canonical-event.json";
const MASTER_DATA: &str = "master-data.json";

fn list(file: &str, name: &str) -> Vec<Value> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/vectors/");
    let text = std::fs::read_to_string(format!("{folder}{file}"));
    let text = text.expect("the vectors are part of the repository");
    let file: Value = serde_json::from_str(&text).expect("the vectors are JSON");
    file[name].as_array().expect("it is a list").clone()
}

/// Returns the index that a case names.
fn index(case: &Value, name: &str) -> usize {
    let index = case[name].as_u64().expect("the case has an index");
    usize::try_from(index).expect("an index")
}

fn text<'c>(case: &'c Value, name: &str) -> &'c str {
    case[name].as_str().expect("the case has this text")
}

#[test]
fn canonical_forms() {
    let cases = list(EVENTS, "cases");
    let cases: Vec<_> = cases
        .iter()
        .filter(|case| case.get("canonical").is_some())
        .collect();
    assert!(cases.len() >= 25);
    for case in cases {
        let name = text(case, "name");
        let parsed = Document::parse(text(case, "document").as_bytes(), &Contexts::new());
        let document = parsed.unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
        let event = &document.events[index(case, "event")];
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
    check_refusals(EVENTS, 25);
    check_refusals(MASTER_DATA, 15);
}

fn check_refusals(file: &str, count_min: usize) {
    let cases = list(file, "cases");
    let cases: Vec<_> = cases
        .iter()
        .filter(|case| case.get("refused").is_some())
        .collect();
    assert!(cases.len() >= count_min);
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

#[test]
fn canonical_elements() {
    let cases = list(MASTER_DATA, "cases");
    let cases: Vec<_> = cases
        .iter()
        .filter(|case| case.get("canonical").is_some())
        .collect();
    assert!(cases.len() >= 10);
    for case in cases {
        let name = text(case, "name");
        let parsed = Document::parse(text(case, "document").as_bytes(), &Contexts::new());
        let document = parsed.unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
        let element = &document.master_data[index(case, "element")];
        let canonical = text(case, "canonical");
        assert_eq!(element.payload(), canonical.as_bytes(), "{name}");
        let again = VocabularyElement::from_payload(canonical.as_bytes());
        assert_eq!(&again.expect("a payload"), element, "{name}");
        for written in written(&document.master_data) {
            let read = Document::parse(written.as_bytes(), &Contexts::new());
            let read = read.unwrap_or_else(|problems| panic!("{name}: {problems:?}\n{written}"));
            assert_eq!(read.master_data, document.master_data, "{name}: {written}");
            assert_eq!(read.events, [], "{name}");
        }
    }
}

/// Returns every document that is written of vocabulary elements.
fn written(elements: &[VocabularyElement]) -> [String; 2] {
    let time = "2025-07-14T06:00:00.000+07:00";
    let answered = Answered {
        query_name: "SimpleMasterDataQuery",
        subscription_id: None,
        creation_date: time,
    };
    [
        master_data_document(time, elements, []),
        master_data_answer(&answered, elements),
    ]
}

#[test]
fn what_claims_to_be_a_canonical_element() {
    let cases = list(MASTER_DATA, "payloads_refused");
    assert!(cases.len() >= 10);
    for case in &cases {
        let name = text(case, "name");
        let reason = match VocabularyElement::from_payload(text(case, "payload").as_bytes()) {
            Err(PayloadError::NotCanonical { .. }) => "not-canonical",
            Err(PayloadError::Unsound { problems }) => problems[0].reason.name(),
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(reason, text(case, "reason"), "{name}");
    }
}
