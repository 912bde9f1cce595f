//! A disclosure: a record of one log, shown in another scope with its proof.
//!
//! Whoever reads it verifies the first author's signature, whoever handed it
//! over. The payload is `[1, proof, since, opening, cosignatures]`:
//!
//! - `since`: the size and root last disclosed of the same log to the same
//!   scope, with the consistency proof from there; null where nothing of the
//!   log was disclosed before;
//! - `opening`: then, and only then, the source log's opening record with its
//!   own inclusion path under the same checkpoint; else null;
//! - `cosignatures`: `[[key, seconds, signature]…]` by the log's witnesses.
//!   This format's place for them; empty until nodes cosign.

use minicbor::Decoder;

use crate::cbor::{self, Out, Read, Written};
use crate::digest::{Digest, FederationId};
use crate::header::{AnyHeader, Kind};
use crate::key::{PublicKey, RawKey, Signature};
use crate::opening::Opening;
use crate::proof::{ProofError, RecordProof, UnverifiedProof, check_shown, put_shown, read_shown};
use crate::record::Sealed;
use crate::tree;

/// The most cosignatures that a disclosure carries.
pub const COSIGNATURES_MAX: usize = 64;

/// What was disclosed before of the same log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Since {
    /// The size of the checkpoint disclosed last.
    pub size: u64,
    /// Its root.
    pub root: Digest,
    /// The consistency proof from there to the checkpoint shown now.
    pub consistency: Vec<Digest>,
}

/// The source log's opening, shown with the first disclosure from that log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShownOpening {
    /// The opening's header.
    pub header: Vec<u8>,
    /// Its salt and payload; an opening is never erased.
    pub content: Option<Sealed>,
    /// Its inclusion path under the checkpoint shown.
    pub inclusion: Vec<Digest>,
}

/// A witness's signature over a checkpoint (C2SP tlog-cosignature).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cosignature {
    /// The witness's author key.
    pub key: RawKey,
    /// When it cosigned, in POSIX seconds.
    pub seconds: u64,
    /// Its signature.
    pub signature: Signature,
}

/// The payload of a disclosure, decoded, nothing checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnverifiedDisclosure {
    /// The record with its proof.
    pub proof: UnverifiedProof,
    /// What was disclosed before.
    pub since: Option<Since>,
    /// The source log's opening.
    pub opening: Option<ShownOpening>,
    /// Witnesses' signatures.
    pub cosignatures: Vec<Cosignature>,
}

/// Says why a disclosure has no effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DisclosureError {
    /// The payload is not one.
    #[error("the disclosure is malformed: {0}")]
    Malformed(String),
    /// The record's proof does not hold.
    #[error("the disclosed record's proof does not hold")]
    Proof(#[from] ProofError),
    /// The checkpoint does not continue the one disclosed before.
    #[error("the checkpoint does not continue the one disclosed before")]
    Since,
    /// The opening shown is not the log's first record, or not shown whole.
    #[error("the opening shown is not the log's first record with its content")]
    Opening,
    /// The checkpoint is tied to nothing, or to two things.
    #[error("a disclosure shows either what was disclosed before or the log's opening")]
    Unanchored,
}

impl DisclosureError {
    /// Tells whether a later build may judge otherwise: the disclosed record,
    /// or the opening shown, is of a header format that this build cannot read.
    pub fn is_unknown_format(&self) -> bool {
        matches!(self, Self::Proof(ProofError::UnknownFormat { .. }))
    }
}

/// A disclosure whose proofs hold. Cosignatures are not judged yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Disclosure {
    proof: RecordProof,
}

impl Disclosure {
    /// Returns the disclosed record with its proof.
    pub fn proof(&self) -> &RecordProof {
        &self.proof
    }
}

impl UnverifiedDisclosure {
    /// Decodes a payload. The federation is the reader's own.
    ///
    /// # Errors
    ///
    /// Refuses any but the one encoding.
    pub fn decode(payload: &[u8], federation: FederationId) -> Result<Self, DisclosureError> {
        cbor::decode_exact(payload, |d| read(d, federation), Self::put)
            .map_err(DisclosureError::Malformed)
    }

