//! The server: what it starts with, how it listens and how it ends.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use epcis::Contexts;
use ledger::Ledger;
use prometheus_client::registry::Registry;
use record::ScopeName;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;

use crate::connections::{self, Service, SharedTls};
use crate::guard::HostName;
use crate::identity::Access;
use crate::identity::gate::Gate;
use crate::metrics::Metrics;
use crate::page::PageSecret;
use crate::reading::{Reading, Workers};
use crate::report::NetworkReport;
use crate::routes;
use crate::tls::Tls;

/// How many captures are taken in at a time: each may hold a whole document.
const CAPTURES_MAX: usize = 8;
/// How many bodies of the largest size are held at a time.
const BODIES_AT_ONCE: usize = 2;
/// How long open requests may take to end when the server shuts down.
const PARTING: Duration = Duration::from_secs(10);

/// What a server starts with.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address to listen on. Port 0 lets the system choose one.
    pub listen: SocketAddr,
    /// Who may call.
    pub access: Access,
    /// Whether the resolver's links are answered to everybody.
    pub public_links: bool,
    /// The names by which the node is called, beside those of this machine.
    pub hosts: Vec<HostName>,
    /// The certificate that is shown; `None` to speak HTTP in the clear.
    pub tls: Option<Tls>,
    /// The bytes that a captured document may take.
    pub document_bytes_max: usize,
    /// The events that a captured document may hold.
    pub events_max: usize,
    /// The scope of a capture that names none.
    pub default_scope: ScopeName,
    /// The context documents that events may name.
    pub contexts: Contexts,
}

/// What only other crates can say, asked for when a request needs it. It has
/// to answer at once.
#[derive(Clone)]
pub struct Sources {
    /// How the network stands.
    pub network: Arc<dyn Fn() -> NetworkReport + Send + Sync>,
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// Other machines would reach the node, and it would not know who calls.
    #[error(
        "cannot listen for HTTP on {address}, which other machines reach: {lack}; or listen on a \
         loopback address such as 127.0.0.1:{port}", port = .address.port()
    )]
    Exposed {
        /// The address.
        address: SocketAddr,
        /// What it would take.
        lack: &'static str,
    },
    /// TLS is there or not for as long as the server runs.
    #[error("TLS cannot be switched on or off while the node runs: stop it and start it again")]
    TlsSwitched,
    /// The address cannot be listened on.
    #[error("cannot listen for HTTP on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// Randomness cannot be had from the system.
    #[error("the system gives no randomness: {0}")]
    Randomness(getrandom::Error),
}

/// What all requests share.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) config: Config,
    pub(crate) reading: Reading,
    pub(crate) captures: Semaphore,
    /// What the bodies of captures may take up together, in KiB.
    pub(crate) capture_room: Semaphore,
    /// Apart from those who read, so that questions hold up no capture.
    pub(crate) parsers: Workers,
    pub(crate) page_secret: PageSecret,
    pub(crate) metrics: Metrics,
    pub(crate) registry: Registry,
    pub(crate) sources: Sources,
    pub(crate) gate: Gate,
}

/// Returns a number of bytes in KiB, as a count of permits.
pub(crate) fn kibibytes(bytes: usize) -> usize {
    bytes.div_ceil(1 << 10).min(1 << 24)
}

impl App {
    pub(crate) fn ledger(&self) -> &Ledger {
        self.reading.ledger()
    }
}

/// A server that listens. Dropping it ends it without waiting.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    app: Arc<App>,
    tls: SharedTls,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
}

impl Server {
    /// Listens and begins to answer.
    ///
    /// The registry is what `GET /metrics` shows: all that shall be seen there
    /// is registered before; the server adds its own.
    ///
    /// # Errors
    ///
    /// When other machines would reach the address and nothing would tell who
    /// calls, or when it cannot be listened on.
    pub async fn start(
        config: Config,
        ledger: Ledger,
        sources: Sources,
        mut registry: Registry,
    ) -> Result<Self, ApiError> {
        config.check()?;
        let address = config.listen;
        let failed = |source| ApiError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let metrics = Metrics::register(&mut registry);
        let document_bytes_max = config.document_bytes_max;
        let tls: SharedTls = Arc::new(RwLock::new(config.tls.clone()));
        let gate = Gate::new(routes::needs(), config.access.clone(), config.public_links);
        let app = Arc::new(App {
            config,
            reading: Reading::new(ledger),
            captures: Semaphore::new(CAPTURES_MAX),
            capture_room: Semaphore::new(BODIES_AT_ONCE * kibibytes(document_bytes_max)),
            parsers: Workers::new(CAPTURES_MAX),
            page_secret: PageSecret::fresh().map_err(ApiError::Randomness)?,
            metrics,
            registry,
            sources,
            gate,
        });
        let service = Service {
            router: routes::router(Arc::clone(&app)),
            tls: Arc::clone(&tls),
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(connections::serve(listener, service, stopped));
        tracing::info!(%address, "listening for HTTP");
        Ok(Self {
            address,
            app,
            tls,
            stop: Some(stop),
            serving,
        })
    }

    /// Lets others in from now on, on open connections too, and shows another
    /// certificate to those that connect from now on.
    ///
    /// # Errors
    ///
    /// As [`Server::start`], and when TLS would be switched on or off. All
    /// stays as it was then.
    pub fn replace(&self, access: Access, tls: Option<Tls>) -> Result<(), ApiError> {
        if tls.is_some() != self.app.config.tls.is_some() {
            return Err(ApiError::TlsSwitched);
        }
        let config = Config {
            access,
            tls,
            ..self.app.config.clone()
        };
        config.check()?;
        *self.tls.write().unwrap_or_else(PoisonError::into_inner) = config.tls;
        self.app.gate.replace(config.access);
        Ok(())
    }

    /// Returns the address listened on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no further connections, lets open requests end, but not for long,
    /// and returns.
    pub async fn shutdown(mut self) {
        drop(self.stop.take());
        if tokio::time::timeout(PARTING, &mut self.serving)
            .await
            .is_err()
        {
            tracing::warn!("requests that took too long to end were cut off");
            self.serving.abort();
        }
    }
}

impl Config {
    /// Makes sure that nobody unknown reaches the node from elsewhere.
    ///
    /// # Errors
    ///
    /// When the address is no loopback address and something is missing.
    pub fn check(&self) -> Result<(), ApiError> {
        let address = self.listen;
        if address.ip().to_canonical().is_loopback() {
            return Ok(());
        }
        let lack = if self.tls.is_none() {
            "it takes TLS, so that credentials are not read on their way"
        } else if !self.access.has_identities() {
            "it takes identities, so that nobody writes in this node's name unknown"
        } else if self.hosts.is_empty() {
            "it takes the names by which the node is called there"
        } else {
            return Ok(());
        };
        Err(ApiError::Exposed { address, lack })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources").finish_non_exhaustive()
    }
}
