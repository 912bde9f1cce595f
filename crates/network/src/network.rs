//! The network of a node, as the rest of the node sees it.

use ledger::Ledger;
use prometheus_client::registry::Registry;
use record::SecretKey;
use replica::Replica;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::config::{Config, NetworkError, parse_addresses};
use crate::directory::Directory;
use crate::links::Links;
use crate::metrics::Metrics;
use crate::shell::{Parts, Shell, Stopped, to_replica};
use crate::status::NetworkStatus;

/// A running network. When it is dropped the network ends, without waiting for
/// what is on its way; [`Network::shutdown`] waits.
#[derive(Debug)]
pub struct Network {
    listening: Vec<String>,
    status: watch::Receiver<NetworkStatus>,
    stop: DropGuard,
    /// `None` once it was joined.
    task: Option<JoinHandle<Result<(), Stopped>>>,
}

impl Network {
    /// Starts the network of the node whose ledger this is: listens, dials the
    /// charter's members, and replicates.
    ///
    /// `transport_key` is the key to which the charter binds the ledger's
    /// author key. The counters are registered in `registry` under
    /// `network_…` and `replica_…`.
    ///
    /// # Errors
    ///
    /// When an address cannot be read or listened on, or the charter does not
    /// know the node.
    pub async fn start(
        config: Config,
        transport_key: SecretKey,
        ledger: Ledger,
        registry: &mut Registry,
    ) -> Result<Self, NetworkError> {
        let addresses = parse_addresses(&config.listen)?;
        let charter = ledger.charter();
        let own_key = ledger.own_key();
        let directory = Directory::new(&charter, &own_key, &transport_key.public().raw())?;
        let metrics = Metrics::register(registry);
        let bodies_in_reading_max = config.limits.bodies_in_reading_max;
        let mut links = Links::new(&transport_key, config.limits, metrics.clone())?;
        links.listen(addresses).await?;
        links.replace_contacts(directory.contacts());
        let listening = links
            .listen_addresses()
            .iter()
            .map(ToString::to_string)
            .collect();

        // First the subscription, then the heads: what advances in between is
        // told twice rather than never.
        let heads = ledger.subscribe();
        let replica = Replica::new(
            replica::Config::default(),
            own_key,
            charter.reference(),
            ledger.heads().into_iter().map(to_replica).collect(),
        );
        let (status_sender, status) = watch::channel(NetworkStatus::default());
        let shell = Shell::new(Parts {
            links,
            directory,
            replica,
            ledger,
            bodies_in_reading_max,
            metrics,
            status: status_sender,
        });
        let stop = CancellationToken::new();
        let task = tokio::spawn(shell.run(heads, stop.clone()));
        Ok(Self {
            listening,
            status,
            stop: stop.drop_guard(),
            task: Some(task),
        })
    }

    /// Returns the addresses of the listening sockets, as multiaddr texts, with
    /// the ports that the system gave.
    pub fn listen_addresses(&self) -> &[String] {
        &self.listening
    }

    /// Returns the status and its changes.
    pub fn status(&self) -> watch::Receiver<NetworkStatus> {
        self.status.clone()
    }

    /// Waits until the network ends by itself, and returns why; `Ok` at once
    /// when that was told already. Safe to cancel.
    ///
    /// # Panics
    ///
    /// When the network's task panicked.
    pub async fn stopped(&mut self) -> Result<(), Stopped> {
        let Some(task) = &mut self.task else {
            return Ok(());
        };
        let joined = task.await;
        // A task that was joined may not be awaited again.
        self.task = None;
        outcome(joined)
    }

    /// Ends the network in order: bodies that the ledger is judging are judged,
    /// what is queued for peers is written, the streams are closed. It takes a
    /// few seconds at most.
    ///
    /// # Panics
    ///
    /// When the network's task panicked.
    pub async fn shutdown(self) {
        drop(self.stop);
        let Some(task) = self.task else {
            return;
        };
        if let Err(error) = outcome(task.await) {
            tracing::warn!(%error, "the network had ended already");
        }
    }
}

fn outcome(joined: Result<Result<(), Stopped>, tokio::task::JoinError>) -> Result<(), Stopped> {
    joined.unwrap_or_else(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        // The runtime is shutting down.
        Err(_) => Ok(()),
    })
}

#[cfg(test)]
mod tests;
