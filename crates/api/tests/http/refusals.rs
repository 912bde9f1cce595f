//! Who is answered, where is listened, and what has no answer.

use std::path::Path;

use api::{ApiError, Config, Server};
use prometheus_client::registry::Registry;

use crate::support::{Node, config, get, problem, sources};

#[tokio::test(flavor = "multi_thread")]
async fn requests_for_another_host_are_refused() {
    let hosts = vec!["nguon.example".parse().expect("a name")];
    let node = Node::with(1, Config { hosts, ..config() }).await;
    for (host, status) in [
        ("nguon.example", 200),
        ("NGUON.example:8790", 200),
        ("other.example", 421),
        ("a.nguon.example", 421),
        ("127.0.0.1.nguon.example:80", 421),
        ("192.0.2.7:8080", 421),
        ("localhost", 200),
        ("[::1]:8080", 200),
    ] {
        let request = reqwest::Client::new().get(node.url("/status"));
        let response = request.header("host", host).send().await;
        let response = response.expect("an answer");
        assert_eq!(response.status(), status, "{host}");
        if status == 421 {
            let report = problem(response).await;
            assert_eq!(report.problem_type, "epcisException:SecurityException");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_unknown_is_let_in_from_elsewhere() {
    let node = Node::start().await;
    for address in [
        "0.0.0.0:0",
        "[::]:0",
        "192.0.2.7:8080",
        "[::ffff:192.0.2.7]:1",
    ] {
        let config = Config {
            listen: address.parse().expect("an address"),
            ..config()
        };
        let refused =
            Server::start(config, node.ledger.clone(), sources(), Registry::default()).await;
        let error = refused.expect_err("refused");
        assert!(matches!(error, ApiError::Exposed { .. }), "{address}");
        let told = error.to_string();
        assert!(told.contains("127.0.0.1"), "{told}");
    }
    let taken = Config {
        listen: node.server.as_ref().expect("a server").address(),
        ..config()
    };
    let refused = Server::start(taken, node.ledger.clone(), sources(), Registry::default()).await;
    assert!(matches!(refused, Err(ApiError::Listen { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_paths_and_methods_are_problems() {
    let node = Node::start().await;
    let report = problem(get(&node.url("/nowhere")).await).await;
    assert_eq!(report.status, 404);
    let report = problem(get(&node.url("/epcis/nowhere")).await).await;
    assert_eq!(report.status, 404);
    for path in ["/status", "/epcis/events"] {
        let response = reqwest::Client::new().delete(node.url(path)).send().await;
        let response = response.expect("an answer");
        assert!(response.headers().contains_key("allow"), "{path}");
        assert_eq!(problem(response).await.status, 405, "{path}");
    }
}

/// Reads the requests that `docs/http.md` has headings for.
pub(crate) fn documented() -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/http.md");
    let text = std::fs::read_to_string(path).expect("the document is there");
    let headings = text.lines().filter_map(|line| {
        let request = line.strip_prefix("### `")?.strip_suffix('`')?;
        let (method, path) = request.split_once(' ')?;
        Some((method.to_owned(), path.to_owned()))
    });
    headings.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_documented_request_has_a_route() {
    let node = Node::start().await;
    let documented = documented();
    assert!(documented.len() >= 11, "{documented:?}");
    for (method, path) in documented {
        let place = path.replace(['{', '}'], "");
        let method = method.parse().expect("a method");
        let request = reqwest::Client::new().request(method, node.url(&place));
        let response = request.send().await.expect("an answer");
        assert_ne!(response.status(), 405, "{path}");
        if response.status() == 404 {
            let report = problem(response).await;
            assert_ne!(report.problem_type, "about:blank", "{path}");
        }
    }
    let counted = node.client.metrics().await.expect("a text");
    assert!(!counted.contains("route=\"none\""), "{counted}");
}
