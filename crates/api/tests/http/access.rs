//! Who is answered: rights, scopes, jobs and limits.

use api::{Access, Client, Config, Credentials, Identities, IdentityTerms, Right, Token};
use ledger::Scopes;
use reqwest::{Method, Response};

use crate::refusals::documented;
use crate::support::{Node, config, document, event, problem, refused, scope};

/// Somebody with a token, as a node is told of them.
pub(crate) struct Someone {
    pub(crate) name: &'static str,
    pub(crate) token: Token,
    pub(crate) terms: IdentityTerms,
}

impl Someone {
    pub(crate) fn new(name: &'static str, rights: &[Right]) -> Self {
        let token = Token::draw().expect("randomness");
        let terms = IdentityTerms {
            tokens: vec![token.hash()],
            certificates: Vec::new(),
            rights: rights.iter().copied().collect(),
            write: Scopes::All,
            see: Scopes::All,
            requests_per_minute: 6_000.try_into().expect("not zero"),
            document_mib: None,
        };
        Self { name, token, terms }
    }

    pub(crate) fn writes(mut self, scopes: &[&str]) -> Self {
        self.terms.write = named(scopes);
        self
    }

    pub(crate) fn sees(mut self, scopes: &[&str]) -> Self {
        self.terms.see = named(scopes);
        self
    }

    pub(crate) fn credentials(&self) -> Credentials {
        Credentials {
            token: Some(self.token.as_str().to_owned().into()),
            ..Credentials::default()
        }
    }

    /// Returns a client that shows the token.
    pub(crate) fn at(&self, node: &Node) -> Client {
        Client::with(&node.url(""), self.credentials()).expect("an address")
    }
}

fn named(scopes: &[&str]) -> Scopes {
    Scopes::Only(scopes.iter().map(|name| scope(name)).collect())
}

pub(crate) fn access(of: &[&Someone]) -> Access {
    let identity = of.iter().map(|someone| {
        let name = someone.name.parse().expect("a name");
        (name, someone.terms.clone())
    });
    let identity = identity.collect();
    Access::known(Identities { identity }).expect("sound identities")
}

pub(crate) async fn node(of: &[&Someone]) -> Node {
    let config = Config {
        access: access(of),
        ..config()
    };
    Node::with(1, config).await
}

async fn ask(node: &Node, method: &str, path: &str, token: Option<&str>) -> Response {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let mut request = reqwest::Client::new().request(method, node.url(path));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    request.send().await.expect("an answer")
}

/// What each resource answers to: nobody, a wrong token, and those who may
/// capture, query, and see how the node runs. A status below 401 or above 403
/// means that the resource itself was asked.
const TABLE: &[(&str, [u16; 5])] = &[
    ("POST /epcis/capture", [401, 401, 415, 403, 403]),
    ("GET /epcis/capture", [401, 401, 200, 403, 200]),
    ("OPTIONS /epcis/capture", [401, 401, 204, 403, 403]),
    ("GET /epcis/capture/{id}", [401, 401, 404, 403, 404]),
    ("POST /epcis/events", [401, 401, 415, 403, 403]),
    ("GET /epcis", [401, 401, 403, 200, 403]),
    ("GET /epcis/epcs", [401, 401, 403, 200, 403]),
    ("GET /epcis/epcs/{id}", [401, 401, 403, 400, 403]),
    (
        "GET /epcis/bizSteps/packing/events",
        [401, 401, 403, 200, 403],
    ),
    ("GET /epcis/events", [401, 401, 403, 200, 403]),
    ("GET /epcis/events/{id}", [401, 401, 403, 404, 403]),
    ("GET /trace", [401, 401, 403, 400, 403]),
    ("GET /state", [401, 401, 403, 400, 403]),
    ("GET /status", [401, 401, 403, 200, 200]),
    ("GET /proofs/{record}", [401, 401, 403, 404, 403]),
    ("POST /disclosures", [401, 401, 415, 403, 403]),
    ("GET /healthz", [200; 5]),
    ("GET /readyz", [200; 5]),
    ("GET /metrics", [401, 401, 403, 403, 200]),
];

