//! EPC URNs: pure identities, classes and patterns (GS1 EPC Tag Data Standard
//! §6 and §8).

use crate::ai::{self, Rule, check_piece};
use crate::digits::check_digit_of;
use crate::error::{Fault, Problem};
use crate::text::{Set, Text, Value, Writing, fault_at, first_of, read};

mod write;

pub(crate) use write::write;

/// The part that all EPC URNs share; schemes and namespaces of URNs ignore
/// case (RFC 8141 §3.1).
pub(crate) const PREFIX: &str = "urn:epc:";

/// Reads what follows `urn:epc:` into a canonical text.
///
/// `None`: an EPC URN that stands for no GS1 key: another body's scheme, a tag
/// URN, or a pattern wider than a class.
pub(crate) fn parse(body: &str) -> Result<Option<Text>, Fault<'_>> {
    let (word, rest) = body.split_once(':').unwrap_or((body, ""));
    let kind = match word {
        "id" => Kind::Id,
        "idpat" => Kind::Pattern,
        "class" => Kind::Class,
        "tag" | "pat" | "raw" => return Ok(None),
        _ => return Err(Fault::new(body, Problem::UrnKind { found: word.into() })),
    };
    let (name, fields) = rest.split_once(':').unwrap_or((rest, ""));
    let Some(scheme) = scheme(kind, name) else {
        if kind != Kind::Class && OTHER_SCHEMES.contains(&name) {
            return Ok(None);
        }
        return Err(Fault::new(rest, kind.unknown_scheme(name)));
    };
    let parts = split(scheme, fields)?;
    let parts = &parts[..scheme.parts];
    let wild = if kind == Kind::Pattern {
        wildcards(parts)?
    } else {
        0
    };
    if wild == 0 {
        return scheme.key(parts).map(Some);
    }
    if wild == 1 && scheme.serial.is_class_without() {
        return scheme.class(parts).map(Some);
    }
    scheme.check_fixed(&parts[..parts.len() - wild])?;
    Ok(None)
}

/// Schemes of pure identities that are not GS1 keys: kept as they are.
const OTHER_SCHEMES: [&str; 5] = ["gid", "usdod", "adi", "bic", "imovn"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Id,
    Pattern,
    Class,
}

impl Kind {
    fn unknown_scheme(self, found: &str) -> Problem {
        let (kind, right) = match self {
            Self::Id => ("id", SCHEME_NAMES),
            Self::Pattern => ("idpat", SCHEME_NAMES),
            Self::Class => ("class", "lgtin"),
        };
        let found = found.into();
        Problem::UrnScheme { kind, found, right }
    }
}

const SCHEME_NAMES: &str = "sgtin, sscc, sgln, grai, giai, gsrn, gsrnp, gdti, cpi, sgcn, ginc, \
     gsin, itip, upui, pgln, gid, usdod, adi, bic, imovn";

/// One scheme: how the components of its URN make application identifiers.
struct Scheme {
    name: &'static str,
    /// The components by name, for error messages.
    grammar: &'static str,
    /// How many components there are.
    parts: usize,
    key: &'static Rule,
    body: Body,
    serial: Serial,
}

/// The form of company prefix and reference.
#[derive(Clone, Copy)]
enum Body {
    /// Digits that fill the key together; a check digit follows.
    Digits(usize),
    /// The same, and the reference's first digit stands before the company
    /// prefix: the indicator of a GTIN, the extension digit of an SSCC.
    Turned(usize),
    /// Anything the key's character set has; no check digit.
    Free,
}

