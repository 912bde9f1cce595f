//! Reads a JSON tree member by member, and says where and why it refuses.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use record::{Digest, KeyError, NotAName, PublicKey, Signature};

use crate::json::Json;
use crate::member::MemberId;

/// Says where a file breaks a rule, and which.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {fault}")]
pub struct FormError {
    /// The place, such as `signed.members.lam-dong.nodes[0].author`.
    pub path: String,
    /// The rule that it breaks.
    pub fault: Fault,
}

/// A rule of the charter's or the enrolment request's form that was broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Another JSON type than the one told.
    #[error("must be {0}")]
    Type(&'static str),
    /// A required member that is absent.
    #[error("is missing")]
    Missing,
    /// A member that the format does not have.
    #[error("is no member of this format")]
    Unknown,
    /// A member name that stands twice in one object.
    #[error("stands more than once in its object")]
    Repeated,
    /// A number with a point, an exponent or too many digits.
    #[error("must be a whole number within ±(2^53 - 1), written without point or exponent")]
    NotWhole,
    /// A number outside its range.
    #[error("must lie between {min} and {max}, and is {found}")]
    Range {
        /// The least that is allowed.
        min: u64,
        /// The most that is allowed.
        max: u64,
        /// What was found.
        found: i64,
    },
    /// A text that is not of the form told.
    #[error("must be {0}")]
    Text(&'static str),
    /// A text that is no name.
    #[error(transparent)]
    Name(#[from] NotAName),
    /// Bytes that are no acceptable public key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Dates of which the second is not after the first.
    #[error("must be a later day than \"from\"")]
    DateOrder,
    /// More items than are allowed.
    #[error("lists {found} items, and at most {max} are allowed")]
    TooMany {
        /// The most that is allowed.
        max: usize,
        /// How many there are.
        found: usize,
    },
    /// An item that its list names twice.
    #[error("is listed already")]
    ListedTwice,
    /// A member that this version must or must not have.
    #[error("stands in every version but the first, and in no first one")]
    Misplaced,
    /// A format, an element or a floor that this build cannot read, and that a
    /// later build may.
    #[error("this build does not know {0}: a later one may")]
    NotKnownHere(String),
    /// A key that has another place in this charter already.
    #[error("this key stands at {first} already: every key has one role and one holder")]
    KeyReused {
        /// Where the key stands too.
        first: String,
    },
    /// A member that the charter does not list.
    #[error("there is no member {0}")]
    NoSuchMember(MemberId),
    /// A group that the charter does not list.
    #[error("there is no group {0}")]
    NoSuchGroup(String),
    /// A writer that may not read.
    #[error("{0} would write what it may not read: list it among the readers too")]
    WriterCannotRead(MemberId),
    /// A charter without the scope `public`.
    #[error("a charter has the scope \"public\"")]
    NoPublicScope,
    /// A scope `with-<partner>` whose partner may not read it.
    #[error("the partner {0} must be among the readers")]
    PartnerCannotRead(MemberId),
    /// A code that two members hold on one day.
    #[error("{first} holds this code of this scheme on some of these days")]
    AliasOverlap {
        /// The alias that overlaps.
        first: String,
    },
    /// More signatures asked for than there are governors.
    #[error("{threshold} of {governors} governors can never sign")]
    Threshold {
        /// How many are asked for.
        threshold: u32,
        /// How many there are.
        governors: usize,
    },
}

impl Fault {
    /// Returns the fault's class, as counters and test vectors name it.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Type(_) => "wrong-type",
            Self::Missing => "missing",
            Self::Unknown => "unknown-member",
            Self::Repeated => "repeated-member",
            Self::NotWhole => "not-an-integer",
            Self::Range { .. } => "out-of-range",
            Self::Text(_) => "bad-text",
            Self::Name(_) => "bad-name",
            Self::Key(_) => "bad-key",
            Self::DateOrder => "date-order",
            Self::TooMany { .. } => "too-many",
            Self::ListedTwice => "listed-twice",
            Self::Misplaced => "misplaced",
            Self::NotKnownHere(_) => "not-known-here",
            Self::KeyReused { .. } => "key-reused",
            Self::NoSuchMember(_) => "no-such-member",
            Self::NoSuchGroup(_) => "no-such-group",
            Self::WriterCannotRead(_) => "writer-cannot-read",
            Self::NoPublicScope => "no-public-scope",
            Self::PartnerCannotRead(_) => "partner-cannot-read",
            Self::AliasOverlap { .. } => "alias-overlap",
            Self::Threshold { .. } => "bad-threshold",
        }
    }

    /// Places the fault.
    pub(crate) fn at(self, path: impl Into<String>) -> FormError {
        FormError {
            path: path.into(),
            fault: self,
        }
    }
}

