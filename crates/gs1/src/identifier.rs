//! An identifier in whatever form people have it, explained and translated.

use std::fmt::{self, Write as _};

use serde::Serialize;

use crate::ai::Ai;
use crate::company_prefix::CompanyPrefixes;
use crate::digits::check_digit;
use crate::elements::{Element, ElementString};
use crate::error::{KeyError, Problem};
use crate::key::{Key, Level};
use crate::link::{DigitalLink, LinkOptions};
use crate::syntax::ValueRule;

/// A GS1 identifier with all that it was given with.
///
/// ```
/// use gs1::{CompanyPrefixes, Identifier, Notation};
///
/// let scanned = Identifier::read("(01)08938505123455(10)L/7(17)261123")?;
/// let prefixes = CompanyPrefixes::built_in();
/// assert_eq!(
///     scanned.translate(Notation::DigitalLink, prefixes)?,
///     "https://id.gs1.org/01/08938505123455/10/L%2F7?17=261123"
/// );
/// assert_eq!(
///     scanned.translate(Notation::Urn, prefixes)?,
///     "urn:epc:class:lgtin:8938505123.045.L%2F7"
/// );
/// # Ok::<(), gs1::KeyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identifier {
    input: Box<str>,
    form: Form,
    key: Key,
    elements: ElementString,
    link: Option<DigitalLink>,
}

/// A form in which identifiers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Form {
    /// An EPC URN.
    EpcUrn,
    /// A GS1 Digital Link.
    DigitalLink,
    /// A compressed GS1 Digital Link.
    CompressedDigitalLink,
    /// The canonical text of a [`Key`].
    Key,
    /// An element string.
    ElementString,
    /// The digits of a key alone.
    Digits,
}

/// A form that an identifier can be translated into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notation {
    /// An EPC URN.
    Urn,
    /// The canonical GS1 Digital Link.
    DigitalLink,
    /// An element string with brackets.
    ElementString,
}

/// What an identifier says. [`Display`](fmt::Display) writes it for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The identifier as it was given.
    pub input: String,
    /// The form it was given in.
    pub form: Form,
    /// The kind of key, `SGTIN`.
    pub kind: &'static str,
    /// Whether the key names one thing or many.
    pub names: &'static str,
    /// The canonical text of the key.
    pub key: String,
    /// Every application identifier.
    pub elements: Vec<ExplainedElement>,
    /// The query's parameters that are no application identifiers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_parameters: Vec<(String, String)>,
    /// The GS1 company prefix, where the table knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company_prefix: Option<String>,
    /// The EPC URN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urn: Option<String>,
    /// The canonical GS1 Digital Link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digital_link: Option<String>,
    /// The element string with brackets.
    pub element_string: String,
    /// The element string as a symbol holds it, `^` for FNC1.
    pub symbol: String,
    /// What else is to be said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What one application identifier says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplainedElement {
    /// Its digits.
    pub ai: String,
    /// Its data title.
    pub title: &'static str,
    /// Its value.
    pub value: String,
    /// The check digit or check characters in the value, which are right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
}

