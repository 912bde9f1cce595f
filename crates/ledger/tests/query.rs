//! Queries over a store: whatever index is read, whatever the size of pages,
//! and whatever is captured meanwhile, the answer is what a reading of every
//! event gives.

mod common;

use common::{open, scope};
use epcis::query::{Candidate, EventQuery, Namespaces, NoMasterData};
use epcis::{Contexts, Document, Event};
use ledger::{Cursor, HeldEvent, Ledger, PageSize, QueryFault, QueryPage};

/// An event of which much depends on its number.
fn event(number: u32) -> Event {
    let (day, hour) = (number * 7 % 28 + 1, number % 24);
    let step = ["shipping", "receiving", "packing"][number as usize % 3];
    let ilmd = if number.is_multiple_of(5) {
        format!(
            r#","ilmd":{{"ext:grade":"G{}","ext:size":{}}}"#,
            number % 4,
            number % 9
        )
    } else {
        String::new()
    };
    let action = if number.is_multiple_of(10) {
        "ADD"
    } else {
        "OBSERVE"
    };
    let ilmd = if action == "ADD" { ilmd } else { String::new() };
    let text = format!(
        r#"{{"@context":["https://ref.gs1.org/standards/epcis/epcis-context.jsonld",
            {{"ext":"https://ns.example.vn/"}}],
        "type":"ObjectEvent","eventTime":"2026-10-{day:02}T{hour:02}:00:00.000+07:00",
        "eventTimeZoneOffset":"+07:00","eventID":"urn:uuid:{number}","action":"{action}",
        "bizStep":"{step}","disposition":"in_transit",
        "epcList":["urn:epc:id:sgtin:8934999.9{:05}.{number}"],
        "bizLocation":{{"id":"urn:epc:id:sgln:8934999.0000{}.0"}},
        "ext:weight":{}{ilmd}}}"#,
        number % 20,
        number % 7,
        number % 13,
    );
    let document = Document::parse(text.as_bytes(), &Contexts::new()).expect("a valid event");
    document.events.into_iter().next().expect("one event")
}

fn query(text: &str) -> EventQuery {
    let names = Namespaces::from_header("ext=https://ns.example.vn/").expect("a header");
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    EventQuery::from_pairs(pairs, &names).expect(text)
}

fn page(
    ledger: &Ledger,
    query: &EventQuery,
    events: usize,
    from: Option<&Cursor>,
) -> Result<QueryPage, QueryFault> {
    let size = PageSize {
        events,
        bytes: 1 << 20,
    };
    ledger.snapshot().query(query, &NoMasterData, size, from)
}

/// Reads an answer to its end.
fn pages(ledger: &Ledger, query: &EventQuery, events: usize) -> Vec<HeldEvent> {
    let mut all = Vec::new();
    let mut from = None;
    loop {
        let page = page(ledger, query, events, from.as_ref()).expect("an answer");
        assert!(page.events.len() <= events);
        all.extend(page.events);
        match page.next {
            Some(next) => {
                let bytes = next.to_bytes();
                from = Cursor::from_bytes(&bytes);
                assert_eq!(from, Some(next));
            }
            None => return all,
        }
    }
}

fn ids(events: &[HeldEvent]) -> Vec<&str> {
    let ids = events.iter().map(|held| held.event.event_id());
    ids.map(|id| id.expect("an id")).collect()
}

const QUERIES: [&str; 22] = [
    "",
    "EQ_bizStep=packing",
    "EQ_bizStep=packing|shipping",
    "EQ_action=ADD",
    "EQ_action=DELETE",
    "eventType=AggregationEvent",
    "MATCH_anyEPC=urn:epc:id:sgtin:8934999.900003.23",
    "MATCH_epc=urn:epc:idpat:sgtin:8934999.900003.*",
    "MATCH_epc=urn:epc:idpat:sgtin:8934999.*.*&EQ_bizStep=receiving",
    "MATCH_epc=urn:epc:idpat:sgtin:8934998.*.*",
    "EQ_bizLocation=urn:epc:id:sgln:8934999.00003.0",
    "EQ_eventID=urn:uuid:7|urn:uuid:77|urn:uuid:777",
    "EQ_ext:weight=5",
    "GE_ext:weight=5&LT_ext:weight=7",
    "EXISTS_ILMD_ext:grade=true",
    "EQ_ILMD_ext:grade=G0|G2",
    "GE_eventTime=2026-10-10T00:00:00Z&LT_eventTime=2026-10-12T00:00:00Z",
    "GE_eventTime=2026-10-10T00:00:00Z&EQ_bizStep=packing",
    "GE_recordTime=2020-01-01T00:00:00Z",
    "LT_recordTime=2020-01-01T00:00:00Z",
    "GE_eventTime=2030-01-01T00:00:00Z",
    "LT_eventTime=2026-10-05T00:00:00Z&GE_eventTime=2026-10-05T00:00:00Z",
];

