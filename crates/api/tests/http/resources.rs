//! The collections of values, the events of each, and what resources offer.

use reqwest::Method;
use serde_json::Value;

use crate::support::{Node, document, event, event_id, get, problem};

/// Reads a collection to its end, page by page.
async fn members(node: &Node, path: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut url = node.url(path);
    loop {
        let response = get(&url).await;
        assert_eq!(response.status(), 200, "{url}");
        let link = response.headers().get("link").cloned();
        let page: Value = response.json().await.expect("JSON");
        assert_eq!(page["type"], "Collection");
        let page = page["member"].as_array().expect("members");
        all.extend(
            page.iter()
                .map(|each| each.as_str().expect("a text").to_owned()),
        );
        let Some(link) = link else { return all };
        let link = link.to_str().expect("text").to_owned();
        let next = link.strip_prefix('<').and_then(|rest| rest.split_once('>'));
        url = node.url(next.expect("a link").0);
    }
}

fn custom(serial: u32, step: &str) -> String {
    let place = format!(
        r#""bizStep":"{step}","disposition":"https://ns.example.vn/drying",
        "readPoint":{{"id":"urn:epc:id:sgln:8934999.00001.{serial}"}},
        "bizLocation":{{"id":"https://id.gs1.org/414/8934999000012"}}"#
    );
    event(serial).replace(r#""bizStep":"commissioning""#, &place)
}

async fn filled() -> Node {
    let node = Node::start().await;
    let events = [
        event(1),
        custom(2, "https://ns.example.vn/smoking"),
        custom(3, "shipping"),
    ];
    let accepted = node.client.capture(document(&events), None).await;
    accepted.expect("captured");
    node
}

#[tokio::test(flavor = "multi_thread")]
async fn every_value_is_listed_once() {
    let node = filled().await;
    for size in [1, 2, 1_000] {
        let list = async |name: &str| {
            let mut found = members(&node, &format!("/epcis/{name}?perPage={size}")).await;
            let count = found.len();
            found.sort();
            found.dedup();
            assert_eq!(found.len(), count, "{name} in pages of {size}");
            found
        };
        let epcs = [1, 2, 3].map(|serial| format!("urn:epc:id:sgtin:8934999.900101.{serial}"));
        assert_eq!(list("epcs").await, epcs);
        let steps = list("bizSteps").await;
        assert_eq!(steps.len(), 42, "those of CBV and one more");
        assert!(steps.contains(&"https://ns.example.vn/smoking".to_owned()));
        assert!(steps.contains(&"shipping".to_owned()));
        let dispositions = list("dispositions").await;
        assert_eq!(dispositions.len(), 34);
        assert!(dispositions.contains(&"https://ns.example.vn/drying".to_owned()));
        let points = [2, 3].map(|serial| format!("urn:epc:id:sgln:8934999.00001.{serial}"));
        assert_eq!(list("readPoints").await, points);
        let places = ["https://id.gs1.org/414/8934999000012"];
        assert_eq!(list("bizLocations").await, places);
        assert_eq!(list("eventTypes").await.len(), 5);
    }
    let top = members(&node, "/epcis").await;
    assert_eq!(top.len(), 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_events_of_a_value_are_its_own() {
    let node = filled().await;
    let ids = async |path: &str| -> Vec<String> {
        let response = get(&node.url(path)).await;
        assert_eq!(response.status(), 200, "{path}");
        let answer: Value = response.json().await.expect("JSON");
        let events = &answer["epcisBody"]["queryResults"]["resultsBody"]["eventList"];
        let events = events.as_array().expect("events").iter();
        events
            .map(|event| event["eventID"].as_str().expect("an id").to_owned())
            .collect()
    };
    let one = event_id(1);
    for path in [
        "/epcis/epcs/urn:epc:id:sgtin:8934999.900101.1",
        "/epcis/epcs/https:%2F%2Fid.gs1.org%2F01%2F98934999001012%2F21%2F1",
        "/epcis/bizSteps/commissioning",
        "/epcis/bizSteps/https:%2F%2Fref.gs1.org%2Fcbv%2FBizStep-commissioning",
    ] {
        assert_eq!(members(&node, path).await, ["events"], "{path}");
        assert_eq!(
            ids(&format!("{path}/events")).await,
            std::slice::from_ref(&one),
            "{path}"
        );
    }
    let custom = "/epcis/bizSteps/https:%2F%2Fns.example.vn%2Fsmoking/events";
    assert_eq!(ids(custom).await, [event_id(2)]);
    assert_eq!(ids("/epcis/eventTypes/ObjectEvent/events").await.len(), 3);
    let among = "/epcis/eventTypes/ObjectEvent/events?EQ_bizStep=shipping";
    assert_eq!(ids(among).await, [event_id(3)]);
    assert_eq!(ids("/epcis/bizSteps/packing/events").await.len(), 0);
    for (path, status) in [
        ("/epcis/epcs/urn:epc:id:sgtin:8934999.900101.9", 404),
        ("/epcis/readPoints/urn:epc:id:sgln:8934999.00001.9", 404),
        ("/epcis/eventTypes/NoEvent", 400),
        ("/epcis/bizSteps/comissioning", 400),
        ("/epcis/bizSteps/shipping%7Cpacking/events", 404),
        ("/epcis/bizSteps/shipping/events?EQ_bizStep=packing", 400),
        ("/epcis/bizSteps?unknown=1", 400),
        ("/epcis/nothing", 404),
    ] {
        let report = problem(get(&node.url(path)).await).await;
        assert_eq!(report.status, status, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_one_value_go_on_where_they_ended() {
    let node = filled().await;
    let mut url = node.url("/epcis/eventTypes/ObjectEvent/events?perPage=2");
    let mut found = 0;
    for left in [1, 0] {
        let response = get(&url).await;
        let link = response.headers().get("link").cloned();
        let answer: Value = response.json().await.expect("JSON");
        let events = &answer["epcisBody"]["queryResults"]["resultsBody"]["eventList"];
        found += events.as_array().expect("events").len();
        assert_eq!(link.is_some(), left > 0);
        if let Some(link) = link {
            let link = link.to_str().expect("text").to_owned();
            let next = link.strip_prefix('<').and_then(|rest| rest.split_once('>'));
            url = node.url(next.expect("a link").0);
        }
    }
    assert_eq!(found, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resource_says_what_it_offers() {
    let node = Node::start().await;
    for (path, allow) in [
        ("/epcis", "OPTIONS, GET"),
        ("/epcis/events", "OPTIONS, POST, GET"),
        ("/epcis/capture", "OPTIONS, POST, GET"),
        (
            "/epcis/epcs/urn:epc:id:sgtin:8934999.900101.1/events",
            "OPTIONS, GET",
        ),
    ] {
        let request = reqwest::Client::new().request(Method::OPTIONS, node.url(path));
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 204, "{path}");
        let headers = response.headers();
        assert_eq!(headers["allow"], allow, "{path}");
        for name in [
            "gs1-epcis-version",
            "gs1-epcis-min",
            "gs1-epcis-max",
            "gs1-cbv-version",
        ] {
            assert_eq!(headers[name], "2.0.0", "{path} {name}");
        }
        let limited = headers.contains_key("gs1-epcis-capture-limit");
        assert_eq!(limited, path == "/epcis/capture");
    }
}
