//! What a caller may not see is to it as if the node had never held it.

use api::{Config, Right};
use ledger::{Ledger, Received};
use record::UnverifiedBatch;
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::access::{Someone, access};
use crate::support::{Node, PALLET, config, document, epc, event, event_id, packing, scope};

/// What depends on when and in which order things came to a node, and is left
/// out of the comparison: `recordTime` is the answering node's clock when it
/// stored the event, `creationDate` and `Date` its clock when it answers, and a
/// `nextPageToken` names the arrival after which the next page begins.
const OF_ARRIVAL: [&str; 2] = ["recordTime", "creationDate"];

/// Hands over all that `to` lacks of the scopes given, as a peer would.
async fn replicate(from: &Ledger, to: &Ledger, scopes: &[&str]) {
    for head in from.heads() {
        if !scopes.contains(&head.log.scope.as_str()) {
            continue;
        }
        loop {
            let held = to.heads().into_iter().find(|held| held.log == head.log);
            let at = held.map_or(0, |held| held.size);
            let Some(batch) = from.read_batch(&head.log, at, 1 << 20).expect("read") else {
                break;
            };
            let batch = UnverifiedBatch::decode(&batch.bytes).expect("honest bytes");
            let received = to.receive(batch).await.expect("an honest batch");
            assert!(!matches!(received, Received::PassedOver), "{head:?}");
        }
    }
}

/// Two nodes of Lang Son: one holds all that Lam Dong said, the other only what
/// it said to the agency. The same person asks both, and may see no more than
/// the second holds.
struct Pair {
    author: Node,
    whole: Node,
    part: Node,
    someone: Someone,
}

impl Pair {
    async fn new() -> Self {
        let rights = [Right::Query, Right::Capture];
        let someone = Someone::new("partner", &rights).sees(&["with-gacc"]);
        let of = |access| Config { access, ..config() };
        let pair = Self {
            author: Node::start().await,
            whole: Node::with(2, of(access(&[&someone]))).await,
            part: Node::with(2, of(access(&[&someone]))).await,
            someone,
        };
        // What is hidden comes before, between and after what is shown, some
        // of it the same: 1 and 2 are hidden, 3 is both, 4 to 6 are shown, 7 is
        // hidden, 8 is hidden and disclosed.
        pair.says(&[event(1), event(3), packing(&[1, 2])], "national")
            .await;
        pair.says(&[event(3), event(4)], "with-gacc").await;
        pair.says(&[event(2), event(7), event(8)], "national").await;
        pair.says(&[event(5), event(6), packing(&[5, 6, 7])], "with-gacc")
            .await;
        let disclosed = pair
            .author
            .client
            .disclose(&scope("with-gacc"), vec![event_id(8)])
            .await;
        assert_eq!(disclosed.expect("disclosed").records.len(), 1);
        pair.replicates().await;
        pair.says(&[packing(&[5, 1])], "national").await;
        pair
    }

    async fn says(&self, events: &[String], name: &str) {
        let captured = self
            .author
            .client
            .capture(document(events), Some(&scope(name)))
            .await;
        captured.expect("captured");
        self.replicates().await;
    }

    async fn replicates(&self) {
        let author = &self.author.ledger;
        replicate(author, &self.whole.ledger, &["national", "with-gacc"]).await;
        replicate(author, &self.part.ledger, &["with-gacc"]).await;
    }

    /// Asks both nodes, and returns their answer where it is the same.
    async fn same(&self, method: Method, path: &str, body: Option<&str>) -> Answer {
        let mut answers = Vec::new();
        for node in [&self.whole, &self.part] {
            let request = reqwest::Client::new().request(method.clone(), node.url(path));
            let request = request.bearer_auth(self.someone.token.as_str());
            let request = match body {
                Some(body) => request
                    .header("content-type", "application/json")
                    .body(body.to_owned()),
                None => request,
            };
            answers.push(Answer::read(request.send().await.expect("an answer")).await);
        }
        let [whole, part]: [Answer; 2] = answers.try_into().expect("two answers");
        assert_eq!(whole.status, part.status, "{path}: {}", whole.body);
        assert_eq!(whole.body, part.body, "{path}");
        assert_eq!(whole.next.is_some(), part.next.is_some(), "{path}");
        whole
    }
}

#[derive(Debug)]
struct Answer {
    status: StatusCode,
    body: String,
    next: Option<String>,
}

impl Answer {
    async fn read(response: reqwest::Response) -> Self {
        let status = response.status();
        let link = response.headers().get("link");
        let link = link.map(|link| link.to_str().expect("text").to_owned());
        let body = response.text().await.expect("a body");
        Self {
            status,
            body: without_arrival(&body),
            next: link,
        }
    }
}

