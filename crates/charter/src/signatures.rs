//! The file around `signed`: its signatures, and how many of them count.

use std::collections::BTreeSet;

use record::{Digest, RawKey, Signature, Statement};

use crate::body::{Body, Governors};
use crate::form::{Cursor, Fault, FormError};
use crate::json::{FileError, Json};

/// The most bytes that a charter file may have: 8 MiB.
pub const FILE_BYTES_MAX: usize = 8 << 20;
/// The most signatures that a charter file may carry.
const SIGNATURES_MAX: usize = 1_000;

/// A charter file whose form holds and whose signatures nobody checked yet.
#[derive(Clone, Debug)]
pub(crate) struct Envelope {
    /// `signed` as it stands in the file.
    pub(crate) signed: Json,
    pub(crate) body: Body,
    /// In the file's order, no key twice.
    pub(crate) signatures: Vec<(RawKey, Signature)>,
}

/// Says why a file is no charter file in form.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EnvelopeError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Form(#[from] FormError),
}

/// Whose signatures a charter version carries, each key once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many governors must sign.
    pub threshold: u32,
    /// The governors whose signature holds.
    pub signed: Vec<RawKey>,
    /// The governors in whose name a signature stands that does not hold. It
    /// does not count, and does no other harm.
    pub invalid: Vec<RawKey>,
    /// Keys that are no governor's. Their signatures are not looked at.
    pub strangers: Vec<RawKey>,
}

impl Tally {
    /// Tells whether enough governors signed.
    pub fn suffices(&self) -> bool {
        usize::try_from(self.threshold).is_ok_and(|threshold| self.signed.len() >= threshold)
    }

    /// Checks the signatures over `canonical` against the governors.
    pub(crate) fn of(
        governors: &Governors,
        canonical: &[u8],
        signatures: &[(RawKey, Signature)],
    ) -> Self {
        let mut tally = Self {
            threshold: governors.threshold,
            ..Self::default()
        };
        for (key, signature) in signatures {
            let list = match governors.keys.get(key) {
                None => &mut tally.strangers,
                Some(governor) => {
                    let statement = Statement::Charter(canonical);
                    if governor.key.verifies(&statement, signature) {
                        &mut tally.signed
                    } else {
                        &mut tally.invalid
                    }
                }
            };
            list.push(*key);
        }
        tally
    }
}

impl Envelope {
    /// Reads a charter file's form.
    pub(crate) fn read(file: &[u8]) -> Result<Self, EnvelopeError> {
        let tree = Json::read(file, FILE_BYTES_MAX)?;
        let mut members = Cursor::file(&tree).members()?;
        let at = members.required("signed")?;
        let signed = at.value().clone();
        let body = Body::read(at)?;
        let signatures = read_signatures(members.required("signatures")?)?;
        members.finish()?;
        Ok(Self {
            signed,
            body,
            signatures,
        })
    }

    /// Writes the file, indented.
    pub(crate) fn to_file(&self) -> String {
        let signatures = self.signatures.iter().map(|(key, signature)| {
            Json::object([
                ("key", Some(Json::text(key))),
                ("signature", Some(Json::text(hex::encode(signature.0)))),
            ])
        });
        Json::object([
            ("signed", Some(self.signed.clone())),
            ("signatures", Some(Json::array(signatures))),
        ])
        .pretty()
    }
}

/// Returns the SHA-256 of a version's canonical bytes: its name.
pub(crate) fn hash_of(canonical: &[u8]) -> Digest {
    Digest::of(&[canonical])
}

fn read_signatures(at: Cursor<'_>) -> Result<Vec<(RawKey, Signature)>, FormError> {
    let mut keys = BTreeSet::new();
    let mut signatures = Vec::new();
    for at in at.items(SIGNATURES_MAX)? {
        let mut members = at.members()?;
        let key_at = members.required("key")?;
        // Only a governor's key needs to be a sound one, and that is known.
        let key: RawKey = key_at.parsed()?;
        if !keys.insert(key) {
            return Err(key_at.fault(Fault::ListedTwice));
        }
        signatures.push((key, members.required("signature")?.signature()?));
        members.finish()?;
    }
    Ok(signatures)
}
