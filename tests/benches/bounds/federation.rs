//! A federation of two members, and their ledgers.

use std::path::Path;

use charter::{
    Charter, Draft, Enrolment, EnrolmentTerms, MemberId, MemberKind, MemberSettings, Names,
    NodeName,
};
use ledger::Ledger;
use prometheus_client::registry::Registry;
use record::{ScopeName, SecretKey};
use store::{Resources, Store};
use tokio::runtime::Runtime;

/// The members, by the seeds of their keys.
pub(crate) const MEMBERS: [u8; 2] = [1, 2];

/// Returns a member's author key.
pub(crate) fn author(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

/// Returns a member's transport key.
pub(crate) fn transport(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed + 100; 32])
}

/// Returns the scope in which everything is recorded.
pub(crate) fn national() -> ScopeName {
    ScopeName::new("national").expect("a name")
}

/// Returns a runtime as the node's own.
pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
}

/// A charter and its file.
pub(crate) struct Founded {
    charter: Charter,
    file: Vec<u8>,
    addresses: [String; 2],
}

impl Founded {
    /// Returns where a member's node listens.
    pub(crate) fn address(&self, seed: u8) -> &str {
        let member = MEMBERS.iter().position(|member| *member == seed);
        &self.addresses[member.expect("a member's seed")]
    }
}

/// Founds a federation of two provinces that listen at the addresses given.
pub(crate) fn found(addresses: [&str; 2]) -> Founded {
    let governor = author(99);
    let names = [(governor.public(), "Governor".to_owned())];
    let mut draft = Draft::new("Bench", names, 1).expect("a draft");
    for (seed, address) in MEMBERS.into_iter().zip(addresses) {
        let terms = EnrolmentTerms {
            node_name: NodeName::new("main").expect("a name"),
            addresses: vec![address.to_owned()],
            public_url: None,
            member: Some(MemberId::new(&format!("province-{seed}")).expect("an id")),
            names: Some(Names {
                vi: "Tỉnh".to_owned(),
                en: "Province".to_owned(),
            }),
            kind: Some(MemberKind::Province),
        };
        let request = Enrolment::new(&author(seed), &transport(seed), &terms).expect("a request");
        let edited = draft.add_member(&request, MemberSettings::default());
        assert_eq!(edited.expect("a new member").signatures_dropped, 0);
    }
    draft.sign(&governor).expect("a governor signs");
    let file = draft.to_file().into_bytes();
    let charter = Charter::first(&file, &draft.federation()).expect("a charter");
    Founded {
        charter,
        file,
        addresses: addresses.map(str::to_owned),
    }
}

/// Founds a federation whose nodes are never dialled.
pub(crate) fn found_alone() -> Founded {
    found(["/ip4/127.0.0.1/tcp/1", "/ip4/127.0.0.1/tcp/2"])
}

/// Opens a member's ledger in a folder, with the resources of an ordinary node.
pub(crate) fn open(founded: &Founded, seed: u8, folder: &Path) -> Ledger {
    let resources = Resources::for_one_node().expect("resources");
    let store = Store::open(folder, &resources).expect("a store");
    let config = ledger::Config {
        key: author(seed),
        charter: founded.charter.clone(),
        charter_file: founded.file.clone(),
    };
    Ledger::start(store, config, &mut Registry::default()).expect("a ledger")
}

/// Makes an empty folder that goes away with what is returned.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}
