//! Keys, signatures and the names of logs.

use curve25519_dalek::constants::{ED25519_BASEPOINT_TABLE, EIGHT_TORSION};
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use record::{
    Digest, Epoch, KeyError, LogId, PublicKey, RawKey, ScopeName, SecretKey, Signature, Statement,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha512};

use crate::flipped;
use crate::history::{author, federation, scope, stranger};

pub(crate) fn keys() -> Value {
    let accepted = [author(), stranger(), SecretKey::from_seed(&[0; 32])].map(|key| {
        assert!(PublicKey::check(key.public().raw()).is_ok());
        json!({"seed": hex::encode(key.seed()), "key": key.public().to_string()})
    });
    json!({"accepted": accepted, "refused": refused_keys()})
}

fn refused_keys() -> Vec<Value> {
    let refused = |name: &str, bytes: [u8; 32]| {
        let reason = match PublicKey::check(RawKey(bytes)).expect_err(name) {
            KeyError::NotHex => "not-hex",
            KeyError::NotCanonical => "not-canonical",
            KeyError::SmallOrder => "small-order",
            KeyError::Torsion => "torsion",
        };
        json!({"name": name, "key": hex::encode(bytes), "reason": reason})
    };
    let y = |low: u8, rest: u8, high: u8| {
        let mut bytes = [rest; 32];
        (bytes[0], bytes[31]) = (low, high);
        bytes
    };
    let mixed = point(&author().public()) + EIGHT_TORSION[1];
    vec![
        refused("no point of the curve", y(2, 0, 0)),
        refused("y is the field's prime and one", y(0xee, 0xff, 0x7f)),
        refused("x is zero and its sign is set", y(1, 0, 0x80)),
        refused("the neutral element", y(1, 0, 0)),
        refused("of order two", y(0xec, 0xff, 0x7f)),
        refused("of order four", y(0, 0, 0)),
        refused("of order eight", EIGHT_TORSION[1].compress().0),
        refused("a sound key and a point of order eight", mixed.compress().0),
    ]
}

fn point(key: &PublicKey) -> EdwardsPoint {
    CompressedEdwardsY(key.raw().0)
        .decompress()
        .expect("a sound key is a point")
}

pub(crate) fn signatures() -> Value {
    let key = author();
    let statement = Statement::Enrolment(b"{}");
    let signature = key.sign(&statement);
    let refused = |name: &str, signature: [u8; 64]| {
        let held = key.public().verifies(&statement, &Signature(signature));
        assert!(!held, "{name}");
        json!({"name": name, "signature": hex::encode(signature)})
    };
    let fixed = |bytes: Vec<u8>| <[u8; 64]>::try_from(bytes).expect("64 bytes");
    let as_charter = key.sign(&Statement::Charter(b"{}"));
    json!({
        "key": key.public().to_string(),
        "seed": hex::encode(key.seed()),
        "message": hex::encode(statement.bytes()),
        "signature": hex::encode(signature.0),
        "refused": [
            refused("a bit of R flipped", fixed(flipped(&signature.0, 0))),
            refused("a bit of S flipped", fixed(flipped(&signature.0, 40))),
            refused("S and the group's order", plus_order(signature)),
            refused("another key's", stranger().sign(&statement).0),
            refused("over the same body under another prefix", as_charter.0),
            refused("R of small order, by who holds the key", forged(&statement, None)),
            refused(
                "true in the cofactored equation alone",
                forged(&statement, Some(EIGHT_TORSION[1])),
            ),
        ],
    })
}

/// Adds the group's order to S: the same scalar, encoded a second time.
fn plus_order(signature: Signature) -> [u8; 64] {
    let order = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
        .expect("hexadecimal");
    let mut bytes = signature.0;
    let mut carry = 0;
    for (byte, add) in bytes[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        let [high, low] = sum.to_be_bytes();
        (*byte, carry) = (low, u16::from(high));
    }
    bytes
}

/// Signs as nobody should: with R the neutral element, or with a point of
/// small order added to an honest R.
fn forged(statement: &Statement<'_>, added: Option<EdwardsPoint>) -> [u8; 64] {
    let key = author();
    let expanded = Sha512::digest(key.seed().as_slice());
    let mut scalar = <[u8; 32]>::try_from(&expanded[..32]).expect("32 bytes");
    scalar[0] &= 248;
    scalar[31] = scalar[31] & 63 | 64;
    let secret = Scalar::from_bytes_mod_order(scalar);
    let (nonce, base) = match added {
        None => (Scalar::ZERO, EdwardsPoint::default()),
        Some(torsion) => (Scalar::from(77u8), torsion),
    };
    let r = (base + &nonce * ED25519_BASEPOINT_TABLE).compress().0;
    let hash = Sha512::new()
        .chain_update(r)
        .chain_update(key.public().raw().0)
        .chain_update(statement.bytes())
        .finalize();
    let challenge = Scalar::from_bytes_mod_order_wide(&hash.into());
    let s = (nonce + challenge * secret).to_bytes();
    <[u8; 64]>::try_from([r, s].concat()).expect("64 bytes")
}

pub(crate) fn logs() -> Value {
    let log = |scope: ScopeName, epoch: u8| {
        let log = LogId {
            author: author().public().raw(),
            scope,
            epoch: Epoch([epoch; 16]),
        };
        json!({
            "author": log.author.to_string(),
            "scope": log.scope.as_str(),
            "epoch": log.epoch.to_string(),
            "bytes": hex::encode(log.to_bytes()),
            "digest": log.digest().to_string(),
            "origin": log.origin(&federation()),
        })
    };
    let longest = ScopeName::new(&"x".repeat(63)).expect("63 characters");
    let accepted = [log(scope(), 0xe1), log(longest, 0), log(scope(), 0xff)];
    let origin = accepted[0]["origin"].as_str().expect("a text").to_owned();
    let refused = |name: &str, from: &str, to: &str| {
        let broken = origin.replacen(from, to, 1);
        assert_ne!(broken, origin, "{name}");
        assert_eq!(LogId::from_origin(&broken), None, "{name}");
        json!({"name": name, "origin": broken})
    };
    let digest = Digest::of(&[b"x"]).to_string();
    json!({
        "accepted": accepted,
        "refused_origins": [
            refused("another beginning", "nguon/", "nguon2/"),
            refused("an empty scope", "/national/", "//"),
            refused("a scope in capitals", "national", "National"),
            refused("an epoch in capitals", "e1e1", "E1e1"),
            refused("an epoch cut short", "e1e1", "e1"),
            refused("one part more", "/national/", &format!("/national/{digest}/")),
        ],
    })
}
