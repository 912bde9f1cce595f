//! Bearer tokens (RFC 6750): drawn here, kept as hashes alone.

use std::fmt;
use std::str::FromStr;

use record::Digest;
use serde::Deserialize;
use subtle::{Choice, ConstantTimeEq as _};
use zeroize::Zeroizing;

/// What a token begins with, so that scanners for leaked secrets know it.
const PREFIX: &str = "nguon_";
/// What the hash of a token, or of a key, begins with in a file.
const ALGORITHM: &str = "sha256:";

/// A secret that names whoever shows it: 256 random bits as text.
pub struct Token(Zeroizing<String>);

/// The SHA-256 of a token: what a node keeps of it.
///
/// One round of a fast hash suffices. Slow, salted hashes make up for
/// passwords that people think of and others guess; 256 random bits are found
/// by no guessing, however fast, and have no twin to give them away. A slow
/// hash would only let strangers, whose tokens are hashed too, tire the node.
///
/// Hashes are compared in constant time and in no other way:
///
/// ```compile_fail,E0369
/// # use api::TokenHash;
/// fn same(a: &TokenHash, b: &TokenHash) -> bool {
///     a == b
/// }
/// ```
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct TokenHash(Digest);

impl Token {
    /// Draws a token from the system's randomness.
    ///
    /// # Errors
    ///
    /// When the system gives none.
    pub fn draw() -> Result<Self, getrandom::Error> {
        let mut bits = Zeroizing::new([0; 32]);
        getrandom::fill(bits.as_mut())?;
        let digits = Zeroizing::new(hex::encode(bits.as_slice()));
        Ok(Self(Zeroizing::new(format!("{PREFIX}{}", digits.as_str()))))
    }

    /// Returns the token's text, to be shown once to whoever shall hold it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns what a node keeps of the token.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(self.as_str())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl TokenHash {
    /// Hashes what was shown as a token.
    pub(crate) fn of(shown: &str) -> Self {
        Self(Digest::of(&[shown.as_bytes()]))
    }

    /// Compares in a time that does not depend on what is compared.
    pub(crate) fn is(&self, other: &Self) -> Choice {
        self.0.as_bytes().ct_eq(other.0.as_bytes())
    }

    /// Returns the hash for use as a key where no secret is looked for.
    pub(crate) fn digest(&self) -> Digest {
        self.0
    }
}

/// Says that a text is no SHA-256 in the form of the identities' file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no hash: write sha256: and 64 lowercase hexadecimal digits")]
pub struct NotAHash(String);

/// Reads `sha256:` and 64 hexadecimal digits.
pub(super) fn read_hash(text: &str) -> Result<Digest, NotAHash> {
    let digits = text.strip_prefix(ALGORITHM);
    let digest = digits.and_then(|digits| digits.parse().ok());
    digest.ok_or_else(|| NotAHash(text.chars().take(80).collect()))
}

/// Writes what [`read_hash`] reads.
pub(super) fn write_hash(digest: &Digest, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{ALGORITHM}{digest}")
}

impl FromStr for TokenHash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        read_hash(text).map(Self)
    }
}

impl TryFrom<String> for TokenHash {
    type Error = NotAHash;

    fn try_from(text: String) -> Result<Self, NotAHash> {
        text.parse()
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hash(&self.0, f)
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_hash_and_by_nothing_else() {
        let token = Token::draw().expect("randomness");
        assert_eq!(token.as_str().len(), PREFIX.len() + 64);
        let kept: TokenHash = token.hash().to_string().parse().expect("its own form");
        assert!(bool::from(kept.is(&TokenHash::of(token.as_str()))));
        // One bit anywhere in the hash decides.
        let digest = *kept.digest().as_bytes();
        for place in 0..256 {
            let mut other = digest;
            other[place / 8] ^= 1 << (place % 8);
            let other = TokenHash(Digest::from_bytes(other));
            assert!(!bool::from(kept.is(&other)), "bit {place}");
        }
        let shown = token.as_str().to_owned();
        for wrong in ["", PREFIX, &shown[1..], &shown[..69], &format!("{shown} ")] {
            assert!(!bool::from(kept.is(&TokenHash::of(wrong))), "{wrong}");
        }
    }

    #[test]
    fn no_two_tokens_are_alike_and_none_is_printed_by_a_slip() {
        let [one, two] = [(); 2].map(|()| Token::draw().expect("randomness"));
        assert_ne!(one.as_str(), two.as_str());
        assert!(!format!("{one:?}").contains(&one.as_str()[6..]));
    }

    #[test]
    fn only_whole_hashes_are_read() {
        let digits = "0".repeat(64);
        assert!(format!("sha256:{digits}").parse::<TokenHash>().is_ok());
        for wrong in [
            digits.clone(),
            format!("sha256:{}", &digits[1..]),
            format!("sha256:{digits}0"),
            format!("SHA256:{digits}"),
            format!("sha256:{}A", &digits[1..]),
            String::new(),
        ] {
            assert!(wrong.parse::<TokenHash>().is_err(), "{wrong}");
        }
    }
}
