//! A first charter version in the making: edited, then signed.

use std::collections::BTreeMap;
use std::fmt;

use record::{Digest, FederationId, PublicKey, RawKey, ScopeName, SecretKey, Statement};

use crate::body::{Body, Governor, Governors, Party, ScopeTerms};
use crate::charter::{CharterError, Warning, warnings};
use crate::enrolment::Enrolment;
use crate::form::{Cursor, Fault, FormError};
use crate::json::Json;
use crate::limits::Limits;
use crate::member::{Alias, GroupName, Member, MemberId, MemberKind, Names, Node};
use crate::rules::{Access, Rights};
use crate::signatures::{Envelope, Tally, hash_of};

/// The group of the members that share `national`.
const DOMESTIC: &str = "domestic";
/// The group of the other members, which read `public`.
const PARTNERS: &str = "partners";

/// The first version of a charter while it is being made and signed.
///
/// Its form and rules always hold. Whatever edits it drops its signatures,
/// since they were for another content.
#[derive(Clone, Debug)]
pub struct Draft {
    envelope: Envelope,
    rights: Rights,
}

/// What the governors decide about a member when they take it in. What is
/// absent is taken from the enrolment request's suggestions.
#[derive(Clone, Debug, Default)]
pub struct MemberSettings {
    /// The member's id.
    pub id: Option<MemberId>,
    /// Its names.
    pub names: Option<Names>,
    /// Its kind, from which its groups and scopes follow.
    pub kind: Option<MemberKind>,
    /// Where its HTTP interface answers the public.
    pub public_url: Option<String>,
    /// Its official codes.
    pub aliases: Vec<Alias>,
    /// Whether its node relays for nodes that cannot be reached.
    pub relay: bool,
}

/// Tells what an edit did to the signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "governors should hear that their signatures are gone"]
pub struct Edited {
    /// How many signatures were dropped.
    pub signatures_dropped: usize,
}

impl fmt::Display for Edited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.signatures_dropped {
            0 => f.write_str("the charter was changed"),
            1 => f.write_str(
                "the charter was changed: 1 signature was for the former content and is dropped",
            ),
            n => write!(
                f,
                "the charter was changed: {n} signatures were for the former content and are dropped"
            ),
        }
    }
}

