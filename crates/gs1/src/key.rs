//! The one canonical identifier key.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::ai::{self, Ai, Rule};
use crate::company_prefix::CompanyPrefixes;
use crate::digital_link;
use crate::element_string;
use crate::error::{Fault, KeyError, Problem};
use crate::number::{Gln, Gtin, Sscc};
use crate::pair::{CheckDigit, Pair, Qualifiers};
use crate::text::{Text, Writing, unescape};
use crate::urn;

/// The canonical name of a thing, a kind of things, a place or a party.
///
/// Two spellings of one identifier are equal keys. [`Display`](fmt::Display)
/// writes the canonical text, [`FromStr`] reads it back, and the order of keys
/// is that of their texts' bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A GS1 key with its qualifiers.
    Gs1(Gs1Key),
    /// Any other URI, told apart by its exact text.
    Other(OtherUri),
}

/// Application identifiers and their values: the primary key, then its
/// qualifiers in the standard's order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gs1Key {
    /// The canonical text, `/01/08938505123455/21/1`: segments in turn names
    /// and values, escaped so that a slash always separates.
    text: Box<str>,
}

/// A URI that stands for no GS1 key, exactly as it was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OtherUri(Box<str>);

/// Whether a key names one thing or many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// One physical or digital thing, place, party or document.
    Instance,
    /// A kind of things, of which there may be a quantity: a trade item, a lot.
    Class,
}

impl Key {
    /// Reads an EPC URN, a GS1 Digital Link URI or any other URI.
    ///
    /// EPC URNs are the pure identities of the 16 GS1 schemes, the class
    /// `urn:epc:class:lgtin:` and those patterns that denote a class
    /// (`urn:epc:idpat:sgtin:8938505.012345.*`). Digital Links may be on any
    /// domain, below any path, with any escapes, with the numbers or the
    /// earlier words for application identifiers, and GTINs of 8, 12 or 13
    /// digits; their query gives the lot at most. The GLN extension `0` says
    /// that there is none.
    ///
    /// All other URIs are [`Key::Other`], wider patterns and other bodies' EPC
    /// schemes among them. A web address counts as a Digital Link if its path
    /// ends in a primary key with qualifiers, and it is on `id.gs1.org` or the
    /// key's value begins with as many digits as a key would.
    ///
    /// # Errors
    ///
    /// What is no URI, and what claims to be a GS1 identifier and is broken.
    pub fn from_uri(uri: &str) -> Result<Self, KeyError> {
        let parsed = parse(uri, CheckDigit::Verified);
        match parsed.map_err(|fault| KeyError::new(uri, fault))? {
            Some(text) => Ok(Gs1Key::new(text).into()),
            None => OtherUri::new(uri).map(Self::Other),
        }
    }

    /// Reads any URI, and takes a broken GS1 identifier as a URI like others.
    ///
    /// For identifiers that stand in recorded events, in queries and in
    /// standards' own examples, wrong check digits among them: such a thing
    /// must be found by the name it was given. [`Key::from_uri`] tells what is
    /// wrong with it.
    ///
    /// # Errors
    ///
    /// What is no URI.
    pub fn from_uri_or_verbatim(uri: &str) -> Result<Self, KeyError> {
        Self::from_uri(uri).or_else(|_| OtherUri::new(uri).map(Self::Other))
    }

    /// Reads an element string, `(01)08938505123455(21)1` or, as scanned,
    /// `010893850512345521` and so on with GS (0x1D) or `^` after values of no
    /// predefined length.
    ///
    /// The first primary key in it is the key's; application identifiers that
    /// are no part of it are read over.
    ///
    /// # Errors
    ///
    /// An element string without a primary key, with a broken one, or with
    /// qualifiers that cannot stand together.
    pub fn from_element_string(elements: &str) -> Result<Self, KeyError> {
        let text =
            element_string::parse(elements).map_err(|fault| KeyError::new(elements, fault))?;
        Ok(Gs1Key::new(text).into())
    }

    /// Makes the key of a lot of a trade item, (01) and (10).
    ///
    /// # Errors
    ///
    /// A lot that is not 1 to 20 characters of GS1 set 82.
    pub fn lot(gtin: Gtin, lot: &str) -> Result<Self, KeyError> {
        Self::qualified(gtin, &ai::LOT, lot)
    }

