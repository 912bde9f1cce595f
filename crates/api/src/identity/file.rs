//! What is written of identities.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use ledger::Scopes;
use record::{ScopeName, is_name};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use super::certificate::CertificatePin;
use super::token::TokenHash;

/// The requests of a minute that an identity has unless told otherwise.
const REQUESTS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(6_000).expect("not zero");
/// What stands for every scope.
const EVERY_SCOPE: &str = "*";

/// All identities, as a file lists them: `[identity.NAME]` for each.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identities {
    /// The identities by name.
    #[serde(default)]
    pub identity: BTreeMap<IdentityName, IdentityTerms>,
}

/// An identity's name: 1 to 63 of `a`–`z`, `0`–`9` and `-`, not beginning with
/// `-`. Capture jobs stay with it, so it is never given to another.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct IdentityName(String);

/// By what an identity is known, what it may do, and how much.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityTerms {
    /// The hashes of its bearer tokens.
    #[serde(default)]
    pub tokens: Vec<TokenHash>,
    /// The keys of its client certificates.
    #[serde(default)]
    pub certificates: Vec<CertificatePin>,
    /// What it may do.
    pub rights: BTreeSet<Right>,
    /// The scopes that it may write, where it may capture.
    #[serde(default = "no_scope", deserialize_with = "scopes")]
    pub write: Scopes,
    /// The scopes that it may see.
    #[serde(default = "no_scope", deserialize_with = "scopes")]
    pub see: Scopes,
    /// How many requests it has in a minute.
    #[serde(default = "requests_per_minute")]
    pub requests_per_minute: NonZeroU32,
    /// The MiB that a request's body may take; the node's own limit holds too.
    #[serde(default)]
    pub document_mib: Option<NonZeroU32>,
}

/// What an identity may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Right {
    /// Records and discloses events in the scopes that it may write.
    Capture,
    /// Asks about what the scopes that it may see hold.
    Query,
    /// Sees how the node runs, and everybody's capture jobs.
    Admin,
}

impl IdentityName {
    /// Returns the name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Says that a text is no name of an identity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no identity's name: use 1 to 63 of the characters a-z, 0-9 and '-', beginning with a letter or digit"
)]
pub struct NotAName(String);

impl FromStr for IdentityName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        text.to_owned().try_into()
    }
}

impl TryFrom<String> for IdentityName {
    type Error = NotAName;

    fn try_from(text: String) -> Result<Self, NotAName> {
        match is_name(&text) {
            true => Ok(Self(text)),
            false => Err(NotAName(text.chars().take(80).collect())),
        }
    }
}

impl fmt::Display for IdentityName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for IdentityName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Right {
    /// Returns the right's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Capture => "capture",
            Self::Query => "query",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Right {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Capture, Self::Query, Self::Admin];
        let found = all.into_iter().find(|right| right.as_str() == text);
        found.ok_or_else(|| format!("{text:?} is no right: capture, query or admin"))
    }
}

fn no_scope() -> Scopes {
    Scopes::NONE
}

fn requests_per_minute() -> NonZeroU32 {
    REQUESTS_PER_MINUTE
}

/// Reads a list of scopes, or `["*"]` for all.
fn scopes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Scopes, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    if names.iter().any(|name| name == EVERY_SCOPE) {
        return match names.len() {
            1 => Ok(Scopes::All),
            _ => Err(D::Error::custom(
                "\"*\" means every scope: it stands alone or not at all",
            )),
        };
    }
    let names = names.iter().map(|name| name.parse::<ScopeName>());
    let names: Result<_, _> = names.collect();
    names.map(Scopes::Only).map_err(D::Error::custom)
}