impl Identifier {
    /// Reads an EPC URN, a GS1 Digital Link, compressed or not, an element
    /// string with or without brackets, the canonical text of a key, or the
    /// digits of a GTIN, GLN, GSIN or SSCC alone.
    ///
    /// Digits alone are a key if they have the length and the check digit of
    /// one: a GTIN, and so not a GLN, if there are 13, an SSCC, and so not a
    /// GSRN, if there are 18. Else they are an element string.
    ///
    /// # Errors
    ///
    /// What is none of these, or is broken, and URIs that stand for no one GS1
    /// key.
    pub fn read(input: &str) -> Result<Self, KeyError> {
        let begins = |start: &str| {
            let head = input.get(..start.len());
            head.is_some_and(|head| head.eq_ignore_ascii_case(start))
        };
        if begins("http://") || begins("https://") {
            return Self::read_link(input);
        }
        if input.starts_with('/') {
            return Self::of_key(input, Form::Key, input.parse()?);
        }
        if !input.is_empty() && input.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::read_digits(input);
        }
        if input.starts_with(['(', '^', ']', '\u{1D}']) {
            return Self::read_elements(input);
        }
        if begins("urn:") {
            return Self::of_key(input, Form::EpcUrn, Key::from_uri(input)?);
        }
        match input.as_bytes() {
            // A scanner's data begins with an application identifier.
            [b'0'..=b'9', b'0'..=b'9', ..] => Self::read_elements(input),
            _ => Err(KeyError::at(input, 0, Problem::NotAGs1Key)),
        }
    }

    /// Returns the form it was given in.
    pub fn form(&self) -> Form {
        self.form
    }

    /// Returns the key.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// Returns all elements: those of the key, and what was given with it.
    pub fn elements(&self) -> &ElementString {
        &self.elements
    }

    /// Returns the notation that it is most likely wanted in: the Digital Link,
    /// and of a Digital Link the URN.
    pub fn other_notation(&self) -> Notation {
        match self.form {
            Form::DigitalLink | Form::CompressedDigitalLink => Notation::Urn,
            _ => Notation::DigitalLink,
        }
    }

    /// Writes it in another notation. An EPC URN has no room for what was given
    /// beside the key; the others keep it.
    ///
    /// # Errors
    ///
    /// Where the notation cannot say it: a key without EPC URN, or with an
    /// unknown company prefix, and elements that have no place in a link.
    pub fn translate(
        &self,
        notation: Notation,
        prefixes: &CompanyPrefixes,
    ) -> Result<String, KeyError> {
        match notation {
            Notation::Urn => self.key.to_urn(prefixes),
            Notation::ElementString => Ok(self.elements.to_string()),
            Notation::DigitalLink => {
                let link = match &self.link {
                    Some(link) => link.clone(),
                    None => DigitalLink::of(&self.elements)?,
                };
                Ok(link.canonical().to_string())
            }
        }
    }

    /// Explains it.
    pub fn explain(&self, prefixes: &CompanyPrefixes) -> Explanation {
        let mut notes = Vec::new();
        let mut noted = |translated: Result<String, KeyError>| {
            translated
                .map_err(|error| notes.push(error.problem().to_string()))
                .ok()
        };
        let urn = noted(self.translate(Notation::Urn, prefixes));
        let digital_link = noted(self.translate(Notation::DigitalLink, prefixes));
        let company_prefix = urn.as_deref().and_then(company_prefix_in);
        self.note_more(company_prefix, &mut notes);
        Explanation {
            input: self.input.to_string(),
            form: self.form,
            kind: self.key.gs1().map_or("", |key| key.kind()),
            names: match self.key.level() {
                Level::Instance => "instance",
                Level::Class => "class",
            },
            key: self.key.to_string(),
            elements: self.elements.iter().map(ExplainedElement::of).collect(),
            other_parameters: self
                .link
                .as_ref()
                .map_or_else(Vec::new, |link| link.other_parameters().to_vec()),
            company_prefix: company_prefix.map(String::from),
            element_string: self.elements.to_string(),
            symbol: self.elements.to_unbracketed('^'),
            urn,
            digital_link,
            notes,
        }
    }

    fn note_more(&self, company_prefix: Option<&str>, notes: &mut Vec<String>) {
        let problems = self.elements.pair_problems();
        notes.extend(problems.iter().map(ToString::to_string));
        if self.form == Form::Digits {
            let gln = "13 digits can be a GLN too: (414) of a place, (417) of a party";
            let gsrn = "18 digits can be a GSRN too: (8018) of a recipient, (8017) of a provider";
            match self.input.len() {
                13 => notes.push(gln.into()),
                18 => notes.push(gsrn.into()),
                _ => {}
            }
        }
        let given = company_prefix_in(&self.input).filter(|_| self.form == Form::EpcUrn);
        if let (Some(given), Some(known)) = (given, company_prefix)
            && given != known
        {
            notes.push(format!(
                "the URN ends the company prefix after {given}; GS1's table, after {known}"
            ));
        }
    }

    fn read_link(input: &str) -> Result<Self, KeyError> {
        let forbearing = LinkOptions {
            short_gtins: true,
            words: true,
            ..LinkOptions::default()
        };
        let (form, link) = match DigitalLink::parse(input, forbearing) {
            Ok(link) => (Form::DigitalLink, link),
            Err(error) if *error.problem() != Problem::NotADigitalLink => return Err(error),
            Err(error) => match DigitalLink::decompress(input) {
                Ok(link) => (Form::CompressedDigitalLink, link),
                // A link that was meant for one has a better explanation.
                Err(_) => return Err(Key::from_uri(input).err().unwrap_or(error)),
            },
        };
        Ok(Self {
            input: input.into(),
            form,
            key: link.key()?,
            elements: link.elements(),
            link: Some(link),
        })
    }

    fn read_elements(input: &str) -> Result<Self, KeyError> {
        let elements = ElementString::parse(input)?;
        Ok(Self {
            input: input.into(),
            form: Form::ElementString,
            key: elements.key()?,
            elements,
            link: None,
        })
    }

    fn read_digits(input: &str) -> Result<Self, KeyError> {
        let ai = match input.len() {
            8 | 12 | 13 | 14 => Ai::GTIN,
            17 => Ai::GSIN,
            18 => Ai::SSCC,
            _ => return Self::read_elements(input),
        };
        match Key::from_values(ai, input, &[]) {
            Ok(key) => Self::of_key(input, Form::Digits, key),
            Err(error) => Self::read_elements(input).map_err(|_| error),
        }
    }

    fn of_key(input: &str, form: Form, key: Key) -> Result<Self, KeyError> {
        let Some(gs1) = key.gs1() else {
            return Err(KeyError::at(input, 0, Problem::NotAGs1Key));
        };
        let values: Vec<(Ai, String)> = gs1
            .values()
            .map(|(ai, value)| (ai, value.into_owned()))
            .collect();
        let pairs = values.iter().map(|(ai, value)| (ai.as_str(), &**value));
        Ok(Self {
            input: input.into(),
            form,
            elements: ElementString::from_pairs(pairs)?,
            key,
            link: None,
        })
    }
}

