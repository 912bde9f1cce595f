//! Whole GS1 Digital Links: stem, path and query, read strictly by the
//! standard's syntax and written canonically (GS1 Digital Link: URI Syntax).
//!
//! [`Key::from_uri`](crate::Key::from_uri) asks of a URI which key it is, and
//! is forbearing; [`DigitalLink`] asks whether a URI is a GS1 Digital Link, and
//! keeps everything it says.

use std::fmt;

use crate::ai;
use crate::digital_link::after_scheme;
use crate::elements::{Element, ElementString, Reading};
use crate::error::{Fault, KeyError, Problem};
use crate::key::Key;
use crate::percent::{encode_path, encode_query};
use crate::syntax::AiFacts;
use crate::text::{Writing, decode};

mod compressed;

/// A valid GS1 Digital Link.
///
/// ```
/// use gs1::{DigitalLink, ElementString};
///
/// let link: DigitalLink = "https://vuon.example.vn/qr/01/08938505123455/10/L7?17=261123".parse()?;
/// assert_eq!(link.stem(), "https://vuon.example.vn/qr");
/// assert_eq!(link.elements().to_string(), "(01)08938505123455(10)L7(17)261123");
///
/// let label = ElementString::parse("(10)L/7(01)08938505123455")?;
/// let link = DigitalLink::of(&label)?;
/// assert_eq!(link.to_string(), "https://id.gs1.org/01/08938505123455/10/L%2F7");
/// # Ok::<(), gs1::KeyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigitalLink {
    stem: Box<str>,
    /// The primary key, then its qualifiers in the standard's order.
    path: Vec<Element>,
    query: Vec<Element>,
    others: Vec<(String, String)>,
}

/// What a reader of Digital Links takes beyond the standard's present form.
/// Nothing is the default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LinkOptions {
    /// Application identifiers that the GS1 list lacks.
    pub unknown_ais: bool,
    /// Such application identifiers in the query, if they are taken at all.
    pub unknown_attributes: bool,
    /// GTINs of 8, 12 and 13 digits for (01).
    pub short_gtins: bool,
    /// The words of earlier versions for application identifiers in the path:
    /// `gtin` for 01, `lot` for 10.
    pub words: bool,
}

/// The stem of canonical links.
const CANONICAL_STEM: &str = "https://id.gs1.org";

impl DigitalLink {
    /// Reads an uncompressed GS1 Digital Link.
    ///
    /// # Errors
    ///
    /// What is none, a path whose order the standard does not know, a value
    /// that is not of its form, and a query with an application identifier that
    /// has no place there or is given twice. What must stand beside what is not
    /// asked: see [`ElementString::pair_problems`].
    pub fn parse(uri: &str, options: LinkOptions) -> Result<Self, KeyError> {
        read(uri, options).map_err(|fault| KeyError::new(uri, fault))
    }

    /// Reads a GS1 Digital Link that is compressed, wholly or after its primary
    /// key (GS1 Digital Link: URI Compression).
    ///
    /// ```
    /// let link = gs1::DigitalLink::decompress("https://example.org/ARFKk4XB0CDKWcnpq")?;
    /// assert_eq!(link.to_string(), "https://example.org/01/09506000134376/10/LOT01");
    /// # Ok::<(), gs1::KeyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What is none, and a compressed part that does not read as application
    /// identifiers with valid values.
    pub fn decompress(uri: &str) -> Result<Self, KeyError> {
        compressed::read(uri)
    }

    /// Makes the canonical link of an element string: the first primary key
    /// with its qualifiers is the path, and the rest the query.
    ///
    /// # Errors
    ///
    /// An element string without a primary key, with qualifiers that cannot
    /// stand together, or with an application identifier that has no place in a
    /// link.
    pub fn of(elements: &ElementString) -> Result<Self, KeyError> {
        arranged(elements).map_err(|problem| KeyError::at(&elements.to_string(), 0, problem))
    }

    /// Puts the link on another domain, and below a path of it.
    ///
    /// # Errors
    ///
    /// A stem that is no `http` or `https` URI, or has a query or fragment.
    pub fn with_stem(mut self, stem: &str) -> Result<Self, KeyError> {
        let trimmed = stem.trim_end_matches('/');
        let domain = after_scheme(trimmed).map(|rest| rest.split('/').next().unwrap_or(rest));
        if !domain.is_some_and(is_domain) || trimmed.contains(['?', '#']) {
            return Err(KeyError::at(stem, 0, Problem::NotADigitalLink));
        }
        check_characters(trimmed).map_err(|fault| KeyError::new(trimmed, fault))?;
        self.stem = trimmed.into();
        Ok(self)
    }

    /// Puts the link on `id.gs1.org`, without the parameters that are no
    /// application identifiers.
    #[must_use]
    pub fn canonical(mut self) -> Self {
        self.stem = CANONICAL_STEM.into();
        self.others.clear();
        self
    }

