//! Capturing, and what is refused.

use api::{Client, ClientError, ErrorBehaviour, EventQuery};
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE};

use crate::support::{
    BYTES_MAX, EVENTS_MAX, Node, document, epc, event, get, problem, refused, scope,
};

async fn post(node: &Node, media_type: &str, body: Vec<u8>) -> reqwest::Response {
    let request = reqwest::Client::new().post(node.url("/epcis/capture"));
    let request = request.header(CONTENT_TYPE, media_type).body(body);
    request.send().await.expect("an answer")
}

async fn holds_nothing(node: &Node) {
    let page = node.client.events(&EventQuery::default()).await;
    assert!(page.expect("a page").events().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_captured_with_its_job() {
    let node = Node::start().await;
    let response = post(&node, "application/json", document(&[event(1), event(2)])).await;
    assert_eq!(response.status(), 202);
    assert_eq!(response.headers()["gs1-epcis-version"], "2.0.0");
    assert_eq!(response.headers()["gs1-cbv-version"], "2.0.0");
    let location = response.headers()["location"].to_str().expect("text");
    assert!(location.starts_with("/epcis/capture/"), "{location}");
    let location = location.to_owned();
    assert_eq!(response.text().await.expect("a body"), "");
    let job: serde_json::Value = get(&node.url(&location)).await.json().await.expect("JSON");
    assert!(location.ends_with(job["captureID"].as_str().expect("an id")));
    assert_eq!(
        (&job["running"], &job["success"]),
        (&false.into(), &true.into())
    );
    assert_eq!(job["errors"], serde_json::json!([]));
    let events = node
        .client
        .events(&EventQuery::default())
        .await
        .expect("a page");
    assert_eq!(events.events().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_can_be_named() {
    let node = Node::start().await;
    let partner = scope("with-gacc");
    let captured = node
        .client
        .capture(document(&[event(1)]), Some(&partner))
        .await;
    let job = node.client.job(&captured.expect("captured").job).await;
    let job = job.expect("a job");
    assert!(job.success && !job.running && job.errors.is_empty());
    assert_eq!(job.capture_error_behaviour, ErrorBehaviour::Rollback);
    assert_eq!(node.ledger.heads()[0].log.scope, partner);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_problem_of_a_document_is_told() {
    let node = Node::start().await;
    let wrong = event(2).replace("commissioning", "comissioning");
    let wrong = wrong.replace("\"+07:00\"", "\"seven\"");
    let body = document(&[event(1), wrong]);
    let report = problem(post(&node, "application/ld+json", body.clone()).await).await;
    assert_eq!(report.problem_type, "epcisException:ValidationException");
    assert_eq!(report.status, 400);
    let mut pointers: Vec<_> = report.errors.iter().map(|e| e.pointer.as_str()).collect();
    pointers.sort_unstable();
    assert_eq!(
        pointers,
        [
            "/epcisBody/eventList/1/bizStep",
            "/epcisBody/eventList/1/eventTimeZoneOffset"
        ]
    );
    for fault in &report.errors {
        assert_eq!(fault.event, Some(1));
        assert!(!fault.what.is_empty() && !fault.mend.is_empty());
    }
    holds_nothing(&node).await;
    let told = node.client.capture(body, None).await.expect_err("refused");
    let told = told.to_string();
    assert!(told.contains("2 things are wrong"), "{told}");
    assert!(
        told.contains("event 1, /epcisBody/eventList/1/bizStep"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_document_is_refused() {
    let node = Node::start().await;
    let event_alone = event(1).replacen(
        '{',
        r#"{"@context":"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld","#,
        1,
    );
    for body in ["", "{", "[]", "\u{fffd}", &event_alone] {
        let response = post(&node, "application/json", body.as_bytes().to_vec()).await;
        let report = problem(response).await;
        assert_eq!(report.status, 400, "{body}");
        assert!(!report.errors.is_empty(), "{body}");
    }
    let report = problem(post(&node, "application/json", document(&[])).await).await;
    let detail = report.detail.expect("a detail");
    assert!(detail.contains("no event"), "{detail}");
    holds_nothing(&node).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_refused_with_the_limits() {
    let node = Node::start().await;
    let long = vec![b' '; BYTES_MAX + 1];
    let far_too_long = vec![b' '; 300 * BYTES_MAX];
    let many: Vec<String> = (0..51).map(event).collect();
    let many = document(&many);
    assert!(many.len() < BYTES_MAX);
    for body in [long, far_too_long, many] {
        let response = post(&node, "application/json", body).await;
        let limits = [
            "gs1-epcis-capture-limit",
            "gs1-epcis-capture-file-size-limit",
        ]
        .map(|name| response.headers()[name].to_str().expect("text").to_owned());
        assert_eq!(limits, [EVENTS_MAX.to_string(), BYTES_MAX.to_string()]);
        let report = problem(response).await;
        assert_eq!(report.status, 413);
        assert_eq!(
            report.problem_type,
            "epcisException:CaptureLimitExceededException"
        );
    }
    // A body that does not tell its length is cut off as well.
    let chunk: Result<Vec<u8>, std::io::Error> = Ok(vec![b' '; BYTES_MAX + 1]);
    let body = reqwest::Body::wrap_stream(futures::stream::iter([chunk]));
    let request = reqwest::Client::new().post(node.url("/epcis/capture"));
    let request = request.header(CONTENT_TYPE, "application/json").body(body);
    let report = problem(request.send().await.expect("an answer")).await;
    assert_eq!(report.status, 413);
    holds_nothing(&node).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_json_and_xml_are_read() {
    let node = Node::start().await;
    let body = document(&[event(1)]);
    for media_type in [
        "text/plain",
        "application/cbor",
        "application/x-www-form-urlencoded",
        "",
    ] {
        let report = problem(post(&node, media_type, body.clone()).await).await;
        assert_eq!(report.status, 415, "{media_type}");
        let kind = "epcisException:UnsupportedMediaTypeException";
        assert_eq!(report.problem_type, kind);
    }
    let large = vec![b' '; 300 * BYTES_MAX];
    let report = problem(post(&node, "application/cbor", large).await).await;
    assert_eq!(report.status, 415, "who sends much hears the reason too");
    let request = reqwest::Client::new().post(node.url("/epcis/capture"));
    let request = request.header(CONTENT_TYPE, "application/json");
    let request = request.header(CONTENT_ENCODING, "gzip").body(body.clone());
    let report = problem(request.send().await.expect("an answer")).await;
    assert_eq!(report.status, 415);
    let response = post(&node, "Application/JSON; charset=utf-8", body).await;
    assert_eq!(response.status(), 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_are_understood_or_refused() {
    let node = Node::start().await;
    for (name, value, status) in [
        ("Nguon-Scope", "Not A Scope", 400),
        ("GS1-Capture-Error-Behaviour", "all", 400),
        ("GS1-Capture-Error-Behaviour", "rollback", 202),
        ("GS1-Capture-Error-Behaviour", "proceed", 202),
    ] {
        let request = reqwest::Client::new().post(node.url("/epcis/capture"));
        let request = request.header(CONTENT_TYPE, "application/json");
        let request = request.header(name, value).body(document(&[event(1)]));
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), status, "{name}: {value}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_that_is_not_ones_own_is_refused() {
    let node = Node::of_agency().await;
    let report = refused(node.client.capture(document(&[event(1)]), None).await);
    assert_eq!(report.status, 403);
    assert_eq!(report.problem_type, "epcisException:SecurityException");
    let unknown = scope("no-such-scope");
    let report = refused(
        node.client
            .capture(document(&[event(1)]), Some(&unknown))
            .await,
    );
    assert_eq!(report.status, 403);
    holds_nothing(&node).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_stops_takes_nothing() {
    let node = Node::start().await;
    node.holds(&[event(1)]).await;
    node.ledger.stop().await;
    let report = refused(node.client.capture(document(&[event(2)]), None).await);
    assert_eq!(report.status, 503);
    // What it holds can still be read.
    let query = EventQuery {
        any_epc: vec![epc(1)],
        ..EventQuery::default()
    };
    let page = node.client.events(&query).await.expect("a page");
    assert_eq!(page.events().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_job_is_told() {
    let node = Node::start().await;
    for id in ["0123", "../status", &"a".repeat(10_000)] {
        let report = refused(node.client.job(id).await);
        assert_eq!(report.status, 404);
        assert_eq!(report.problem_type, "epcisException:NoSuchNameException");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_node_the_client_says_how_to_start_one() {
    let mut node = Node::start().await;
    node.client.ready().await.expect("ready");
    let server = node.server.take().expect("a server");
    server.shutdown().await;
    let client = Client::new(&node.url("")).expect("an address");
    let error = client.ready().await.expect_err("nobody there");
    assert!(matches!(error, ClientError::NoNode { .. }), "{error:?}");
    let told = error.to_string();
    assert!(told.contains("nguon run --config"), "{told}");
}
