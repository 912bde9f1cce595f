//! Status, health and counters.

use crate::support::{Node, event, get, scope};

#[tokio::test(flavor = "multi_thread")]
async fn the_status_tells_of_ledger_and_network() {
    let node = Node::start().await;
    node.holds(&[event(1)]).await;
    let status = node.client.status().await.expect("a status");
    assert_eq!(status.member, "lam-dong");
    assert_eq!(status.federation, node.charter.federation().to_string());
    assert_eq!(status.records, 2, "an opening and an event");
    assert!(!status.ended);
    assert_eq!(status.members.len(), 3);
    let own = status.members.iter().find(|m| m.id == "lam-dong");
    assert_eq!(own.expect("a member").names.vi, "Lâm Đồng");
    let [log] = status.logs.as_slice() else {
        panic!("{:?}", status.logs);
    };
    let head = node.ledger.heads().remove(0);
    assert_eq!(log.scope, scope("national").as_str());
    assert_eq!((log.size, &log.root), (2, &head.root.to_string()));
    assert_eq!(log.member.as_deref(), Some("lam-dong"));
    assert!(log.written_here);
    assert!(status.network.peers[0].connected);
    assert_eq!(status.version, env!("CARGO_PKG_VERSION"));
}

#[tokio::test(flavor = "multi_thread")]
async fn health_is_told() {
    let node = Node::start().await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(get(&node.url(path)).await.status(), 200, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_counted_by_route() {
    let node = Node::start().await;
    node.holds(&[event(1), event(2)]).await;
    for path in [
        "/epcis/events/a:b",
        "/epcis/events/c:d",
        "/nowhere",
        "/else",
    ] {
        assert_eq!(get(&node.url(path)).await.status(), 404);
    }
    let response = get(&node.url("/metrics")).await;
    let media_type = response.headers()["content-type"].to_str().expect("text");
    assert!(media_type.starts_with("application/openmetrics-text"));
    let text = response.text().await.expect("a body");
    for line in [
        "http_requests_total{method=\"POST\",route=\"/epcis/capture\",status=\"202\"} 1",
        "http_requests_total{method=\"GET\",route=\"/epcis/events/{id}\",status=\"404\"} 2",
        "http_requests_total{method=\"GET\",route=\"none\",status=\"404\"} 2",
        "http_request_duration_seconds_count{route=\"/epcis/capture\"} 1",
        "http_captured_events_total 2",
        "ledger_authored_records_total 3",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    assert_eq!(
        node.client.metrics().await.expect("a text").lines().last(),
        Some("# EOF")
    );
}
