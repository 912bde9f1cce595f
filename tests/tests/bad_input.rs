//! Documents with faults, sent beside those of others: each is told what is
//! wrong with it, and nothing else is touched, here or at another node.

use std::collections::BTreeSet;
use std::ops::Range;

use api::{Client, ClientError, EventQuery, Fault, ProblemReport};
use tests::goods;
use tests::nodes::{client, two_nodes};
use tests::patience::eventually;

/// How many local systems send at a time.
const CLIENTS: u32 = 4;
/// How many documents each of them sends, of each sort.
const ROUNDS: u64 = 12;
/// The events of one document.
const EVENTS: u64 = 5;

/// Returns the serial numbers of a round's good document.
fn good(round: u64) -> Range<u64> {
    2 * round * EVENTS..(2 * round + 1) * EVENTS
}

/// Returns those of the document that has one bad event among good ones.
fn spoiled(round: u64) -> Range<u64> {
    (2 * round + 1) * EVENTS..(2 * round + 2) * EVENTS
}

/// What can be wrong with one event: what is written in place of what, and
/// what the answer says of it.
const FAULTS: [(&str, &str, &str, &str); 4] = [
    (
        r#""bizStep":"shipping""#,
        r#""bizStep":"shiping""#,
        "/bizStep",
        "unknown-word",
    ),
    (
        r#""action":"OBSERVE""#,
        r#""action":"SEE""#,
        "/action",
        "wrong-form",
    ),
    (
        "urn:epc:id:sgtin:8934999.900101.",
        "urn:epc:id:sgtin:893499.900101.",
        "/epcList/0",
        "identifier",
    ),
    (
        r#""eventTimeZoneOffset":"+07:00","#,
        "",
        "/eventTimeZoneOffset",
        "missing",
    ),
];

/// Makes a document whose event at `place` has a fault.
fn faulty(lot: u32, serials: Range<u64>, place: u64, fault: usize) -> String {
    let (right, wrong, _, _) = FAULTS[fault];
    let ends = (serials.start + place, serials.start + place + 1);
    let before = goods::document(lot, serials.clone());
    let one = goods::document(lot, ends.0..ends.1);
    // The event stands in the whole document as it stands alone.
    let start = one.find(r#"{"type":"ObjectEvent""#).expect("an event");
    let event = &one[start..one.rfind("]}}").expect("the list's end")];
    assert!(event.contains(right), "{event}");
    let document = before.replacen(event, &event.replacen(right, wrong, 1), 1);
    assert_ne!(document, before);
    document
}

fn refusal(answer: Result<api::CaptureAccepted, ClientError>) -> ProblemReport {
    match answer {
        Err(ClientError::Refused(report)) => *report,
        other => panic!("a bad document was not refused: {other:?}"),
    }
}

#[track_caller]
fn names_the_fault(report: &ProblemReport, place: u64, fault: usize) {
    assert_eq!(report.status, 400, "{report:?}");
    assert_eq!(report.problem_type, "epcisException:ValidationException");
    let (_, _, field, reason) = FAULTS[fault];
    let [
        Fault {
            event,
            pointer,
            line: None,
            column: None,
            reason: told,
            what,
            mend,
        },
    ] = report.errors.as_slice()
    else {
        panic!("one fault: {report:?}");
    };
    assert_eq!(*event, usize::try_from(place).ok(), "{report:?}");
    assert_eq!(*pointer, format!("/epcisBody/eventList/{place}{field}"));
    assert_eq!(told, reason, "{report:?}");
    assert!(!what.is_empty() && !mend.is_empty(), "{report:?}");
}

/// One local system: good documents, spoiled ones, and what is no JSON.
async fn sends(client: Client, lot: u32) {
    for round in 0..ROUNDS {
        let document = goods::document(lot, good(round));
        client
            .capture(document.into_bytes(), None)
            .await
            .expect("a good document");
        let place = round % EVENTS;
        let fault = usize::try_from(round + u64::from(lot)).expect("small") % FAULTS.len();
        let document = faulty(lot, spoiled(round), place, fault);
        let report = refusal(client.capture(document.into_bytes(), None).await);
        names_the_fault(&report, place, fault);
        let mut broken = goods::document(lot, spoiled(round)).into_bytes();
        broken.pop();
        let report = refusal(client.capture(broken, None).await);
        assert_eq!(report.errors[0].reason, "syntax", "{report:?}");
    }
}

/// Returns every `eventID` that a node answers with.
async fn event_ids(client: &Client) -> BTreeSet<String> {
    let query = EventQuery {
        per_page: Some(1_000),
        ..EventQuery::default()
    };
    let mut ids = BTreeSet::new();
    let mut page = client.events(&query).await.expect("a page");
    loop {
        let events = page.events().iter();
        ids.extend(events.map(|event| event["eventID"].as_str().expect("an id").to_owned()));
        let Some(next) = page.next else { return ids };
        page = client.next_events(&next).await.expect("a page");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_documents_touch_no_good_ones() {
    let home = tempfile::tempdir().expect("a folder");
    let [here, there] = two_nodes(home.path()).await;
    let senders = (0..CLIENTS).map(|lot| tokio::spawn(sends(client(&here), lot)));
    for sender in senders.collect::<Vec<_>>() {
        sender.await.expect("every answer was as it should be");
    }
    eventually("the other node holds all", || {
        let heads = here.ledger().heads();
        !heads.is_empty() && heads == there.ledger().heads()
    })
    .await;
    let mut expected = BTreeSet::new();
    for lot in 0..CLIENTS {
        let serials = (0..ROUNDS).flat_map(good);
        expected.extend(serials.map(|serial| goods::event_id(lot, serial)));
    }
    for node in [&here, &there] {
        assert_eq!(event_ids(&client(node)).await, expected);
    }
    here.shutdown().await;
    there.shutdown().await;
}
