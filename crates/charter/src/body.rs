//! What a charter version says: the members of `signed`, format 1.

use std::collections::BTreeMap;

use record::{Digest, FederationId, PublicKey, RawKey, ScopeName};

use crate::form::{CODE, Cursor, Fault, FormError, HUMAN, Members, join, parsed};
use crate::json::Json;
use crate::limits::Limits;
use crate::member::{GroupName, Member, MemberId};

/// The format of `signed` that this build reads and writes.
pub(crate) const FORMAT: u32 = 1;
/// The schema floor that this build meets.
const SCHEMA: u32 = 1;
/// How many items a list of members, readers or writers may have.
const LIST_MAX: usize = 10_000;

/// A person or office whose key signs charter versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Governor {
    /// The governor's key.
    pub key: PublicKey,
    /// Who holds it.
    pub holder: String,
}

/// Who signs charter versions, and how many of them must.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Governors {
    /// How many different governors must sign.
    pub threshold: u32,
    /// The governors by key.
    pub keys: BTreeMap<RawKey, Governor>,
}

impl Governors {
    /// Returns the smallest threshold that the protocol recommends: more than
    /// two thirds, so that two successors of one version can both be signed
    /// only if more than a third of the governors sign both.
    pub fn recommended_threshold(&self) -> u32 {
        let two_thirds = self.keys.len() * 2 / 3;
        u32::try_from(two_thirds + 1).unwrap_or(u32::MAX)
    }
}

/// A reader or writer as the charter names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Party {
    Member(MemberId),
    Group(GroupName),
}

/// Who may read and write a scope, as the charter names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ScopeTerms {
    pub(crate) readers: Vec<Party>,
    pub(crate) writers: Vec<Party>,
}

/// The content of `signed`, each part of which has its form; that the parts
/// agree is for `rules` to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Body {
    pub(crate) version: u32,
    pub(crate) federation_name: String,
    /// Absent in version 1, whose hash it is.
    pub(crate) federation: Option<FederationId>,
    /// The hash of the version before; absent in version 1.
    pub(crate) previous: Option<Digest>,
    pub(crate) issued: Option<String>,
    pub(crate) governors: Governors,
    /// Sorted by id.
    pub(crate) members: Vec<Member>,
    pub(crate) groups: BTreeMap<GroupName, Vec<MemberId>>,
    pub(crate) scopes: BTreeMap<ScopeName, ScopeTerms>,
    pub(crate) limits: Limits,
    pub(crate) schema_floor: u32,
}

impl Body {
    /// Reads `signed`.
    pub(crate) fn read(at: Cursor<'_>) -> Result<Self, FormError> {
        let mut members = at.members()?;
        read_format(&mut members)?;
        let version = members.required("version")?.whole32(1..=u32::MAX)?;
        let federation = only_later(&mut members, version, "federation")?;
        let previous = only_later(&mut members, version, "previous")?;
        let body = Self {
            version,
            federation_name: members.required("federation_name")?.text_of(&HUMAN)?,
            federation: federation.map(FederationId),
            previous,
            issued: match members.optional("issued") {
                None => None,
                Some(at) => Some(at.text_of(&CODE)?),
            },
            governors: read_governors(members.required("governors")?)?,
            members: read_members(members.required("members")?)?,
            groups: read_groups(members.optional("groups"))?,
            scopes: read_scopes(members.required("scopes")?)?,
            limits: Limits::read(members.optional("limits"))?,
            schema_floor: read_schema_floor(members.optional("schema_floor"))?,
        };
        for place in [
            "ended_keys",
            "successions",
            "siblings",
            "disclosure_policies",
        ] {
            must_be_empty(members.optional(place))?;
        }
        if let Some(at) = members.optional("position_lists") {
            no_entries(at)?;
        }
        members.finish()?;
        Ok(body)
    }

    /// Writes `signed`: what has its default is left out.
    pub(crate) fn to_json(&self) -> Json {
        let governors = self.governors.keys.iter();
        let governors = governors.map(|(key, g)| (key.to_string(), Json::text(&g.holder)));
        let governors = Json::object([
            ("threshold", Some(whole(self.governors.threshold))),
            ("keys", Some(Json::Object(governors.collect()))),
        ]);
        let members = self.members.iter();
        let members = members.map(|member| (member.id.to_string(), member.to_json()));
        let groups = self.groups.iter().map(|(name, ids)| {
            let ids = Json::array(ids.iter().map(Json::text));
            (name.to_string(), ids)
        });
        let scopes = self.scopes.iter();
        let scopes = scopes.map(|(name, terms)| (name.to_string(), terms.to_json()));
        Json::object([
            ("format", Some(whole(FORMAT))),
            ("version", Some(whole(self.version))),
            ("federation_name", Some(Json::text(&self.federation_name))),
            ("federation", self.federation.map(Json::text)),
            ("previous", self.previous.map(Json::text)),
            ("issued", self.issued.as_ref().map(Json::text)),
            ("governors", Some(governors)),
            ("members", Some(Json::Object(members.collect()))),
            ("groups", Some(Json::Object(groups.collect()))),
            ("scopes", Some(Json::Object(scopes.collect()))),
            ("limits", self.limits.to_json()),
            (
                "schema_floor",
                (self.schema_floor != SCHEMA).then(|| whole(self.schema_floor)),
            ),
        ])
    }