/// Returns the company prefix that an EPC URN tells.
fn company_prefix_in(urn: &str) -> Option<&str> {
    urn.splitn(5, ':').nth(4)?.split('.').next()
}

impl ExplainedElement {
    fn of(element: &Element) -> Self {
        Self {
            ai: element.ai().into(),
            title: element.facts().map_or("", |facts| facts.title()),
            value: element.value().into(),
            check: check_in(element),
        }
    }
}

/// Returns the check digit or check characters in a value.
fn check_in(element: &Element) -> Option<String> {
    let value = element.value();
    let mut at = 0;
    for part in element.facts()?.parts() {
        let end = (at + part.len().1).min(value.len());
        if part.rules().contains(&ValueRule::CheckDigit) {
            return check_digit(&value[at..end - 1]).map(String::from);
        }
        if part.rules().contains(&ValueRule::CheckPair) {
            return Some(value[end - 2..].into());
        }
        at = end;
    }
    None
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EpcUrn => "EPC URN",
            Self::DigitalLink => "GS1 Digital Link",
            Self::CompressedDigitalLink => "compressed GS1 Digital Link",
            Self::Key => "canonical text of a key",
            Self::ElementString => "element string",
            Self::Digits => "digits of a key",
        })
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.input)?;
        let names = match self.names {
            "class" => "a kind of things",
            _ => "one thing",
        };
        writeln!(f, "  {:<16} {}, {names}", "kind", self.kind)?;
        writeln!(f, "  {:<16} {}", "given as", self.form)?;
        for element in &self.elements {
            let name = format!("({}) {}", element.ai, element.title);
            write!(f, "  {name:<16} {}", element.value)?;
            match &element.check {
                Some(check) => writeln!(f, "  (check {check})")?,
                None => f.write_char('\n')?,
            }
        }
        for (name, value) in &self.other_parameters {
            writeln!(f, "  {:<16} {name}={value}", "parameter")?;
        }
        let told = [
            ("company prefix", self.company_prefix.as_deref()),
            ("EPC URN", self.urn.as_deref()),
            ("Digital Link", self.digital_link.as_deref()),
            ("element string", Some(&*self.element_string)),
            ("in a symbol", Some(&*self.symbol)),
        ];
        for (name, text) in told {
            if let Some(text) = text {
                writeln!(f, "  {name:<16} {text}")?;
            }
        }
        for note in &self.notes {
            writeln!(f, "  ! {note}")?;
        }
        Ok(())
    }
}
