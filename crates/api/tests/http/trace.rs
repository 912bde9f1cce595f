//! The trace question.

use api::TraceQuery;
use trace::Direction;

use crate::support::{Node, PALLET, epc, event, get, packing, problem};

#[tokio::test(flavor = "multi_thread")]
async fn a_pallet_leads_to_its_items_and_back() {
    let node = Node::start().await;
    node.holds(&[event(1), event(2), packing(&[1, 2])]).await;
    let query = TraceQuery::new(PALLET, Direction::Upstream);
    let answer = node.client.trace(&query).await.expect("an answer");
    assert!(answer.complete);
    assert_eq!(answer.events.len(), 3);
    assert_eq!(answer.logs[0].member, "lam-dong");
    let query = TraceQuery {
        depth: Some(0),
        ..query
    };
    let shallow = node.client.trace(&query).await.expect("an answer");
    assert!(!shallow.complete);
    assert_eq!(shallow.events.len(), 1);
    let element_string = "(01)98934999001012(21)1";
    let query = TraceQuery::new(element_string, Direction::Downstream);
    let answer = node.client.trace(&query).await.expect("an answer");
    assert_eq!(answer.about, "/01/98934999001012/21/1");
    assert!(answer.objects.iter().any(|o| o.first.starts_with("/00/")));
    let nothing = TraceQuery::new(epc(9), Direction::Both);
    let answer = node.client.trace(&nothing).await.expect("an answer");
    assert!(answer.events.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_is_told_to_people_with_names() {
    let node = Node::start().await;
    node.holds(&[event(1)]).await;
    let query = TraceQuery::new(epc(1), Direction::Both);
    let text = node.client.trace_text(&query).await.expect("a text");
    assert!(text.contains("Lâm Đồng"), "{text}");
    let url = node.url(&format!("/trace?id={}", epc(1)));
    let response = reqwest::Client::new()
        .get(url)
        .header("accept", "text/plain");
    let response = response.send().await.expect("an answer");
    let media_type = &response.headers()["content-type"];
    assert_eq!(media_type, "text/plain; charset=utf-8");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_leaves_out_what_lies_outside() {
    let node = Node::start().await;
    node.holds(&[event(1), packing(&[1])]).await;
    let query = TraceQuery {
        until: Some("2026-10-12T08:00:00+07:00".to_owned()),
        ..TraceQuery::new(epc(1), Direction::Both)
    };
    let answer = node.client.trace(&query).await.expect("an answer");
    assert_eq!(answer.until.as_deref(), Some("2026-10-12T01:00:00.000Z"));
    assert_eq!(answer.events.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_that_make_no_sense_are_refused() {
    let node = Node::start().await;
    for query in [
        "",
        "id=",
        "id=(01)1",
        "id=urn:epc:id:sgtin:broken",
        "id=a:b&direction=sideways",
        "id=a:b&depth=-1",
        "id=a:b&depth=1025",
        "id=a:b&since=yesterday",
        "id=a:b&colour=red",
        "id=a:b&id=c:d",
    ] {
        let response = get(&node.url(&format!("/trace?{query}"))).await;
        let status = response.status();
        if query == "id=urn:epc:id:sgtin:broken" {
            assert_eq!(status, 200, "an identifier is found as it was written");
            continue;
        }
        assert_eq!(problem(response).await.status, 400, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_things_state_is_answered_with_what_says_so() {
    let node = Node::start().await;
    let made = event(1).replace(
        r#""action""#,
        r#""disposition":"active","bizLocation":{"id":"urn:epc:id:sgln:8934999.00001.0"},"action""#,
    );
    node.holds(&[made, packing(&[1])]).await;
    let ask = async |id: &str| -> trace::State {
        let url = node.url(&format!("/state?id={id}"));
        get(&url).await.json().await.expect("a state")
    };
    let state = ask(&epc(1)).await;
    let disposition = state.disposition.expect("a disposition");
    assert_eq!(disposition.id, "https://ref.gs1.org/cbv/Disp-active");
    let said = &state.events[disposition.event];
    let record = said.evidence[0].record.clone();
    node.client.prove(&record).await.expect("a proof");
    assert_eq!(
        state.place.expect("a place").id,
        "urn:epc:id:sgln:8934999.00001.0"
    );
    assert_eq!(state.parents.len(), 1);
    assert_eq!(state.parents[0].written.as_deref(), Some(PALLET));
    let before = ask(&format!("{}&at=2026-10-12T01:00:00Z", epc(1))).await;
    assert!(before.parents.is_empty() && before.disposition.is_some());
    assert!(ask(&epc(2)).await.events.is_empty());
    for wrong in [
        "",
        "?id=(01)1",
        "?id=urn:x:y&at=noon",
        "?id=urn:x:y&depth=1",
    ] {
        let report = problem(get(&node.url(&format!("/state{wrong}"))).await).await;
        assert_eq!(report.status, 400, "{wrong}");
    }
}
