//! Ledgers of one federation, and events to capture.

#![allow(dead_code, reason = "every test binary uses a part of this")]

use std::path::Path;

use charter::{Charter, Draft, Enrolment, EnrolmentTerms, MemberKind, MemberSettings, Names};
use epcis::{Contexts, Document, Event};
use ledger::{Config, Ledger, Received};
use prometheus_client::registry::Registry;
use record::{ScopeName, SecretKey, UnverifiedBatch};
use store::{Resources, Store};

pub(crate) fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

pub(crate) fn scope(name: &str) -> ScopeName {
    ScopeName::new(name).expect("a name")
}

/// A charter of two provinces and an agency; seeds 1, 2 and 3.
pub(crate) fn charter_file() -> (String, Charter) {
    let governor = key(100);
    let mut draft = Draft::new("thu", [(governor.public(), "G".to_owned())], 1).expect("a draft");
    let members = [
        ("lam-dong", MemberKind::Province, 1u8),
        ("lang-son", MemberKind::Province, 2),
        ("gacc", MemberKind::Agency, 3),
    ];
    for (id, kind, seed) in members {
        let terms = EnrolmentTerms {
            node_name: "a".parse().expect("a name"),
            addresses: vec!["/ip4/127.0.0.1/tcp/1".into()],
            public_url: None,
            member: Some(id.parse().expect("a name")),
            names: Some(Names {
                vi: id.to_owned(),
                en: id.to_owned(),
            }),
            kind: Some(kind),
        };
        let request = Enrolment::new(&key(seed), &key(seed + 50), &terms).expect("a request");
        let edited = draft.add_member(&request, MemberSettings::default());
        assert_eq!(edited.expect("a member").signatures_dropped, 0);
    }
    draft.sign(&governor).expect("signed");
    let file = draft.to_file();
    let charter = Charter::first(file.as_bytes(), &draft.federation()).expect("a charter");
    (file, charter)
}

pub(crate) fn open(path: &Path, seed: u8) -> Ledger {
    let resources = Resources::new(1 << 20, 8 << 20).expect("resources");
    let store = Store::open(path, &resources).expect("a folder opens");
    let (file, charter) = charter_file();
    let config = Config {
        key: key(seed),
        charter,
        charter_file: file.into_bytes(),
    };
    Ledger::start(store, config, &mut Registry::default()).expect("a member's ledger")
}

/// The members of the federation.
pub(crate) struct Node;

impl Node {
    pub(crate) fn province(path: &Path) -> Ledger {
        open(path, 1)
    }

    pub(crate) fn other(path: &Path) -> Ledger {
        open(path, 2)
    }
}

pub(crate) fn event(serial: u32) -> Event {
    event_saying(serial, Some(serial), "commissioning")
}

/// Returns an event of an item, with the `eventID` of a number.
pub(crate) fn event_saying(serial: u32, id: Option<u32>, step: &str) -> Event {
    let id = id.map_or_else(String::new, |id| {
        format!(r#""eventID":"urn:uuid:00000000-0000-4000-8000-{id:012}","#)
    });
    let text = format!(
        r#"{{"@context":"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
        "type":"ObjectEvent","eventTime":"2026-10-12T07:00:00.000+07:00","eventTimeZoneOffset":"+07:00",
        {id}"epcList":["urn:epc:id:sgtin:8934999.900101.{serial}"],"action":"ADD","bizStep":"{step}"}}"#
    );
    let document = Document::parse(text.as_bytes(), &Contexts::new()).expect("a valid event");
    document.events.into_iter().next().expect("one event")
}

/// Hands over all that `to` lacks of the scopes given, as a peer would.
pub(crate) async fn replicate(from: &Ledger, to: &Ledger, scopes: &[&str]) {
    for head in from.heads() {
        if !scopes.contains(&head.log.scope.as_str()) {
            continue;
        }
        loop {
            let held = to.heads().into_iter().find(|h| h.log == head.log);
            let at = held.map_or(0, |h| h.size);
            let Some(batch) = from.read_batch(&head.log, at, 1 << 20).expect("read") else {
                break;
            };
            let batch = UnverifiedBatch::decode(&batch.bytes).expect("honest bytes");
            let received = to.receive(batch).await.expect("an honest batch");
            assert!(!matches!(received, Received::PassedOver), "{head:?}");
        }
    }
}

pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}
