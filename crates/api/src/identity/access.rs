//! The identities at work: known by their credentials, held to their pace.

use std::collections::BTreeMap;
use std::sync::Arc;

use record::Digest;
use subtle::ConditionallySelectable as _;

use super::certificate::CertificatePin;
use super::file::{Identities, IdentityName, IdentityTerms};
use super::limits::Pace;
use super::token::TokenHash;

/// The most tokens over all identities: each request with a token is compared
/// with every one.
const TOKENS_MAX: usize = 10_000;

/// Who may call.
#[derive(Clone, Debug, Default)]
pub enum Access {
    /// No identities are configured: whoever reaches the node's loopback
    /// address is its operator, with all rights.
    #[default]
    Operator,
    /// These, and nobody else.
    Known(Known),
}

/// Identities that were checked. Cloning gives the same ones.
#[derive(Clone, Debug)]
pub struct Known(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    identities: Vec<Arc<Identity>>,
    tokens: Vec<(TokenHash, u32)>,
    certificates: BTreeMap<CertificatePin, u32>,
}

/// One identity at work.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) name: IdentityName,
    pub(crate) terms: IdentityTerms,
    pub(crate) pace: Pace,
}

/// Why identities cannot be put to work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// Nobody could ever be this identity.
    #[error(
        "the identity {0} has neither tokens nor certificates: nguon token new makes a token, \
         nguon token pin tells a certificate's hash"
    )]
    NoCredentials(IdentityName),
    /// Two identities have a credential in common.
    #[error("{0} and {1} have the same token or certificate: who shows it would be both")]
    Shared(IdentityName, IdentityName),
    /// There are more tokens than each request can be compared with.
    #[error("there are more than {TOKENS_MAX} tokens")]
    TooMany,
}

impl Access {
    /// Puts identities to work.
    ///
    /// # Errors
    ///
    /// When one has no credentials, two share one, or there are too many.
    pub fn known(identities: Identities) -> Result<Self, AccessError> {
        let mut inner = Inner {
            identities: Vec::new(),
            tokens: Vec::new(),
            certificates: BTreeMap::new(),
        };
        let mut holders: BTreeMap<Digest, IdentityName> = BTreeMap::new();
        for ((name, terms), place) in identities.identity.into_iter().zip(0..) {
            if terms.tokens.is_empty() && terms.certificates.is_empty() {
                return Err(AccessError::NoCredentials(name));
            }
            for hash in &terms.tokens {
                if let Some(other) = holders.insert(hash.digest(), name.clone()) {
                    return Err(AccessError::Shared(other, name));
                }
                inner.tokens.push((hash.clone(), place));
            }
            for pin in &terms.certificates {
                if let Some(other) = inner.certificates.insert(*pin, place) {
                    let other = &inner.identities[other as usize].name;
                    return Err(AccessError::Shared(other.clone(), name));
                }
            }
            let pace = Pace::new(terms.requests_per_minute);
            let identity = Identity { name, terms, pace };
            inner.identities.push(Arc::new(identity));
        }
        if inner.tokens.len() > TOKENS_MAX {
            return Err(AccessError::TooMany);
        }
        Ok(Self::Known(Known(Arc::new(inner))))
    }

    /// Tells whether somebody else than a local operator could be answered.
    pub(crate) fn has_identities(&self) -> bool {
        match self {
            Self::Operator => false,
            Self::Known(known) => !known.0.identities.is_empty(),
        }
    }
}

impl Known {
    /// Returns whose token this is. It takes as long whichever it is, and
    /// whether or not it is any.
    pub(crate) fn by_token(&self, shown: &str) -> Option<&Arc<Identity>> {
        let shown = TokenHash::of(shown);
        let mut found = u32::MAX;
        for (hash, place) in &self.0.tokens {
            found.conditional_assign(place, hash.is(&shown));
        }
        self.0.identities.get(found as usize)
    }

    /// Returns whose certificate this is.
    pub(crate) fn by_certificate(&self, pin: &CertificatePin) -> Option<&Arc<Identity>> {
        let place = *self.0.certificates.get(pin)?;
        self.0.identities.get(place as usize)
    }
}

#[cfg(test)]
mod tests {
    use ledger::Scopes;

    use super::super::token::Token;
    use super::*;

    fn terms(tokens: &[&Token]) -> IdentityTerms {
        IdentityTerms {
            tokens: tokens.iter().map(|token| token.hash()).collect(),
            certificates: Vec::new(),
            rights: [].into(),
            write: Scopes::NONE,
            see: Scopes::All,
            requests_per_minute: 60.try_into().expect("not zero"),
            document_mib: None,
        }
    }

    fn access(
        of: impl IntoIterator<Item = (&'static str, IdentityTerms)>,
    ) -> Result<Access, AccessError> {
        let named = |(name, terms): (&str, _)| (name.parse().expect("a name"), terms);
        let identity = of.into_iter().map(named).collect();
        Access::known(Identities { identity })
    }

    #[test]
    fn each_token_is_its_identitys() {
        let tokens = [(); 4].map(|()| Token::draw().expect("randomness"));
        let access = access([
            ("first", terms(&[&tokens[0]])),
            ("second", terms(&[&tokens[1], &tokens[2]])),
        ]);
        let Ok(Access::Known(known)) = access else {
            panic!("{access:?}");
        };
        for (token, expected) in tokens.iter().zip(["first", "second", "second", ""]) {
            let found = known.by_token(token.as_str());
            let name = found.map_or("", |identity| identity.name.as_str());
            assert_eq!(name, expected);
        }
        let nothing = known.by_token("");
        assert!(nothing.is_none());
    }

    #[test]
    fn what_cannot_be_told_apart_is_refused() {
        let token = Token::draw().expect("randomness");
        let name = |text: &str| text.parse::<IdentityName>().expect("a name");
        let refused = access([("a", terms(&[&token])), ("b", terms(&[&token]))]);
        let shared = AccessError::Shared(name("a"), name("b"));
        assert_eq!(refused.expect_err("shared"), shared);
        let pinned: CertificatePin = format!("sha256:{}", "0".repeat(64)).parse().expect("a pin");
        let certified = || IdentityTerms {
            certificates: vec![pinned],
            ..terms(&[])
        };
        let refused = access([("a", certified()), ("b", certified())]);
        assert_eq!(refused.expect_err("shared"), shared);
        let refused = access([("a", terms(&[]))]);
        let nobody = AccessError::NoCredentials(name("a"));
        assert_eq!(refused.expect_err("nobody"), nobody);
        assert!(!access([]).expect("none").has_identities());
    }
}
