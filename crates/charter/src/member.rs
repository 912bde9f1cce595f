//! Members: organisations, their codes and their nodes.

use std::fmt;
use std::str::FromStr;

use record::{NotAName, PublicKey, is_name};

use crate::form::{ADDRESS, CODE, Cursor, Fault, FormError, HUMAN, URL};
use crate::json::Json;

/// How many addresses a node may list.
const ADDRESSES_MAX: usize = 16;
/// How many nodes, and how many aliases, a member may list.
const ITEMS_MAX: usize = 1_000;

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// Checks the text.
            ///
            /// # Errors
            ///
            /// Refuses a text outside `[a-z0-9][a-z0-9-]{0,62}`.
            pub fn new(name: &str) -> Result<Self, NotAName> {
                if is_name(name) {
                    Ok(Self(name.into()))
                } else {
                    Err(NotAName(name.chars().take(80).collect()))
                }
            }

            /// Returns the text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = NotAName;

            fn from_str(text: &str) -> Result<Self, NotAName> {
                Self::new(text)
            }
        }
    };
}

name! {
    /// A member's id: opaque, and never given to another organisation, such as
    /// `hung-yen-2025`. Official codes are [`Alias`]es.
    MemberId
}
name! {
    /// The name of a group of members.
    GroupName
}
name! {
    /// A node's name, its own within its member.
    NodeName
}

/// What kind of organisation a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MemberKind {
    /// A province.
    Province,
    /// A ministry or its department.
    Ministry,
    /// The national authority.
    NationalAuthority,
    /// A partner: the agency of an importing country.
    Agency,
    /// Anything else.
    Other,
}

impl MemberKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Province,
        Self::Ministry,
        Self::NationalAuthority,
        Self::Agency,
        Self::Other,
    ];

    /// Returns the kind's name in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::Ministry => "ministry",
            Self::NationalAuthority => "national-authority",
            Self::Agency => "agency",
            Self::Other => "other",
        }
    }

    /// Tells whether members of this kind share the scope `national` unless
    /// the charter says otherwise.
    pub const fn is_domestic(self) -> bool {
        match self {
            Self::Province | Self::Ministry | Self::NationalAuthority => true,
            Self::Agency | Self::Other => false,
        }
    }
}

impl fmt::Display for MemberKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Says that a text names no kind of member.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" is no kind of member: use province, ministry, national-authority, agency or other"
)]
pub struct NotAKind(pub String);

impl FromStr for MemberKind {
    type Err = NotAKind;

    fn from_str(text: &str) -> Result<Self, NotAKind> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| NotAKind(text.chars().take(80).collect()))
    }
}

/// An organisation's name in two languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// In Vietnamese.
    pub vi: String,
    /// In English.
    pub en: String,
}

/// A day of the Gregorian calendar, written `YYYY-MM-DD`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day {
    year: u16,
    month: u8,
    day: u8,
}

/// Says that a text is no day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no day of the calendar in the form YYYY-MM-DD")]
pub struct NotADay(pub String);

impl FromStr for Day {
    type Err = NotADay;

    fn from_str(text: &str) -> Result<Self, NotADay> {
        let read = || {
            let mut parts = text.splitn(3, '-');
            let day = Self {
                year: parts.next()?.parse().ok()?,
                month: parts.next()?.parse().ok()?,
                day: parts.next()?.parse().ok()?,
            };
            let leap = day.year.is_multiple_of(4)
                && (!day.year.is_multiple_of(100) || day.year.is_multiple_of(400));
            let days = match day.month {
                4 | 6 | 9 | 11 => 30,
                2 if leap => 29,
                2 => 28,
                1..=12 => 31,
                _ => return None,
            };
            // Rebuilding refuses every second spelling.
            ((1..=days).contains(&day.day) && day.to_string() == text).then_some(day)
        };
        read().ok_or_else(|| NotADay(text.chars().take(80).collect()))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An official code of a member, for some days: codes are reused, so a code
/// without scheme and date names nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// Who gives the code out, such as `gso`.
    pub scheme: String,
    /// The code as the scheme writes it.
    pub code: String,
    /// The first day on which it means this member.
    pub from: Day,
    /// The first day on which it does so no longer.
    pub until: Option<Day>,
}

impl Alias {
    /// Tells whether both are one code of one scheme on some day.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let ends_by = |end: Option<Day>, start| end.is_some_and(|end| end <= start);
        (&self.scheme, &self.code) == (&other.scheme, &other.code)
            && !ends_by(self.until, other.from)
            && !ends_by(other.until, self.from)
    }
}

/// One node of a member: its keys and where it is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its name within its member.
    pub name: NodeName,
    /// The key that signs the checkpoints of its logs.
    pub author: PublicKey,
    /// The key by which the network knows it (its libp2p identity).
    pub transport: PublicKey,
    /// Its addresses as multiaddr texts, the preferred first.
    pub addresses: Vec<String>,
    /// Whether it relays for nodes that cannot be reached.
    pub relay: bool,
}

/// An organisation of the federation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its id.
    pub id: MemberId,
    /// Its names.
    pub names: Names,
    /// What kind of organisation it is.
    pub kind: MemberKind,
    /// Its official codes.
    pub aliases: Vec<Alias>,
    /// Its nodes.
    pub nodes: Vec<Node>,
    /// Where its HTTP interface answers the public.
    pub public_url: Option<String>,
}

impl From<NotAKind> for Fault {
    fn from(_: NotAKind) -> Self {
        Self::Text("province, ministry, national-authority, agency or other")
    }
}

impl From<NotADay> for Fault {
    fn from(_: NotADay) -> Self {
        Self::Text("a day of the calendar in the form YYYY-MM-DD")
    }
}

