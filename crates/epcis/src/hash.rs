//! The event hash id of the Core Business Vocabulary (CBV 2.0 §8.9): an
//! `eventID` that anyone who has an event can work out from what it says.
//!
//! It is computed from the canonical form alone, so that every node that holds
//! an event derives the same id, whatever text it once came in. It is a name,
//! no content address: it leaves out `eventID`, `recordTime`,
//! `errorDeclaration` and `certificationInfo`, and takes `007` for `7`
//! anywhere. Nothing is ever judged by it.
//!
//! `order` has the fields in the order in which they are hashed, `prehash`
//! writes them one after the other, `text` gives values and names their form
//! there, `sorted` is the buffer that this happens in. `spelling` is for the
//! few documents whose text tells the hash more than the canonical form does.

mod order;
mod prehash;
mod sorted;
mod spelling;
mod text;

use sha2::{Digest as _, Sha256};

use crate::canonical::DEPTH_MAX;
use crate::document::Document;
use crate::event::Event;
use crate::problem::Problems;
use crate::reader;

pub(crate) use spelling::Spelling;

/// The longest pre-hash string, in bytes. A list repeats the name of its field
/// with every item, so that a hostile event of 1 MiB could ask for gigabytes.
pub const PREHASH_BYTES_MAX: usize = 16 << 20;

/// Which edition of the CBV tells how an event is hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum HashVersion {
    /// CBV 2.0, as its reference implementation reads it since July 2026.
    #[default]
    Cbv20,
    /// The draft of CBV 2.1: a list of sensor elements is named once, and
    /// extensions inside standard fields stay where they are.
    Cbv21,
}

impl HashVersion {
    /// Returns what the id of that version ends with.
    fn suffix(self) -> &'static str {
        match self {
            HashVersion::Cbv20 => "?ver=CBV2.0",
            HashVersion::Cbv21 => "?ver=CBV2.1",
        }
    }

    /// Returns the hash id that a pre-hash string makes.
    pub fn hash_id_of(self, prehash: &str) -> String {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let suffix = self.suffix();
        let mut id = String::with_capacity(SHA_256.len() + 64 + suffix.len());
        id.push_str(SHA_256);
        for byte in Sha256::digest(prehash) {
            id.push(char::from(HEX[usize::from(byte >> 4)]));
            id.push(char::from(HEX[usize::from(byte & 0xf)]));
        }
        id.push_str(suffix);
        id
    }
}

/// What a hash id begins with. Other digests have ids of their own kind.
const SHA_256: &str = "ni:///sha-256;";

impl Event {
    /// Returns the string whose digest is the hash id, for those who look for
    /// the reason why two ids differ.
    ///
    /// `None`: it would be longer than [`PREHASH_BYTES_MAX`].
    pub fn prehash(&self, version: HashVersion) -> Option<String> {
        self.prehash_as(version, &Spelling::CANONICAL)
    }

    fn prehash_as(&self, version: HashVersion, spelling: &Spelling) -> Option<String> {
        let bytes = self.payload().as_bytes();
        let value = reader::read(bytes, DEPTH_MAX, &mut Problems::default())?;
        prehash::write(self.event_type(), &value, version, spelling)
    }

    /// Returns the event's hash id, `ni:///sha-256;…?ver=CBV2.0`.
    ///
    /// `None`: the string to be hashed would be longer than
    /// [`PREHASH_BYTES_MAX`].
    pub fn hash_id(&self, version: HashVersion) -> Option<String> {
        let prehash = self.prehash(version)?;
        Some(version.hash_id_of(&prehash))
    }

    /// Returns the id under which the event is known: its `eventID`, or else
    /// the hash id of CBV 2.0, which is derived and no part of the event.
    ///
    /// `None`: it has no `eventID` and no hash id.
    pub fn id(&self) -> Option<String> {
        match self.event_id() {
            Some(id) => Some(id.to_owned()),
            None => self.hash_id(HashVersion::Cbv20),
        }
    }

    /// Says whether the event is known under that id: its `eventID`, or else its
    /// hash id of CBV 2.0.
    pub fn is_called(&self, id: &str) -> bool {
        match self.event_id() {
            Some(own) => own == id,
            None => {
                // Others are not worth the hashing.
                let may_be = id.starts_with(SHA_256);
                may_be && self.hash_id(HashVersion::Cbv20).as_deref() == Some(id)
            }
        }
    }

    /// Returns the hash id that one would expect in the place of the `eventID`,
    /// if that claims to be a hash id and is another.
    ///
    /// Worth a warning and never a refusal: the hash changed under one label,
    /// and an id that is a digest of something else is an id all the same. Ids
    /// of digests other than SHA-256, or of other versions, are not judged.
    pub fn unexpected_hash_id(&self) -> Option<String> {
        let (id, version) = self.claimed_hash_id()?;
        self.hash_id(version).filter(|expected| expected != id)
    }

    /// Returns the `eventID` and the version of the hash that it claims to be.
    fn claimed_hash_id(&self) -> Option<(&str, HashVersion)> {
        let id = self.event_id().filter(|id| id.starts_with(SHA_256))?;
        let version = [HashVersion::Cbv20, HashVersion::Cbv21]
            .into_iter()
            .find(|version| id.ends_with(version.suffix()))?;
        Some((id, version))
    }
}

impl Document {
    /// Returns for each event, in order, the string whose digest is its hash id
    /// as the reference implementation reads this document.
    ///
    /// It differs from [`Event::prehash`], which knows the canonical form
    /// alone, only where the document has a namespace that ends with none of
    /// `/`, `#` and `:`, or a CURIE of its own prefix as the value of a
    /// standard field.
    pub fn prehashes(&self, version: HashVersion) -> impl Iterator<Item = Option<String>> {
        let spelled = self.events.iter().zip(&self.spellings);
        spelled.map(move |(event, spelling)| event.prehash_as(version, spelling))
    }

    /// Returns the hash id of each event, in order, as the reference
    /// implementation reads this document; see [`Document::prehashes`].
    pub fn hash_ids(&self, version: HashVersion) -> impl Iterator<Item = Option<String>> {
        let prehashes = self.prehashes(version);
        prehashes.map(move |prehash| prehash.map(|prehash| version.hash_id_of(&prehash)))
    }

    /// Returns the index of each event whose `eventID` claims to be its hash id
    /// and is neither that of this document nor that of its canonical form,
    /// with the id that was expected; see [`Event::unexpected_hash_id`].
    pub fn unexpected_hash_ids(&self) -> impl Iterator<Item = (usize, String)> {
        let spelled = self.events.iter().zip(&self.spellings).enumerate();
        spelled.filter_map(|(index, (event, spelling))| {
            event.unexpected_hash_id()?;
            let (id, version) = event.claimed_hash_id()?;
            let expected = version.hash_id_of(&event.prehash_as(version, spelling)?);
            (expected != id).then_some((index, expected))
        })
    }
}
