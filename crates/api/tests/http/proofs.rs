//! Proofs and disclosures.

use record::UnverifiedProof;

use crate::support::{Node, document, event, event_id, get, problem, refused, scope};

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_verifies_without_the_node() {
    let node = Node::start().await;
    node.holds(&[event(1), event(2)]).await;
    let by_event = node.client.prove(&event_id(2)).await.expect("a proof");
    let proof = UnverifiedProof::from_text(&by_event).expect("a proof's form");
    let (_, _, key) = node.charter.author(&proof.log.author).expect("a member");
    let proof = proof.verify(key).expect("it holds");
    let by_record = node.client.prove(&proof.id().to_string()).await;
    assert_eq!(by_record.expect("a proof"), by_event);
    let response = get(&node.url(&format!("/proofs/{}", proof.id()))).await;
    let media_type = &response.headers()["content-type"];
    assert_eq!(media_type, "text/plain; charset=utf-8");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_held_has_no_proof() {
    let node = Node::start().await;
    for name in [&event_id(1), &"ab".repeat(32), "nonsense"] {
        assert_eq!(refused(node.client.prove(name).await).status, 404, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_of_several_events_asks_for_a_record() {
    let node = Node::start().await;
    let declared = event(1).replacen(
        '{',
        r#"{"errorDeclaration":{"declarationTime":"2026-10-13T07:00:00+07:00"},"#,
        1,
    );
    node.holds(&[event(1), declared]).await;
    let report = refused(node.client.prove(&event_id(1)).await);
    assert_eq!(report.status, 409);
    let detail = report.detail.expect("a detail");
    let records = detail.rsplit_once("records ").expect("records").1;
    for record in records.trim_end_matches('.').split(", ") {
        node.client.prove(record).await.expect("a proof");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_disclosed_is_not_disclosed_again() {
    let node = Node::start().await;
    node.holds(&[event(1), event(2)]).await;
    let partner = scope("with-gacc");
    let names = vec![event_id(1), event_id(1)];
    let first = node
        .client
        .disclose(&partner, names)
        .await
        .expect("disclosed");
    assert_eq!(first.records.len(), 1);
    let both = vec![event_id(1), event_id(2)];
    let second = node.client.disclose(&partner, both.clone()).await;
    assert_eq!(second.expect("disclosed").records.len(), 1);
    let third = node.client.disclose(&partner, both).await;
    assert!(third.expect("nothing new").records.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disclosure_that_cannot_be_is_refused() {
    let node = Node::start().await;
    node.holds(&[event(1)]).await;
    for (to, name, status) in [
        ("with-gacc", event_id(9), 404),
        ("with-gacc", "ab".repeat(32), 404),
        ("national", event_id(1), 400),
        ("with-nobody", event_id(1), 403),
    ] {
        let report = refused(node.client.disclose(&scope(to), vec![name]).await);
        assert_eq!(report.status, status, "{to}");
    }
    for body in [
        "",
        "{}",
        r#"{"scope":"with-gacc","events":[]}"#,
        r#"{"scope":"With Gacc","events":["a:b"]}"#,
        r#"{"scope":"with-gacc","events":["a:b"],"deep":true}"#,
    ] {
        let request = reqwest::Client::new().post(node.url("/disclosures"));
        let request = request.header("content-type", "application/json");
        let response = request.body(body).send().await.expect("an answer");
        assert_eq!(problem(response).await.status, 400, "{body}");
    }
    let request = reqwest::Client::new().post(node.url("/disclosures"));
    let response = request.body(document(&[event(1)])).send().await;
    assert_eq!(problem(response.expect("an answer")).await.status, 415);
}
