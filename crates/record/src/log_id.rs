//! Scopes, epochs and the identity of a log.

use std::fmt;
use std::str::FromStr;

use crate::digest::{Digest, FederationId};
use crate::key::RawKey;

/// A scope's name: 1 to 63 of `a`–`z`, `0`–`9` and `-`, not beginning with `-`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopeName(Box<str>);

/// Says that a text is no name of a scope or a member.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" is no name: use 1 to 63 of the characters a-z, 0-9 and '-', beginning with a letter or digit"
)]
pub struct NotAName(pub String);

impl ScopeName {
    /// Checks a scope's name.
    ///
    /// # Errors
    ///
    /// Refuses a text outside `[a-z0-9][a-z0-9-]{0,62}`.
    pub fn new(name: &str) -> Result<Self, NotAName> {
        if is_name(name) {
            Ok(Self(name.into()))
        } else {
            Err(NotAName(name.chars().take(80).collect()))
        }
    }

    /// Returns the name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Tells whether a text is a name in the form that scopes and members share:
/// `[a-z0-9][a-z0-9-]{0,62}`.
pub fn is_name(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && !text.starts_with('-')
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

impl fmt::Display for ScopeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ScopeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ScopeName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        Self::new(text)
    }
}

/// 128 random bits drawn at a run's start: no run continues another's logs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub [u8; 16]);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The most logs that a node holds, and a frontier tells of.
pub const LOGS_MAX: usize = 1 << 18;

/// Names a log: one author key's records in one scope and one epoch.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogId {
    /// The key that signs the log's checkpoints.
    pub author: RawKey,
    /// The scope whose readers may hold the log.
    pub scope: ScopeName,
    /// The run of the author's node that wrote it.
    pub epoch: Epoch,
}

impl LogId {
    /// Returns the byte form that is hashed into every leaf: key ‖ epoch ‖
    /// scope. The first two have fixed lengths, so no two logs share it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let scope = self.scope.as_str().as_bytes();
        [&self.author.0[..], &self.epoch.0[..], scope].concat()
    }

    /// Reads the byte form; `None` where it is none.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (author, rest) = bytes.split_first_chunk::<32>()?;
        let (epoch, scope) = rest.split_first_chunk::<16>()?;
        Some(Self {
            author: RawKey(*author),
            scope: ScopeName::new(std::str::from_utf8(scope).ok()?).ok()?,
            epoch: Epoch(*epoch),
        })
    }

    /// Returns the SHA-256 of the byte form.
    pub fn digest(&self) -> Digest {
        Digest::of(&[&self.to_bytes()])
    }

    /// Returns the checkpoint origin line (C2SP tlog-checkpoint):
    /// `nguon/<federation>/<author key>/<scope>/<epoch>`.
    pub fn origin(&self, federation: &FederationId) -> String {
        format!(
            "nguon/{federation}/{}/{}/{}",
            self.author, self.scope, self.epoch
        )
    }

    /// Reads an origin line; `None` where it is not in exactly that form.
    pub fn from_origin(origin: &str) -> Option<(FederationId, Self)> {
        let mut parts = origin.split('/');
        if parts.next()? != "nguon" {
            return None;
        }
        let federation: FederationId = parts.next()?.parse().ok()?;
        let author: RawKey = parts.next()?.parse().ok()?;
        let scope = ScopeName::new(parts.next()?).ok()?;
        let mut epoch = [0; 16];
        hex::decode_to_slice(parts.next()?, &mut epoch).ok()?;
        let log = Self {
            author,
            scope,
            epoch: Epoch(epoch),
        };
        // Rebuilding refuses what is left over and any second spelling.
        (log.origin(&federation) == origin).then_some((federation, log))
    }
}

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.author, self.scope, self.epoch)
    }
}

impl fmt::Debug for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> LogId {
        LogId {
            author: RawKey([3; 32]),
            scope: ScopeName::new("with-gacc").expect("a good name"),
            epoch: Epoch([9; 16]),
        }
    }

    #[test]
    fn names() {
        for good in ["a", "public", "with-gacc", "63", &"x".repeat(63)] {
            assert!(ScopeName::new(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "A", "a/b", "a b", "đ", "a\n", &"x".repeat(64)] {
            assert!(ScopeName::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn both_forms_round_trip() {
        let log = log();
        assert_eq!(LogId::from_bytes(&log.to_bytes()), Some(log.clone()));
        let federation = FederationId(Digest::of(&[b"f"]));
        let origin = log.origin(&federation);
        assert_eq!(LogId::from_origin(&origin), Some((federation, log)));
        assert_eq!(LogId::from_origin(&format!("{origin}/")), None);
        assert_eq!(LogId::from_origin(&origin.to_uppercase()), None);
    }
}
