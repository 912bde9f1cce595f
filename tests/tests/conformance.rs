//! The official GS1 example documents, in JSON-LD, go through two whole nodes:
//! captured over HTTP at one, replicated, and found over HTTP at the other by
//! what each event names, unchanged.

use std::collections::BTreeSet;
use std::path::Path;

use api::{Client, EventPage, EventQuery};
use epcis::{Contexts, Document, DocumentKind, Event, Written, capture_document};
use serde_json::Value;
use tests::nodes::{client, two_nodes};
use tests::patience::eventually;

/// The example documents that are valid and read here, with their events. What
/// `epcis` refuses of them, and why, is listed in its own tests.
fn documents(folder: &Path) -> Vec<(String, Vec<u8>, Document)> {
    let cases = std::fs::read(folder.join("cases.json")).expect("the list of cases");
    let cases: Value = serde_json::from_slice(&cases).expect("JSON");
    let mut documents = Vec::new();
    for case in cases["cases"].as_array().expect("a list") {
        let input = case["input"].as_str().expect("a path");
        let is_json = input.ends_with(".json") || input.ends_with(".jsonld");
        if !is_json || case["valid"] != Value::Bool(true) {
            continue;
        }
        let bytes = std::fs::read(folder.join(input)).expect("a case's file");
        let Ok(document) = Document::parse(&bytes, &Contexts::new()) else {
            continue;
        };
        if !document.events.is_empty() {
            documents.push((input.to_owned(), bytes, document));
        }
    }
    documents
}

/// Asks for an event by what it names: its id, else a thing, else a class. A
/// report that names nothing is found among all.
fn question(event: &Event) -> EventQuery {
    let mut query = EventQuery::default();
    if let Some(id) = event.event_id() {
        query.event_id = vec![id.to_owned()];
    } else if let Some(thing) = event.objects().find(|o| !o.role.is_class()) {
        query.any_epc = vec![thing.identifier.id.clone()];
    } else if let Some(class) = event.objects().next() {
        query.any_epc_class = vec![class.identifier.id.clone()];
    }
    query
}

/// Tells whether the node answers the question with exactly this event among
/// the events it gives, page by page.
async fn is_found(client: &Client, event: &Event) -> Result<bool, String> {
    let mut page = client.events(&question(event)).await;
    loop {
        let found = page.map_err(|e| e.to_string())?;
        if holds(&found, event)? {
            return Ok(true);
        }
        match found.next {
            Some(next) => page = client.next_events(&next).await,
            None => return Ok(false),
        }
    }
}

fn holds(page: &EventPage, event: &Event) -> Result<bool, String> {
    let text = page.document.to_string();
    let read = Document::parse(text.as_bytes(), &Contexts::new());
    let read = read.map_err(|problems| format!("the answer is refused: {problems:?}"))?;
    Ok(read.events.iter().any(|e| is_answer_of(e, event)))
}

/// Tells whether an answer is that event, under the id that was derived for it
/// if it has none.
fn is_answer_of(answered: &Event, event: &Event) -> bool {
    let mut json = answered.json();
    if event.event_id().is_none() {
        let id = json.as_object_mut().and_then(|all| all.remove("eventID"));
        if id.as_ref().and_then(|id| id.as_str()) != event.id().as_deref() {
            return false;
        }
    }
    json == event.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn official_examples_travel_unchanged() {
    let suite = "documents/end-to-end";
    let Some(folder) = conformance::folder(suite).map(|folder| folder.join("documents")) else {
        return;
    };
    let home = tempfile::tempdir().expect("a folder");
    let [here, there] = two_nodes(home.path()).await;
    let (at_here, at_there) = (client(&here), client(&there));
    let documents = documents(&folder);
    assert!(documents.len() > 50, "only {} examples", documents.len());
    let mut failures = Vec::new();
    let mut captured = BTreeSet::new();
    for (input, bytes, document) in &documents {
        // An event alone is no document to capture: it travels in one.
        let bytes = match document.kind {
            DocumentKind::Event => {
                let events = document.events.iter().map(Written::from);
                capture_document("2026-10-12T00:00:00Z", events).into_bytes()
            }
            _ => bytes.clone(),
        };
        match at_here.capture(bytes, None).await {
            Ok(accepted) => {
                let job = at_here.job(&accepted.job).await.expect("the job");
                assert!(job.success && !job.running, "{input}: {job:?}");
                captured.insert(input);
            }
            Err(error) => failures.push(format!("{input}: {error}")),
        }
    }
    eventually("the other node holds all", || {
        here.ledger().heads() == there.ledger().heads()
    })
    .await;
    let mut passed = 0;
    for (input, _, document) in documents.iter().filter(|d| captured.contains(&d.0)) {
        let mut lost = None;
        for (event, index) in document.events.iter().zip(0..) {
            match is_found(&at_there, event).await {
                Ok(true) => {}
                Ok(false) => lost = Some(format!("{input}: event {index} is not found")),
                Err(error) => lost = Some(format!("{input}: event {index}: {error}")),
            }
        }
        match lost {
            None => passed += 1,
            Some(lost) => failures.push(lost),
        }
    }
    conformance::report(suite, passed, &failures);
    here.shutdown().await;
    there.shutdown().await;
}
