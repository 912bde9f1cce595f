//! The event hash id: against the published vectors, and its laws.

use std::path::Path;

use epcis::{
    Answered, CbvForm, Contexts, Document, Event, HashVersion, Reason, Written, event_document,
    event_xml, query_document,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const VERSIONS: [(HashVersion, &str, &str); 2] = [
    (HashVersion::Cbv20, "prehash", "expected"),
    (HashVersion::Cbv21, "prehash_cbv21", "expected_cbv21"),
];

/// Vectors whose document is refused, and why.
const REFUSED: [(&str, Reason); 2] = [
    // One eventID stands twice: what it says depends on who reads it.
    (
        "gs1-AssociationEvent_AssociationEvent-h.jsonld",
        Reason::DuplicateMember,
    ),
    // One EPC stands twice in a list, which the JSON schema refuses.
    ("oe-epcisDocWithAllGS1Keys.xml", Reason::Rule),
];

/// Vectors that need the document's text, and differ where only the canonical
/// form is at hand: because of
const NEED_THE_TEXT: [&str; 13] = [
    // - a namespace without a slash at its end (http://ns.example.com/epcis);
    "oe-AssociationEvent_with_userExtensions.json",
    "oe-AssociationEvent_with_userExtensions.xml",
    "ref-epcisDocWithTransformationEventWithExtension.xml",
    // - the type example:someSensorProperty, whose prefix is declared: the
    //   reference leaves it, and the canonical form has the URI (CBV 2.0 §8.9.2:
    //   any CURIE is expanded);
    "oe-SensorData_and_extension.json",
    "oe-SensorData_and_extension.xml",
    "oe-TransformationEvent_with_sensorData.json",
    "oe-TransformationEvent_with_sensorData.xml",
    "oe-TransformationEvent_with_userExtensions.json",
    "oe-TransformationEvent_with_userExtensions.xml",
    // - the attribute xsi:type, which the reference hashes, and the canonical
    //   form keeps as the type of the value.
    "gs1eq-event_with_identical_hash_id_1.xml",
    "gs1eq-event_with_identical_hash_id_3.xml",
    "gs1eq-event_with_identical_hash_id_4.xml",
    "gs1eq-event_with_identical_hash_id_5.xml",
];

fn cases(folder: &Path) -> Vec<Value> {
    let bytes = std::fs::read(folder.join("cases.json")).expect("the file is readable");
    let file: Value = serde_json::from_slice(&bytes).expect("the file is JSON");
    file["cases"].as_array().expect("cases is a list").clone()
}

fn read(folder: &Path, case: &Value) -> Result<Document, Vec<epcis::Problem>> {
    let input = case["input"].as_str().expect("every case has an input");
    let bytes = std::fs::read(folder.join(input)).expect("the input is readable");
    Document::parse_any_order(&bytes, &Contexts::new())
}

fn id(case: &Value) -> &str {
    case["id"].as_str().expect("every case has an id")
}

/// Compares what was computed for each event with what was published.
fn compare(
    case: &Value,
    name: &str,
    found: impl Iterator<Item = Option<String>>,
) -> Result<(), String> {
    let expected = case[name].as_array().ok_or("no expectation")?;
    let found: Vec<Option<String>> = found.collect();
    if found.len() != expected.len() {
        return Err(format!("{} events were read", found.len()));
    }
    let skipped = |index: usize| {
        let skipped = case["skip_events_cbv21"].as_array();
        name.ends_with("cbv21") && skipped.is_some_and(|list| list.contains(&json!(index)))
    };
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        if found.as_deref() != expected.as_str() && !skipped(index) {
            return Err(format!(
                "event {index}, {name}\n  {}\n  {expected}",
                found.as_deref().unwrap_or("none")
            ));
        }
    }
    Ok(())
}