/// Says why a draft was not changed or signed.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// The change would break a rule of the charter.
    #[error("the charter would break a rule: {0}")]
    Refused(#[from] FormError),
    /// Neither the settings nor the enrolment request say it.
    #[error("neither the request nor the settings tell the member's {0}")]
    Untold(&'static str),
    /// The member is in the charter already.
    #[error("the charter lists the member {0} already")]
    MemberThere(MemberId),
    /// The member is not in the charter.
    #[error("the charter lists no member {0}")]
    NoSuchMember(MemberId),
    /// The governor is in the charter already.
    #[error("the charter lists the governor {0} already")]
    GovernorThere(RawKey),
    /// The key is no governor's.
    #[error("the charter lists no governor with the key {0}")]
    NoSuchGovernor(RawKey),
}

impl Draft {
    /// Begins a charter with its governors and the scopes `public` and
    /// `national`, without members.
    ///
    /// # Errors
    ///
    /// Refuses a threshold that the governors cannot meet, a governor twice,
    /// and names that are no fit texts.
    pub fn new(
        federation_name: &str,
        governors: impl IntoIterator<Item = (PublicKey, String)>,
        threshold: u32,
    ) -> Result<Self, DraftError> {
        let mut keys = BTreeMap::new();
        for (key, holder) in governors {
            if keys.insert(key.raw(), Governor { key, holder }).is_some() {
                return Err(DraftError::GovernorThere(key.raw()));
            }
        }
        let group = |name| Party::Group(group_name(name));
        let domestic = || vec![group(DOMESTIC)];
        let scopes = [
            ("public", vec![group(DOMESTIC), group(PARTNERS)]),
            ("national", domestic()),
        ];
        let scopes = scopes.into_iter().map(|(name, readers)| {
            let writers = domestic();
            (scope_name(name), ScopeTerms { readers, writers })
        });
        let body = Body {
            version: 1,
            federation_name: federation_name.to_owned(),
            federation: None,
            previous: None,
            issued: None,
            governors: Governors { threshold, keys },
            members: Vec::new(),
            groups: [DOMESTIC, PARTNERS]
                .map(|name| (group_name(name), Vec::new()))
                .into(),
            scopes: scopes.collect(),
            limits: Limits::default(),
            schema_floor: 1,
        };
        Ok(Self::of(&body)?)
    }

    /// Reads a draft from its file, signed or not. Its signed content stays as
    /// it stands in the file until an edit.
    ///
    /// # Errors
    ///
    /// Refuses what no first version could be.
    pub fn read(file: &[u8]) -> Result<Self, CharterError> {
        let envelope = Envelope::read(file)?;
        let rights = Rights::of(&envelope.body)?;
        match envelope.body.version {
            1 => Ok(Self { envelope, rights }),
            version => Err(CharterError::NotTheFirst { version }),
        }
    }

    /// Renders a body and reads it again: one reader judges everything.
    fn of(body: &Body) -> Result<Self, FormError> {
        let file = Json::object([("signed", Some(body.to_json()))]);
        let mut members = Cursor::file(&file).members()?;
        let at = members.required("signed")?;
        let signed = at.value().clone();
        let body = Body::read(at)?;
        let rights = Rights::of(&body)?;
        let envelope = Envelope {
            signed,
            body,
            signatures: Vec::new(),
        };
        Ok(Self { envelope, rights })
    }

    fn edit(&mut self, change: impl FnOnce(&mut Body)) -> Result<Edited, DraftError> {
        let mut body = self.envelope.body.clone();
        change(&mut body);
        let edited = Edited {
            signatures_dropped: self.envelope.signatures.len(),
        };
        *self = Self::of(&body)?;
        Ok(edited)
    }

    /// Adds a governor.
    ///
    /// # Errors
    ///
    /// Refuses a key that has a place in the charter already.
    pub fn add_governor(&mut self, key: PublicKey, holder: &str) -> Result<Edited, DraftError> {
        if self.envelope.body.governors.keys.contains_key(&key.raw()) {
            return Err(DraftError::GovernorThere(key.raw()));
        }
        let holder = holder.to_owned();
        self.edit(|body| {
            body.governors
                .keys
                .insert(key.raw(), Governor { key, holder });
        })
    }

    /// Sets how many governors must sign.
    ///
    /// # Errors
    ///
    /// Refuses 0, and more than there are governors.
    pub fn set_threshold(&mut self, threshold: u32) -> Result<Edited, DraftError> {
        self.edit(|body| body.governors.threshold = threshold)
    }

    /// Sets when the charter was made, as a text for people.
    ///
    /// # Errors
    ///
    /// Refuses what is not 1 to 64 visible ASCII characters.
    pub fn set_issued(&mut self, issued: &str) -> Result<Edited, DraftError> {
        self.edit(|body| body.issued = Some(issued.to_owned()))
    }

    /// Sets the limits and periods.
    ///
    /// # Errors
    ///
    /// Refuses a value outside its range.
    pub fn set_limits(&mut self, limits: Limits) -> Result<Edited, DraftError> {
        self.edit(|body| body.limits = limits)
    }

    /// Takes in a member with its first node, puts it into its group, and
    /// gives an agency its scope.
    ///
    /// # Errors
    ///
    /// Refuses a member that is there already, one of whom neither request nor
    /// settings tell id, names or kind, and whatever breaks a rule.
    pub fn add_member(
        &mut self,
        enrolment: &Enrolment,
        settings: MemberSettings,
    ) -> Result<Edited, DraftError> {
        let terms = enrolment.terms();
        let id = settings.id.or_else(|| terms.member.clone());
        let id = id.ok_or(DraftError::Untold("id"))?;
        let names = settings.names.or_else(|| terms.names.clone());
        let names = names.ok_or(DraftError::Untold("names"))?;
        let kind = settings.kind.or(terms.kind);
        let kind = kind.ok_or(DraftError::Untold("kind"))?;
        let Err(place) = find(&self.envelope.body, &id) else {
            return Err(DraftError::MemberThere(id));
        };
        let scope = match kind {
            MemberKind::Agency => Some(with_scope(&id)?),
            _ => None,
        };
        let member = Member {
            id: id.clone(),
            names,
            kind,
            aliases: settings.aliases,
            nodes: vec![node(enrolment, settings.relay)],
            public_url: settings.public_url.or_else(|| terms.public_url.clone()),
        };
        self.edit(|body| {
            body.members.insert(place, member);
            let group = if kind.is_domestic() {
                DOMESTIC
            } else {
                PARTNERS
            };
            body.groups
                .entry(group_name(group))
                .or_default()
                .push(id.clone());
            if let Some(scope) = scope {
                let parties = vec![Party::Group(group_name(DOMESTIC)), Party::Member(id)];
                let terms = ScopeTerms {
                    readers: parties.clone(),
                    writers: parties,
                };
                body.groups.entry(group_name(DOMESTIC)).or_default();
                body.scopes.entry(scope).or_insert(terms);
            }
        })
    }

    /// Gives a member a further node.
    ///
    /// # Errors
    ///
    /// Refuses an unknown member, and whatever breaks a rule.
    pub fn add_node(
        &mut self,
        member: &MemberId,
        enrolment: &Enrolment,
        relay: bool,
    ) -> Result<Edited, DraftError> {
        let index = find(&self.envelope.body, member)
            .map_err(|_| DraftError::NoSuchMember(member.clone()))?;
        self.edit(|body| body.members[index].nodes.push(node(enrolment, relay)))
    }

    /// Signs the content with a governor's key, in place of what the file may
    /// hold in that governor's name, and tells who signed by now.
    ///
    /// # Errors
    ///
    /// Refuses a key that is no governor's.
    pub fn sign(&mut self, key: &SecretKey) -> Result<Tally, DraftError> {
        let public = key.public();
        if !self
            .envelope
            .body
            .governors
            .keys
            .contains_key(&public.raw())
        {
            return Err(DraftError::NoSuchGovernor(public.raw()));
        }
        let signature = key.sign(&Statement::Charter(&self.canonical()));
        let signatures = &mut self.envelope.signatures;
        signatures.retain(|(signer, _)| *signer != public.raw());
        signatures.push((public.raw(), signature));
        Ok(self.tally())
    }

    /// Returns the canonical bytes of the content (RFC 8785).
    pub fn canonical(&self) -> Vec<u8> {
        self.envelope.signed.canonical()
    }

    /// Returns the content's hash.
    pub fn hash(&self) -> Digest {
        hash_of(&self.canonical())
    }

    /// Returns the id that the federation has if this content is signed.
    pub fn federation(&self) -> FederationId {
        FederationId(self.hash())
    }

    /// Returns who signed by now.
    pub fn tally(&self) -> Tally {
        let governors = &self.envelope.body.governors;
        Tally::of(governors, &self.canonical(), &self.envelope.signatures)
    }

    /// Returns what is allowed and unwise about it.
    pub fn warnings(&self) -> Vec<Warning> {
        warnings(&self.envelope.body.governors)
    }

    /// Returns the federation's name for people.
    pub fn federation_name(&self) -> &str {
        &self.envelope.body.federation_name
    }

    /// Returns the governors and their threshold.
    pub fn governors(&self) -> &Governors {
        &self.envelope.body.governors
    }

    /// Returns the members, by id.
    pub fn members(&self) -> &[Member] {
        &self.envelope.body.members
    }

    /// Returns the scopes with their readers and writers, groups resolved.
    pub fn scopes(&self) -> &BTreeMap<ScopeName, Access> {
        &self.rights.scopes
    }

    /// Returns the charter file's text, indented, with what signatures there
    /// are.
    pub fn to_file(&self) -> String {
        self.envelope.to_file()
    }

    pub(crate) fn body(&self) -> &Body {
        &self.envelope.body
    }
}

fn find(body: &Body, id: &MemberId) -> Result<usize, usize> {
    body.members.binary_search_by(|member| member.id.cmp(id))
}

fn node(enrolment: &Enrolment, relay: bool) -> Node {
    let terms = enrolment.terms();
    Node {
        name: terms.node_name.clone(),
        author: enrolment.author(),
        transport: enrolment.transport(),
        addresses: terms.addresses.clone(),
        relay,
    }
}

/// Names a partner's scope; an id of more than 58 characters leaves no room.
fn with_scope(partner: &MemberId) -> Result<ScopeName, FormError> {
    let at = crate::body::path("members", partner);
    ScopeName::new(&format!("with-{partner}")).map_err(|error| Fault::Name(error).at(at))
}

fn group_name(name: &'static str) -> GroupName {
    GroupName::new(name).expect("the group's name is a name")
}

fn scope_name(name: &'static str) -> ScopeName {
    ScopeName::new(name).expect("the scope's name is a name")
}
