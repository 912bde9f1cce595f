//! Capture jobs: large ones, those that proceed past faults, and their list.

use std::time::{Duration, Instant};

use api::{CaptureJob, ErrorBehaviour, EventQuery};
use reqwest::header::CONTENT_TYPE;

use crate::support::{Node, document, event, event_id, get, problem};

async fn post(node: &Node, behaviour: &str, body: Vec<u8>) -> reqwest::Response {
    let request = reqwest::Client::new().post(node.url("/epcis/capture"));
    let request = request.header(CONTENT_TYPE, "application/ld+json");
    let request = request.header("GS1-Capture-Error-Behaviour", behaviour);
    request.body(body).send().await.expect("an answer")
}

/// Posts a document that is taken, and returns its job's path.
async fn taken(node: &Node, behaviour: &str, body: Vec<u8>) -> String {
    let response = post(node, behaviour, body).await;
    assert_eq!(response.status(), 202);
    response.headers()["location"]
        .to_str()
        .expect("text")
        .to_owned()
}

/// Waits until a job is finished.
async fn finished(node: &Node, location: &str) -> CaptureJob {
    let begun = Instant::now();
    loop {
        let job: CaptureJob = get(&node.url(location)).await.json().await.expect("a job");
        if !job.running {
            return job;
        }
        assert!(job.finished_at.is_none());
        assert!(begun.elapsed() < Duration::from_secs(120), "{job:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn held(node: &Node) -> Vec<String> {
    let query = EventQuery {
        per_page: Some(1_000),
        ..EventQuery::default()
    };
    let mut ids = Vec::new();
    let mut page = node.client.events(&query).await.expect("a page");
    loop {
        let events = page.events().iter();
        ids.extend(events.map(|event| event["eventID"].as_str().expect("an id").to_owned()));
        let Some(next) = page.next else { return ids };
        page = node.client.next_events(&next).await.expect("a page");
    }
}

fn wrong(serial: u32) -> String {
    event(serial).replace("commissioning", "comissioning")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_document_is_taken_as_a_job() {
    let node = Node::generous().await;
    let events: Vec<String> = (0..10_000).map(event).collect();
    let location = taken(&node, "rollback", document(&events)).await;
    let shown = held(&node).await.len();
    let job = finished(&node, &location).await;
    assert!(shown == 0 || shown == 10_000, "{shown} events of a part");
    assert!(job.success && job.errors.is_empty());
    assert_eq!(job.capture_error_behaviour, ErrorBehaviour::Rollback);
    assert!(job.finished_at.is_some_and(|end| end >= job.created_at));
    assert_eq!(held(&node).await.len(), 10_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn proceeding_stores_what_is_sound_and_tells_the_rest() {
    let node = Node::start().await;
    node.holds(&[event(9)]).await;
    let other = event(9).replace("commissioning", "shipping");
    let events = [
        event(0),
        wrong(1),
        event(2),
        other,
        "{}".to_owned(),
        event(5),
    ];
    let location = taken(&node, "proceed", document(&events)).await;
    let job = finished(&node, &location).await;
    assert!(!job.success);
    assert_eq!(job.capture_error_behaviour, ErrorBehaviour::Proceed);
    let told: Vec<_> = job
        .errors
        .iter()
        .map(|report| {
            let faults = report.errors.iter();
            let faults = faults.map(|fault| (fault.event, fault.pointer.as_str()));
            (report.problem_type.as_str(), faults.collect::<Vec<_>>())
        })
        .collect();
    assert_eq!(
        told,
        [
            (
                "epcisException:ValidationException",
                vec![
                    (Some(1), "/epcisBody/eventList/1/bizStep"),
                    (Some(4), "/epcisBody/eventList/4/type"),
                ]
            ),
            (
                "epcisException:ResourceAlreadyExistsException",
                vec![(Some(3), "/epcisBody/eventList/3/eventID")]
            ),
        ]
    );
    let ids = [9, 0, 2, 5].map(event_id);
    assert_eq!(held(&node).await, ids);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_without_a_sound_event_has_no_job() {
    let node = Node::start().await;
    let response = post(&node, "proceed", document(&[wrong(0), wrong(1)])).await;
    let report = problem(response).await;
    assert_eq!((report.status, report.errors.len()), (400, 2));
    let broken = document(&[event(0)]);
    let response = post(&node, "proceed", broken[..broken.len() - 9].to_vec()).await;
    assert_eq!(problem(response).await.status, 400);
    let jobs = get(&node.url("/epcis/capture")).await;
    assert_eq!(jobs.json::<Vec<CaptureJob>>().await.expect("jobs"), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_in_conflict_is_refused_as_a_whole() {
    let node = Node::start().await;
    node.holds(&[event(1)]).await;
    let other = event(1).replace("commissioning", "shipping");
    let response = post(&node, "rollback", document(&[event(2), other])).await;
    let report = problem(response).await;
    assert_eq!(report.status, 409);
    let kind = "epcisException:ResourceAlreadyExistsException";
    assert_eq!(report.problem_type, kind);
    assert_eq!(report.errors[0].event, Some(1));
    assert_eq!(report.errors[0].reason, "conflict");
    assert!(report.errors[0].what.contains("in record "), "{report:?}");
    assert_eq!(held(&node).await, [event_id(1)]);
    // The same again is no conflict, and no second record.
    taken(&node, "rollback", document(&[event(1)])).await;
    assert_eq!(node.ledger.heads()[0].size, 2, "an opening and an event");
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_listed_page_by_page() {
    let node = Node::start().await;
    let mut made = Vec::new();
    for serial in 0..7 {
        made.push(taken(&node, "rollback", document(&[event(serial)])).await);
        // Jobs of one millisecond have no order of their own.
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    made.reverse();
    let mut listed = Vec::new();
    let mut next = Some("/epcis/capture?perPage=3".to_owned());
    let mut pages = 0;
    while let Some(path) = next {
        let response = get(&node.url(&path)).await;
        assert_eq!(response.status(), 200);
        let link = response.headers().get("link").cloned();
        next = link.map(|link| {
            let link = link.to_str().expect("text").to_owned();
            let (target, rest) = link.split_once('>').expect("a link");
            assert_eq!(rest, "; rel=\"next\"");
            target.trim_start_matches('<').to_owned()
        });
        let jobs: Vec<CaptureJob> = response.json().await.expect("jobs");
        assert!(jobs.len() <= 3);
        listed.extend(
            jobs.into_iter()
                .map(|job| format!("/epcis/capture/{}", job.capture_id)),
        );
        pages += 1;
        if pages == 1 {
            // What comes in meanwhile moves no page.
            node.holds(&[event(99)]).await;
        }
    }
    assert_eq!((pages, listed), (3, made));
    for wrong in ["perPage=0", "perPage=1001", "nextPageToken=x", "unknown=1"] {
        let report = problem(get(&node.url(&format!("/epcis/capture?{wrong}"))).await).await;
        assert_eq!(report.status, 400, "{wrong}");
    }
}

fn xml_event(serial: u32, step: &str) -> String {
    format!(
        "<ObjectEvent><eventTime>2026-10-12T07:00:00+07:00</eventTime>\
         <eventTimeZoneOffset>+07:00</eventTimeZoneOffset><eventID>{}</eventID>\
         <epcList><epc>urn:epc:id:sgtin:8934999.900101.{serial}</epc></epcList>\
         <action>ADD</action><bizStep>urn:epcglobal:cbv:bizstep:{step}</bizStep></ObjectEvent>\n",
        event_id(serial)
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn xml_is_captured_and_its_faults_have_places_in_the_text() {
    let node = Node::start().await;
    let xml = |version: &str, events: &str| {
        format!(
            "<epcis:EPCISDocument xmlns:epcis=\"urn:epcglobal:epcis:xsd:{version}\" \
             schemaVersion=\"{version}.0\" creationDate=\"2026-10-12T08:00:00+07:00\">\
             <EPCISBody><EventList>\n{events}</EventList></EPCISBody></epcis:EPCISDocument>"
        )
    };
    let post = async |behaviour: &str, body: String| {
        let request = reqwest::Client::new().post(node.url("/epcis/capture"));
        let request = request.header(CONTENT_TYPE, "application/xml; charset=utf-8");
        let request = request.header("GS1-Capture-Error-Behaviour", behaviour);
        request.body(body).send().await.expect("an answer")
    };
    let good = xml("2", &xml_event(1, "commissioning"));
    assert_eq!(post("rollback", good).await.status(), 202);
    let mixed = [xml_event(2, "commissioning"), xml_event(3, "comissioning")].concat();
    let report = problem(post("rollback", xml("2", &mixed)).await).await;
    assert_eq!(report.status, 400);
    let fault = &report.errors[0];
    assert_eq!((fault.event, fault.line), (Some(1), Some(3)));
    assert!(fault.column > Some(1), "{fault:?}");
    assert_eq!(fault.pointer, "/epcisBody/eventList/1/bizStep");
    assert_eq!(held(&node).await, [event_id(1)]);
    let response = post("proceed", xml("2", &mixed)).await;
    let location = response.headers()["location"].to_str().expect("text");
    let job = finished(&node, location).await;
    assert!(!job.success);
    assert_eq!(job.errors[0].errors[0].line, Some(3));
    assert_eq!(held(&node).await, [event_id(1), event_id(2)]);
}