/// Returns the path of a member of the object at `path`.
pub(crate) fn join(path: &str, name: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_:".contains(&b);
    let dot = if path.is_empty() { "" } else { "." };
    if (1..=80).contains(&name.len()) && name.bytes().all(plain) {
        format!("{path}{dot}{name}")
    } else {
        let cut: String = name.chars().take(40).collect();
        format!("{path}{dot}{cut:?}")
    }
}

/// One value of a tree and where it stands.
pub(crate) struct Cursor<'a> {
    value: &'a Json,
    path: String,
}

impl<'a> Cursor<'a> {
    /// Begins at the whole file.
    pub(crate) fn file(value: &'a Json) -> Self {
        Self {
            value,
            path: String::new(),
        }
    }

    /// Returns the value itself.
    pub(crate) fn value(&self) -> &'a Json {
        self.value
    }

    /// Returns where it stands.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Refuses this place.
    pub(crate) fn fault(&self, fault: Fault) -> FormError {
        let path = if self.path.is_empty() {
            "the file"
        } else {
            &self.path
        };
        fault.at(path)
    }

    /// Reads an object whose members the format names.
    pub(crate) fn members(self) -> Result<Members<'a>, FormError> {
        let mut rest = BTreeMap::new();
        for (name, value) in self.object()? {
            if rest.insert(name, value).is_some() {
                return Err(Fault::Repeated.at(join(&self.path, name)));
            }
        }
        Ok(Members {
            path: self.path,
            rest,
        })
    }

    /// Reads an object whose member names are data.
    pub(crate) fn entries(self) -> Result<Vec<(&'a str, Cursor<'a>)>, FormError> {
        let Members { path, rest } = self.members()?;
        let entry = |(name, value)| {
            let path = join(&path, name);
            (name, Cursor { value, path })
        };
        Ok(rest.into_iter().map(entry).collect())
    }

    fn object(&self) -> Result<impl Iterator<Item = (&'a str, &'a Json)> + use<'a>, FormError> {
        match self.value {
            Json::Object(members) => Ok(members.iter().map(|(name, value)| (&**name, value))),
            _ => Err(self.fault(Fault::Type("an object"))),
        }
    }

    /// Reads an array of at most `max` items.
    pub(crate) fn items(self, max: usize) -> Result<Vec<Cursor<'a>>, FormError> {
        let Json::Array(items) = self.value else {
            return Err(self.fault(Fault::Type("an array")));
        };
        if items.len() > max {
            return Err(self.fault(Fault::TooMany {
                max,
                found: items.len(),
            }));
        }
        let item = |(index, value)| Cursor {
            value,
            path: format!("{}[{index}]", self.path),
        };
        Ok(items.iter().enumerate().map(item).collect())
    }

    /// Reads an array of different items, each by `read`.
    pub(crate) fn distinct<T: Ord + Clone>(
        self,
        max: usize,
        read: impl Fn(&Cursor<'a>) -> Result<T, FormError>,
    ) -> Result<Vec<T>, FormError> {
        let mut seen = BTreeSet::new();
        let mut list = Vec::new();
        for item in self.items(max)? {
            let value = read(&item)?;
            if !seen.insert(value.clone()) {
                return Err(item.fault(Fault::ListedTwice));
            }
            list.push(value);
        }
        Ok(list)
    }

    /// Reads a text.
    pub(crate) fn text(&self) -> Result<&'a str, FormError> {
        match self.value {
            Json::Text(text) => Ok(text),
            _ => Err(self.fault(Fault::Type("a text"))),
        }
    }

    /// Reads a truth value.
    pub(crate) fn boolean(&self) -> Result<bool, FormError> {
        match self.value {
            Json::Bool(value) => Ok(*value),
            _ => Err(self.fault(Fault::Type("true or false"))),
        }
    }

    /// Reads a whole number in a range.
    pub(crate) fn whole(&self, range: RangeInclusive<u64>) -> Result<u64, FormError> {
        let found = match self.value {
            Json::Whole(value) => *value,
            Json::OtherNumber => return Err(self.fault(Fault::NotWhole)),
            _ => return Err(self.fault(Fault::Type("a whole number"))),
        };
        let refused = || {
            self.fault(Fault::Range {
                min: *range.start(),
                max: *range.end(),
                found,
            })
        };
        u64::try_from(found)
            .ok()
            .filter(|value| range.contains(value))
            .ok_or_else(refused)
    }

    /// Reads a whole number in a range that 32 bits hold.
    pub(crate) fn whole32(&self, range: RangeInclusive<u32>) -> Result<u32, FormError> {
        let wide = u64::from(*range.start())..=u64::from(*range.end());
        self.whole(wide)
            .map(|value| u32::try_from(value).expect("the range ends below 2^32"))
    }

    /// Reads a text by its type's own parser.
    pub(crate) fn parsed<T: std::str::FromStr>(&self) -> Result<T, FormError>
    where
        Fault: From<T::Err>,
    {
        parsed(self.text()?, &self.path)
    }

    /// Reads a text that keeps a rule.
    pub(crate) fn text_of(&self, rule: &TextRule) -> Result<String, FormError> {
        let text = self.text()?;
        if (rule.holds)(text) {
            Ok(text.to_owned())
        } else {
            Err(self.fault(Fault::Text(rule.told)))
        }
    }

    /// Reads a SHA-256 digest.
    pub(crate) fn digest(&self) -> Result<Digest, FormError> {
        self.text()?
            .parse()
            .map_err(|_| self.fault(Fault::Text("64 lowercase hexadecimal digits")))
    }

    /// Reads a signature.
    pub(crate) fn signature(&self) -> Result<Signature, FormError> {
        let text = self.text()?;
        let mut bytes = [0; 64];
        let lower = !text.bytes().any(|b| b.is_ascii_uppercase());
        match hex::decode_to_slice(text, &mut bytes) {
            Ok(()) if lower => Ok(Signature(bytes)),
            _ => Err(self.fault(Fault::Text("128 lowercase hexadecimal digits"))),
        }
    }

    /// Reads a public key.
    pub(crate) fn key(&self) -> Result<PublicKey, FormError> {
        self.parsed()
    }
}