    /// Makes the key of one trade item, (01) and (21).
    ///
    /// # Errors
    ///
    /// A serial number that is not 1 to 20 characters of GS1 set 82.
    pub fn serial(gtin: Gtin, serial: &str) -> Result<Self, KeyError> {
        Self::qualified(gtin, &ai::SERIAL, serial)
    }

    /// Makes the key of a primary key and its qualifiers, given in any order,
    /// as values without escapes.
    ///
    /// ```
    /// use gs1::{Ai, Key};
    ///
    /// let key = Key::from_values(Ai::GLN, "8938505000053", &[(Ai::GLN_EXTENSION, "A/1")])?;
    /// assert_eq!(key.as_str(), "/414/8938505000053/254/A%2F1");
    /// # Ok::<(), gs1::KeyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A value that its application identifier cannot have, an `ai` that is no
    /// primary key, and qualifiers that cannot stand with it.
    pub fn from_values(ai: Ai, value: &str, qualifiers: &[(Ai, &str)]) -> Result<Self, KeyError> {
        let pair = |ai: Ai, raw| Pair {
            rule: ai::by_digits(ai.as_str().as_bytes()).expect("an Ai has its rule"),
            raw,
            writing: Writing::Plain,
        };
        let key = pair(ai, value);
        if key.rule.qualifiers.is_none() {
            return Err(KeyError::at(value, 0, Problem::NoKey));
        }
        let mut list = Qualifiers::default();
        for (ai, value) in qualifiers {
            if let Some(pair) = list.push(pair(*ai, value)) {
                let fault = key.sequence_fault(pair.rule.ai.as_str(), pair.raw);
                return Err(KeyError::new(pair.raw, fault));
            }
        }
        let text = key.with(&list, CheckDigit::Verified);
        let text = text.map_err(|fault| {
            let all = qualifiers.iter().map(|(_, value)| *value);
            let at = fault.at.as_ptr() as usize;
            let holds = |each: &&str| {
                let start = each.as_ptr() as usize;
                (start..=start + each.len()).contains(&at)
            };
            let input = all.chain([value]).find(holds).unwrap_or(value);
            KeyError::new(input, fault)
        })?;
        Ok(Gs1Key::new(text).into())
    }

    /// Makes the key of a party, (417), from its GLN. `Key::from` makes that
    /// of a place, (414).
    pub fn party(gln: Gln) -> Self {
        Self::of(Ai::PARTY, gln)
    }

