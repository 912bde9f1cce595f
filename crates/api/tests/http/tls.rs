//! TLS: what is shown, to whom, and who is known by a certificate.

use std::time::Duration;

use api::{
    Access, ApiError, CertificatePin, Client, ClientCertificate, ClientError, Config, Credentials,
    Right, Server, Tls,
};
use prometheus_client::registry::Registry;
use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, KeyPair, date_time_ymd};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::access::{Someone, access};
use crate::support::{Node, config, refused, sources};

/// A certificate authority of a test's own.
struct Authority {
    certificate: Certificate,
    key: KeyPair,
}

/// A certificate with its key, as PEM.
struct Issued {
    certificate: String,
    key: String,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).expect("a certificate");
        Self { certificate, key }
    }

    fn pem(&self) -> Vec<u8> {
        self.certificate.pem().into_bytes()
    }

    fn issues(&self, name: &str) -> Issued {
        self.issues_until(name, 2040)
    }

    fn issues_until(&self, name: &str, year: i32) -> Issued {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(year, 1, 1);
        let issued = params.signed_by(&key, &self.certificate, &self.key);
        Issued {
            certificate: issued.expect("a certificate").pem(),
            key: key.serialize_pem(),
        }
    }
}

impl Issued {
    fn tls(&self, clients: Option<&Authority>) -> Tls {
        let clients = clients.map(Authority::pem);
        let (certificate, key) = (self.certificate.as_bytes(), self.key.as_bytes());
        Tls::new(certificate, key, clients.as_deref()).expect("a pair")
    }

    fn client(&self) -> ClientCertificate {
        let (certificate, key) = (self.certificate.as_bytes(), self.key.as_bytes());
        ClientCertificate::new(certificate, key).expect("a pair")
    }

    fn pin(&self) -> CertificatePin {
        CertificatePin::of_pem(self.certificate.as_bytes()).expect("a certificate")
    }
}

/// A node that speaks TLS, and its authority.
async fn secure(of: &[&Someone], clients: Option<&Authority>) -> (Node, Authority) {
    let authority = Authority::new();
    let config = Config {
        access: access(of),
        tls: Some(authority.issues("localhost").tls(clients)),
        ..config()
    };
    (Node::with(1, config).await, authority)
}

fn url(node: &Node) -> String {
    format!("https://localhost:{}", node.port())
}