fn without_arrival(body: &str) -> String {
    let Ok(mut json) = serde_json::from_str::<Value>(body) else {
        return body.to_owned();
    };
    fn strip(value: &mut Value) {
        match value {
            Value::Object(members) => {
                members.retain(|name, _| !OF_ARRIVAL.contains(&name.as_str()));
                members.values_mut().for_each(strip);
            }
            Value::Array(values) => values.iter_mut().for_each(strip),
            _ => {}
        }
    }
    strip(&mut json);
    json.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_question_is_answered_as_if_the_rest_had_never_come() {
    let pair = Pair::new().await;
    let mut paths = vec!["/epcis/events".to_owned(), "/status".to_owned()];
    for size in 1..=6 {
        paths.push(format!("/epcis/events?perPage={size}"));
    }
    for serial in 1..=9 {
        let (epc, id) = (epc(serial), event_id(serial));
        paths.push(format!("/epcis/events?MATCH_anyEPC={epc}"));
        paths.push(format!("/epcis/events?EQ_eventID={id}"));
        paths.push(format!("/epcis/events/{id}"));
        paths.push(format!("/trace?id={epc}"));
        paths.push(format!("/trace?id={epc}&direction=downstream&depth=1"));
        paths.push(format!("/proofs/{id}"));
    }
    paths.push(format!("/epcis/events?MATCH_anyEPC={PALLET}"));
    paths.push(format!("/trace?id={PALLET}"));
    let mut records = Vec::new();
    let (mut found, mut missing) = (0, 0);
    for path in &paths {
        let answer = pair.same(Method::GET, path, None).await;
        match answer.status {
            StatusCode::OK => found += 1,
            _ => missing += 1,
        }
        collect(&answer.body, &mut records);
    }
    assert!(
        found > 30 && missing >= 8,
        "{found} found, {missing} missing"
    );
    // Every record that Lam Dong ever made, and those that answers named.
    let hidden = all_records(&pair.author).await;
    assert!(hidden.len() > records.len() && !records.is_empty());
    for record in hidden.iter().chain(&records) {
        for path in ["/proofs/", "/epcis/events/"] {
            let path = format!("{path}{record}");
            pair.same(Method::GET, &path, None).await;
        }
        let body = format!(r#"{{"scope":"national","events":["{record}"]}}"#);
        if !records.contains(record) {
            let answer = pair.same(Method::POST, "/disclosures", Some(&body)).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{record}");
        }
    }
}

/// Walks through the pages of both nodes side by side.
#[tokio::test(flavor = "multi_thread")]
async fn pages_are_as_long_as_if_the_rest_had_never_come() {
    let pair = Pair::new().await;
    for size in 1..=4 {
        let path = format!("/epcis/events?perPage={size}");
        let mut nodes = [&pair.whole, &pair.part].map(|node| (node, path.clone()));
        for page in 0.. {
            let mut pages = Vec::new();
            for (node, path) in &mut nodes {
                let request = reqwest::Client::new().get(node.url(path));
                let request = request.bearer_auth(pair.someone.token.as_str());
                let answer = Answer::read(request.send().await.expect("an answer")).await;
                assert_eq!(answer.status, StatusCode::OK);
                *path = next(answer.next.as_deref()).unwrap_or_default();
                pages.push((answer.body, path.is_empty()));
            }
            assert_eq!(pages[0], pages[1], "page {page} of {size}");
            if pages[0].1 {
                assert!(page > 0, "more than a page");
                break;
            }
        }
    }
}

fn next(link: Option<&str>) -> Option<String> {
    let (target, _) = link?.strip_prefix('<')?.split_once('>')?;
    Some(target.to_owned())
}

/// Collects the ids of records that an answer names.
fn collect(body: &str, records: &mut Vec<String>) {
    for (at, _) in body.match_indices("\"record\":\"") {
        let id = body[at + 10..][..64].to_owned();
        if !records.contains(&id) {
            records.push(id);
        }
    }
}

/// Returns the ids of all records that a node's traces name.
async fn all_records(node: &Node) -> Vec<String> {
    let mut records = Vec::new();
    for serial in 1..=9 {
        let url = node.url(&format!("/trace?id={}", epc(serial)));
        let answer = reqwest::get(url).await.expect("an answer");
        collect(&answer.text().await.expect("a body"), &mut records);
    }
    records
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_tells_of_scopes_that_are_seen() {
    let rights = [Right::Query];
    let some = Someone::new("some", &rights).sees(&["with-gacc"]);
    let admin = Someone::new("admin", &[Right::Query, Right::Admin]);
    let none = Someone::new("none", &rights).sees(&[]);
    let writer = Someone::new("writer", &[Right::Capture]);
    let node = crate::access::node(&[&some, &admin, &none, &writer]).await;
    for name in ["national", "with-gacc"] {
        let captured = writer
            .at(&node)
            .capture(document(&[event(1)]), Some(&scope(name)))
            .await;
        captured.expect("captured");
    }
    for (someone, logs, records, peers) in [(&some, 1, 2, 0), (&admin, 2, 4, 1), (&none, 0, 0, 0)] {
        let status = someone.at(&node).status().await.expect("a status");
        let network = &status.network;
        let told = (status.logs.len(), status.records, network.peers.len());
        assert_eq!(told, (logs, records, peers), "{}", someone.name);
        assert_eq!(network.published.len(), logs, "{}", someone.name);
        assert_eq!(status.members.len(), 3, "the charter is every member's");
    }
}