    /// Returns the canonical text: the canonical Digital Link path of a GS1
    /// key, which begins with a slash, and any other URI itself, which never
    /// does.
    ///
    /// A fit for indexes: the text of a class is a prefix of the text of what
    /// belongs to it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Gs1(key) => key.as_str(),
            Self::Other(uri) => uri.as_str(),
        }
    }

    /// Returns the bytes of [`Key::as_str`], whose order is that of keys.
    pub fn as_bytes(&self) -> &[u8] {
        self.as_str().as_bytes()
    }

    /// Returns the GS1 key, if it is one.
    pub fn gs1(&self) -> Option<&Gs1Key> {
        match self {
            Self::Gs1(key) => Some(key),
            Self::Other(_) => None,
        }
    }

    /// Returns the application identifier of the primary key; `None` for
    /// other URIs.
    pub fn primary(&self) -> Option<Ai> {
        self.gs1().map(Gs1Key::primary)
    }

    /// Tells whether the key names one thing or a kind of things.
    ///
    /// Other URIs count as instances, except EPC classes and patterns: what
    /// such a URI names only its context can say.
    pub fn level(&self) -> Level {
        match self {
            Self::Gs1(key) => key.level(),
            Self::Other(uri) => uri.level(),
        }
    }

    /// Returns the next wider class to which this key belongs, if any.
    ///
    /// An item with a lot belongs to the lot, the lot to the trade item: (01)
    /// (10) (21) → (01) (10) → (01). A returnable asset, document or coupon
    /// belongs to its type, a serialised part to the part. What has no class
    /// in itself (SSCC, GLN, GSRN …) gives `None`, as do other URIs.
    pub fn class(&self) -> Option<Self> {
        self.gs1().and_then(Gs1Key::class).map(Self::Gs1)
    }

    /// Returns the key without what its identity does not need.
    ///
    /// A GTIN with serial number names one item, whether its lot and variant
    /// are told or not; an EPC URN never tells them. To see both as one thing,
    /// compare and index identities: (01) (22) (10) (21) → (01) (21). The
    /// variant (22) drops out of a lot's and a trade item's identity too, as it
    /// does in the CBV event hash.
    pub fn identity(&self) -> Cow<'_, Self> {
        match self.gs1().and_then(Gs1Key::identity) {
            Some(key) => Cow::Owned(Self::Gs1(key)),
            None => Cow::Borrowed(self),
        }
    }

    /// Returns the canonical GS1 Digital Link URI, `https://id.gs1.org/01/…`;
    /// `None` for other URIs.
    pub fn to_digital_link(&self) -> Option<String> {
        self.gs1()
            .map(|key| format!("https://id.gs1.org{}", key.text))
    }

    /// Returns the constrained canonical Digital Link URI of the CBV event
    /// hash: that of the [identity](Self::identity), with `'`, `;` and `=` as
    /// they are. `None` for other URIs.
    pub fn to_constrained_digital_link(&self) -> Option<String> {
        let link = self.identity().to_digital_link()?;
        if !link.contains('%') {
            return Some(link);
        }
        Some(
            link.replace("%27", "'")
                .replace("%3B", ";")
                .replace("%3D", "="),
        )
    }

    /// Returns the EPC URN of the [identity](Self::identity): a pure identity,
    /// the class `urn:epc:class:lgtin:` of a lot, or the pattern of another
    /// class. Other EPC URNs stand for themselves.
    ///
    /// ```
    /// use gs1::{CompanyPrefixes, Key};
    ///
    /// let prefixes = CompanyPrefixes::built_in();
    /// let key = Key::from_uri("https://id.gs1.org/01/08938505123455/21/7")?;
    /// assert_eq!(key.to_urn(prefixes)?, "urn:epc:id:sgtin:8938505123.045.7");
    /// # Ok::<(), gs1::KeyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A key whose company prefix the table does not know, and one that has no
    /// EPC URN, such as a lot of an ITIP.
    pub fn to_urn(&self, prefixes: &CompanyPrefixes) -> Result<String, KeyError> {
        let identity = self.identity();
        let key = match &*identity {
            Self::Gs1(key) => key,
            Self::Other(uri) if after_urn_prefix(&uri.0).is_some() => return Ok(uri.0.to_string()),
            Self::Other(uri) => return Err(KeyError::at(&uri.0, 0, Problem::NotAGs1Key)),
        };
        let mut values = key.values();
        let (ai, value) = values.next().expect("a key's text holds its primary key");
        let qualifier = values.next();
        let qualifier = qualifier.as_ref().map(|(ai, value)| (*ai, &**value));
        urn::write((ai, &value), qualifier, prefixes)
            .map_err(|problem| KeyError::at(self.as_str(), 0, problem))
    }

    fn of(ai: Ai, number: impl fmt::Display) -> Self {
        let mut text = Text::new();
        text.push(ai, number.to_string().as_bytes());
        Gs1Key::new(text).into()
    }

    fn qualified(gtin: Gtin, rule: &'static Rule, raw: &str) -> Result<Self, KeyError> {
        let pair = Pair {
            rule,
            raw,
            writing: Writing::Plain,
        };
        let mut text = Text::new();
        text.push(Ai::GTIN, gtin.to_string().as_bytes());
        pair.push_to(&mut text, CheckDigit::Verified)
            .map_err(|fault| KeyError::new(raw, fault))?;
        Ok(Gs1Key::new(text).into())
    }
}

impl Gs1Key {
    fn new(text: Text) -> Self {
        Self {
            text: text.into_boxed_str(),
        }
    }

    /// Returns the canonical text, `/01/08938505123455/21/1`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Steps through the application identifiers and their decoded values, the
    /// primary key first.
    pub fn values(&self) -> impl Iterator<Item = (Ai, Cow<'_, str>)> {
        self.pairs().map(|(ai, raw)| (ai, unescape(raw)))
    }

