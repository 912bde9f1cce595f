//! Asking for events.

use api::EventQuery;
use serde_json::Value;

use crate::support::{
    Node, PALLET, document, epc, event, event_id, get, packing, problem, refused,
};

fn ids(events: &[Value]) -> Vec<&str> {
    let id = |event: &'static str, value| Value::get(value, event).and_then(Value::as_str);
    events
        .iter()
        .filter_map(|each| id("eventID", each))
        .collect()
}

fn any_epc(epcs: &[&str]) -> EventQuery {
    EventQuery {
        any_epc: epcs.iter().map(|epc| (*epc).to_owned()).collect(),
        ..EventQuery::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_found_by_any_spelling_of_what_they_name() {
    let node = Node::start().await;
    node.holds(&[event(1), event(2), event(3)]).await;
    let digital_link = "https://id.gs1.org/01/98934999001012/21/1";
    let other_domain = "https://nguon.example/some/path/01/98934999001012/21/1?x=y";
    for spelling in [epc(1).as_str(), digital_link, other_domain] {
        let page = node.client.events(&any_epc(&[spelling])).await;
        let page = page.expect("a page");
        assert_eq!(ids(page.events()), [event_id(1)], "{spelling}");
    }
    let both = node.client.events(&any_epc(&[&epc(3), &epc(1)])).await;
    assert_eq!(
        ids(both.expect("a page").events()),
        [event_id(1), event_id(3)]
    );
    let none = node.client.events(&any_epc(&[&epc(4)])).await;
    assert!(none.expect("a page").events().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_a_query_document() {
    let node = Node::start().await;
    node.holds(&[event(1)]).await;
    let response = get(&node.url("/epcis/events")).await;
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["gs1-epcis-version"], "2.0.0");
    assert!(!response.headers().contains_key("link"));
    let text = response.text().await.expect("a body");
    let document = epcis::Document::parse(text.as_bytes(), &epcis::Contexts::new());
    assert_eq!(
        document.expect("sound").kind,
        epcis::DocumentKind::QueryResults
    );
    let value: Value = serde_json::from_str(&text).expect("JSON");
    let event = &value["epcisBody"]["queryResults"]["resultsBody"]["eventList"][0];
    let stored = event["recordTime"].as_str().expect("a record time");
    assert!(stored.ends_with('Z') && stored.len() == 24, "{stored}");
}

#[tokio::test(flavor = "multi_thread")]
async fn single_things_and_classes_are_asked_for_apart() {
    let node = Node::start().await;
    let lot = "urn:epc:class:lgtin:8934999.900101.L1";
    let quantities = event(1).replace(
        "\"epcList\"",
        &format!(r#""quantityList":[{{"epcClass":"{lot}","quantity":5,"uom":"KGM"}}],"epcList""#),
    );
    node.holds(&[quantities]).await;
    let single = node.client.events(&any_epc(&[lot])).await.expect("a page");
    assert!(single.events().is_empty());
    let query = EventQuery {
        any_epc_class: vec![lot.to_owned()],
        ..EventQuery::default()
    };
    let class = node.client.events(&query).await.expect("a page");
    assert_eq!(class.events().len(), 1);
    let query = EventQuery {
        any_epc: vec![epc(2)],
        ..query
    };
    let both = node.client.events(&query).await.expect("a page");
    assert!(both.events().is_empty(), "all that is given must hold");
    let query = EventQuery {
        event_id: vec![event_id(1), event_id(2)],
        ..EventQuery::default()
    };
    let by_id = node.client.events(&query).await.expect("a page");
    assert_eq!(by_id.events().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn parents_count_as_things_that_are_named() {
    let node = Node::start().await;
    node.holds(&[event(1), packing(&[1])]).await;
    let page = node
        .client
        .events(&any_epc(&[PALLET]))
        .await
        .expect("a page");
    assert_eq!(page.events().len(), 1);
    assert_eq!(page.events()[0]["type"], "AggregationEvent");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_each_other_while_events_come_in() {
    let node = Node::start().await;
    let first: Vec<String> = (0..40).map(event).collect();
    node.holds(&first).await;
    let query = EventQuery {
        per_page: Some(7),
        ..EventQuery::default()
    };
    let mut page = node.client.events(&query).await.expect("a page");
    let mut seen: Vec<String> = Vec::new();
    let mut pages = 1;
    loop {
        assert!(page.events().len() <= 7);
        seen.extend(ids(page.events()).iter().map(|id| (*id).to_owned()));
        let Some(next) = page.next else {
            break;
        };
        if pages == 2 {
            node.holds(&[event(90), event(91)]).await;
        }
        page = node.client.next_events(&next).await.expect("a page");
        pages += 1;
    }
    // What came after the first page was read is no part of the answer.
    let all: Vec<String> = (0..40).map(event_id).collect();
    assert_eq!(seen, all);
    assert_eq!(pages, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_last_page_has_no_next() {
    let node = Node::start().await;
    node.holds(&[event(1), event(2)]).await;
    let query = EventQuery {
        per_page: Some(2),
        ..EventQuery::default()
    };
    let page = node.client.events(&query).await.expect("a page");
    assert_eq!(page.events().len(), 2);
    assert_eq!(page.next, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_token_serves_its_own_query_alone() {
    let node = Node::start().await;
    let events: Vec<String> = (0..5).map(event).collect();
    node.holds(&events).await;
    let query = EventQuery {
        per_page: Some(2),
        any_epc: (0..5).map(epc).collect(),
        ..EventQuery::default()
    };
    let page = node.client.events(&query).await.expect("a page");
    let next = page.next.expect("more");
    let token = next.rsplit_once('=').expect("a token").1;
    for query in [
        format!("nextPageToken={token}"),
        format!("MATCH_anyEPC={}&nextPageToken={token}", epc(1)),
        "nextPageToken=1".to_owned(),
        "nextPageToken=".to_owned(),
    ] {
        let report = problem(get(&node.url(&format!("/epcis/events?{query}"))).await).await;
        assert_eq!(report.status, 400, "{query}");
    }
    assert_eq!(
        node.client
            .next_events(&next)
            .await
            .expect("a page")
            .events()
            .len(),
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_parameter_is_ignored() {
    let node = Node::start().await;
    for (query, named) in [
        ("EQ_bizStepp=shipping", "EQ_bizStepp"),
        ("perPage=0", "perPage"),
        ("perPage=1001", "perPage"),
        ("perPage=x", "perPage"),
        ("perPage=1&perPage=1", "perPage"),
        ("MATCH_anyEPC=a%20b", "MATCH_anyEPC"),
        ("MATCH_anyEPC=", "MATCH_anyEPC"),
        ("MATCH_anyEPC=urn:epc:idpat:sgtin:8934999.*.9.*", "pattern"),
        ("EQ_ext:area=1", "GS1-Extensions"),
        ("eventCountLimit=1", "orderBy"),
    ] {
        let report = problem(get(&node.url(&format!("/epcis/events?{query}"))).await).await;
        assert_eq!(report.status, 400, "{query}");
        let kind = "epcisException:QueryParameterException";
        assert_eq!(report.problem_type, kind, "{query}");
        let detail = report.detail.expect("a detail");
        assert!(detail.contains(named), "{query}: {detail}");
    }
    for path in [
        "/status?x=1",
        "/epcis/events/a:b?x=1",
        "/proofs/a:b?x=1",
        "/trace?id=a:b&x=1",
    ] {
        let report = problem(get(&node.url(path)).await).await;
        assert_eq!(report.status, 400, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_that_are_not_offered_are_told() {
    let node = Node::start().await;
    for (name, value, status) in [
        ("Accept", "application/xml", 406),
        ("Accept", "application/ld+json", 200),
        ("GS1-EPC-Format", "Always_EPC_URN", 406),
        ("GS1-EPC-Format", "Never_Translates", 200),
    ] {
        let request = reqwest::Client::new().get(node.url("/epcis/events"));
        let response = request.header(name, value).send().await;
        assert_eq!(response.expect("an answer").status(), status, "{value}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_event_is_found_by_its_id_with_its_declarations() {
    let node = Node::start().await;
    let declared = event(1).replacen(
        '{',
        r#"{"errorDeclaration":{"declarationTime":"2026-10-13T00:00:00Z","reason":"incorrect_data"},"#,
        1,
    );
    let hash = "ni:///sha-256;936a4b1cbb0f2ba3?ver=CBV2.0";
    let hashed = event(3).replace(&event_id(3), hash);
    node.holds(&[event(1), declared, event(2), hashed]).await;
    let both = node.client.event(&event_id(1)).await.expect("a page");
    assert_eq!(ids(both.events()), [event_id(1), event_id(1)]);
    let hashed = node.client.event(hash).await.expect("a page");
    assert_eq!(ids(hashed.events()), [hash]);
    let report = refused(node.client.event(&event_id(9)).await);
    assert_eq!(report.status, 404);
    assert_eq!(report.problem_type, "epcisException:NoSuchNameException");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_without_an_id_is_found_by_its_hash_and_by_its_record() {
    let node = Node::start().await;
    let nameless = event(1).replace(&format!("\"eventID\":\"{}\",", event_id(1)), "");
    let document = epcis::Document::parse(&document(&[nameless]), &epcis::Contexts::new());
    let events = document.expect("sound").events;
    let derived = events[0].id().expect("short enough");
    let scope = crate::support::scope("national");
    let captured = node.ledger.capture(&scope, events).await;
    let record = captured.expect("captured").records[0].id.to_string();
    node.holds(&[event(2)]).await;
    for name in [&record, &derived] {
        let page = node.client.event(name).await.expect("a page");
        assert_eq!(ids(page.events()), std::slice::from_ref(&derived), "{name}");
    }
    let query = EventQuery {
        event_id: vec![derived.clone(), event_id(9)],
        ..EventQuery::default()
    };
    let page = node.client.events(&query).await.expect("a page");
    assert_eq!(ids(page.events()), [derived]);
    let unknown = "0".repeat(64);
    assert_eq!(refused(node.client.event(&unknown).await).status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_asked_for_by_every_kind_of_parameter() {
    let node = Node::start().await;
    let own = event(1).replacen('{', r#"{"https://ns.example.vn/area":"VN-1","#, 1);
    node.holds(&[own, event(2), packing(&[1])]).await;
    for (query, expected) in [
        ("", 3),
        ("EQ_bizStep=commissioning|packing", 3),
        ("EQ_bizStep=packing", 1),
        ("eventType=AggregationEvent", 1),
        ("EQ_action=OBSERVE", 0),
        ("MATCH_epc=urn:epc:idpat:sgtin:8934999.900101.*", 3),
        ("EQ_ext:area=VN-1", 1),
        ("EXISTS_ext:area=true", 1),
        ("GE_eventTime=2026-10-12T08:00:00%2B07:00", 1),
        ("LT_recordTime=2026-01-01T00:00:00Z", 0),
        ("orderBy=eventTime&eventCountLimit=2", 2),
        ("maxEventCount=3", 3),
    ] {
        let request = reqwest::Client::new().get(node.url(&format!("/epcis/events?{query}")));
        let request = request.header("GS1-Extensions", "ext=https://ns.example.vn/");
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 200, "{query}");
        let value: Value = response.json().await.expect("JSON");
        let events = &value["epcisBody"]["queryResults"]["resultsBody"]["eventList"];
        let found = events.as_array().map_or(0, Vec::len);
        assert_eq!(found, expected, "{query}");
    }
    let response = get(&node.url("/epcis/events?maxEventCount=2&perPage=1")).await;
    let report = problem(response).await;
    assert_eq!(report.status, 413);
    assert_eq!(report.problem_type, "epcisException:QueryTooLargeException");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_names_its_frontier_and_the_end_of_its_token() {
    let node = Node::start().await;
    node.holds(&[event(1), event(2)]).await;
    let first = get(&node.url("/epcis/events?perPage=1&orderBy=eventTime")).await;
    let frontier = first.headers()["nguon-frontier"].clone();
    assert_eq!(frontier.len(), 64);
    let expires = &first.headers()["gs1-next-page-token-expires"];
    assert!(expires.to_str().expect("ASCII").ends_with('Z'));
    let again = get(&node.url("/epcis/events")).await;
    assert_eq!(again.headers()["nguon-frontier"], frontier);
    assert!(!again.headers().contains_key("gs1-next-page-token-expires"));
    node.holds(&[event(3)]).await;
    let later = get(&node.url("/epcis/events")).await;
    assert_ne!(later.headers()["nguon-frontier"], frontier);
    let heads = node.ledger.heads();
    let entries = heads.iter().map(|head| (&head.log, head.size, &head.root));
    let root = record::frontier_root(entries).to_string();
    assert_eq!(later.headers()["nguon-frontier"], root.as_str());
}