fn check_case(folder: &Path, case: &Value) -> Result<(), String> {
    let refused = REFUSED.iter().find(|(name, _)| *name == id(case));
    let document = match (read(folder, case), refused) {
        (Ok(document), None) => document,
        (Err(problems), Some((_, reason))) if problems[0].reason == *reason => return Ok(()),
        (Ok(_), Some(_)) => return Err("a document of the list above was read".to_owned()),
        (Err(problems), _) => return Err(format!("refused: {}", problems[0])),
    };
    for (version, prehash, hash) in VERSIONS {
        compare(case, prehash, document.prehashes(version))?;
        compare(case, hash, document.hash_ids(version))?;
        let alone = document.events.iter();
        let alone = compare(case, hash, alone.map(|event| event.hash_id(version)));
        if alone.is_err() != NEED_THE_TEXT.contains(&id(case)) {
            return Err(format!("by the canonical form alone: {alone:?}"));
        }
    }
    Ok(())
}

#[test]
fn vectors() {
    let suite = "event-hash/ids";
    let Some(folder) = conformance::folder(suite).map(|folder| folder.join("event-hash")) else {
        return;
    };
    let cases = cases(&folder);
    let (mut passed, mut failed) = (0, Vec::new());
    for case in &cases {
        match check_case(&folder, case) {
            Ok(()) => passed += 1,
            Err(why) => failed.push(format!("{}: {why}", id(case))),
        }
    }
    conformance::report(suite, passed, &failed);
}

/// Reads one event.
fn event(event: &Value) -> Event {
    let mut event = event.clone();
    event["@context"] = json!([
        "https://ref.gs1.org/standards/epcis/epcis-context.jsonld",
        {"vuon": "https://vuon.example.vn/epcis/"}
    ]);
    let document = Document::parse(event.to_string().as_bytes(), &Contexts::new());
    let [event] = document
        .expect("a sound event")
        .events
        .try_into()
        .expect("one");
    event
}

fn object_event() -> Value {
    json!({
        "type": "ObjectEvent", "action": "ADD",
        "eventTime": "2026-10-12T08:00:00.000+07:00", "eventTimeZoneOffset": "+07:00",
        "epcList": ["urn:epc:id:sscc:8938505.3000000001"],
    })
}

fn with(name: &str, value: &Value) -> Event {
    let mut changed = object_event();
    changed[name] = value.clone();
    event(&changed)
}

fn hash(event: &Event) -> String {
    event.hash_id(HashVersion::Cbv20).expect("short enough")
}

#[test]
fn an_absent_id_is_derived_and_a_given_one_is_kept() {
    let plain = event(&object_event());
    let derived = hash(&plain);
    assert_eq!(plain.id(), Some(derived.clone()));
    assert!(plain.is_called(&derived));
    assert!(!plain.is_called("urn:uuid:1"));
    assert_eq!(plain.unexpected_hash_id(), None);
    let named = with("eventID", &json!("urn:uuid:1"));
    assert_eq!(named.id().as_deref(), Some("urn:uuid:1"));
    assert!(named.is_called("urn:uuid:1") && !named.is_called(&derived));
    assert_eq!(hash(&named), derived, "the id is no part of the hash");
    assert_eq!(named.unexpected_hash_id(), None);
}

#[test]
fn an_answer_bears_the_derived_id_and_the_event_does_not() {
    let (plain, named) = (
        event(&object_event()),
        with("eventID", &json!("urn:uuid:1")),
    );
    let derived = plain.id();
    let answered = Answered {
        query_name: "SimpleEventQuery",
        subscription_id: None,
        creation_date: "2026-10-12T18:00:00Z",
    };
    let written = [&plain, &named].map(|event| Written {
        derived_id: derived.as_deref(),
        ..Written::from(event)
    });
    let text = query_document(&answered, written);
    let read = Document::parse(text.as_bytes(), &Contexts::new()).expect("sound");
    assert_eq!(read.events[0].event_id(), derived.as_deref());
    assert_eq!(read.events[0].unexpected_hash_id(), None);
    assert_eq!(hash(&read.events[0]), hash(&plain));
    assert_eq!(read.events[1], named);
    let written = Written {
        derived_id: derived.as_deref(),
        ..Written::from(&plain)
    };
    let text = event_xml(written, CbvForm::default());
    let read = Document::parse_xml(text.as_bytes(), &Contexts::new()).expect("sound");
    assert_eq!(read.events[0].event_id(), derived.as_deref());
    let text = event_document(Written::from(&plain));
    let read = Document::parse(text.as_bytes(), &Contexts::new()).expect("sound");
    assert_eq!(read.events, [plain]);
}