    /// Returns the decoded value of one application identifier.
    pub fn value(&self, ai: Ai) -> Option<Cow<'_, str>> {
        self.pairs()
            .find(|(each, _)| *each == ai)
            .map(|(_, raw)| unescape(raw))
    }

    /// Returns the application identifier of the primary key.
    pub fn primary(&self) -> Ai {
        self.head().0
    }

    /// Returns the name of this kind of keys, such as `SGTIN` or `GRAI`.
    pub fn kind(&self) -> &'static str {
        let has = |ai: Ai| self.pairs().any(|(each, _)| each == ai);
        let (primary, raw) = self.head();
        match primary {
            Ai::GTIN if has(Ai::TPX) => "UPUI",
            Ai::GTIN if has(Ai::SERIAL) => "SGTIN",
            Ai::GTIN if has(Ai::LOT) => "LGTIN",
            Ai::GTIN if has(Ai::VARIANT) => "GTIN and variant",
            Ai::GTIN => "GTIN",
            Ai::ITIP if has(Ai::SERIAL) => "ITIP and serial number",
            Ai::ITIP if has(Ai::LOT) => "ITIP and lot",
            Ai::ITIP => "ITIP",
            Ai::SSCC => "SSCC",
            Ai::GLN if has(Ai::GLN_EXTENSION) => "GLN and extension",
            Ai::GLN => "GLN",
            Ai::PARTY => "PGLN",
            Ai::PAY_TO => "GLN of the invoicing party",
            Ai::GRAI if type_len(primary) == Some(raw.len()) => "GRAI without serial number",
            Ai::GRAI => "GRAI",
            Ai::GDTI if type_len(primary) == Some(raw.len()) => "GDTI without serial number",
            Ai::GDTI => "GDTI",
            Ai::GCN if type_len(primary) == Some(raw.len()) => "GCN",
            Ai::GCN => "SGCN",
            Ai::GIAI => "GIAI",
            Ai::GSRN => "GSRN",
            Ai::GSRN_PROVIDER => "GSRNP",
            Ai::CPID if has(Ai::CPID_SERIAL) => "CPI",
            Ai::CPID => "CPI without serial number",
            Ai::GINC => "GINC",
            Ai::GSIN => "GSIN",
            _ => "GMN",
        }
    }

    /// Returns the GTIN, if that is the primary key.
    pub fn gtin(&self) -> Option<Gtin> {
        let (ai, raw) = self.head();
        (ai == Ai::GTIN).then(|| raw.parse().ok()).flatten()
    }

    fn level(&self) -> Level {
        let (ai, raw) = self.head();
        let is_class = match ai {
            Ai::GTIN | Ai::ITIP | Ai::CPID => !self
                .pairs()
                .any(|(ai, _)| matches!(ai, Ai::SERIAL | Ai::TPX | Ai::CPID_SERIAL)),
            Ai::GMN => true,
            _ => type_len(ai) == Some(raw.len()),
        };
        if is_class {
            Level::Class
        } else {
            Level::Instance
        }
    }

    fn class(&self) -> Option<Self> {
        let (ai, raw) = self.head();
        let end = match (ai, type_len(ai)) {
            (Ai::GTIN | Ai::ITIP | Ai::CPID, _) => {
                let (_, last) = self.pairs().skip(1).last()?;
                self.text[..self.text.len() - last.len() - 1].rfind('/')?
            }
            (_, Some(len)) if raw.len() > len => self.text.len() - raw.len() + len,
            _ => return None,
        };
        Some(Self {
            text: self.text[..end].into(),
        })
    }

    fn identity(&self) -> Option<Self> {
        let (ai, raw) = self.head();
        if !matches!(ai, Ai::GTIN | Ai::ITIP) {
            return None;
        }
        let (ahead, last) = (self.pairs().skip(1).count(), self.pairs().last()?);
        let (name, value) = last;
        if ahead == 0 || (ahead == 1 && name != Ai::VARIANT) {
            return None;
        }
        let text = if name == Ai::VARIANT {
            format!("/{ai}/{raw}")
        } else {
            format!("/{ai}/{raw}/{name}/{value}")
        };
        Some(Self { text: text.into() })
    }

    fn head(&self) -> (Ai, &str) {
        self.pairs()
            .next()
            .expect("a key's text holds its primary key")
    }

    /// Steps through the application identifiers and their escaped values.
    fn pairs(&self) -> impl Iterator<Item = (Ai, &str)> {
        let mut segments = self.text[1..].split('/');
        std::iter::from_fn(move || {
            let rule = ai::by_digits(segments.next()?.as_bytes())?;
            Some((rule.ai, segments.next()?))
        })
    }
}