    /// Returns the payload.
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(|e| self.put(e))
    }

    fn put(&self, e: &mut Out<'_>) -> Written {
        e.array(5)?.u8(1)?;
        self.proof.put(e)?;
        match &self.since {
            None => {
                e.null()?;
            }
            Some(since) => {
                e.array(3)?.u64(since.size)?.bytes(since.root.as_bytes())?;
                cbor::put_digests(e, &since.consistency)?;
            }
        }
        match &self.opening {
            None => {
                e.null()?;
            }
            Some(opening) => {
                e.array(2)?;
                put_shown(e, &opening.header, opening.content.as_ref())?;
                cbor::put_digests(e, &opening.inclusion)?;
            }
        }
        e.array(self.cosignatures.len() as u64)?;
        for cosignature in &self.cosignatures {
            e.array(3)?
                .bytes(&cosignature.key.0)?
                .u64(cosignature.seconds)?
                .bytes(&cosignature.signature.0)?;
        }
        Ok(())
    }

    /// Checks the record's proof and what is shown of the log beside it.
    ///
    /// # Errors
    ///
    /// Names the first thing that does not hold.
    pub fn verify(self, author: &PublicKey) -> Result<Disclosure, DisclosureError> {
        match (&self.since, &self.opening) {
            (Some(since), None) => self.check_since(since)?,
            (None, Some(opening)) => self.check_opening(opening)?,
            _ => return Err(DisclosureError::Unanchored),
        }
        let proof = self.proof.verify(author)?;
        Ok(Disclosure { proof })
    }

    fn check_since(&self, since: &Since) -> Result<(), DisclosureError> {
        let new = (self.proof.size, &self.proof.root);
        if since.size == 0 {
            return Err(DisclosureError::Since);
        }
        tree::check_consistency(&since.consistency, (since.size, &since.root), new)
            .map_err(|_| DisclosureError::Since)
    }

    fn check_opening(&self, opening: &ShownOpening) -> Result<(), DisclosureError> {
        let record = match check_shown(opening.header.clone(), opening.content.clone()) {
            Ok(record) => record,
            Err(unknown @ ProofError::UnknownFormat { .. }) => return Err(unknown.into()),
            Err(_) => return Err(DisclosureError::Opening),
        };
        let opens = match (record.header(), record.content()) {
            (AnyHeader::V1(header), Some(sealed)) => {
                header.kind == Kind::OPENING && Opening::decode(&sealed.payload).is_ok()
            }
            _ => false,
        };
        let id = record.id_at(&self.proof.log.digest(), 0);
        let path = &opening.inclusion;
        let included =
            tree::check_inclusion(path, self.proof.size, &self.proof.root, 0, &id.0).is_ok();
        if opens && included {
            Ok(())
        } else {
            Err(DisclosureError::Opening)
        }
    }
}

fn read(d: &mut Decoder<'_>, federation: FederationId) -> Read<UnverifiedDisclosure> {
    cbor::array(d, 5)?;
    if d.u8()? != 1 {
        return Err(cbor::fault("another disclosure format"));
    }
    let proof = UnverifiedProof::read(d, federation)?;
    let since = if is_null(d)? {
        None
    } else {
        cbor::array(d, 3)?;
        Some(Since {
            size: d.u64()?,
            root: cbor::digest(d)?,
            consistency: cbor::digests(d, 2 * tree::PROOF_HASHES_MAX)?,
        })
    };
    let opening = if is_null(d)? {
        None
    } else {
        cbor::array(d, 2)?;
        let (header, content) = read_shown(d)?;
        Some(ShownOpening {
            header,
            content,
            inclusion: cbor::digests(d, tree::PROOF_HASHES_MAX)?,
        })
    };
    let mut cosignatures = Vec::new();
    for _ in 0..cbor::array_up_to(d, COSIGNATURES_MAX)? {
        cbor::array(d, 3)?;
        cosignatures.push(Cosignature {
            key: RawKey(cbor::fixed(d)?),
            seconds: d.u64()?,
            signature: cbor::signature(d)?,
        });
    }
    Ok(UnverifiedDisclosure {
        proof,
        since,
        opening,
        cosignatures,
    })
}