/// The form of the component that makes the difference between things of a
/// kind.
#[derive(Clone, Copy)]
enum Serial {
    None,
    /// It is part of the key.
    Within,
    /// It qualifies the key; without it the key names a class.
    Qualifier(&'static Rule),
    /// It qualifies the key, which names a thing of its own without it.
    Extension(&'static Rule),
    /// A piece and a total, within the key, then a qualifier.
    Pieces(&'static Rule),
}

impl Serial {
    fn is_class_without(self) -> bool {
        matches!(self, Self::Within | Self::Qualifier(_) | Self::Pieces(_))
    }
}

fn scheme(kind: Kind, name: &str) -> Option<&'static Scheme> {
    Some(match (kind, name) {
        (Kind::Class, "lgtin") => &LGTIN,
        (Kind::Class, _) => return None,
        (_, "sgtin") => &SGTIN,
        (_, "sscc") => &SSCC,
        (_, "sgln") => &SGLN,
        (_, "grai") => &GRAI,
        (_, "giai") => &GIAI,
        (_, "gsrn") => &GSRN,
        (_, "gsrnp") => &GSRNP,
        (_, "gdti") => &GDTI,
        (_, "cpi") => &CPI,
        (_, "sgcn") => &SGCN,
        (_, "ginc") => &GINC,
        (_, "gsin") => &GSIN,
        (_, "itip") => &ITIP,
        (_, "upui") => &UPUI,
        (_, "pgln") => &PGLN,
        _ => return None,
    })
}

const PARTS_MAX: usize = 5;

/// Splits the components; the last one may hold dots of its own.
fn split<'a>(scheme: &Scheme, fields: &'a str) -> Result<[&'a str; PARTS_MAX], Fault<'a>> {
    let mut parts = [""; PARTS_MAX];
    let mut found = 0;
    for part in fields.splitn(scheme.parts, '.') {
        parts[found] = part;
        found += 1;
    }
    if found == scheme.parts {
        return Ok(parts);
    }
    let problem = Problem::Components {
        scheme: scheme.name,
        found,
        right: scheme.grammar,
    };
    Err(Fault::new(fields, problem))
}

/// Counts the wildcards at the end of a pattern; there may be none before.
fn wildcards<'a>(parts: &[&'a str]) -> Result<usize, Fault<'a>> {
    let wild = parts.iter().rev().take_while(|part| **part == "*").count();
    match parts[..parts.len() - wild]
        .iter()
        .find(|part| **part == "*")
    {
        Some(part) => Err(Fault::new(part, Problem::Wildcard)),
        None => Ok(wild),
    }
}