/// Returns how many characters of these keys name the type, so that the rest,
/// if any, names one of them.
fn type_len(ai: Ai) -> Option<usize> {
    match ai {
        Ai::GDTI | Ai::GCN => Some(13),
        Ai::GRAI => Some(14),
        _ => None,
    }
}

impl OtherUri {
    fn new(uri: &str) -> Result<Self, KeyError> {
        let scheme = uri.split_once(':').map_or("", |(scheme, _)| scheme);
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        if !is_scheme {
            return Err(KeyError::new(uri, Fault::new(uri, Problem::NotAUri)));
        }
        match uri.find(|c: char| c.is_whitespace() || c.is_control()) {
            Some(at) => Err(KeyError::at(uri, at, Problem::NotAUri)),
            None => Ok(Self(uri.into())),
        }
    }

    /// Returns the URI as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn level(&self) -> Level {
        let body = after_urn_prefix(&self.0).unwrap_or("");
        if body.starts_with("idpat:") || body.starts_with("pat:") {
            Level::Class
        } else {
            Level::Instance
        }
    }
}

/// Returns the constrained canonical Digital Link URI that stands for an
/// identifier in the CBV event hash; `None`: the identifier stands there as it
/// is written.
///
/// It is [`Key::to_constrained_digital_link`], but as the hash's reference
/// implementation has it: a wrong check digit is no obstacle, since it verifies
/// none, and a pattern whose company prefix of 12 digits leaves nothing for the
/// reference (`urn:epc:idpat:gdti:893850512345..*`) stays as it is.
pub fn constrained_digital_link(uri: &str) -> Option<String> {
    let left_alone = |body: &str| body.starts_with("idpat:") && body.ends_with("..*");
    if after_urn_prefix(uri).is_some_and(left_alone) {
        return None;
    }
    let text = parse(uri, CheckDigit::AsGiven).ok()??;
    Key::from(Gs1Key::new(text)).to_constrained_digital_link()
}

fn parse(uri: &str, check_digit: CheckDigit) -> Result<Option<Text>, Fault<'_>> {
    if let Some(body) = after_urn_prefix(uri) {
        urn::parse(body)
    } else if let Some(rest) = digital_link::after_scheme(uri) {
        digital_link::parse(rest, check_digit)
    } else {
        Ok(None)
    }
}

fn after_urn_prefix(uri: &str) -> Option<&str> {
    let (head, body) = uri.split_at_checked(urn::PREFIX.len())?;
    head.eq_ignore_ascii_case(urn::PREFIX).then_some(body)
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Gs1Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for OtherUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Reads the text of a key back. It is no check: a URI is read as by
/// [`Key::from_uri_or_verbatim`].
impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        if !text.starts_with('/') {
            return Self::from_uri_or_verbatim(text);
        }
        let parsed = digital_link::parse_key_path(text);
        let text = parsed.map_err(|fault| KeyError::new(text, fault))?;
        Ok(Gs1Key::new(text).into())
    }
}

impl From<Gs1Key> for Key {
    fn from(key: Gs1Key) -> Self {
        Self::Gs1(key)
    }
}

impl From<Gtin> for Key {
    fn from(gtin: Gtin) -> Self {
        Self::of(Ai::GTIN, gtin)
    }
}

impl From<Sscc> for Key {
    fn from(sscc: Sscc) -> Self {
        Self::of(Ai::SSCC, sscc)
    }
}

impl From<Gln> for Key {
    fn from(gln: Gln) -> Self {
        Self::of(Ai::GLN, gln)
    }
}