    /// Returns what stands before the primary key: scheme, domain and path.
    pub fn stem(&self) -> &str {
        &self.stem
    }

    /// Returns all elements, those of the path first.
    pub fn elements(&self) -> ElementString {
        self.path.iter().chain(&self.query).cloned().collect()
    }

    /// Returns the query's parameters that are no application identifiers.
    pub fn other_parameters(&self) -> &[(String, String)] {
        &self.others
    }

    /// Returns the key that the link's path names.
    ///
    /// # Errors
    ///
    /// None for a link that was read; one that was made has the faults of
    /// [`ElementString::key`].
    pub fn key(&self) -> Result<Key, KeyError> {
        let path: ElementString = self.path.iter().cloned().collect();
        path.key()
    }
}

/// Reads an uncompressed GS1 Digital Link by the standard's present form.
impl std::str::FromStr for DigitalLink {
    type Err = KeyError;

    fn from_str(uri: &str) -> Result<Self, KeyError> {
        Self::parse(uri, LinkOptions::default())
    }
}

impl fmt::Display for DigitalLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.stem)?;
        for element in &self.path {
            write!(f, "/{}/{}", element.ai(), encode_path(element.value()))?;
        }
        let mut sign = '?';
        let elements = self.query.iter().map(|each| (each.ai(), each.value()));
        let others = self.others.iter().map(|(name, value)| (&**name, &**value));
        for (name, value) in elements.chain(others) {
            write!(f, "{sign}{}={}", encode_query(name), encode_query(value))?;
            sign = '&';
        }
        Ok(())
    }
}

/// The parts of a URI that may be a Digital Link.
struct Parts<'a> {
    /// Scheme and domain.
    origin: &'a str,
    path: &'a str,
    query: &'a str,
}

fn parts(uri: &str) -> Result<Parts<'_>, Fault<'_>> {
    let no_link = || Fault::new(uri, Problem::NotADigitalLink);
    // The scheme is in small letters or in capitals, not mixed.
    let scheme = uri.split_once("://").map_or("", |(scheme, _)| scheme);
    if !["http", "https", "HTTP", "HTTPS"].contains(&scheme) {
        return Err(no_link());
    }
    check_characters(uri)?;
    let whole = uri.split('#').next().unwrap_or(uri);
    let (whole, query) = whole.split_once('?').unwrap_or((whole, ""));
    let after = scheme.len() + "://".len();
    let path_at = whole[after..].find('/').map(|at| after + at);
    let (origin, path) = whole.split_at(path_at.ok_or_else(no_link)?);
    if !is_domain(&origin[after..]) {
        return Err(no_link());
    }
    Ok(Parts {
        origin,
        path,
        query,
    })
}

fn read(uri: &str, options: LinkOptions) -> Result<DigitalLink, Fault<'_>> {
    let Parts {
        origin,
        path,
        query,
    } = parts(uri)?;
    let (stem, path) = read_path(path, options)?;
    let mut link = DigitalLink {
        stem: format!("{origin}{stem}").into(),
        path,
        query: Vec::new(),
        others: Vec::new(),
    };
    link.read_query(query, options)?;
    Ok(link)
}

/// Reads the pairs with which a path ends, from its last primary key on, and
/// returns what stands before them.
fn read_path(path: &str, options: LinkOptions) -> Result<(&str, Vec<Element>), Fault<'_>> {
    let mut pairs = Vec::new();
    let mut rest = path;
    let (key, orders) = loop {
        let no_key = || Fault::new(path, Problem::NotADigitalLink);
        let (before, raw) = rest.rsplit_once('/').ok_or_else(no_key)?;
        let (before, name) = before.rsplit_once('/').ok_or_else(no_key)?;
        let ai = ai_named(name, options).ok_or_else(no_key)?;
        let facts = AiFacts::of(&ai);
        pairs.push((ai, raw));
        rest = before;
        if let Some((facts, orders)) =
            facts.and_then(|facts| Some((facts, facts.key_qualifiers()?)))
        {
            break (facts.range().0, orders);
        }
    };
    pairs.reverse();
    let in_order = |order: &Vec<&str>| {
        let mut places = order.iter();
        let mut given = pairs[1..].iter();
        given.all(|(ai, _)| places.any(|place| place == ai))
    };
    if pairs.len() > 1 && !orders.iter().any(in_order) {
        let (found, raw) = &pairs[pairs.len() - 1];
        return Err(Fault::new(raw, sequence(found, key)));
    }
    if let Some((found, raw)) = qualifier_at_the_end_of(rest, orders) {
        return Err(Fault::new(raw, sequence(&found, key)));
    }
    let reading = Reading {
        writing: Writing::Path,
        short_gtins: options.short_gtins,
    };
    let read = pairs
        .iter()
        .map(|(ai, raw)| Element::read(ai, raw, reading));
    let elements: Result<Vec<Element>, Fault<'_>> = read.collect();
    Ok((rest, elements?))
}

