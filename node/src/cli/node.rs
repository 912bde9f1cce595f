//! How commands find the running node that they ask.

use std::path::PathBuf;

use anyhow::{Result, bail};
use api::Client;
use clap::Args;

use crate::config::{Config, Loopback};

/// Which running node is asked.
#[derive(Debug, Args)]
pub(crate) struct Asked {
    /// The node's address for local systems [default: http://127.0.0.1:8790].
    #[arg(
        long,
        value_name = "URL",
        env = "NGUON_NODE",
        conflicts_with = "config"
    )]
    node: Option<String>,
    /// The node's configuration, which tells its address.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Asked {
    /// Makes a client of the node.
    ///
    /// # Errors
    ///
    /// When the address is none, or the configuration tells none.
    pub(crate) fn client(&self) -> Result<Client> {
        let base = match (&self.node, &self.config) {
            (Some(base), _) => base.clone(),
            (None, Some(path)) => {
                let listen = Config::load(path)?.http.listen;
                if listen.address().port() == 0 {
                    bail!(
                        "{} lets the system choose the port: give --node with the address that \
                         nguon run printed",
                        path.display()
                    );
                }
                format!("http://{listen}")
            }
            (None, None) => format!("http://{}", Loopback::default()),
        };
        Ok(Client::new(&base)?)
    }
}