impl Names {
    pub(crate) fn read(at: Cursor<'_>) -> Result<Self, FormError> {
        let mut members = at.members()?;
        let names = Self {
            vi: members.required("vi")?.text_of(&HUMAN)?,
            en: members.required("en")?.text_of(&HUMAN)?,
        };
        members.finish()?;
        Ok(names)
    }

    pub(crate) fn to_json(&self) -> Json {
        Json::object([
            ("vi", Some(Json::text(&self.vi))),
            ("en", Some(Json::text(&self.en))),
        ])
    }
}

impl Alias {
    fn read(at: Cursor<'_>) -> Result<Self, FormError> {
        let mut members = at.members()?;
        let scheme = members.required("scheme")?.text_of(&CODE)?;
        let code = members.required("code")?.text_of(&CODE)?;
        let from = members.required("from")?.parsed()?;
        let until = match members.optional("until") {
            None => None,
            Some(at) => {
                let until: Day = at.parsed()?;
                if until <= from {
                    return Err(at.fault(Fault::DateOrder));
                }
                Some(until)
            }
        };
        members.finish()?;
        Ok(Self {
            scheme,
            code,
            from,
            until,
        })
    }

    fn to_json(&self) -> Json {
        Json::object([
            ("scheme", Some(Json::text(&self.scheme))),
            ("code", Some(Json::text(&self.code))),
            ("from", Some(Json::text(self.from))),
            ("until", self.until.map(Json::text)),
        ])
    }
}

impl Node {
    fn read(at: Cursor<'_>) -> Result<Self, FormError> {
        let mut members = at.members()?;
        let node = Self {
            name: members.required("name")?.parsed()?,
            author: members.required("author")?.key()?,
            transport: members.required("transport")?.key()?,
            addresses: read_addresses(members.optional("addresses"))?,
            relay: match members.optional("relay") {
                None => false,
                Some(at) => at.boolean()?,
            },
        };
        members.finish()?;
        Ok(node)
    }

    fn to_json(&self) -> Json {
        Json::object([
            ("name", Some(Json::text(&self.name))),
            ("author", Some(Json::text(self.author))),
            ("transport", Some(Json::text(self.transport))),
            ("addresses", addresses_to_json(&self.addresses)),
            ("relay", self.relay.then_some(Json::Bool(true))),
        ])
    }
}

impl Member {
    pub(crate) fn read(id: MemberId, at: Cursor<'_>) -> Result<Self, FormError> {
        let mut members = at.members()?;
        let member = Self {
            id,
            names: Names::read(members.required("names")?)?,
            kind: members.required("kind")?.parsed()?,
            aliases: read_list(members.optional("aliases"), Alias::read)?,
            nodes: read_list(members.optional("nodes"), Node::read)?,
            public_url: match members.optional("public_url") {
                None => None,
                Some(at) => Some(at.text_of(&URL)?),
            },
        };
        members.finish()?;
        Ok(member)
    }

    pub(crate) fn to_json(&self) -> Json {
        let list = |items: Vec<Json>| (!items.is_empty()).then_some(Json::Array(items));
        Json::object([
            ("names", Some(self.names.to_json())),
            ("kind", Some(Json::text(self.kind))),
            (
                "aliases",
                list(self.aliases.iter().map(Alias::to_json).collect()),
            ),
            (
                "nodes",
                list(self.nodes.iter().map(Node::to_json).collect()),
            ),
            ("public_url", self.public_url.as_ref().map(Json::text)),
        ])
    }
}

/// Reads a list of addresses; absent means none.
pub(crate) fn read_addresses(at: Option<Cursor<'_>>) -> Result<Vec<String>, FormError> {
    at.map_or(Ok(Vec::new()), |at| {
        at.distinct(ADDRESSES_MAX, |item| item.text_of(&ADDRESS))
    })
}

/// Writes a list of addresses; none is absent.
pub(crate) fn addresses_to_json(addresses: &[String]) -> Option<Json> {
    (!addresses.is_empty()).then(|| Json::array(addresses.iter().map(Json::text)))
}

fn read_list<T>(
    at: Option<Cursor<'_>>,
    read: fn(Cursor<'_>) -> Result<T, FormError>,
) -> Result<Vec<T>, FormError> {
    at.map_or(Ok(Vec::new()), |at| {
        at.items(ITEMS_MAX)?.into_iter().map(read).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days() {
        for good in ["2025-07-01", "2024-02-29", "2000-02-29", "1976-12-31"] {
            let day: Day = good.parse().expect(good);
            assert_eq!(day.to_string(), good);
        }
        for bad in [
            "2025-02-29",
            "1900-02-29",
            "2025-13-01",
            "2025-00-10",
            "2025-04-31",
            "2025-7-1",
            "25-07-01",
            "2025-07-01T00:00:00Z",
            "+2025-07-01",
            "2025-07-1 ",
            "",
        ] {
            assert!(bad.parse::<Day>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_code_passed_on_does_not_overlap() {
        let alias = |code: &str, from: &str, until: Option<&str>| Alias {
            scheme: "gso".into(),
            code: code.into(),
            from: from.parse().expect("a day"),
            until: until.map(|until| until.parse().expect("a day")),
        };
        let before = alias("15", "2004-07-08", Some("2025-07-01"));
        let after = alias("15", "2025-07-01", None);
        assert!(!before.overlaps(&after) && !after.overlaps(&before));
        assert!(after.overlaps(&alias("15", "2030-01-01", None)));
        assert!(alias("15", "2025-06-30", None).overlaps(&before));
        assert!(!after.overlaps(&alias("10", "2025-07-01", None)));
    }
}
