//! Whole nodes within the test: two provinces, as `nguon init`, `nguon charter`,
//! `nguon join` and `nguon run` would bring them up.

use std::path::Path;

use api::Client;
use charter::{Draft, Enrolment, EnrolmentTerms, MemberKind, MemberSettings, Names};
use node::forming::{NewNode, init, join};
use node::{Config, Home, Loopback, RunningNode, start_sharing};
use record::SecretKey;
use store::Resources;

use crate::federation::free_port;

/// Forms a federation of two provinces in a folder and starts their nodes.
///
/// # Panics
///
/// When the folder is not fresh, or a node does not start.
pub async fn two_nodes(folder: &Path) -> [RunningNode; 2] {
    let governor = SecretKey::from_seed(&[99; 32]);
    let mut draft =
        Draft::new("Hai tỉnh", [(governor.public(), "G".to_owned())], 1).expect("one governor");
    let ids = ["lam-dong", "lang-son"];
    let homes = ids.map(|id| {
        let home = Home::new(folder.join(id));
        let addresses = vec![format!("/ip4/127.0.0.1/tcp/{}", free_port())];
        let node = NewNode {
            listen: addresses.clone(),
            http: Loopback::free(),
            terms: EnrolmentTerms {
                node_name: "main".parse().expect("a name"),
                addresses,
                public_url: None,
                member: Some(id.parse().expect("a name")),
                names: Some(Names {
                    vi: id.to_owned(),
                    en: id.to_owned(),
                }),
                kind: Some(MemberKind::Province),
            },
        };
        init(&home, &node).expect("a fresh folder");
        let request = std::fs::read(home.enrolment_file()).expect("just written");
        let request = Enrolment::verify(&request).expect("a sound request");
        let edited = draft.add_member(&request, MemberSettings::default());
        assert_eq!(edited.expect("a new member").signatures_dropped, 0);
        home
    });
    draft.sign(&governor).expect("a governor");
    let charter = folder.join("charter.json");
    std::fs::write(&charter, draft.to_file()).expect("written");
    let resources = Resources::new(8 << 20, 16 << 20).expect("resources");
    let mut nodes = Vec::new();
    for home in homes {
        join(&home, &charter, &draft.federation()).expect("a member");
        let config = Config::load(&home.config_file()).expect("as init wrote it");
        nodes.push(start_sharing(config, &resources).await.expect("a node"));
    }
    nodes.try_into().unwrap_or_else(|_| panic!("two nodes"))
}

/// Returns a client of a node.
///
/// # Panics
///
/// Never: a node that runs has an address.
pub fn client(node: &RunningNode) -> Client {
    Client::new(&format!("http://{}/", node.http_address())).expect("an address")
}