/// What is not there is not there for those alone who are known.
const NOWHERE: &[(&str, [u16; 5])] = &[
    ("GET /nowhere", [401, 401, 404, 404, 404]),
    ("GET /epcis/nowhere", [401, 401, 404, 404, 404]),
    ("DELETE /status", [401, 401, 405, 405, 405]),
    ("PUT /healthz", [401, 401, 405, 405, 405]),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_resource_asks_for_the_right_that_it_needs() {
    let known = [
        Someone::new("captures", &[Right::Capture]),
        Someone::new("queries", &[Right::Query]),
        Someone::new("runs", &[Right::Admin]),
    ];
    let node = node(&known.each_ref()).await;
    let stranger = Token::draw().expect("randomness");
    let tokens = [
        None,
        Some(stranger.as_str()),
        Some(known[0].token.as_str()),
        Some(known[1].token.as_str()),
        Some(known[2].token.as_str()),
    ];
    let listed: Vec<&str> = TABLE.iter().map(|(request, _)| *request).collect();
    for (method, path) in documented() {
        let request = format!("{method} {path}");
        assert!(listed.contains(&&*request), "{request} has no entry");
    }
    for (request, expected) in TABLE.iter().chain(NOWHERE) {
        let (method, path) = request.split_once(' ').expect("two words");
        let path = path.replace(['{', '}'], "");
        for (token, expected) in tokens.iter().zip(expected) {
            let answer = ask(&node, method, &path, *token).await;
            assert_eq!(answer.status(), *expected, "{request} {token:?}");
            let challenge = answer.headers().get("www-authenticate").cloned();
            let challenge = challenge.map(|value| value.to_str().expect("text").to_owned());
            let shown = match (expected, token) {
                (401, None) => Some("Bearer realm=\"nguon\""),
                (401, Some(_)) => Some("Bearer realm=\"nguon\", error=\"invalid_token\""),
                _ => None,
            };
            assert_eq!(challenge.as_deref(), shown, "{request}");
            if matches!(expected, 401 | 403) {
                let report = problem(answer).await;
                assert_eq!(report.problem_type, "epcisException:SecurityException");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_goes_to_scopes_that_the_identity_may_write() {
    let someone = Someone::new("someone", &[Right::Capture]).writes(&["with-gacc", "with-moon"]);
    let node = node(&[&someone]).await;
    let client = someone.at(&node);
    let take = async |name: &str| {
        let scope = scope(name);
        client.capture(document(&[event(1)]), Some(&scope)).await
    };
    take("with-gacc").await.expect("a scope of its own");
    // The member may write "national", "nowhere" is no scope, and "with-moon"
    // the member may not write: what the identity lacks is told of no scope.
    let mut told = Vec::new();
    for name in ["national", "nowhere"] {
        let report = refused(take(name).await);
        assert_eq!(report.status, 403, "{name}");
        told.push(report.detail.expect("a word").replace(name, "…"));
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(refused(take("with-moon").await).status, 403);
    // The default scope is none of its own either.
    assert_eq!(
        refused(client.capture(document(&[event(1)]), None).await).status,
        403
    );
    assert_eq!(node.ledger.heads().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_shown_to_those_who_began_them_and_to_admins() {
    let known = [
        Someone::new("one", &[Right::Capture]),
        Someone::new("two", &[Right::Capture, Right::Query]),
        Someone::new("admin", &[Right::Admin]),
    ];
    let node = node(&known.each_ref()).await;
    let [one, two, admin] = known.each_ref().map(|someone| someone.at(&node));
    let accepted = one
        .capture(document(&[event(1)]), None)
        .await
        .expect("captured");
    let job = one.job(&accepted.job).await.expect("its own job");
    assert_eq!(admin.job(&accepted.job).await.expect("an admin"), job);
    let others = refused(two.job(&accepted.job).await);
    let none = refused(two.job("0123456789").await);
    assert_eq!(others.status, 404);
    let detail = |report: api::ProblemReport, id: &str| report.detail.map(|d| d.replace(id, "…"));
    assert_eq!(detail(others, &accepted.job), detail(none, "0123456789"));
    // What a local operator began before there were identities is an admin's.
    let server = node.server.as_ref().expect("a server");
    server.replace(Access::Operator, None).expect("on loopback");
    let early = node
        .client
        .capture(document(&[event(2)]), None)
        .await
        .expect("captured");
    server
        .replace(access(&known.each_ref()), None)
        .expect("on loopback");
    assert_eq!(refused(one.job(&early.job).await).status, 404);
    admin.job(&early.job).await.expect("an admin");
    assert_eq!(refused(node.client.job(&early.job).await).status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_too_often_is_told_when_to_come_again() {
    let mut hasty = Someone::new("hasty", &[Right::Query]);
    hasty.terms.requests_per_minute = 3.try_into().expect("not zero");
    let other = Someone::new("other", &[Right::Query]);
    let node = node(&[&hasty, &other]).await;
    for _ in 0..3 {
        let token = Some(hasty.token.as_str());
        assert_eq!(ask(&node, "GET", "/status", token).await.status(), 200);
    }
    let answer = ask(&node, "GET", "/status", Some(hasty.token.as_str())).await;
    assert_eq!(answer.status(), 429);
    let after = answer.headers()["retry-after"].to_str().expect("text");
    let after: u64 = after.parse().expect("whole seconds");
    assert!((1..=20).contains(&after), "{after}");
    assert_eq!(problem(answer).await.problem_type, "about:blank");
    // Health is asked for by machines, and others have a pace of their own.
    assert_eq!(ask(&node, "GET", "/healthz", None).await.status(), 200);
    let token = Some(other.token.as_str());
    assert_eq!(ask(&node, "GET", "/status", token).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_keeps_to_the_identitys_limit() {
    let mut small = Someone::new("small", &[Right::Capture]);
    small.terms.document_mib = Some(1.try_into().expect("not zero"));
    let large = Someone::new("large", &[Right::Capture]);
    let config = Config {
        access: access(&[&small, &large]),
        document_bytes_max: 4 << 20,
        ..config()
    };
    let node = Node::with(1, config).await;
    let mut padded = document(&[event(1)]);
    padded.resize(padded.len() + (1 << 20), b' ');
    let report = refused(small.at(&node).capture(padded.clone(), None).await);
    assert_eq!(report.status, 413);
    let detail = report.detail.expect("a word");
    assert!(detail.contains("1048576 bytes"), "{detail}");
    large
        .at(&node)
        .capture(padded, None)
        .await
        .expect("within its limit");
    small
        .at(&node)
        .capture(document(&[event(2)]), None)
        .await
        .expect("within its limit");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_no_longer_listed_is_no_longer_answered() {
    let (old, new) = (
        Someone::new("portal", &[Right::Query]),
        Someone::new("portal", &[Right::Query]),
    );
    let node = node(&[&old]).await;
    let client = old.at(&node);
    client.status().await.expect("known");
    let server = node.server.as_ref().expect("a server");
    server.replace(access(&[&new]), None).expect("on loopback");
    // The connection is the same.
    assert_eq!(refused(client.status().await).status, 401);
    new.at(&node).status().await.expect("known");
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_no_part_of_what_is_shown() {
    let someone = Someone::new("someone", &[Right::Query]);
    let credentials = format!("{:?}", someone.credentials());
    let client = format!(
        "{:?}",
        Client::with("http://localhost", someone.credentials())
    );
    for shown in [credentials, client] {
        assert!(!shown.contains(someone.token.as_str()), "{shown}");
    }
}