fn showing(node: &Node, trusts: &Authority, certificate: Option<&Issued>) -> Client {
    let credentials = Credentials {
        authorities: Some(trusts.pem()),
        certificate: certificate.map(Issued::client),
        ..Credentials::default()
    };
    Client::with(&url(node), credentials).expect("an address")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_shown_over_tls() {
    let someone = Someone::new("someone", &[Right::Query]);
    let (node, authority) = secure(&[&someone], None).await;
    let credentials = Credentials {
        authorities: Some(authority.pem()),
        ..someone.credentials()
    };
    let client = Client::with(&url(&node), credentials).expect("an address");
    client.status().await.expect("known");
    let nobody = showing(&node, &authority, None);
    assert_eq!(refused(nobody.status().await).status, 401);
    nobody.ready().await.expect("health is told to all");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_of_another_authority_is_not_believed() {
    let someone = Someone::new("someone", &[Right::Query]);
    let (node, _) = secure(&[&someone], None).await;
    let credentials = Credentials {
        authorities: Some(Authority::new().pem()),
        ..someone.credentials()
    };
    let client = Client::with(&url(&node), credentials).expect("an address");
    let error = client.status().await.expect_err("not believed");
    assert!(matches!(error, ClientError::NoNode { .. }), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_its_identitys() {
    let clients = Authority::new();
    let (known, unknown) = (clients.issues("scanner"), clients.issues("other"));
    let mut someone = Someone::new("scanner", &[Right::Query]);
    someone.terms.tokens.clear();
    someone.terms.certificates.push(known.pin());
    let (node, authority) = secure(&[&someone], Some(&clients)).await;
    showing(&node, &authority, Some(&known))
        .status()
        .await
        .expect("known");
    // Of the right authority, but nobody's here; and none at all.
    for certificate in [Some(&unknown), None] {
        let client = showing(&node, &authority, certificate);
        assert_eq!(refused(client.status().await).status, 401);
        client.ready().await.expect("health is told to all");
    }
    // A token decides, where one is shown beside.
    let credentials = Credentials {
        token: Some("nguon_0".to_owned().into()),
        authorities: Some(authority.pem()),
        certificate: Some(known.client()),
    };
    let client = Client::with(&url(&node), credentials).expect("an address");
    assert_eq!(refused(client.status().await).status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_certificates_are_not_let_in() {
    let clients = Authority::new();
    let wrong = [
        Authority::new().issues("scanner"),
        clients.issues_until("scanner", 2021),
    ];
    let mut someone = Someone::new("scanner", &[Right::Query]);
    someone.terms.certificates = wrong.iter().map(Issued::pin).collect();
    let (node, authority) = secure(&[&someone], Some(&clients)).await;
    for certificate in &wrong {
        let client = showing(&node, &authority, Some(certificate));
        let error = client.ready().await.expect_err("not let in");
        let ends = matches!(
            error,
            ClientError::NoNode { .. } | ClientError::Broken { .. }
        );
        assert!(ends, "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_dropped_is_nobodys_at_once() {
    let clients = Authority::new();
    let known = clients.issues("scanner");
    let mut someone = Someone::new("scanner", &[Right::Query]);
    someone.terms.certificates.push(known.pin());
    let (node, authority) = secure(&[&someone], Some(&clients)).await;
    let client = showing(&node, &authority, Some(&known));
    client.status().await.expect("known");
    let server = node.server.as_ref().expect("a server");
    someone.terms.certificates.clear();
    let renewed = Authority::new();
    let tls = renewed.issues("localhost").tls(Some(&clients));
    server
        .replace(access(&[&someone]), Some(tls))
        .expect("replaced");
    // The connection is open still, the certificate of the node too.
    assert_eq!(refused(client.status().await).status, 401);
    // New ones see the renewed certificate.
    let client = showing(&node, &authority, None);
    client.ready().await.expect_err("the old authority");
    let client = showing(&node, &renewed, None);
    client.ready().await.expect("the new one");
    let switched = server.replace(access(&[&someone]), None);
    assert!(matches!(switched, Err(ApiError::TlsSwitched)));
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_is_not_spoken_on_the_port_of_tls() {
    let someone = Someone::new("someone", &[Right::Query]);
    let (node, _) = secure(&[&someone], None).await;
    let mut stream = TcpStream::connect(("127.0.0.1", node.port()))
        .await
        .expect("open");
    let request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stream.write_all(request).await.expect("sent");
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer));
    // An end or a reset; in either case not a word of HTTP.
    drop(read.await.expect("the node hangs up"));
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_addresses_take_tls_identities_and_names() {
    let someone = Someone::new("someone", &[Right::Query]);
    let node = Node::start().await;
    let tls = || Some(Authority::new().issues("nguon.example").tls(None));
    let hosts = || vec!["nguon.example".parse().expect("a name")];
    let open = |access: Access, tls, hosts| Config {
        listen: "0.0.0.0:0".parse().expect("an address"),
        access,
        tls,
        hosts,
        ..config()
    };
    let lacking = [
        (open(access(&[&someone]), None, hosts()), "TLS"),
        (open(Access::Operator, tls(), hosts()), "identities"),
        (open(access(&[]), tls(), hosts()), "identities"),
        (open(access(&[&someone]), tls(), Vec::new()), "the names"),
    ];
    let start = |config| Server::start(config, node.ledger.clone(), sources(), Registry::default());
    for (config, lack) in lacking {
        let error = start(config).await.expect_err(lack).to_string();
        assert!(error.contains(&format!("it takes {lack}")), "{error}");
    }
    let whole = open(access(&[&someone]), tls(), hosts());
    let server = start(whole).await.expect("nothing is missing");
    // Nobody is ever let in unknown.
    let exposed = server.replace(Access::Operator, tls());
    assert!(matches!(exposed, Err(ApiError::Exposed { .. })));
    server.shutdown().await;
}
