//! Ed25519 keys and signatures. Verification is `verify_strict`, everywhere.

use std::fmt;

use curve25519_dalek::edwards::CompressedEdwardsY;
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use crate::statement::Statement;

/// 32 bytes in the place of a public key, as a log's name carries them.
///
/// Nothing is known of them: that they are a key, and a sound one, is known
/// only of a [`PublicKey`]. A log's key is looked up in the charter, whose
/// keys have all passed that check.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RawKey(pub [u8; 32]);

impl fmt::Display for RawKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for RawKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawKey({self})")
    }
}

/// An Ed25519 public key that passed the enrolment check: canonically encoded,
/// not of small order, and free of torsion.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// Says why 32 bytes are no acceptable public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not 64 lowercase hexadecimal digits.
    #[error("a key is 64 lowercase hexadecimal digits")]
    NotHex,
    /// Not a point of the curve in its one canonical encoding.
    #[error("the bytes are not the canonical encoding of a curve point")]
    NotCanonical,
    /// A point of small order: signatures by it prove nothing.
    #[error("the key is of small order")]
    SmallOrder,
    /// A point outside the prime-order group.
    #[error("the key is not free of torsion")]
    Torsion,
}

impl PublicKey {
    /// Checks 32 bytes as a public key (the enrolment check).
    ///
    /// Costs a scalar multiplication, so the charter does it once for each key.
    ///
    /// # Errors
    ///
    /// Names the first rule that the bytes break.
    pub fn check(raw: RawKey) -> Result<Self, KeyError> {
        let point = CompressedEdwardsY(raw.0)
            .decompress()
            .ok_or(KeyError::NotCanonical)?;
        if point.compress().0 != raw.0 {
            return Err(KeyError::NotCanonical);
        }
        if point.is_small_order() {
            return Err(KeyError::SmallOrder);
        }
        if !point.is_torsion_free() {
            return Err(KeyError::Torsion);
        }
        VerifyingKey::from_bytes(&raw.0)
            .map(Self)
            .map_err(|_| KeyError::NotCanonical)
    }

    /// Returns the key's 32 bytes.
    pub fn raw(&self) -> RawKey {
        RawKey(self.0.to_bytes())
    }

    /// Tells whether `signature` is this key's over `statement`, by
    /// `verify_strict`.
    pub fn verifies(&self, statement: &Statement<'_>, signature: &Signature) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        self.0.verify_strict(&statement.bytes(), &signature).is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.raw(), f)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl std::str::FromStr for RawKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let digest: crate::Digest = text.parse().map_err(|_| KeyError::NotHex)?;
        Ok(Self(*digest.as_bytes()))
    }
}

impl std::str::FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        Self::check(text.parse()?)
    }
}

/// 64 bytes in the place of an Ed25519 signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub [u8; 64]);

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({})", hex::encode(self.0))
    }
}

/// An Ed25519 secret key. Its memory is wiped when it is dropped, and its
/// `Debug` form shows the public half only.
#[derive(Clone)]
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// Makes the key of a 32-byte seed (RFC 8032 §5.1.5).
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// Returns the seed, for writing the key file.
    pub fn seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// Returns the public half.
    ///
    /// # Panics
    ///
    /// Never for a key made from a seed: such keys lie in the prime-order group.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Signs a statement. Whatever this project signs is a [`Statement`].
    pub fn sign(&self, statement: &Statement<'_>) -> Signature {
        Signature(self.0.sign(&statement.bytes()).to_bytes())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey(of {})", self.public())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enrolment_refuses_weak_keys() {
        let identity = {
            let mut bytes = [0; 32];
            bytes[0] = 1;
            RawKey(bytes)
        };
        assert_eq!(PublicKey::check(identity), Err(KeyError::SmallOrder));
        // The field's prime plus one: the identity again, not canonical.
        let mut bytes = [0xff; 32];
        bytes[0] = 0xee;
        bytes[31] = 0x7f;
        assert_eq!(PublicKey::check(RawKey(bytes)), Err(KeyError::NotCanonical));

        let honest = SecretKey::from_seed(&[7; 32]).public();
        assert_eq!(PublicKey::check(honest.raw()), Ok(honest));
        // An honest key plus a point of order eight.
        let torsion = curve25519_dalek::constants::EIGHT_TORSION[1];
        let mixed = CompressedEdwardsY(honest.raw().0)
            .decompress()
            .expect("an honest key is a point")
            + torsion;
        assert_eq!(
            PublicKey::check(RawKey(mixed.compress().0)),
            Err(KeyError::Torsion)
        );
    }

    #[test]
    fn a_signature_holds_for_its_statement_alone() {
        let key = SecretKey::from_seed(&[1; 32]);
        let statement = Statement::Enrolment(b"{}");
        let signature = key.sign(&statement);
        assert!(key.public().verifies(&statement, &signature));
        assert!(
            !key.public()
                .verifies(&Statement::Charter(b"{}"), &signature)
        );
        let mut flipped = signature;
        flipped.0[40] ^= 1;
        assert!(!key.public().verifies(&statement, &flipped));
    }
}
