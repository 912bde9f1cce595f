//! TLS (rustls), with one cryptographic provider that is named: the network
//! brings two into the process, and rustls would choose between them by a
//! setting of the whole process.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, VerifierBuilderError, WebPkiClientVerifier};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, ServerConfig, WantsVerifier};
use rustls_platform_verifier::BuilderVerifierExt as _;

/// The application protocol that is spoken (RFC 7301).
const ALPN: &[u8] = b"http/1.1";

/// What a server shows, and whom it asks to show something: TLS 1.2 or 1.3.
#[derive(Clone)]
pub struct Tls {
    pub(crate) config: Arc<ServerConfig>,
    asks_clients: bool,
}

/// A client's own certificate, with its key.
pub struct ClientCertificate {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

/// What is wrong with a certificate or a key.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// There is none.
    #[error("it holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)")]
    NoCertificate,
    /// It cannot be read.
    #[error("it is not in PEM form")]
    Pem(#[source] pem::Error),
    /// There is no key.
    #[error("it holds no private key in PEM form, unencrypted (-----BEGIN PRIVATE KEY-----)")]
    NoKey(#[source] pem::Error),
    /// A certificate cannot stand for an authority.
    #[error("a certificate in it cannot be trusted as an authority's")]
    Authority(#[source] rustls::Error),
    /// Clients cannot be asked for certificates of these authorities.
    #[error("clients cannot be asked for certificates")]
    Clients(#[from] VerifierBuilderError),
    /// Certificate and key cannot be used.
    #[error("the certificate and the private key do not serve together")]
    Pair(#[source] rustls::Error),
    /// The system's authorities cannot be used.
    #[error("the system's certificate authorities cannot be used; name one")]
    System(#[source] rustls::Error),
}

impl Tls {
    /// Takes a server's certificate, with those between it and its authority,
    /// and its private key, as PEM.
    ///
    /// With `client_authorities`, clients are asked for a certificate of one
    /// of these. One that shows none is let in, and has to show a token; one
    /// that shows a wrong or an expired one is not.
    ///
    /// # Errors
    ///
    /// When one of the three cannot be used.
    pub fn new(
        certificate: &[u8],
        key: &[u8],
        client_authorities: Option<&[u8]>,
    ) -> Result<Self, TlsError> {
        let chain = certificates(certificate)?;
        let key = private_key(key)?;
        let builder = ServerConfig::builder_with_provider(provider());
        let builder = builder.with_safe_default_protocol_versions();
        let builder = builder.map_err(TlsError::Pair)?;
        let builder = match client_authorities {
            None => builder.with_no_client_auth(),
            Some(pem) => {
                let roots = Arc::new(authorities(pem)?);
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider());
                let verifier = verifier.allow_unauthenticated().build()?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let mut config = builder
            .with_single_cert(chain, key)
            .map_err(TlsError::Pair)?;
        config.alpn_protocols = vec![ALPN.to_vec()];
        if client_authorities.is_some() {
            // A session that is taken up again would bring its certificate
            // along without a look at its date.
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
        }
        Ok(Self {
            config: Arc::new(config),
            asks_clients: client_authorities.is_some(),
        })
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Tls");
        shown.field("asks_clients", &self.asks_clients);
        shown.finish_non_exhaustive()
    }
}

impl ClientCertificate {
    /// Takes a client's certificate, with those between it and its authority,
    /// and its private key, as PEM.
    ///
    /// # Errors
    ///
    /// When one of the two is not there.
    pub fn new(certificate: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        Ok(Self {
            chain: certificates(certificate)?,
            key: private_key(key)?,
        })
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate").finish_non_exhaustive()
    }
}

/// Returns what a client trusts, the system's authorities or those given as
/// PEM, and what it shows.
pub(crate) fn client(
    trusted: Option<&[u8]>,
    own: Option<ClientCertificate>,
) -> Result<ClientConfig, TlsError> {
    let builder = ClientConfig::builder_with_provider(provider());
    let builder: ConfigBuilder<ClientConfig, WantsVerifier> = builder
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Pair)?;
    let builder = match trusted {
        Some(pem) => builder.with_root_certificates(authorities(pem)?),
        None => builder.with_platform_verifier().map_err(TlsError::System)?,
    };
    match own {
        None => Ok(builder.with_no_client_auth()),
        Some(own) => builder
            .with_client_auth_cert(own.chain, own.key)
            .map_err(TlsError::Pair),
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let all = CertificateDer::pem_slice_iter(pem);
    let all: Vec<_> = all.collect::<Result<_, _>>().map_err(TlsError::Pem)?;
    match all.is_empty() {
        true => Err(TlsError::NoCertificate),
        false => Ok(all),
    }
}

fn private_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_slice(pem).map_err(TlsError::NoKey)
}

fn authorities(pem: &[u8]) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem)? {
        roots.add(certificate).map_err(TlsError::Authority)?;
    }
    Ok(roots)
}