    /// Returns a member by its id.
    pub(crate) fn member_index(&self, id: &MemberId) -> Option<usize> {
        self.members
            .binary_search_by(|member| member.id.cmp(id))
            .ok()
    }
}

impl Party {
    fn read(at: &Cursor<'_>) -> Result<Self, FormError> {
        let text = at.text()?;
        match text.strip_prefix("group:") {
            Some(group) => match group.parse() {
                Ok(group) => Ok(Self::Group(group)),
                Err(error) => Err(at.fault(Fault::Name(error))),
            },
            None => at.parsed().map(Self::Member),
        }
    }
}

impl std::fmt::Display for Party {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Member(id) => write!(f, "{id}"),
            Self::Group(group) => write!(f, "group:{group}"),
        }
    }
}

impl ScopeTerms {
    fn read(at: Cursor<'_>) -> Result<Self, FormError> {
        let mut members = at.members()?;
        let terms = Self {
            readers: members
                .required("readers")?
                .distinct(LIST_MAX, Party::read)?,
            writers: members
                .required("writers")?
                .distinct(LIST_MAX, Party::read)?,
        };
        members.finish()?;
        Ok(terms)
    }

    fn to_json(&self) -> Json {
        let list = |parties: &[Party]| Some(Json::array(parties.iter().map(Json::text)));
        Json::object([
            ("readers", list(&self.readers)),
            ("writers", list(&self.writers)),
        ])
    }
}

fn whole(value: u32) -> Json {
    Json::Whole(i64::from(value))
}

/// Reads `format`, before anything that another format may lay out otherwise.
pub(crate) fn read_format(members: &mut Members<'_>) -> Result<(), FormError> {
    let at = members.required("format")?;
    match at.whole32(1..=u32::MAX)? {
        FORMAT => Ok(()),
        other => Err(at.fault(Fault::NotKnownHere(format!("format {other}")))),
    }
}

/// Reads a digest that stands in every version but the first.
fn only_later(
    members: &mut Members<'_>,
    version: u32,
    name: &str,
) -> Result<Option<Digest>, FormError> {
    if version == 1 {
        return match members.optional(name) {
            None => Ok(None),
            Some(at) => Err(at.fault(Fault::Misplaced)),
        };
    }
    members.required(name)?.digest().map(Some)
}

fn read_governors(at: Cursor<'_>) -> Result<Governors, FormError> {
    let mut members = at.members()?;
    let threshold = members.required("threshold")?.whole32(1..=u32::MAX)?;
    let mut keys = BTreeMap::new();
    for (name, at) in members.required("keys")?.entries()? {
        let key: PublicKey = match name.parse() {
            Ok(key) => key,
            Err(error) => return Err(at.fault(Fault::Key(error))),
        };
        let holder = at.text_of(&HUMAN)?;
        keys.insert(key.raw(), Governor { key, holder });
    }
    members.finish()?;
    Ok(Governors { threshold, keys })
}

fn read_members(at: Cursor<'_>) -> Result<Vec<Member>, FormError> {
    let mut members = Vec::new();
    for (name, at) in at.entries()? {
        let id = name_of(name, &at)?;
        members.push(Member::read(id, at)?);
    }
    Ok(members)
}

fn read_groups(at: Option<Cursor<'_>>) -> Result<BTreeMap<GroupName, Vec<MemberId>>, FormError> {
    let mut groups = BTreeMap::new();
    let Some(at) = at else { return Ok(groups) };
    for (name, at) in at.entries()? {
        let name = name_of(name, &at)?;
        groups.insert(name, at.distinct(LIST_MAX, Cursor::parsed)?);
    }
    Ok(groups)
}

fn read_scopes(at: Cursor<'_>) -> Result<BTreeMap<ScopeName, ScopeTerms>, FormError> {
    let mut scopes = BTreeMap::new();
    for (name, at) in at.entries()? {
        scopes.insert(name_of(name, &at)?, ScopeTerms::read(at)?);
    }
    Ok(scopes)
}

fn read_schema_floor(at: Option<Cursor<'_>>) -> Result<u32, FormError> {
    let Some(at) = at else { return Ok(SCHEMA) };
    match at.whole32(1..=u32::MAX)? {
        SCHEMA => Ok(SCHEMA),
        floor => Err(at.fault(Fault::NotKnownHere(format!("schema {floor}")))),
    }
}

/// Refuses an element of a list whose elements this build cannot read.
fn must_be_empty(at: Option<Cursor<'_>>) -> Result<(), FormError> {
    let Some(at) = at else { return Ok(()) };
    match at.items(usize::MAX)?.first() {
        None => Ok(()),
        Some(first) => Err(first.fault(Fault::NotKnownHere("this element".into()))),
    }
}

/// Refuses an entry of an object whose entries this build cannot read.
fn no_entries(at: Cursor<'_>) -> Result<(), FormError> {
    match at.entries()?.first() {
        None => Ok(()),
        Some((_, first)) => Err(first.fault(Fault::NotKnownHere("this entry".into()))),
    }
}

/// Reads a member name that is data.
fn name_of<T: std::str::FromStr>(name: &str, at: &Cursor<'_>) -> Result<T, FormError>
where
    Fault: From<T::Err>,
{
    parsed(name, at.path())
}

/// Returns the path of an entry of one of `signed`'s objects.
pub(crate) fn path(place: &str, name: impl std::fmt::Display) -> String {
    join(&format!("signed.{place}"), &name.to_string())
}