impl Scheme {
    /// Reads a URN without wildcards.
    fn key<'a>(&self, parts: &[&'a str]) -> Result<Text, Fault<'a>> {
        let mut value = self.body(parts)?;
        let serial = parts[parts.len() - 1];
        let mut text = Text::new();
        match self.serial {
            Serial::None => text.push(self.key.ai, value.as_bytes()),
            Serial::Within => {
                self.push_serial_within(&mut value, serial)?;
                text.push(self.key.ai, value.as_bytes());
            }
            Serial::Qualifier(rule) | Serial::Pieces(rule) => {
                text.push(self.key.ai, value.as_bytes());
                push_qualifier(&mut text, rule, serial)?;
            }
            Serial::Extension(rule) => {
                text.push(self.key.ai, value.as_bytes());
                if serial != "0" {
                    push_qualifier(&mut text, rule, serial)?;
                }
            }
        }
        Ok(text)
    }

    /// Reads a pattern whose only wildcard is the serial component.
    fn class<'a>(&self, parts: &[&'a str]) -> Result<Text, Fault<'a>> {
        let mut text = Text::new();
        text.push(self.key.ai, self.body(parts)?.as_bytes());
        Ok(text)
    }

    /// Checks what a wide pattern fixes.
    fn check_fixed<'a>(&self, parts: &[&'a str]) -> Result<(), Fault<'a>> {
        match parts {
            [] => Ok(()),
            [prefix] => check_company_prefix(prefix),
            _ if matches!(self.serial, Serial::Pieces(_)) && parts.len() < 4 => {
                check_company_prefix(parts[0])?;
                parts[1..]
                    .iter()
                    .try_for_each(|part| check_digits("ITIP", part))
            }
            _ => self.body(parts).map(|_| ()),
        }
    }

    /// Reads company prefix and reference, and the pieces of an ITIP.
    fn body<'a>(&self, parts: &[&'a str]) -> Result<Value, Fault<'a>> {
        let (prefix, reference) = (parts[0], parts[1]);
        check_company_prefix(prefix)?;
        let mut value = Value::new();
        match self.body {
            Body::Digits(total) => {
                self.check_total(prefix, reference, total, 0)?;
                value.extend(prefix.as_bytes());
                value.extend(reference.as_bytes());
            }
            Body::Turned(total) => {
                self.check_total(prefix, reference, total, 1)?;
                value.push(reference.as_bytes()[0]);
                value.extend(prefix.as_bytes());
                value.extend(&reference.as_bytes()[1..]);
            }
            Body::Free => {
                self.push_free(&mut value, prefix, reference)?;
                return Ok(value);
            }
        }
        value.push(check_digit_of(value.as_bytes()));
        if self.key.ai == ai::GRAI.ai {
            value.pad(14);
        }
        if let Serial::Pieces(_) = self.serial {
            push_pieces(&mut value, parts[2], parts[3])?;
        }
        Ok(value)
    }

    fn check_total<'a>(
        &self,
        prefix: &'a str,
        reference: &'a str,
        total: usize,
        reference_min: usize,
    ) -> Result<(), Fault<'a>> {
        check_digits(self.key.name, reference)?;
        let found = prefix.len() + reference.len();
        if found == total && reference.len() >= reference_min {
            return Ok(());
        }
        let what = self.key.name;
        let right = total;
        Err(Fault::new(
            prefix,
            Problem::DigitTotal { what, found, right },
        ))
    }

    fn push_free<'a>(
        &self,
        value: &mut Value,
        prefix: &'a str,
        reference: &'a str,
    ) -> Result<(), Fault<'a>> {
        value.extend(prefix.as_bytes());
        read(value, self.key, reference, Writing::Urn)?;
        if value.as_bytes().len() == prefix.len() {
            let what = self.key.name;
            let right = "at least 1 after the company prefix".into();
            let problem = Problem::Length {
                what,
                found: 0,
                right,
            };
            return Err(Fault::new(reference, problem));
        }
        self.key
            .check(value.as_bytes())
            .map_err(|(index, problem)| {
                let index = index.saturating_sub(prefix.len());
                fault_at(reference, Writing::Urn, index, problem)
            })
    }

    fn push_serial_within<'a>(&self, value: &mut Value, serial: &'a str) -> Result<(), Fault<'a>> {
        let before = value.as_bytes().len();
        read(value, self.key, serial, Writing::Urn)?;
        if value.as_bytes().len() == before {
            let right = format!("1 to {} for the serial component", self.key.form.max);
            let what = self.key.name;
            let problem = Problem::Length {
                what,
                found: 0,
                right,
            };
            return Err(Fault::new(serial, problem));
        }
        self.key
            .check(value.as_bytes())
            .map_err(|(index, problem)| {
                let index = index.saturating_sub(before);
                fault_at(serial, Writing::Urn, index, problem)
            })
    }
}

fn push_qualifier<'a>(text: &mut Text, rule: &'static Rule, raw: &'a str) -> Result<(), Fault<'a>> {
    let mut value = Value::new();
    read(&mut value, rule, raw, Writing::Urn)?;
    rule.check(value.as_bytes())
        .map_err(|(index, problem)| fault_at(raw, Writing::Urn, index, problem))?;
    text.push(rule.ai, value.as_bytes());
    Ok(())
}

fn push_pieces<'a>(value: &mut Value, piece: &'a str, total: &'a str) -> Result<(), Fault<'a>> {
    for part in [piece, total] {
        check_digits("ITIP (8006)", part)?;
        if part.len() != 2 {
            let problem = Problem::Length {
                what: "a piece or total of an ITIP",
                found: part.len(),
                right: "2".into(),
            };
            return Err(Fault::new(part, problem));
        }
    }
    check_piece(piece.as_bytes(), total.as_bytes())
        .map_err(|problem| Fault::new(piece, problem))?;
    value.extend(piece.as_bytes());
    value.extend(total.as_bytes());
    Ok(())
}

fn check_company_prefix(prefix: &str) -> Result<(), Fault<'_>> {
    check_digits("GS1 company prefix", prefix)?;
    let found = prefix.len();
    if (6..=12).contains(&found) {
        return Ok(());
    }
    Err(Fault::new(prefix, Problem::CompanyPrefix { found }))
}

