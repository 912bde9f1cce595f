//! A node's ledger with a server before it, and events to capture.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use api::{
    Access, Client, ClientError, Config, NetworkReport, PeerReport, ProblemReport, PublishedReport,
    Server, Sources,
};
use charter::{Charter, Draft, Enrolment, EnrolmentTerms, MemberKind, MemberSettings, Names};
use epcis::Contexts;
use ledger::Ledger;
use prometheus_client::registry::Registry;
use record::{ScopeName, SecretKey};
use store::{Resources, Store};

pub(crate) const BYTES_MAX: usize = 64 << 10;
pub(crate) const EVENTS_MAX: usize = 50;

/// Lam Dong's node: it may write the national scope and the agency's, and not
/// that of Lang Son's own.
pub(crate) struct Node {
    pub(crate) server: Option<Server>,
    pub(crate) client: Client,
    pub(crate) ledger: Ledger,
    pub(crate) charter: Charter,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

pub(crate) fn scope(name: &str) -> ScopeName {
    ScopeName::new(name).expect("a name")
}

fn charter() -> (String, Charter) {
    let governor = key(100);
    let mut draft = Draft::new("thu", [(governor.public(), "G".to_owned())], 1).expect("a draft");
    let members = [
        ("lam-dong", "Lâm Đồng", MemberKind::Province, 1u8),
        ("lang-son", "Lạng Sơn", MemberKind::Province, 2),
        ("gacc", "Hải quan", MemberKind::Agency, 3),
    ];
    for (id, name, kind, seed) in members {
        let terms = EnrolmentTerms {
            node_name: "a".parse().expect("a name"),
            addresses: vec!["/ip4/127.0.0.1/tcp/1".into()],
            public_url: None,
            member: Some(id.parse().expect("a name")),
            names: Some(Names {
                vi: name.to_owned(),
                en: id.to_owned(),
            }),
            kind: Some(kind),
        };
        let request = Enrolment::new(&key(seed), &key(seed + 50), &terms).expect("a request");
        let added = draft.add_member(&request, MemberSettings::default());
        assert_eq!(added.expect("a member").signatures_dropped, 0);
    }
    draft.sign(&governor).expect("signed");
    let file = draft.to_file();
    let charter = Charter::first(file.as_bytes(), &draft.federation()).expect("a charter");
    (file, charter)
}

fn ledger(path: &Path, seed: u8, registry: &mut Registry) -> (Ledger, Charter) {
    let resources = Resources::new(1 << 20, 8 << 20).expect("resources");
    let store = Store::open(path, &resources).expect("a folder opens");
    let (file, charter) = charter();
    let config = ledger::Config {
        key: key(seed),
        charter: charter.clone(),
        charter_file: file.into_bytes(),
    };
    let ledger = Ledger::start(store, config, registry).expect("a member's ledger");
    (ledger, charter)
}

pub(crate) fn config() -> Config {
    Config {
        listen: "127.0.0.1:0".parse().expect("an address"),
        access: Access::Operator,
        public_links: false,
        hosts: Vec::new(),
        tls: None,
        document_bytes_max: BYTES_MAX,
        events_max: EVENTS_MAX,
        default_scope: scope("national"),
        contexts: Contexts::new(),
    }
}

pub(crate) fn sources() -> Sources {
    let report = NetworkReport {
        peers: vec![PeerReport {
            member: "lang-son".into(),
            connected: true,
            ..PeerReport::default()
        }],
        published: ["national", "with-gacc"]
            .map(|scope| PublishedReport {
                scope: scope.to_owned(),
                epoch: "0".repeat(32),
                size: 1,
            })
            .into(),
        ..NetworkReport::default()
    };
    Sources {
        network: Arc::new(move || report.clone()),
    }
}

impl Node {
    pub(crate) async fn start() -> Self {
        Self::of(1).await
    }

    /// Starts a node that takes large documents.
    pub(crate) async fn generous() -> Self {
        let config = Config {
            document_bytes_max: 64 << 20,
            events_max: 100_000,
            ..config()
        };
        Self::with(1, config).await
    }

    /// Starts the node of the agency, which may not write the national scope.
    pub(crate) async fn of_agency() -> Self {
        Self::of(3).await
    }

    async fn of(seed: u8) -> Self {
        Self::with(seed, config()).await
    }

    /// Starts the node of Lam Dong (1), of Lang Son (2) or of the agency (3).
    pub(crate) async fn with(seed: u8, config: Config) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut registry = Registry::default();
        let (ledger, charter) = ledger(folder.path(), seed, &mut registry);
        let server = Server::start(config, ledger.clone(), sources(), registry);
        let server = server.await.expect("an address");
        let address = server.address();
        Self {
            client: Client::new(&format!("http://{address}")).expect("an address"),
            server: Some(server),
            ledger,
            charter,
            address,
            _folder: folder,
        }
    }

    /// Returns the URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Returns the port that is listened on.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Captures events in the national scope.
    pub(crate) async fn holds(&self, events: &[String]) {
        let captured = self.client.capture(document(events), None).await;
        captured.expect("captured");
    }
}

/// Asks by hand.
pub(crate) async fn get(url: &str) -> reqwest::Response {
    reqwest::get(url).await.expect("an answer")
}

/// Returns the problem of an answer, and its status.
pub(crate) async fn problem(response: reqwest::Response) -> ProblemReport {
    let status = response.status().as_u16();
    let media_type = response.headers()["content-type"].clone();
    assert_eq!(media_type, "application/problem+json", "{status}");
    let report: ProblemReport = response.json().await.expect("a problem");
    assert_eq!(report.status, status);
    report
}

/// Returns why the client was refused.
pub(crate) fn refused<T: std::fmt::Debug>(result: Result<T, ClientError>) -> ProblemReport {
    match result {
        Err(ClientError::Refused(report)) => *report,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn document(events: &[String]) -> Vec<u8> {
    let events = events.join(",");
    format!(
        r#"{{"@context":"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
        "type":"EPCISDocument","schemaVersion":"2.0","creationDate":"2026-10-12T08:00:00+07:00",
        "epcisBody":{{"eventList":[{events}]}}}}"#
    )
    .into_bytes()
}

pub(crate) fn epc(serial: u32) -> String {
    format!("urn:epc:id:sgtin:8934999.900101.{serial}")
}

pub(crate) fn event_id(serial: u32) -> String {
    format!("urn:uuid:00000000-0000-4000-8000-{serial:012}")
}

/// Commissions an item.
pub(crate) fn event(serial: u32) -> String {
    format!(
        r#"{{"type":"ObjectEvent","eventTime":"2026-10-12T07:00:00.000+07:00",
        "eventTimeZoneOffset":"+07:00","eventID":"{}","epcList":["{}"],
        "action":"ADD","bizStep":"commissioning"}}"#,
        event_id(serial),
        epc(serial)
    )
}

/// Packs items into a pallet.
pub(crate) fn packing(items: &[u32]) -> String {
    let items: Vec<String> = items
        .iter()
        .map(|item| format!("\"{}\"", epc(*item)))
        .collect();
    format!(
        r#"{{"type":"AggregationEvent","eventTime":"2026-10-12T09:00:00.000+07:00",
        "eventTimeZoneOffset":"+07:00","parentID":"{PALLET}","childEPCs":[{}],
        "action":"ADD","bizStep":"packing"}}"#,
        items.join(",")
    )
}

pub(crate) const PALLET: &str = "urn:epc:id:sscc:8934999.0000000001";