const ORDERS: [&str; 7] = [
    "",
    "&orderBy=eventTime",
    "&orderBy=eventTime&orderDirection=ASC",
    "&orderBy=recordTime",
    "&orderBy=recordTime&orderDirection=ASC",
    "&orderBy=ext:weight&orderDirection=ASC",
    "&orderBy=eventTime&eventCountLimit=8",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_index_and_every_page_gives_what_is_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = open(folder.path(), 1);
    let national = scope("national");
    let events: Vec<Event> = (0..120).map(event).collect();
    for some in events.chunks(60) {
        let captured = ledger.capture(&national, some.to_vec()).await;
        captured.expect("captured");
    }
    // The same once more: no event is answered twice.
    let captured = ledger.capture(&national, events[..20].to_vec()).await;
    captured.expect("captured");
    let now_ms = 1_790_000_000_000;
    for text in QUERIES {
        for order in ORDERS {
            let text = format!("{text}{order}");
            let query = query(text.trim_start_matches('&'));
            let mut expected: Vec<&str> = Vec::new();
            for event in &events {
                let candidate = Candidate::new(event, now_ms);
                if query.matches(&candidate, &NoMasterData).expect("read") {
                    expected.push(event.event_id().expect("an id"));
                }
            }
            let count = expected.len();
            let wanted = if order.contains("Limit") {
                count.min(8)
            } else {
                count
            };
            expected.sort_unstable();
            for size in [1_000, 7] {
                let found = pages(&ledger, &query, size);
                assert_eq!(found.len(), wanted, "{text} by {size}");
                if let Some(order) = query.order() {
                    let candidate =
                        |held: &HeldEvent| i64::try_from(held.stored_ms).expect("a time");
                    let sorted = found.is_sorted_by(|left, right| {
                        let left = Candidate::new(&left.event, candidate(left));
                        let right = Candidate::new(&right.event, candidate(right));
                        order.compare(&left, &right).is_le()
                    });
                    assert!(sorted, "{text} by {size}");
                }
                let mut found = ids(&found);
                found.sort_unstable();
                if wanted == count {
                    assert_eq!(found, expected, "{text} by {size}");
                } else {
                    found.dedup();
                    assert_eq!(found.len(), wanted, "{text} by {size}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_stand_still_while_events_are_captured() {
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = open(folder.path(), 1);
    let national = scope("national");
    let capture = |numbers: std::ops::Range<u32>| {
        let events = numbers.map(event).collect();
        ledger.capture(&national, events)
    };
    capture(0..50).await.expect("captured");
    for order in ORDERS.iter().filter(|order| !order.contains("Limit")) {
        let query = query(&format!("EQ_disposition=in_transit{order}"));
        let before = ids(&pages(&ledger, &query, 1_000)).len();
        let first = page(&ledger, &query, 10, None).expect("an answer");
        let mut seen: Vec<String> = ids(&first.events).iter().map(|id| (*id).into()).collect();
        let mut next = first.next;
        let mut more = u32::try_from(before).expect("few");
        while let Some(cursor) = next {
            capture(more..more + 3).await.expect("captured");
            more += 3;
            let page = page(&ledger, &query, 10, Some(&cursor)).expect("an answer");
            seen.extend(ids(&page.events).iter().map(|id| (*id).into()));
            next = page.next;
        }
        assert_eq!(seen.len(), before, "{order}");
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), before, "{order}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_an_error_only_above_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = open(folder.path(), 1);
    let national = scope("national");
    let events = (0..30).map(event).collect();
    ledger.capture(&national, events).await.expect("captured");
    for (text, size, allowed) in [
        ("maxEventCount=30", 5, true),
        ("maxEventCount=29", 5, false),
        ("maxEventCount=29", 100, false),
        ("maxEventCount=10&EQ_bizStep=packing", 3, true),
        ("maxEventCount=9&EQ_bizStep=packing", 3, false),
        ("maxEventCount=0&EQ_action=DELETE", 3, true),
    ] {
        let answer = page(&ledger, &query(text), size, None);
        match answer {
            Ok(_) => assert!(allowed, "{text}"),
            Err(fault) => {
                assert!(
                    matches!(fault, QueryFault::TooLarge { .. }),
                    "{text}: {fault}"
                );
                assert!(!allowed, "{text}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_end_early_where_no_index_helps_and_miss_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = open(folder.path(), 1);
    let national = scope("national");
    let events = (0..700).map(event).collect();
    ledger.capture(&national, events).await.expect("captured");
    for order in ["", "&orderBy=eventTime", "&orderBy=recordTime"] {
        // All scans without a term to look under.
        let none = query(&format!("MATCH_epc=urn:epc:idpat:sscc:*.*{order}"));
        let first = page(&ledger, &none, 30, None).expect("an answer");
        assert!(first.events.is_empty() && first.next.is_some(), "{order}");
        assert!(pages(&ledger, &none, 30).is_empty(), "{order}");
        let all = query(&format!("MATCH_epc=urn:epc:idpat:sgtin:*.*.*{order}"));
        let whole = page(&ledger, &all, 1_000, None).expect("an answer");
        assert_eq!(whole.events.len(), 700, "{order}");
        let most = query(&format!(
            "MATCH_epc=urn:epc:idpat:sgtin:*.*.*&maxEventCount=699{order}"
        ));
        let fault = page(&ledger, &most, 30, None).expect_err("too many");
        assert!(matches!(fault, QueryFault::TooLarge { .. }), "{fault}");
    }
}