fn check_digits<'a>(what: &'static str, part: &'a str) -> Result<(), Fault<'a>> {
    match part.bytes().position(|byte| !Set::Digits.has(byte)) {
        None => Ok(()),
        Some(at) => {
            let rest = part.get(at..).unwrap_or(part);
            let found = first_of(rest);
            Err(Fault::new(rest, Problem::NotADigit { what, found }))
        }
    }
}

const fn scheme_of(
    name: &'static str,
    grammar: &'static str,
    parts: usize,
    key: &'static Rule,
    body: Body,
    serial: Serial,
) -> Scheme {
    Scheme {
        name,
        grammar,
        parts,
        key,
        body,
        serial,
    }
}

static SGTIN: Scheme = scheme_of(
    "sgtin",
    "company prefix . indicator and item reference . serial number",
    3,
    &ai::GTIN,
    Body::Turned(13),
    Serial::Qualifier(&ai::SERIAL),
);
static LGTIN: Scheme = scheme_of(
    "lgtin",
    "company prefix . indicator and item reference . lot",
    3,
    &ai::GTIN,
    Body::Turned(13),
    Serial::Qualifier(&ai::LOT),
);
static UPUI: Scheme = scheme_of(
    "upui",
    "company prefix . indicator and item reference . serialised extension",
    3,
    &ai::GTIN,
    Body::Turned(13),
    Serial::Qualifier(&ai::TPX),
);
static ITIP: Scheme = scheme_of(
    "itip",
    "company prefix . indicator and item reference . piece . total . serial number",
    5,
    &ai::ITIP,
    Body::Turned(13),
    Serial::Pieces(&ai::SERIAL),
);
static SSCC: Scheme = scheme_of(
    "sscc",
    "company prefix . extension digit and serial reference",
    2,
    &ai::SSCC,
    Body::Turned(17),
    Serial::None,
);
static SGLN: Scheme = scheme_of(
    "sgln",
    "company prefix . location reference . extension, 0 for none",
    3,
    &ai::GLN,
    Body::Digits(12),
    Serial::Extension(&ai::GLN_EXTENSION),
);
static PGLN: Scheme = scheme_of(
    "pgln",
    "company prefix . party reference",
    2,
    &ai::PARTY,
    Body::Digits(12),
    Serial::None,
);
static GRAI: Scheme = scheme_of(
    "grai",
    "company prefix . asset type . serial number",
    3,
    &ai::GRAI,
    Body::Digits(12),
    Serial::Within,
);
static GIAI: Scheme = scheme_of(
    "giai",
    "company prefix . individual asset reference",
    2,
    &ai::GIAI,
    Body::Free,
    Serial::None,
);
static GSRN: Scheme = scheme_of(
    "gsrn",
    "company prefix . service reference",
    2,
    &ai::GSRN,
    Body::Digits(17),
    Serial::None,
);
static GSRNP: Scheme = scheme_of(
    "gsrnp",
    "company prefix . service reference",
    2,
    &ai::GSRN_PROVIDER,
    Body::Digits(17),
    Serial::None,
);
static GDTI: Scheme = scheme_of(
    "gdti",
    "company prefix . document type . serial number",
    3,
    &ai::GDTI,
    Body::Digits(12),
    Serial::Within,
);
static CPI: Scheme = scheme_of(
    "cpi",
    "company prefix . component or part reference . serial number",
    3,
    &ai::CPID,
    Body::Free,
    Serial::Qualifier(&ai::CPID_SERIAL),
);
static SGCN: Scheme = scheme_of(
    "sgcn",
    "company prefix . coupon reference . serial number",
    3,
    &ai::GCN,
    Body::Digits(12),
    Serial::Within,
);
static GINC: Scheme = scheme_of(
    "ginc",
    "company prefix . consignment reference",
    2,
    &ai::GINC,
    Body::Free,
    Serial::None,
);
static GSIN: Scheme = scheme_of(
    "gsin",
    "company prefix . shipper reference",
    2,
    &ai::GSIN,
    Body::Digits(16),
    Serial::None,
);