/// Reads a text that stands at `path`, as a member's name or value.
pub(crate) fn parsed<T: std::str::FromStr>(text: &str, path: &str) -> Result<T, FormError>
where
    Fault: From<T::Err>,
{
    text.parse().map_err(|error| Fault::from(error).at(path))
}

/// The members of an object that were not read yet.
pub(crate) struct Members<'a> {
    path: String,
    rest: BTreeMap<&'a str, &'a Json>,
}

impl<'a> Members<'a> {
    /// Takes a member that may be absent.
    pub(crate) fn optional(&mut self, name: &str) -> Option<Cursor<'a>> {
        let path = join(&self.path, name);
        let value = self.rest.remove(name)?;
        Some(Cursor { value, path })
    }

    /// Takes a member that must be there.
    pub(crate) fn required(&mut self, name: &str) -> Result<Cursor<'a>, FormError> {
        match self.optional(name) {
            Some(at) => Ok(at),
            None => Err(Fault::Missing.at(join(&self.path, name))),
        }
    }

    /// Refuses what no one took.
    pub(crate) fn finish(self) -> Result<(), FormError> {
        match self.rest.keys().next() {
            None => Ok(()),
            Some(name) => Err(Fault::Unknown.at(join(&self.path, name))),
        }
    }
}

/// A rule that a text keeps, and how to tell it.
pub(crate) struct TextRule {
    pub(crate) told: &'static str,
    pub(crate) holds: fn(&str) -> bool,
}

/// What people read: names of organisations, holders, the federation.
pub(crate) const HUMAN: TextRule = TextRule {
    told: "a text of 1 to 200 characters, without control or direction characters and \
           without blanks at its ends",
    holds: |text| {
        (1..=200).contains(&text.chars().count())
            && text.trim() == text
            && !text.chars().any(|c| c.is_control() || turns_direction(c))
    },
};

/// A code as some scheme writes it, and the informative date-time.
pub(crate) const CODE: TextRule = TextRule {
    told: "a text of 1 to 64 visible ASCII characters",
    holds: |text| visible_ascii(text, 64),
};

/// A multiaddr, as far as it is judged here: the network reads the rest.
pub(crate) const ADDRESS: TextRule = TextRule {
    told: "a multiaddr, such as /ip4/192.0.2.1/udp/4001/quic-v1: visible ASCII beginning \
           with '/', at most 255 characters",
    holds: |text| visible_ascii(text, 255) && text.starts_with('/') && text.len() > 1,
};

/// Where a member's HTTP interface answers.
pub(crate) const URL: TextRule = TextRule {
    told: "a URL in visible ASCII, beginning with https:// or http://, at most 1024 characters",
    holds: |text| {
        let after = |scheme| {
            text.strip_prefix(scheme)
                .is_some_and(|rest: &str| !rest.is_empty())
        };
        visible_ascii(text, 1024) && (after("https://") || after("http://"))
    },
};

fn visible_ascii(text: &str, max: usize) -> bool {
    (1..=max).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

/// Tells the characters that reorder the text around them (Unicode UAX #9):
/// they could show governors another text than the one they sign.
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
