//! How a node comes to be: its keys, its request to be listed, and the
//! federation that it is pinned to.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use charter::{Charter, Enrolment, EnrolmentTerms, FILE_BYTES_MAX, MemberId, MemberKind, NodeName};
use record::{FederationId, PublicKey};

use crate::config::{Config, Loopback, NetworkConfig};
use crate::files::{self, Eyes};
use crate::home::Home;
use crate::keys::{self, Role};

mod template;

/// What a new node is told about itself.
#[derive(Clone, Debug)]
pub struct NewNode {
    /// What its enrolment request says.
    pub terms: EnrolmentTerms,
    /// Where it listens for other members.
    pub listen: Vec<String>,
    /// Where it listens for local systems.
    pub http: Loopback,
}

impl NewNode {
    /// Describes a node with the usual places to listen.
    pub fn new(terms: EnrolmentTerms) -> Self {
        Self {
            terms,
            listen: NetworkConfig::default().listen,
            http: Loopback::default(),
        }
    }

    /// Returns the scope in which the node captures unless told otherwise: an
    /// agency's own, or `national`.
    fn default_scope(&self) -> String {
        match (self.terms.kind, &self.terms.member) {
            (Some(MemberKind::Agency), Some(id)) => format!("with-{id}"),
            _ => "national".to_owned(),
        }
    }
}

/// A node that was made.
#[derive(Clone, Debug)]
pub struct Made {
    /// Its folder.
    pub home: Home,
    /// The key that will sign its checkpoints.
    pub author: PublicKey,
    /// The key by which the network will know it.
    pub transport: PublicKey,
}

/// Makes a node in a folder that holds none: keys, configuration and enrolment
/// request.
///
/// # Errors
///
/// When the folder holds a node already, the terms are not of their form, or a
/// file cannot be written.
pub fn init(home: &Home, node: &NewNode) -> Result<Made> {
    let files = [
        home.author_key_file(),
        home.transport_key_file(),
        home.config_file(),
        home.enrolment_file(),
    ];
    for path in &files {
        ensure!(
            !path.exists(),
            "{} exists already: this folder holds a node, whose keys are never replaced; name \
             another folder",
            path.display()
        );
    }
    let author = keys::generate()?;
    let transport = keys::generate()?;
    let enrolment = Enrolment::new(&author, &transport, &node.terms)
        .context("the enrolment request would break a rule")?;
    let config = template::render(node);
    toml::from_str::<Config>(&config).context("the configuration would break a rule")?;

    files::create_folder(home.dir())?;
    let [author_file, transport_file, config_file, enrolment_file] = &files;
    let holder = format!("node \"{}\"", node.terms.node_name);
    keys::create(author_file, Role::Author, &holder, &author)?;
    keys::create(transport_file, Role::Transport, &holder, &transport)?;
    files::create(config_file, config.as_bytes(), Eyes::Anyone)?;
    files::create(enrolment_file, enrolment.to_file().as_bytes(), Eyes::Anyone)?;
    Ok(Made {
        home: home.clone(),
        author: author.public(),
        transport: transport.public(),
    })
}

/// A federation that a node was pinned to.
#[derive(Clone, Debug)]
pub struct Joined {
    /// The verified charter.
    pub charter: Charter,
    /// The member that the node belongs to.
    pub member: MemberId,
    /// The node's name within its member.
    pub node: NodeName,
    /// Whether the node was pinned to this federation before.
    pub again: bool,
}

/// Verifies a charter, pins the node to its first version's hash, and stores
/// it in the node's folder. Doing it again changes nothing.
///
/// # Errors
///
/// When the file is not that charter, does not list this node with both its
/// keys, or the node is pinned to another federation.
pub fn join(home: &Home, charter_file: &Path, federation: &FederationId) -> Result<Joined> {
    let pinned = home.federation()?;
    if let Some(pinned) = pinned {
        ensure!(
            pinned == *federation,
            "the node in {} is pinned to the federation {pinned} and can belong to no other: make \
             another node for {federation} with nguon init",
            home.dir().display()
        );
    }
    let bytes = files::read(charter_file, FILE_BYTES_MAX)?;
    let charter = Charter::first(&bytes, federation)
        .with_context(|| format!("{} is refused", charter_file.display()))?;
    let (member, node) = listed(home, &charter)?;
    let stored = home.charter_file();
    if !same_file(charter_file, &stored) {
        files::replace(&stored, &bytes, Eyes::Anyone)?;
    }
    if pinned.is_none() {
        let pin = format!("{federation}\n");
        files::replace(&home.pin_file(), pin.as_bytes(), Eyes::Anyone)?;
    }
    Ok(Joined {
        charter,
        member,
        node,
        again: pinned.is_some(),
    })
}

/// Finds the node in the charter by both its keys.
///
/// # Errors
///
/// When the charter lists either key not at all, or for another node.
pub(crate) fn listed(home: &Home, charter: &Charter) -> Result<(MemberId, NodeName)> {
    let author = home.author_key()?.public();
    let transport = home.transport_key()?.public();
    let enrolment: PathBuf = home.enrolment_file();
    let (member, node, _) = charter.author(&author.raw()).with_context(|| {
        format!(
            "the charter lists no node with this node's author key {author}: ask its governors to \
             take in {} (nguon member add) and to sign again",
            enrolment.display()
        )
    })?;
    ensure!(
        node.transport == transport,
        "the charter lists the node {} of {} with the transport key {}, and this node's is \
         {transport}: put the right {} back, or enrol anew",
        node.name,
        member.id,
        node.transport,
        home.transport_key_file().display()
    );
    Ok((member.id.clone(), node.name.clone()))
}

fn same_file(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn node(member: Option<&str>, kind: Option<MemberKind>) -> NewNode {
        NewNode::new(EnrolmentTerms {
            node_name: "main".parse().expect("a name"),
            addresses: vec!["/ip4/127.0.0.1/tcp/4001".to_owned()],
            public_url: None,
            member: member.map(|id| id.parse().expect("a name")),
            names: None,
            kind,
        })
    }

    #[test]
    fn a_made_node_reads_back() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let home = Home::new(folder.path().join("deep/lam-dong"));
        let made = init(&home, &node(None, None)).expect("a new folder");
        assert_eq!(home.author_key().expect("a key").public(), made.author);
        assert_eq!(
            home.transport_key().expect("a key").public(),
            made.transport
        );
        let config = Config::load(&home.config_file()).expect("a configuration");
        assert_eq!(config, Config::in_dir(home.dir()));
        let file = files::read(&home.enrolment_file(), 1 << 16).expect("a request");
        let enrolment = Enrolment::verify(&file).expect("an honest request");
        assert_eq!(enrolment.author(), made.author);
        let again = init(&home, &node(None, None)).expect_err("a node is there");
        assert!(again.to_string().contains("never replaced"), "{again}");
    }

    #[test]
    fn a_refused_request_leaves_nothing_behind() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let home = Home::new(folder.path().join("node"));
        let mut wrong = node(None, None);
        wrong.terms.addresses = vec!["127.0.0.1:4001".to_owned()];
        let error = init(&home, &wrong).expect_err("no multiaddr");
        assert!(format!("{error:#}").contains("multiaddr"), "{error:#}");
        assert!(!home.dir().exists());
    }
}