/// Takes a null, if one comes next.
fn is_null(d: &mut Decoder<'_>) -> Read<bool> {
    if d.datatype()? == minicbor::data::Type::Null {
        d.null()?;
        return Ok(true);
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::{CharterRef, Flags, Kind};
    use crate::key::SecretKey;
    use crate::log_id::{Epoch, ScopeName};
    use crate::record::Salt;
    use crate::run::{Entry, Run};
    use proptest::prelude::*;

    fn proof_of(index: u64) -> (UnverifiedProof, PublicKey) {
        let key = SecretKey::from_seed(&[8; 32]);
        let federation = FederationId(Digest::of(&[b"federation"]));
        let mut run = Run::start(key.clone(), federation, Epoch([6; 16]), &[]);
        let charter = CharterRef {
            version: 1,
            hash: [1; 8],
        };
        let entries = (0..5u8).map(|i| Entry {
            kind: Kind::EVENT,
            flags: Flags::NONE,
            subject: Vec::new(),
            payload: vec![i; 20],
        });
        let scope = ScopeName::new("national").expect("a name");
        let batch = run
            .batch(1, &scope, charter, entries.collect(), || Salt([3; 16]))
            .expect("a batch");
        let at = usize::try_from(index).expect("small");
        let record = &batch.records()[at].1;
        let checkpoint = batch.checkpoint().checkpoint();
        let proof = UnverifiedProof {
            federation,
            log: batch.log().clone(),
            index,
            header: record.header_bytes().to_vec(),
            content: record.content().cloned(),
            inclusion: tree::prove_inclusion(batch.hashes(), checkpoint.size, index)
                .expect("in range"),
            size: checkpoint.size,
            root: checkpoint.root,
            signature: batch.checkpoint().signature(),
        };
        (proof, key.public())
    }

    fn disclosure() -> (UnverifiedDisclosure, PublicKey) {
        let (proof, key) = proof_of(3);
        let (opening, _) = proof_of(0);
        let shown = UnverifiedDisclosure {
            proof,
            since: None,
            opening: Some(ShownOpening {
                header: opening.header,
                content: opening.content,
                inclusion: opening.inclusion,
            }),
            cosignatures: Vec::new(),
        };
        (shown, key)
    }

    #[test]
    fn a_proof_file_round_trips() {
        let (proof, key) = proof_of(2);
        let verified = proof.clone().verify(&key).expect("an honest proof");
        let text = verified.to_text();
        assert_eq!(UnverifiedProof::from_text(&text), Ok(proof.clone()));
        let mut erased = proof;
        erased.content = None;
        assert!(erased.verify(&key).is_ok(), "a header needs no payload");
    }

    #[test]
    fn a_disclosure_round_trips_and_verifies() {
        let (shown, key) = disclosure();
        let read = UnverifiedDisclosure::decode(&shown.encode(), shown.proof.federation);
        assert_eq!(read.as_ref(), Ok(&shown));
        assert!(shown.clone().verify(&key).is_ok());
        let stranger = SecretKey::from_seed(&[9; 32]).public();
        assert!(shown.clone().verify(&stranger).is_err());
        let mut moved = shown.clone();
        moved.proof.index = 2;
        assert!(moved.verify(&key).is_err());
        let mut other = shown;
        other.opening.as_mut().expect("shown").header[3] ^= 1;
        assert_eq!(other.verify(&key), Err(DisclosureError::Opening));
    }

    #[test]
    fn a_disclosure_ties_the_log_to_one_earlier_state() {
        let (shown, key) = disclosure();
        let untied = UnverifiedDisclosure {
            opening: None,
            ..shown.clone()
        };
        let refused = untied.clone().verify(&key);
        assert_eq!(refused, Err(DisclosureError::Unanchored));
        let from_nothing = UnverifiedDisclosure {
            since: Some(Since {
                size: 0,
                root: Digest::of(&[]),
                consistency: Vec::new(),
            }),
            ..untied.clone()
        };
        let refused = from_nothing.clone().verify(&key);
        assert_eq!(refused, Err(DisclosureError::Since));
        let twice = UnverifiedDisclosure {
            opening: shown.opening.clone(),
            ..from_nothing
        };
        assert_eq!(twice.verify(&key), Err(DisclosureError::Unanchored));
        let same = UnverifiedDisclosure {
            since: Some(Since {
                size: untied.proof.size,
                root: untied.proof.root,
                consistency: Vec::new(),
            }),
            ..untied
        };
        assert!(same.verify(&key).is_ok());
        let mut silent = shown;
        silent.opening.as_mut().expect("shown").content = None;
        assert_eq!(silent.verify(&key), Err(DisclosureError::Opening));
    }

    #[test]
    fn content_that_no_header_vouches_for_is_not_shown_as_proven() {
        let (mut proof, key) = proof_of(2);
        // A log of one record, in a header format that this build cannot read.
        proof.header = vec![0x81, 0x02];
        (proof.index, proof.size) = (0, 1);
        proof.root = crate::leaf_hash(&proof.log.digest(), 0, &proof.header).0;
        proof.inclusion.clear();
        let author = SecretKey::from_seed(&[8; 32]);
        proof.signature = author.sign(&crate::Statement::Checkpoint(&crate::Checkpoint {
            federation: proof.federation,
            log: proof.log.clone(),
            size: 1,
            root: proof.root,
        }));
        let refused = proof.clone().verify(&key);
        assert_eq!(refused, Err(ProofError::UnknownFormat { format: 2 }));
        proof.content = None;
        assert!(proof.verify(&key).is_ok(), "the header is proven");
    }

    proptest! {
        #[test]
        fn no_flipped_bit_is_accepted(at: prop::sample::Index, bit in 0u8..8) {
            let (shown, key) = disclosure();
            let mut bytes = shown.encode();
            let flipped = at.index(bytes.len());
            bytes[flipped] ^= 1 << bit;
            if let Ok(read) = UnverifiedDisclosure::decode(&bytes, shown.proof.federation) {
                prop_assert!(read.verify(&key).is_err());
            }
            let mut text = shown.proof.verify(&key).expect("honest").to_text().into_bytes();
            let flipped = at.index(text.len());
            text[flipped] ^= 1 << bit;
            if let Ok(read) = UnverifiedProof::from_text(&String::from_utf8_lossy(&text)) {
                prop_assert!(read.verify(&key).is_err());
            }
        }

        #[test]
        fn decoding_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300), text: String) {
            let federation = FederationId(Digest::of(&[]));
            let _ = UnverifiedDisclosure::decode(&bytes, federation);
            let _ = UnverifiedProof::from_text(&text);
            let _ = UnverifiedProof::from_text(&format!("c2sp.org/tlog-proof@v1\n{text}"));
        }
    }
}
