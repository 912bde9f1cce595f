//! A verified charter version and what it answers.

use std::collections::{BTreeMap, BTreeSet};

use record::{CharterRef, Digest, FederationId, PublicKey, RawKey, ScopeName};

use crate::body::{Body, Governors};
use crate::form::{Fault, FormError};
use crate::json::FileError;
use crate::limits::Limits;
use crate::member::{GroupName, Member, MemberId, Node};
use crate::rules::{Access, NodeIndex, Rights};
use crate::signatures::{Envelope, EnvelopeError, Tally, hash_of};

/// A charter version that was verified: its form and rules hold, and enough
/// governors signed it.
#[derive(Clone, Debug)]
pub struct Charter {
    federation: FederationId,
    hash: Digest,
    body: Body,
    rights: Rights,
    tally: Tally,
}

/// Says why a file is not the charter that was asked for.
#[derive(Debug, thiserror::Error)]
pub enum CharterError {
    /// The bytes are not JSON, or too many.
    #[error(transparent)]
    File(#[from] FileError),
    /// A part is not of its form, or does not agree with another part.
    #[error(transparent)]
    Form(#[from] FormError),
    /// The file is a later version of a chain, and the first was asked for.
    #[error(
        "this is version {version} of a charter: a federation is joined by version 1, whose hash \
         is its id"
    )]
    NotTheFirst {
        /// The version found.
        version: u32,
    },
    /// The file is another federation's first version.
    #[error("the charter's hash is {found}, and the federation asked for is {pinned}")]
    OtherFederation {
        /// The federation that was asked for.
        pinned: FederationId,
        /// The hash of the version found.
        found: Digest,
    },
    /// Fewer governors signed than must.
    #[error(
        "{} of at least {} governors signed; {} signatures of governors do not hold, {} are by \
         keys that are no governor's",
        .0.signed.len(), .0.threshold, .0.invalid.len(), .0.strangers.len()
    )]
    TooFewSignatures(Tally),
}

impl CharterError {
    /// Returns the reason's class, as counters and test vectors name it.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::File(error) => error.reason(),
            Self::Form(error) => error.fault.reason(),
            Self::NotTheFirst { .. } => "not-the-first",
            Self::OtherFederation { .. } => "other-federation",
            Self::TooFewSignatures(_) => "too-few-signatures",
        }
    }

    /// Tells whether a later build may take what this one cannot read: such a
    /// file is not wrong, and waits.
    pub fn may_be_known_later(&self) -> bool {
        matches!(self, Self::Form(error) if matches!(error.fault, Fault::NotKnownHere(_)))
    }
}

impl From<EnvelopeError> for CharterError {
    fn from(error: EnvelopeError) -> Self {
        match error {
            EnvelopeError::File(error) => Self::File(error),
            EnvelopeError::Form(error) => Self::Form(error),
        }
    }
}

/// Something in a charter that is allowed and unwise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// Two thirds of the governors or fewer can sign: two sets of them that
    /// share too few could sign two successors of one version.
    #[error(
        "{threshold} of {governors} governors can sign: more than two thirds is recommended, at \
         least {recommended}"
    )]
    LowThreshold {
        /// How many must sign.
        threshold: u32,
        /// How many governors there are.
        governors: usize,
        /// The smallest threshold recommended.
        recommended: u32,
    },
}

/// Returns what is unwise about the governors.
pub(crate) fn warnings(governors: &Governors) -> Vec<Warning> {
    let count = governors.keys.len();
    let threshold = governors.threshold;
    let recommended = governors.recommended_threshold();
    let mut warnings = Vec::new();
    if threshold < recommended {
        warnings.push(Warning::LowThreshold {
            threshold,
            governors: count,
            recommended,
        });
    }
    warnings
}

impl Charter {
    /// Verifies a file as the first version of the federation's charter.
    ///
    /// # Errors
    ///
    /// In this order: the file's form, the rules between its parts, its
    /// version, its hash against `federation`, and the governors' signatures.
    pub fn first(file: &[u8], federation: &FederationId) -> Result<Self, CharterError> {
        let envelope = Envelope::read(file)?;
        let rights = Rights::of(&envelope.body)?;
        if envelope.body.version != 1 {
            return Err(CharterError::NotTheFirst {
                version: envelope.body.version,
            });
        }
        let canonical = envelope.signed.canonical();
        let hash = hash_of(&canonical);
        if hash != federation.0 {
            return Err(CharterError::OtherFederation {
                pinned: *federation,
                found: hash,
            });
        }
        let governors = &envelope.body.governors;
        let tally = Tally::of(governors, &canonical, &envelope.signatures);
        if !tally.suffices() {
            return Err(CharterError::TooFewSignatures(tally));
        }
        Ok(Self {
            federation: *federation,
            hash,
            body: envelope.body,
            rights,
            tally,
        })
    }

