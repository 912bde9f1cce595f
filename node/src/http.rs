//! What the HTTP interface starts with: files read and checked.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context as _, Result};
use api::{Access, CertificatePin, ClientCertificate, Identities, Tls};
use epcis::Contexts;
use zeroize::Zeroizing;

use crate::config::{Config, HttpConfig, TlsConfig};
use crate::files;

/// The longest an identities file may be, in bytes.
pub(crate) const IDENTITIES_BYTES_MAX: usize = 16 << 20;
/// The longest a file of certificates, or of a key, may be.
const PEM_BYTES_MAX: usize = 1 << 20;

/// Reads all that the HTTP interface starts with.
///
/// # Errors
///
/// When a file cannot be read or is not what it should be, or other machines
/// would reach the node and something is missing for that.
pub(crate) fn config(config: &Config, contexts: Contexts) -> Result<api::Config> {
    let http = &config.http;
    let read = api::Config {
        listen: http.listen,
        access: http.access()?,
        public_links: http.public_links,
        hosts: http.hosts.clone(),
        tls: http.tls()?,
        document_bytes_max: (config.capture.document_mib as usize) << 20,
        events_max: config.capture.events_max,
        default_scope: config.capture.default_scope.clone(),
        contexts,
    };
    read.check().context(
        "the configuration's http.tls, http.identities and http.hosts decide who is let in from \
         elsewhere: docs/operations/identities.md",
    )?;
    Ok(read)
}

impl HttpConfig {
    /// Returns the URL under which others reach the node that listens on an
    /// address.
    pub(crate) fn url(&self, listening: SocketAddr) -> String {
        match (&self.tls, self.hosts.first()) {
            (None, _) => format!("http://{listening}"),
            // The certificate is for the name.
            (Some(_), Some(host)) => format!("https://{}:{}", host.as_str(), listening.port()),
            (Some(_), None) => format!("https://{listening}"),
        }
    }

    /// Reads who may call.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, could be changed by others than its
    /// owner, or is not as it should be.
    pub(crate) fn access(&self) -> Result<Access> {
        let Some(path) = &self.identities else {
            return Ok(Access::Operator);
        };
        let identities = identities(path)?;
        Access::known(identities).with_context(|| format!("{} cannot be used", path.display()))
    }

    /// Reads certificate and key.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or is not what it should be, or the key is
    /// open to others.
    pub(crate) fn tls(&self) -> Result<Option<Tls>> {
        let Some(tls) = &self.tls else {
            return Ok(None);
        };
        let TlsConfig {
            certificate,
            key,
            client_ca,
        } = tls;
        let read = |path: &Path| files::read(path, PEM_BYTES_MAX);
        let (shown, secret) = (read(certificate)?, private_key(key)?);
        let clients = client_ca.as_deref().map(read).transpose()?;
        let tls = Tls::new(&shown, &secret, clients.as_deref());
        tls.map(Some).with_context(|| {
            let mut paths = vec![certificate.display(), key.display()];
            paths.extend(client_ca.as_ref().map(|path| path.display()));
            let paths: Vec<String> = paths.iter().map(ToString::to_string).collect();
            format!("there can be no TLS with {}", paths.join(", "))
        })
    }
}

/// Reads identities from a file.
///
/// # Errors
///
/// When it cannot be read, could be changed by others than its owner, or is
/// not of its form.
pub(crate) fn identities(path: &Path) -> Result<Identities> {
    // Whoever can write it can give themselves every right.
    files::refuse_open(path, 0o022)?;
    let bytes = files::read(path, IDENTITIES_BYTES_MAX)?;
    let text = String::from_utf8(bytes);
    let text = text.with_context(|| format!("{} is not UTF-8 text", path.display()))?;
    toml::from_str(&text).with_context(|| format!("{} lists no identities", path.display()))
}

/// Reads a client's certificate and key.
///
/// # Errors
///
/// When a file cannot be read or is not what it should be, or the key is open
/// to others.
pub(crate) fn client_certificate(certificate: &Path, key: &Path) -> Result<ClientCertificate> {
    let shown = authorities(certificate)?;
    let secret = private_key(key)?;
    ClientCertificate::new(&shown, &secret).with_context(|| {
        format!(
            "{} and {} are no certificate with its key",
            certificate.display(),
            key.display()
        )
    })
}

/// Reads a file of certificates.
///
/// # Errors
///
/// When it cannot be read.
pub(crate) fn authorities(path: &Path) -> Result<Vec<u8>> {
    files::read(path, PEM_BYTES_MAX)
}

/// Returns the hash by which a certificate's holder is known.
///
/// # Errors
///
/// When the file cannot be read or holds no certificate.
pub(crate) fn pin(path: &Path) -> Result<CertificatePin> {
    let pem = files::read(path, PEM_BYTES_MAX)?;
    CertificatePin::of_pem(&pem).with_context(|| format!("{} cannot be used", path.display()))
}

fn private_key(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    files::refuse_open(path, 0o077)?;
    files::read(path, PEM_BYTES_MAX).map(Zeroizing::new)
}
