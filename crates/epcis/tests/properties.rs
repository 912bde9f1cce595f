//! Laws that hold for any input: no panic, no second canonical form.

use epcis::{
    Contexts, Document, Event, PayloadError, VocabularyElement, Written, event_document,
    master_data_document,
};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

/// How many inputs each law is tried on.
const CASES: u32 = 1_000;

/// Documents to begin with: those of the published vectors.
fn seeds() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/vectors/");
    let mut seeds = Vec::new();
    for file in ["canonical-event.json", "master-data.json"] {
        let text = std::fs::read_to_string(format!("{folder}{file}"));
        let text = text.expect("the vectors are part of the repository");
        let file: Value = serde_json::from_str(&text).expect("the vectors are JSON");
        let cases = file["cases"].as_array().expect("cases is a list");
        let documents = cases.iter().filter_map(|case| case["document"].as_str());
        seeds.extend(documents.map(str::to_owned));
    }
    seeds
}

/// Whatever was read is canonical, and stays the same through writing.
fn check_laws(document: &Document) -> Result<(), TestCaseError> {
    for event in &document.events {
        let again = Event::from_payload(event.payload().as_bytes());
        prop_assert_eq!(again.as_ref().ok(), Some(event));
        let written = event_document(Written::from(event));
        let read = Document::parse(written.as_bytes(), &Contexts::new());
        let events = read.map(|document| document.events);
        prop_assert_eq!(
            events.as_deref(),
            Ok(std::slice::from_ref(event)),
            "{}",
            written
        );
    }
    for element in &document.master_data {
        let again = VocabularyElement::from_payload(element.payload());
        prop_assert_eq!(again.as_ref().ok(), Some(element));
    }
    let written = master_data_document("2025-07-14T06:00:00Z", &document.master_data, []);
    let read = Document::parse(written.as_bytes(), &Contexts::new());
    let elements = read.map(|document| document.master_data);
    prop_assert_eq!(elements, Ok(document.master_data.clone()), "{}", written);
    Ok(())
}

/// What a member is replaced by: values that are right somewhere.
fn replacement() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<Option<bool>>().prop_map(|flag| json!(flag)),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "(ns[0-9]|v|geo|urn|https|cbv|gs1|vuon|@id):(//)?[a-zộ/#%:]{0,6}".prop_map(Value::from),
        "(receiving|Temperature|x|ADD|urn:epcglobal:cbv:disp:active)".prop_map(Value::from),
        prop::collection::vec("[a-z:@/]{0,8}", 0..3).prop_map(Value::from),
        (
            "(ns[0-9]|v|vuon|gs1|epcis|https|urn|@type|id|a)(:(//)?[a-zộ/#1.-]{0,6})?",
            0..9
        )
            .prop_map(|(name, number)| json!({ name: number })),
        Just(json!([
            "https://ref.gs1.org/standards/epcis/epcis-context.jsonld"
        ])),
        Just(json!({"v": {"@id": "https://a.vn/v#", "@type": "@vocab", "@prefix": true}})),
    ]
}

/// Replaces the value at one place, or puts a new member beside it.
fn replace(value: &mut Value, place: Index, replacement: Value, name: Option<&str>) {
    let mut count = 0;
    visit(value, &mut |_| count += 1);
    let place = place.index(count);
    let mut at = 0;
    visit(value, &mut |value| {
        if at == place {
            match (name, &mut *value) {
                (Some(name), Value::Object(members)) => {
                    members.insert(name.to_owned(), replacement.clone());
                }
                _ => *value = replacement.clone(),
            }
        }
        at += 1;
    });
}

fn visit(value: &mut Value, act: &mut impl FnMut(&mut Value)) {
    act(value);
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| visit(item, act)),
        Value::Object(members) => members.values_mut().for_each(|member| visit(member, act)),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn changed_bytes_never_panic(
        seed in any::<Index>(),
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 0..6),
        cut in any::<Option<Index>>(),
    ) {
        let seeds = seeds();
        let mut bytes = seed.get(&seeds).clone().into_bytes();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(document) = Document::parse(&bytes, &Contexts::new()) {
            check_laws(&document)?;
        }
        if let Ok(event) = Event::from_payload(&bytes) {
            prop_assert_eq!(event.payload().as_bytes(), &bytes[..]);
        }
    }

    #[test]
    fn changed_members_keep_the_laws(
        seed in any::<Index>(),
        changes in prop::collection::vec(
            (any::<Index>(), replacement(), prop::option::of("(ns1|v|vuon|gs1|https|urn)(:(//)?[a-zộ/#1.%-]{1,6})?")),
            1..4,
        ),
    ) {
        let seeds = seeds();
        let Ok(mut value) = serde_json::from_str::<Value>(seed.get(&seeds).as_str()) else {
            return Ok(());
        };
        for (place, replacement, name) in changes {
            replace(&mut value, place, replacement, name.as_deref());
        }
        let text = value.to_string();
        if let Ok(document) = Document::parse(text.as_bytes(), &Contexts::new()) {
            check_laws(&document)?;
        }
    }

    #[test]
    fn payloads_have_one_form(seed in any::<Index>(), place in any::<Index>(), extra in "[ \t\n]") {
        let seeds = seeds();
        let Ok(document) = Document::parse(seed.get(&seeds).as_bytes(), &Contexts::new()) else {
            return Ok(());
        };
        for event in &document.events {
            let text = event.payload().as_str();
            let places: Vec<_> = text.match_indices("\":").map(|(at, _)| at).collect();
            let (before, after) = text.split_at(place.get(&places) + 2);
            let spaced = format!("{before}{extra}{after}");
            match Event::from_payload(spaced.as_bytes()) {
                Err(PayloadError::NotCanonical { .. } | PayloadError::Unsound { .. }) => {}
                other => prop_assert!(false, "{:?} was taken: {}", other, spaced),
            }
        }
    }
}