    /// Returns the federation's id: the hash of version 1.
    pub fn federation(&self) -> FederationId {
        self.federation
    }

    /// Returns the federation's name for people.
    pub fn federation_name(&self) -> &str {
        &self.body.federation_name
    }

    /// Returns the version's number, from 1.
    pub fn version(&self) -> u32 {
        self.body.version
    }

    /// Returns the SHA-256 of the version's signed content.
    pub fn hash(&self) -> Digest {
        self.hash
    }

    /// Returns the hash of the version before; `None` for version 1.
    pub fn previous(&self) -> Option<Digest> {
        self.body.previous
    }

    /// Returns how record headers name this version.
    pub fn reference(&self) -> CharterRef {
        CharterRef {
            version: self.body.version,
            hash: self.hash.prefix8(),
        }
    }

    /// Returns when the governors say they made it: a text, never judged.
    pub fn issued(&self) -> Option<&str> {
        self.body.issued.as_deref()
    }

    /// Returns the governors and their threshold.
    pub fn governors(&self) -> &Governors {
        &self.body.governors
    }

    /// Returns whose signatures the file carried.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Returns what is allowed and unwise about it.
    pub fn warnings(&self) -> Vec<Warning> {
        warnings(&self.body.governors)
    }

    /// Returns the limits and periods.
    pub fn limits(&self) -> &Limits {
        &self.body.limits
    }

    /// Returns the lowest schema that every node must know.
    pub fn schema_floor(&self) -> u32 {
        self.body.schema_floor
    }

    /// Returns the members, by id.
    pub fn members(&self) -> &[Member] {
        &self.body.members
    }

    /// Returns a member.
    pub fn member(&self, id: &MemberId) -> Option<&Member> {
        self.body
            .member_index(id)
            .map(|index| &self.body.members[index])
    }

    /// Returns the member and node to which an author key is bound, and the
    /// key as one that was checked.
    pub fn author(&self, key: &RawKey) -> Option<(&Member, &Node, &PublicKey)> {
        let (member, node) = self.node(self.rights.authors.get(key)?);
        Some((member, node, &node.author))
    }

    /// Returns the member and node to which a transport key is bound.
    pub fn transport(&self, key: &RawKey) -> Option<(&Member, &Node)> {
        self.rights
            .transports
            .get(key)
            .map(|index| self.node(index))
    }

    fn node(&self, (member, node): &NodeIndex) -> (&Member, &Node) {
        let member = &self.body.members[*member];
        (member, &member.nodes[*node])
    }

    /// Returns the groups, each with its members.
    pub fn groups(&self) -> &BTreeMap<GroupName, Vec<MemberId>> {
        &self.body.groups
    }

    /// Returns the scopes with their readers and writers, groups resolved.
    pub fn scopes(&self) -> &BTreeMap<ScopeName, Access> {
        &self.rights.scopes
    }

    /// Tells whether a member's records count in a scope.
    pub fn may_write(&self, member: &MemberId, scope: &ScopeName) -> bool {
        let access = self.rights.scopes.get(scope);
        access.is_some_and(|access| access.writers.contains(member))
    }

    /// Tells whether a member may hold a scope's records.
    pub fn may_read(&self, member: &MemberId, scope: &ScopeName) -> bool {
        let access = self.rights.scopes.get(scope);
        access.is_some_and(|access| access.readers.contains(member))
    }

    /// Returns the scopes that both members may read: what two of their nodes
    /// may speak of.
    pub fn scopes_both_read(&self, one: &MemberId, other: &MemberId) -> BTreeSet<ScopeName> {
        let both = |access: &Access| access.readers.contains(one) && access.readers.contains(other);
        let scopes = self.rights.scopes.iter();
        scopes
            .filter(|(_, access)| both(access))
            .map(|(name, _)| name.clone())
            .collect()
    }

    pub(crate) fn body(&self) -> &Body {
        &self.body
    }
}