#[test]
fn an_unexpected_hash_id_is_told() {
    let derived = hash(&event(&object_event()));
    assert_eq!(with("eventID", &json!(derived)).unexpected_hash_id(), None);
    let zeros = "0".repeat(64);
    for (id, expected) in [
        (format!("ni:///sha-256;{zeros}?ver=CBV2.0"), Some(&derived)),
        (format!("ni:///sha-512;{zeros}?ver=CBV2.0"), None),
        (format!("ni:///sha-256;{zeros}?ver=CBV9.9"), None),
        (format!("ni:///sha-256;{zeros}"), None),
    ] {
        let told = with("eventID", &json!(id)).unexpected_hash_id();
        assert_eq!(told.as_ref(), expected, "{id}");
    }
    let of_21 = event(&object_event())
        .hash_id(HashVersion::Cbv21)
        .expect("short");
    assert_eq!(with("eventID", &json!(of_21)).unexpected_hash_id(), None);
}

#[test]
fn what_does_not_count() {
    let derived = hash(&event(&object_event()));
    for (name, value) in [
        ("recordTime", json!("2026-10-12T09:00:00Z")),
        ("certificationInfo", json!("https://a.vn/certificate/1")),
        (
            "errorDeclaration",
            json!({"declarationTime": "2026-10-13T09:00:00Z"}),
        ),
        ("rdfs:comment", json!("by hand")),
        ("quantityList", json!([])),
    ] {
        assert_eq!(hash(&with(name, &value)), derived, "{name}");
    }
}

#[test]
fn a_text_that_would_be_too_long_has_no_hash() {
    let name = format!("vuon:{}", "x".repeat(20_000));
    let hostile = with(&name, &json!(vec![1; 1_000]));
    assert_eq!(hostile.prehash(HashVersion::Cbv20), None);
    assert_eq!(hostile.id(), None);
    assert!(!hostile.is_called("ni:///sha-256;"));
    assert!(hash(&with(&name, &json!(vec![1; 500]))).starts_with("ni:///sha-256;"));
}

/// An identifier in two spellings.
#[derive(Clone, Debug)]
struct Spelled([String; 2]);

fn item() -> impl Strategy<Value = Spelled> {
    (0..100_000u32).prop_map(|serial| {
        Spelled([
            format!("urn:epc:id:sgtin:8938505.012345.A%2F{serial}"),
            format!("https://vuon.example.vn/01/08938505123455/10/L1/21/A%2F{serial}?17=261231"),
        ])
    })
}

fn lot() -> impl Strategy<Value = Spelled> {
    (0..100_000u32).prop_map(|lot| {
        Spelled([
            format!("urn:epc:class:lgtin:8938505.012345.{lot}"),
            format!("https://id.gs1.org/01/08938505123455/22/V/10/{lot}"),
        ])
    })
}

/// The parts of an event, each of whose lists has no order.
#[derive(Clone, Debug)]
struct Parts {
    items: Vec<Spelled>,
    lots: Vec<(Spelled, u32)>,
    orders: Vec<u32>,
    reports: Vec<(usize, i32)>,
    notes: Vec<String>,
}

fn parts() -> impl Strategy<Value = Parts> {
    (
        prop::collection::vec(item(), 0..6),
        prop::collection::vec((lot(), 1..1_000u32), 0..6),
        prop::collection::vec(0..1_000u32, 0..6),
        prop::collection::vec((0..3usize, -50..50i32), 0..6),
        prop::collection::vec("[a-z0-9]{1,6}", 0..6),
    )
        .prop_map(|(items, lots, orders, reports, notes)| Parts {
            items,
            lots,
            orders,
            reports,
            notes,
        })
}

