//! What the parts of a charter version owe each other, and the rights that
//! follow: who may read and write what, and whose each key is.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use record::{RawKey, ScopeName};

use crate::body::{Body, Party, ScopeTerms, path};
use crate::form::{Fault, FormError};
use crate::member::{Alias, Member, MemberId};

/// Who may read and write a scope, groups resolved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// The members that may hold the scope's records.
    pub readers: BTreeSet<MemberId>,
    /// The members whose records count in the scope; each is a reader too.
    pub writers: BTreeSet<MemberId>,
}

/// Where a node stands in a body: its member's index and its own.
pub(crate) type NodeIndex = (usize, usize);

/// What follows from a body whose parts agree.
#[derive(Clone, Debug)]
pub(crate) struct Rights {
    pub(crate) scopes: BTreeMap<ScopeName, Access>,
    pub(crate) authors: HashMap<RawKey, NodeIndex>,
    pub(crate) transports: HashMap<RawKey, NodeIndex>,
}

impl Rights {
    /// Checks every rule that concerns more than one part.
    pub(crate) fn of(body: &Body) -> Result<Self, FormError> {
        let governors = body.governors.keys.len();
        let threshold = body.governors.threshold;
        if usize::try_from(threshold).map_or(true, |threshold| threshold > governors) {
            let fault = Fault::Threshold {
                threshold,
                governors,
            };
            return Err(fault.at("signed.governors.threshold"));
        }
        let (authors, transports) = keys(body)?;
        node_names(body)?;
        aliases(&body.members)?;
        for (group, ids) in &body.groups {
            for (index, id) in ids.iter().enumerate() {
                known(body, id)
                    .map_err(|fault| fault.at(format!("{}[{index}]", path("groups", group))))?;
            }
        }
        Ok(Self {
            scopes: scopes(body)?,
            authors,
            transports,
        })
    }
}

type Index = HashMap<RawKey, NodeIndex>;

/// Gives every key its place, and no key two.
fn keys(body: &Body) -> Result<(Index, Index), FormError> {
    let (mut authors, mut transports) = (Index::new(), Index::new());
    let mut places: HashMap<RawKey, String> = HashMap::new();
    let mut place = |key: RawKey, at: String| match places.get(&key) {
        Some(first) => Err(Fault::KeyReused {
            first: first.clone(),
        }
        .at(at)),
        None => {
            places.insert(key, at);
            Ok(())
        }
    };
    for key in body.governors.keys.keys() {
        place(*key, path("governors.keys", key))?;
    }
    for (m, member) in body.members.iter().enumerate() {
        for (n, node) in member.nodes.iter().enumerate() {
            let at = format!("{}.nodes[{n}]", path("members", &member.id));
            place(node.author.raw(), format!("{at}.author"))?;
            place(node.transport.raw(), format!("{at}.transport"))?;
            authors.insert(node.author.raw(), (m, n));
            transports.insert(node.transport.raw(), (m, n));
        }
    }
    Ok((authors, transports))
}

fn node_names(body: &Body) -> Result<(), FormError> {
    for member in &body.members {
        let mut names = BTreeSet::new();
        for (n, node) in member.nodes.iter().enumerate() {
            if !names.insert(&node.name) {
                let at = format!("{}.nodes[{n}].name", path("members", &member.id));
                return Err(Fault::ListedTwice.at(at));
            }
        }
    }
    Ok(())
}

/// A code of one scheme means one member on each day.
fn aliases(members: &[Member]) -> Result<(), FormError> {
    let mut seen: HashMap<(&str, &str), Vec<(&Alias, String)>> = HashMap::new();
    for member in members {
        for (index, alias) in member.aliases.iter().enumerate() {
            let at = format!("{}.aliases[{index}]", path("members", &member.id));
            let same = seen.entry((&alias.scheme, &alias.code)).or_default();
            if let Some((_, first)) = same.iter().find(|(other, _)| other.overlaps(alias)) {
                let first = first.clone();
                return Err(Fault::AliasOverlap { first }.at(at));
            }
            same.push((alias, at));
        }
    }
    Ok(())
}

fn known(body: &Body, id: &MemberId) -> Result<(), Fault> {
    match body.member_index(id) {
        Some(_) => Ok(()),
        None => Err(Fault::NoSuchMember(id.clone())),
    }
}

fn scopes(body: &Body) -> Result<BTreeMap<ScopeName, Access>, FormError> {
    let mut scopes = BTreeMap::new();
    for (name, terms) in &body.scopes {
        let access = access(body, name, terms)?;
        if let Some(partner) = name.as_str().strip_prefix("with-") {
            partner_reads(body, name, partner, &access)?;
        }
        scopes.insert(name.clone(), access);
    }
    if scopes.keys().all(|name| name.as_str() != "public") {
        return Err(Fault::NoPublicScope.at("signed.scopes"));
    }
    Ok(scopes)
}

fn access(body: &Body, name: &ScopeName, terms: &ScopeTerms) -> Result<Access, FormError> {
    let at = path("scopes", name);
    let mut access = Access::default();
    for (index, party) in terms.readers.iter().enumerate() {
        let members =
            resolve(body, party).map_err(|fault| fault.at(format!("{at}.readers[{index}]")))?;
        access.readers.extend(members.iter().cloned());
    }
    for (index, party) in terms.writers.iter().enumerate() {
        let at = || format!("{at}.writers[{index}]");
        for member in resolve(body, party).map_err(|fault| fault.at(at()))? {
            if !access.readers.contains(member) {
                return Err(Fault::WriterCannotRead(member.clone()).at(at()));
            }
            access.writers.insert(member.clone());
        }
    }
    Ok(access)
}

fn resolve<'a>(body: &'a Body, party: &'a Party) -> Result<&'a [MemberId], Fault> {
    match party {
        Party::Member(id) => known(body, id).map(|()| std::slice::from_ref(id)),
        Party::Group(group) => body
            .groups
            .get(group)
            .map(Vec::as_slice)
            .ok_or_else(|| Fault::NoSuchGroup(group.to_string())),
    }
}

/// A scope that bears a partner's name is for that partner to read.
fn partner_reads(
    body: &Body,
    name: &ScopeName,
    partner: &str,
    access: &Access,
) -> Result<(), FormError> {
    let at = || path("scopes", name);
    let partner: MemberId = partner
        .parse()
        .map_err(|error| Fault::Name(error).at(at()))?;
    known(body, &partner).map_err(|fault| fault.at(at()))?;
    if access.readers.contains(&partner) {
        Ok(())
    } else {
        Err(Fault::PartnerCannotRead(partner).at(format!("{}.readers", at())))
    }
}
