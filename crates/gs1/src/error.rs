//! What can be wrong with an identifier, where, and what would be right.

use thiserror::Error;

/// The longest piece of a refused input that an error quotes, in bytes.
const QUOTE_LEN_MAX: usize = 200;

/// An identifier that could not be read or made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{input:?} is no valid identifier: {problem} (at byte {offset})")]
pub struct KeyError {
    input: Box<str>,
    offset: usize,
    problem: Problem,
}

impl KeyError {
    pub(crate) fn new(input: &str, fault: Fault<'_>) -> Self {
        let start = input.as_ptr() as usize;
        let offset = (fault.at.as_ptr() as usize)
            .checked_sub(start)
            .filter(|offset| *offset <= input.len())
            .unwrap_or(0);
        Self::at(input, offset, fault.problem)
    }

    pub(crate) fn at(input: &str, offset: usize, problem: Problem) -> Self {
        let quoted = match input.char_indices().find(|(at, _)| *at >= QUOTE_LEN_MAX) {
            Some((at, _)) => format!("{}…", &input[..at]).into(),
            None => input.into(),
        };
        Self {
            input: quoted,
            offset,
            problem,
        }
    }

    /// Returns the refused input, cut to its first 200 bytes or so.
    pub fn input(&self) -> &str {
        &self.input
    }

    /// Returns where in the input the problem lies, in bytes from its start.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Returns what is wrong and what would be right.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }
}

