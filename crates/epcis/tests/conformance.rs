//! The official example documents: the valid ones are read, kept through
//! writing, and read again; the others are refused.

mod common;

use std::path::Path;

use common::read_json;
use epcis::{
    Answered, Contexts, Document, Event, Reason, Written, capture_document, event_document,
    query_document,
};
use serde_json::Value;

/// Published documents that the schema accepts and that are refused here, each
/// with the class of its problem.
const REFUSED: [(&str, Reason); 4] = [
    // One eventID stands twice: what it says depends on who reads it.
    (
        "files/gs1-json-AssociationEvent_AssociationEvent-h.jsonld",
        Reason::DuplicateMember,
    ),
    (
        "gs1-AssociationEvent_AssociationEvent-h.jsonld",
        Reason::DuplicateMember,
    ),
    // A GRAI with a wrong check digit.
    (
        "files/oe-json-Capture_Documents_Combination_of_different_event.json",
        Reason::Identifier,
    ),
    ("files/oe-json-Query_queryDocument.json", Reason::Identifier),
];

fn refused_for(input: &str) -> Option<Reason> {
    REFUSED
        .iter()
        .find(|(name, _)| *name == input)
        .map(|(_, reason)| *reason)
}

/// Checks that writing loses nothing, in every kind of document.
fn check_round_trip(events: &[Event]) -> Result<(), String> {
    let contexts = Contexts::new();
    let time = "2025-07-01T08:30:00.000+07:00";
    let written = || {
        events.iter().map(|event| Written {
            record_time: Some(time),
            ..Written::from(event)
        })
    };
    let answered = Answered {
        query_name: "SimpleEventQuery",
        subscription_id: None,
        creation_date: time,
    };
    let mut texts = vec![
        (capture_document(time, written()), events.to_vec()),
        (query_document(&answered, written()), events.to_vec()),
    ];
    texts.extend(written().map(|one| (event_document(one), vec![one.event.clone()])));
    for (text, events) in texts {
        match Document::parse(text.as_bytes(), &contexts) {
            Ok(document) if document.events == events => {}
            Ok(_) => return Err(format!("writing changed the events: {text}")),
            Err(problems) => return Err(format!("written text is refused: {problems:?}\n{text}")),
        }
    }
    Ok(())
}

fn check_case(folder: &Path, case: &Value) -> Result<(), String> {
    let input = case["input"].as_str().ok_or("no input")?;
    let bytes = std::fs::read(folder.join(input)).map_err(|error| error.to_string())?;
    match (
        Document::parse(&bytes, &Contexts::new()),
        case["valid"].as_bool(),
    ) {
        (Err(problems), Some(true)) if refused_for(input) == Some(problems[0].reason) => Ok(()),
        (Ok(document), Some(true)) => {
            let types: Vec<_> = document
                .events
                .iter()
                .map(|event| event.event_type().name())
                .collect();
            if serde_json::json!(types) != case["eventTypes"] {
                return Err(format!("the events read are {types:?}"));
            }
            check_round_trip(&document.events)
        }
        (Ok(_), Some(false)) => Err("an invalid document was read".to_owned()),
        (Err(problems), Some(true)) => {
            Err(format!("a valid document was refused: {}", problems[0]))
        }
        (Err(problems), Some(false)) => match problems.iter().any(|p| p.mend.is_empty()) {
            true => Err("a problem names no mend".to_owned()),
            false => Ok(()),
        },
        (_, None) => Ok(()),
    }
}

#[test]
fn documents() {
    let suite = "documents/json";
    let Some(folder) = conformance::folder(suite).map(|folder| folder.join("documents")) else {
        return;
    };
    let cases = read_json(&folder.join("cases.json"));
    let cases = cases["cases"].as_array().expect("cases is a list");
    let (mut passed, mut failed) = (0, Vec::new());
    for case in cases.iter().filter(|case| case["format"] == "json") {
        match check_case(&folder, case) {
            Ok(()) => passed += 1,
            Err(error) => failed.push(format!("{}: {error}", case["input"])),
        }
    }
    conformance::report(suite, passed, &failed);
}

#[test]
fn event_hash_inputs() {
    let suite = "event-hash/json-inputs";
    let Some(folder) = conformance::folder(suite).map(|folder| folder.join("event-hash/files"))
    else {
        return;
    };
    let (mut passed, mut failed) = (0, Vec::new());
    for entry in std::fs::read_dir(&folder).expect("the folder is readable") {
        let path = entry.expect("the entry is readable").path();
        if !path
            .extension()
            .is_some_and(|extension| extension == "json" || extension == "jsonld")
        {
            continue;
        }
        let bytes = std::fs::read(&path).expect("the file is readable");
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .expect("the name is UTF-8");
        let outcome = Document::parse(&bytes, &Contexts::new())
            .map_err(|problems| problems[0].to_string())
            .and_then(|document| check_round_trip(&document.events));
        match outcome {
            Err(_) if refused_for(name).is_some() => passed += 1,
            Ok(()) => passed += 1,
            Err(error) => failed.push(format!("{}: {error}", path.display())),
        }
    }
    conformance::report(suite, passed, &failed);
}
