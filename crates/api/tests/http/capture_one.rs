//! Capturing one event alone, which is stored when it is answered.

use reqwest::header::CONTENT_TYPE;
use serde_json::Value;

use crate::support::{Node, document, event, event_id, get, problem};

const CONTEXT: &str = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld";

/// Returns an event as a document of its own.
fn alone(event: &str) -> Vec<u8> {
    let context = format!(r#"{{"@context":"{CONTEXT}","#);
    event.replacen('{', &context, 1).into_bytes()
}

async fn post(node: &Node, body: Vec<u8>) -> reqwest::Response {
    let request = reqwest::Client::new().post(node.url("/epcis/events"));
    let request = request.header(CONTENT_TYPE, "application/json").body(body);
    request.send().await.expect("an answer")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_answered_as_it_is_stored() {
    let node = Node::start().await;
    let nameless = event(2).replace(&format!(r#""eventID":"{}","#, event_id(2)), "");
    for (body, id) in [(event(1), Some(event_id(1))), (nameless, None)] {
        let mut seen = Vec::new();
        // The second time it is no second record, and answered alike.
        for _ in 0..2 {
            let response = post(&node, alone(&body)).await;
            assert_eq!(response.status(), 201);
            assert_eq!(response.headers()["gs1-epcis-version"], "2.0.0");
            let location = response.headers()["location"]
                .to_str()
                .expect("text")
                .to_owned();
            let stored: Value = response.json().await.expect("JSON");
            assert_eq!(stored["type"], "ObjectEvent");
            assert!(stored["recordTime"].is_string(), "{stored}");
            let told = stored["eventID"].as_str().expect("given or derived");
            match &id {
                Some(id) => assert_eq!(told, id),
                None => assert!(told.starts_with("ni:///sha-256;"), "{told}"),
            }
            let found: Value = get(&node.url(&location)).await.json().await.expect("JSON");
            let events = &found["epcisBody"]["queryResults"]["resultsBody"]["eventList"];
            assert_eq!(events.as_array().map(Vec::len), Some(1), "{location}");
            assert_eq!(events[0]["recordTime"], stored["recordTime"]);
            seen.push((location, stored));
        }
        assert_eq!(seen[0], seen[1]);
    }
    assert_eq!(node.ledger.heads()[0].size, 3, "an opening and two events");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_content_under_the_id_is_a_conflict() {
    let node = Node::start().await;
    assert_eq!(post(&node, alone(&event(1))).await.status(), 201);
    let other = event(1).replace("commissioning", "shipping");
    let report = problem(post(&node, alone(&other)).await).await;
    assert_eq!(report.status, 409);
    let kind = "epcisException:ResourceAlreadyExistsException";
    assert_eq!(report.problem_type, kind);
    assert_eq!(report.errors[0].pointer, "/eventID");
    // Its declaration in error is another statement, and kept beside it.
    let declared = other.replacen(
        '{',
        r#"{"errorDeclaration":{"declarationTime":"2026-10-13T07:00:00+07:00"},"#,
        1,
    );
    assert_eq!(post(&node, alone(&declared)).await.status(), 201);
    let page = node.client.event(&event_id(1)).await.expect("held");
    assert_eq!(page.events().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_single_event_is_refused() {
    let node = Node::start().await;
    let wrong = event(1).replace("commissioning", "comissioning");
    for (body, pointer) in [
        (document(&[event(1)]), ""),
        (event(1).into_bytes(), "/@context"),
        (alone(&wrong), "/bizStep"),
    ] {
        let report = problem(post(&node, body).await).await;
        assert_eq!(report.status, 400, "{pointer}");
        assert_eq!(report.problem_type, "epcisException:ValidationException");
        assert_eq!(report.errors[0].pointer, pointer);
    }
    let request = reqwest::Client::new().post(node.url("/epcis/events"));
    let request = request
        .header(CONTENT_TYPE, "text/plain")
        .body(alone(&event(1)));
    assert_eq!(
        problem(request.send().await.expect("an answer"))
            .await
            .status,
        415
    );
    let report = problem(post(&node, vec![b' '; crate::support::BYTES_MAX + 1]).await).await;
    assert_eq!(report.status, 413);
    let agency = Node::of_agency().await;
    assert_eq!(
        problem(post(&agency, alone(&event(1))).await).await.status,
        403
    );
}