/// What is wrong with an identifier, with what would be right.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Problem {
    /// The input is no URI at all (RFC 3986 §3).
    #[error(
        "it is no URI: a URI begins with a scheme such as `urn:` or `https:` and holds no blanks"
    )]
    NotAUri,
    /// A link that was to hold nothing but a key holds something else.
    #[error("it is no path of a GS1 key: right is a form like /01/{{gtin}}/21/{{serial}}")]
    NotAKeyPath,
    /// `urn:epc:` goes on with a word that the Tag Data Standard does not know.
    #[error("`urn:epc:` goes on with {found:?}; right is id, idpat or class")]
    UrnKind {
        /// The word found.
        found: String,
    },
    /// A scheme that the kind of EPC URN does not have.
    #[error("{found:?} is no scheme of `urn:epc:{kind}:`; right is one of {right}")]
    UrnScheme {
        /// `id`, `idpat` or `class`.
        kind: &'static str,
        /// The scheme found.
        found: String,
        /// The schemes there are.
        right: &'static str,
    },
    /// An EPC URN with too few components.
    #[error("components of {scheme} found: {found}; right is {right}")]
    Components {
        /// The scheme.
        scheme: &'static str,
        /// How many there are.
        found: usize,
        /// The components by name.
        right: &'static str,
    },
    /// A GS1 company prefix of impossible length.
    #[error("the GS1 company prefix has {found} digits; right is 6 to 12")]
    CompanyPrefix {
        /// Digits found.
        found: usize,
    },
    /// A company prefix and the reference after it do not fill the key.
    #[error("{what}: company prefix and reference have {found} digits together; right is {right}")]
    DigitTotal {
        /// The key.
        what: &'static str,
        /// Digits found.
        found: usize,
        /// Digits that would be right.
        right: usize,
    },
    /// A wildcard before a component that is none.
    #[error("a pattern's `*` may be followed only by `*`")]
    Wildcard,
    /// Something other than a digit where only digits may stand.
    #[error("{what} holds {found:?} where only digits 0 to 9 may stand")]
    NotADigit {
        /// The component.
        what: &'static str,
        /// What stands there.
        found: String,
    },
    /// A character that the value's character set lacks.
    #[error("{what} holds {found:?}; right is {right}")]
    Character {
        /// The component.
        what: &'static str,
        /// What stands there.
        found: String,
        /// The permitted characters.
        right: &'static str,
    },
    /// A character that an EPC URN must escape (Tag Data Standard, the
    /// characters permitted in URIs).
    #[error("{found:?} must be written {right} in an EPC URN")]
    Unescaped {
        /// The character.
        found: char,
        /// Its escape.
        right: String,
    },
    /// A percent sign without two hexadecimal digits.
    #[error(
        "{found:?} is no escape: right is % and two hexadecimal digits, %25 for a percent sign"
    )]
    Escape {
        /// What stands there.
        found: String,
    },
    /// A value of impossible length.
    #[error("{what} has {found} characters; right is {right}")]
    Length {
        /// The value.
        what: &'static str,
        /// Characters found.
        found: usize,
        /// Lengths that would be right.
        right: String,
    },
    /// A wrong check digit (GS1 General Specifications §7.9.1).
    #[error("{what} has the check digit {found}; right is {right}")]
    CheckDigit {
        /// The key.
        what: &'static str,
        /// The digit found.
        found: char,
        /// The digit that would be right.
        right: char,
    },
    /// A wrong pair of check characters (GS1 General Specifications §7.9.5).
    #[error("{what} ends with the check characters {found}; right is {right}")]
    CheckPair {
        /// The key.
        what: &'static str,
        /// The pair found.
        found: String,
        /// The pair that would be right.
        right: String,
    },
    /// A value that starts with no GS1 company prefix.
    #[error("{what} begins with {found} digits; right is a GS1 company prefix, at least 4")]
    NoCompanyPrefix {
        /// The key.
        what: &'static str,
        /// Digits found.
        found: usize,
    },
    /// A GRAI whose first digit is not the filler zero.
    #[error("{what} begins with {found}; right is 0, then the 13 digits of the asset type")]
    FillerZero {
        /// The key.
        what: &'static str,
        /// The digit found.
        found: char,
    },
    /// A number that may not be padded with zeros.
    #[error("{what} begins with 0; right is the number without leading zeros")]
    LeadingZero {
        /// The value.
        what: &'static str,
    },
    /// An impossible piece of a trade item.
    #[error("piece {piece} of {total}: right is a piece from 01 to the total")]
    PieceOfTotal {
        /// The piece found, two digits.
        piece: String,
        /// The total found, two digits.
        total: String,
    },
    /// A number too large for the digits that are left for it.
    #[error("{what} {found} does not fit the {width} digits that are left for it")]
    TooLarge {
        /// The part.
        what: &'static str,
        /// The number given.
        found: u64,
        /// The digits left for it.
        width: usize,
    },
    /// An application identifier that cannot stand with, or there after, the key.
    #[error("({found}) cannot stand here: after ({primary}) comes {right}")]
    Sequence {
        /// The application identifier found.
        found: String,
        /// The primary key.
        primary: &'static str,
        /// What may follow it, in order.
        right: String,
    },
    /// A slash too many after a key.
    #[error("an empty segment stands after the key; right is a path that ends with a value")]
    EmptySegment,
    /// An application identifier that belongs in the path stands in the query.
    #[error("({found}) stands in the query; right is the path, after the key it qualifies")]
    QualifierInQuery {
        /// The application identifier.
        found: &'static str,
    },
    /// An application identifier given twice.
    #[error("({found}) is given twice")]
    Duplicate {
        /// The application identifier.
        found: String,
    },
    /// An element string that holds no primary key.
    #[error(
        "it holds no GS1 key: right is at least one of (00), (01), (253), (255), (401), (402), (414), (415), (417), (8003), (8004), (8006), (8010), (8013), (8017), (8018)"
    )]
    NoKey,
    /// A value that does not meet the rule for its content.
    #[error("{what} holds {found:?}; right is {right}")]
    Content {
        /// The value.
        what: &'static str,
        /// What stands there.
        found: String,
        /// What may stand there.
        right: &'static str,
    },
    /// An application identifier without those that must stand beside it.
    #[error("({found}) stands without what it belongs to; right is beside it {right}")]
    Requires {
        /// The application identifier.
        found: String,
        /// What must stand beside it.
        right: String,
    },
    /// Two application identifiers that cannot stand beside each other.
    #[error("({found}) cannot stand beside ({other}); right is one of the two")]
    Excludes {
        /// The application identifier.
        found: String,
        /// The other.
        other: String,
    },
    /// An application identifier that the GS1 list lacks.
    #[error("({found}) is unknown: right is one of the GS1 list of application identifiers")]
    UnknownAi {
        /// The digits found.
        found: String,
    },
    /// An application identifier in a Digital Link's query that has no place
    /// there.
    #[error("({found}) cannot stand in the query of a GS1 Digital Link")]
    NotAnAttribute {
        /// The application identifier.
        found: String,
    },
    /// A link that is no GS1 Digital Link.
    #[error(
        "it is no GS1 Digital Link: right is http or https, a domain, and a path that ends in a primary key and its qualifiers"
    )]
    NotADigitalLink,
    /// A character that no URI may hold as it is (RFC 3986 §2).
    #[error("{found:?} cannot stand in a URI; right is its percent-encoding")]
    NotInUris {
        /// The character.
        found: char,
    },
    /// The path of a compressed Digital Link that cannot be read.
    #[error("its compressed part cannot be read: {why}")]
    Compressed {
        /// What is wrong.
        why: &'static str,
    },
    /// A key whose company prefix the table does not know.
    #[error(
        "no company prefix is known for {digits}…: right is a key under an assigned prefix, or a newer table of GS1 company prefixes"
    )]
    UnknownCompanyPrefix {
        /// The digits at which the prefix was sought.
        digits: String,
    },
    /// Digits under which GS1 assigns no company prefixes.
    #[error("GS1 assigns no company prefixes under {digits}…: such a key has no EPC URN")]
    NoCompanyPrefixes {
        /// The digits at which the prefix was sought.
        digits: String,
    },
    /// A key for which no EPC URN scheme exists.
    #[error("{what} has no EPC URN; right is a key of one of the schemes {right}")]
    NoUrn {
        /// The key, by its kind or its application identifiers.
        what: String,
        /// The schemes.
        right: &'static str,
    },
    /// An identifier that stands for no one GS1 key.
    #[error(
        "it stands for no GS1 key: right is an EPC URN, a GS1 Digital Link, an element string or a bare key"
    )]
    NotAGs1Key,
    /// Something other than an application identifier where one must stand.
    #[error("{found:?} is no application identifier: right is 2 to 4 digits of the GS1 list")]
    NoAi {
        /// What stands there.
        found: String,
    },
}

/// A table of GS1 company prefixes that cannot be used.
#[derive(Debug, Error)]
pub enum PrefixTableError {
    /// The file is not in GS1's JSON form.
    #[error(
        "the table of company prefixes is not GS1's file: right is JSON with GCPPrefixFormatList and its entries"
    )]
    Json(#[source] serde_json::Error),
    /// An entry that no prefix can have.
    #[error(
        "the table of company prefixes has the entry {prefix:?} with length {len}: right are 1 to 12 digits with a length of 4 to 12, or 0 for none"
    )]
    Entry {
        /// The entry's prefix.
        prefix: String,
        /// The entry's length.
        len: u8,
    },
    /// A table without entries.
    #[error("the table of company prefixes has no entries")]
    Empty,
}

/// A problem and the place in the input where it lies, on its way to becoming
/// a [`KeyError`].
#[derive(Debug)]
pub(crate) struct Fault<'a> {
    /// The rest of the input from the problem on.
    pub(crate) at: &'a str,
    /// What is wrong.
    pub(crate) problem: Problem,
}

impl<'a> Fault<'a> {
    pub(crate) fn new(at: &'a str, problem: Problem) -> Self {
        Self { at, problem }
    }
}