/// The same in another order.
fn shuffled(parts: &Parts) -> impl Strategy<Value = Parts> + use<> {
    (
        Just(parts.items.clone()).prop_shuffle(),
        Just(parts.lots.clone()).prop_shuffle(),
        Just(parts.orders.clone()).prop_shuffle(),
        Just(parts.reports.clone()).prop_shuffle(),
        Just(parts.notes.clone()).prop_shuffle(),
    )
        .prop_map(|(items, lots, orders, reports, notes)| Parts {
            items,
            lots,
            orders,
            reports,
            notes,
        })
}

/// Writes the event, with the first or the second spelling of everything.
fn written(parts: &Parts, spelling: usize) -> Option<Value> {
    let items: Vec<_> = parts.items.iter().map(|each| &each.0[spelling]).collect();
    let mut distinct = items.clone();
    distinct.sort();
    distinct.dedup();
    let lots = parts.lots.iter().map(
        |(lot, quantity)| json!({"epcClass": lot.0[spelling], "quantity": quantity, "uom": "KGM"}),
    );
    let orders = parts.orders.iter().map(|order| {
        let kind = ["po", "https://ref.gs1.org/cbv/BTT-po"][spelling];
        json!({"type": kind, "bizTransaction": format!("https://mua.vn/{order}")})
    });
    let reports = parts.reports.iter().map(|(kind, value)| {
        let kind = ["Temperature", "RelativeHumidity", "Mass"][*kind];
        let kind = [kind.to_owned(), format!("gs1:{kind}")][spelling].clone();
        json!({"type": kind, "value": value, "vuon:notes": parts.notes})
    });
    let reports: Vec<_> = reports.collect();
    let pick = |both: [&'static str; 2]| both[spelling];
    let time = pick(["2026-10-12T08:00:00+07:00", "2026-10-12T01:00:00.000Z"]);
    let step = pick(["receiving", "cbv:BizStep-receiving"]);
    let place = pick([
        "urn:epc:id:sgln:8938505.00001.0",
        "https://id.gs1.org/414/8938505000015/254/0",
    ]);
    let mut event = json!({
        "type": "ObjectEvent", "action": "ADD",
        "eventTime": time, "eventTimeZoneOffset": "+07:00",
        "epcList": items,
        "quantityList": lots.collect::<Vec<_>>(),
        "bizTransactionList": orders.collect::<Vec<_>>(),
        "bizStep": step,
        "disposition": pick(["in_transit", "cbv:Disp-in_transit"]),
        "readPoint": {"id": place},
        "ilmd": {"vuon:notes": parts.notes},
        "vuon:notes": parts.notes,
        "vuon:more": {"https://vuon.example.vn/epcis/notes": parts.notes, "note": "1"},
    });
    if !reports.is_empty() {
        event["sensorElementList"] = json!([{"sensorReport": reports}]);
    }
    (distinct.len() == items.len()).then_some(event)
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn neither_order_nor_spelling_counts(
        (one, other) in parts().prop_flat_map(|parts| {
            let other = shuffled(&parts);
            (Just(parts), other)
        }),
        spelling in 0..2usize,
    ) {
        let (Some(one), Some(other)) = (written(&one, 0), written(&other, spelling)) else {
            return Ok(());
        };
        let (one, other) = (event(&one), event(&other));
        for (version, _, _) in VERSIONS {
            prop_assert_eq!(one.prehash(version), other.prehash(version));
            prop_assert_eq!(one.hash_id(version), other.hash_id(version));
        }
    }

    #[test]
    fn what_is_added_counts(parts in parts(), lot in lot()) {
        let mut more = parts.clone();
        more.lots.push((lot, 7));
        if let (Some(one), Some(more)) = (written(&parts, 0), written(&more, 0)) {
            prop_assert_ne!(hash(&event(&one)), hash(&event(&more)));
        }
    }
}
