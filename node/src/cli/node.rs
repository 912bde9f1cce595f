//! How commands find the running node that they ask, and what they show it.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use api::{Client, Credentials};
use clap::Args;
use zeroize::Zeroizing;

use crate::config::{Config, HttpConfig};
use crate::{files, http};

/// The variable that may hold a token, for those who start commands from
/// programs.
const TOKEN: &str = "NGUON_TOKEN";
/// The longest a token's file may be, in bytes.
const TOKEN_BYTES_MAX: usize = 4096;

/// Which running node is asked, and by whom.
#[derive(Debug, Args)]
pub(crate) struct Asked {
    /// The node's address [default: http://127.0.0.1:8790].
    #[arg(
        long,
        visible_alias = "url",
        value_name = "URL",
        env = "NGUON_NODE",
        conflicts_with = "config"
    )]
    node: Option<String>,
    /// The node's configuration, which tells its address.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The file that holds the token to show [default: what NGUON_TOKEN holds].
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// The authority of the node's certificate [default: those the system trusts].
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The certificate to show.
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// The private key of the certificate to show.
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
}

impl Asked {
    /// Makes a client of the node.
    ///
    /// # Errors
    ///
    /// When the address is none, the configuration tells none, or a file
    /// cannot be used.
    pub(crate) fn client(&self) -> Result<Client> {
        let base = match (&self.node, &self.config) {
            (Some(base), _) => base.clone(),
            (None, Some(path)) => {
                let http = Config::load(path)?.http;
                if http.listen.port() == 0 {
                    bail!(
                        "{} lets the system choose the port: give --node with the address that \
                         nguon run printed",
                        path.display()
                    );
                }
                http.url(http.listen)
            }
            (None, None) => {
                let http = HttpConfig::default();
                http.url(http.listen)
            }
        };
        Ok(Client::with(&base, self.credentials()?)?)
    }

    fn credentials(&self) -> Result<Credentials> {
        let certificate = self.cert.as_deref().zip(self.key.as_deref());
        let certificate = certificate.map(|(cert, key)| http::client_certificate(cert, key));
        Ok(Credentials {
            token: self.token()?,
            authorities: self.ca.as_deref().map(http::authorities).transpose()?,
            certificate: certificate.transpose()?,
        })
    }

    fn token(&self) -> Result<Option<Zeroizing<String>>> {
        let Some(path) = &self.token_file else {
            let held = std::env::var(TOKEN).ok().filter(|token| !token.is_empty());
            return Ok(held.map(Zeroizing::new));
        };
        files::refuse_open(path, 0o077)?;
        let bytes = Zeroizing::new(files::read(path, TOKEN_BYTES_MAX)?);
        let text = std::str::from_utf8(&bytes);
        let text = text.with_context(|| format!("{} holds no token", path.display()))?;
        Ok(Some(Zeroizing::new(text.trim().to_owned())))
    }
}
