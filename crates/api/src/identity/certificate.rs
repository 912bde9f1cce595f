//! Client certificates, named by the key that they certify.

use std::fmt;
use std::str::FromStr;

use record::Digest;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::server::ParsedCertificate;
use serde::Deserialize;

use super::token::{NotAHash, read_hash, write_hash};

/// The SHA-256 of a certificate's SubjectPublicKeyInfo (RFC 5280 §4.1), in DER.
///
/// It names the key and not the certificate, so that a certificate which is
/// renewed over the same key stays known. It is no secret.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct CertificatePin(Digest);

/// Says why a text holds no certificate.
#[derive(Debug, thiserror::Error)]
pub enum NotACertificate {
    /// It is not in PEM form, or holds none.
    #[error("it holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)")]
    Pem(#[from] rustls::pki_types::pem::Error),
    /// What it holds cannot be read.
    #[error("its certificate cannot be read")]
    Content(#[from] rustls::Error),
}

impl CertificatePin {
    /// Returns the pin of a certificate in DER form.
    pub(crate) fn of(certificate: &CertificateDer<'_>) -> Result<Self, rustls::Error> {
        let parsed = ParsedCertificate::try_from(certificate)?;
        Ok(Self(Digest::of(&[&parsed.subject_public_key_info()])))
    }

    /// Returns the pin of the first certificate of a PEM text.
    ///
    /// # Errors
    ///
    /// When the text holds no certificate.
    pub fn of_pem(pem: &[u8]) -> Result<Self, NotACertificate> {
        let certificate = CertificateDer::from_pem_slice(pem)?;
        Ok(Self::of(&certificate)?)
    }
}

impl FromStr for CertificatePin {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        read_hash(text).map(Self)
    }
}

impl TryFrom<String> for CertificatePin {
    type Error = NotAHash;

    fn try_from(text: String) -> Result<Self, NotAHash> {
        text.parse()
    }
}

impl fmt::Display for CertificatePin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hash(&self.0, f)
    }
}

impl fmt::Debug for CertificatePin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
