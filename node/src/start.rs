//! A whole node: starting it, asking it, stopping it.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, Error, Result, anyhow, ensure};
use api::{Server, Sources};
use charter::{Charter, FILE_BYTES_MAX, MemberId, NodeName};
use epcis::Contexts;
use ledger::Ledger;
use network::{Network, NetworkStatus};
use prometheus_client::registry::Registry;
use store::{Resources, Store};
use tokio::sync::watch;

use crate::config::{Config, HttpConfig, StoreConfig};
use crate::{files, forming, http};

mod report;

/// The longest a context document may be, in bytes.
const CONTEXT_BYTES_MAX: usize = 1 << 20;

/// A node that runs: its ledger, its network, its HTTP interface.
#[derive(Debug)]
pub struct RunningNode {
    member: MemberId,
    name: NodeName,
    http: HttpConfig,
    ledger: Ledger,
    network: Network,
    server: Server,
}

/// Starts a node with resources of its own.
///
/// # Errors
///
/// As [`start_sharing`].
pub async fn start(config: Config) -> Result<RunningNode> {
    let resources = config.store.resources()?;
    start_sharing(config, &resources).await
}

/// Starts a node whose database shares memory and threads with others of this
/// process. What the config says of the database's memory is passed over.
///
/// # Errors
///
/// When the node has joined no federation, a file or the database cannot be
/// opened, an address cannot be listened on, or other machines would reach the
/// node without TLS and identities.
pub async fn start_sharing(config: Config, resources: &Resources) -> Result<RunningNode> {
    let home = config.home();
    let charter = home.charter()?;
    let charter_file = files::read(&home.charter_file(), FILE_BYTES_MAX)?;
    let (member, name) = forming::listed(&home, &charter)?;
    may_capture(&config, &charter, &member)?;
    let http = http::config(&config, contexts(&config)?)?;

    let mut registry = Registry::with_prefix("nguon");
    files::create_folder(&config.data)?;
    let ledger_config = ledger::Config {
        key: home.author_key()?,
        charter,
        charter_file,
    };
    let store = Store::open(&config.data, resources)?;
    let ledger = Ledger::start(store, ledger_config, &mut registry)
        .with_context(|| format!("the ledger in {} cannot start", config.data.display()))?;
    let network_config = network::Config {
        listen: config.network.listen.clone(),
        ..network::Config::default()
    };
    let network = Network::start(
        network_config,
        home.transport_key()?,
        ledger.clone(),
        &mut registry,
    )
    .await
    .context("the network cannot start")?;
    let server = serve(http, &ledger, &network, registry).await?;
    Ok(RunningNode {
        member,
        name,
        http: config.http,
        ledger,
        network,
        server,
    })
}

impl RunningNode {
    /// Returns the member whose node this is.
    pub fn member(&self) -> &MemberId {
        &self.member
    }

    /// Returns the node's name within its member.
    pub fn name(&self) -> &NodeName {
        &self.name
    }

    /// Returns the ledger.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Returns where the node listens for other systems.
    pub fn http_address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Returns the URL under which other systems reach the node.
    pub fn http_url(&self) -> String {
        self.http.url(self.http_address())
    }

    /// Reads identities, certificate and key again, and goes by them from now
    /// on: who is no longer listed is no longer answered, on open connections
    /// either.
    ///
    /// # Errors
    ///
    /// When one of them cannot be used; then all stays as it was.
    pub fn reload(&self) -> Result<()> {
        let (access, tls) = (self.http.access()?, self.http.tls()?);
        Ok(self.server.replace(access, tls)?)
    }

    /// Returns where the node listens for other members, as multiaddr texts
    /// with the ports that the system gave.
    pub fn listen_addresses(&self) -> &[String] {
        self.network.listen_addresses()
    }

    /// Returns how the network stands, and its changes.
    pub fn network_status(&self) -> watch::Receiver<NetworkStatus> {
        self.network.status()
    }

    /// Waits until the node can serve no longer, and returns why. Safe to
    /// cancel.
    pub async fn wait_fatal(&mut self) -> Error {
        let write_failed = || {
            anyhow!(
                "a write to the database failed, so this run has ended: nothing that was signed \
                 left the node unwritten; look at the disk's space and health, then start again"
            )
        };
        tokio::select! {
            () = self.ledger.ended() => write_failed(),
            stopped = self.network.stopped() => match stopped {
                Err(_) if self.ledger.has_ended() => write_failed(),
                Err(stopped) => Error::new(stopped).context("the network ended"),
                Ok(()) => anyhow!("the network ended"),
            },
        }
    }

    /// Stops in order: takes no more requests, ends the links to peers, and
    /// lets the ledger finish what it began.
    pub async fn shutdown(self) {
        self.server.shutdown().await;
        self.network.shutdown().await;
        self.ledger.stop().await;
    }
}

impl StoreConfig {
    /// Makes what the databases of one process share.
    ///
    /// # Errors
    ///
    /// When the database cannot make its background threads.
    pub fn resources(&self) -> Result<Resources> {
        let bytes = |mebibytes: u32| (mebibytes as usize) << 20;
        let resources = Resources::new(bytes(self.cache_mib), bytes(self.write_buffer_mib));
        resources.context("the database's memory cannot be set up")
    }
}

/// Starts the HTTP interface, the last part: who is answered there meets a
/// whole node.
async fn serve(
    config: api::Config,
    ledger: &Ledger,
    network: &Network,
    registry: Registry,
) -> Result<Server> {
    let listening = network.listen_addresses().to_vec();
    let status = network.status();
    let sources = Sources {
        network: Arc::new(move || report::network(&listening, &status.borrow())),
    };
    Server::start(config, ledger.clone(), sources, registry)
        .await
        .context("the HTTP interface cannot start")
}

/// Refuses a default scope that the charter does not let the member write.
fn may_capture(config: &Config, charter: &Charter, member: &MemberId) -> Result<()> {
    let scope = &config.capture.default_scope;
    let scopes = charter.scopes().keys();
    let writes: Vec<&str> = scopes
        .filter(|scope| charter.may_write(member, scope))
        .map(record::ScopeName::as_str)
        .collect();
    ensure!(
        charter.may_write(member, scope) || writes.is_empty(),
        "capture.default_scope is \"{scope}\", which {member} may not write by the charter: use one \
         of {}",
        writes.join(", ")
    );
    Ok(())
}

fn contexts(config: &Config) -> Result<Contexts> {
    let mut contexts = Contexts::new();
    for (url, path) in &config.contexts {
        let json = files::read(path, CONTEXT_BYTES_MAX)?;
        contexts
            .add(url, &json)
            .with_context(|| format!("{} is no context for {url}", path.display()))?;
    }
    Ok(contexts)
}