/// Finds a qualifier of the key right before it: read as part of the stem, it
/// would be lost without a word.
fn qualifier_at_the_end_of<'a>(
    stem: &'a str,
    orders: &[Vec<&'static str>],
) -> Option<(String, &'a str)> {
    let (before, raw) = stem.rsplit_once('/')?;
    let (_, name) = before.rsplit_once('/')?;
    let ai = ai_named(name, LinkOptions::default())?;
    let is_qualifier = orders.iter().any(|order| order.contains(&&*ai));
    is_qualifier.then_some((ai, raw))
}

/// Returns the application identifier that a segment of a path names.
fn ai_named(name: &str, options: LinkOptions) -> Option<String> {
    let name = String::from_utf8(decode(name, Writing::Path)).ok()?;
    if AiFacts::of(&name).is_some() {
        return Some(name);
    }
    let rule = ai::by_name(name.as_bytes()).filter(|_| options.words);
    rule.map(|rule| rule.ai.to_string())
}

fn sequence(found: &str, primary: &'static str) -> Problem {
    let rule = ai::by_digits(primary.as_bytes()).expect("a primary key is one of the keys'");
    Problem::Sequence {
        found: found.into(),
        primary,
        right: rule.what_follows(),
    }
}

impl DigitalLink {
    fn read_query<'a>(&mut self, query: &'a str, options: LinkOptions) -> Result<(), Fault<'a>> {
        for parameter in query.split('&') {
            let Some((name, raw)) = parameter.split_once('=') else {
                continue;
            };
            let name_is = decode(name, Writing::Query);
            let is_ai = !name_is.is_empty() && name_is.iter().all(u8::is_ascii_digit);
            let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
            let ai = text(name_is);
            if !is_ai {
                self.others.push((ai, text(decode(raw, Writing::Query))));
                continue;
            }
            let facts = AiFacts::of(&ai);
            if facts.is_none() && !options.unknown_ais {
                return Err(Fault::new(name, Problem::UnknownAi { found: ai }));
            }
            let permitted = facts.map_or(options.unknown_attributes, AiFacts::is_link_attribute);
            if !permitted {
                return Err(Fault::new(name, Problem::NotAnAttribute { found: ai }));
            }
            let reading = Reading {
                writing: Writing::Query,
                short_gtins: options.short_gtins,
            };
            let element = Element::read(&ai, raw, reading)?;
            if self
                .path
                .iter()
                .chain(&self.query)
                .any(|each| each.ai() == element.ai())
            {
                return Err(Fault::new(name, element.given_twice()));
            }
            self.query.push(element);
        }
        Ok(())
    }
}

/// Arranges an element string into path and query.
fn arranged(elements: &ElementString) -> Result<DigitalLink, Problem> {
    let key_orders = |element: &Element| element.facts().and_then(AiFacts::key_qualifiers);
    let (key, orders) = elements
        .iter()
        .find_map(|element| Some((element, key_orders(element)?)))
        .ok_or(Problem::NoKey)?;
    let present = |order: &Vec<&'static str>| -> Vec<&Element> {
        let given = |ai: &&str| elements.iter().find(|element| element.ai() == *ai);
        order.iter().filter_map(given).collect()
    };
    let qualifiers = orders.iter().map(present).max_by_key(Vec::len);
    let mut path = vec![key.clone()];
    path.extend(qualifiers.into_iter().flatten().cloned());
    let mut query = Vec::new();
    for element in elements.iter().filter(|element| !path.contains(element)) {
        let found = element.ai();
        if orders.iter().any(|order| order.contains(&found)) {
            let primary = key.facts().map_or("", |facts| facts.range().0);
            return Err(sequence(found, primary));
        }
        if !element.facts().is_some_and(AiFacts::is_link_attribute) {
            let found = found.into();
            return Err(Problem::NotAnAttribute { found });
        }
        query.push(element.clone());
    }
    // As in symbols, where they need no separator, predefined lengths first.
    query.sort_by_key(|element| !element.facts().is_some_and(AiFacts::has_predefined_length));
    Ok(DigitalLink {
        stem: CANONICAL_STEM.into(),
        path,
        query,
        others: Vec::new(),
    })
}

/// Checks that a URI holds only characters that a URI may (RFC 3986 §2).
fn check_characters(uri: &str) -> Result<(), Fault<'_>> {
    let may_stand = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c);
    match uri.find(|c| !may_stand(c)) {
        None => Ok(()),
        Some(at) => {
            let rest = &uri[at..];
            let found = rest.chars().next().unwrap_or(' ');
            Err(Fault::new(rest, Problem::NotInUris { found }))
        }
    }
}

/// Tells whether a text is a host with port and user, or could be.
fn is_domain(text: &str) -> bool {
    let may_stand = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:@[]".contains(&byte);
    !text.is_empty() && text.bytes().all(may_stand)
}
