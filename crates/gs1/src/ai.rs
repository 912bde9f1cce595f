//! The GS1 Application Identifiers that make keys, and the form of their
//! values (GS1 General Specifications §3; the GS1 Barcode Syntax Dictionary).

use std::fmt;

use crate::digits::{check_digit_of, check_pair_of};
use crate::error::Problem;
use crate::text::Set;

/// A GS1 Application Identifier that is part of keys, such as `01` or `8004`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ai(&'static str);

impl Ai {
    /// Serial Shipping Container Code.
    pub const SSCC: Self = Self("00");
    /// Global Trade Item Number.
    pub const GTIN: Self = Self("01");
    /// Batch or lot number.
    pub const LOT: Self = Self("10");
    /// Serial number.
    pub const SERIAL: Self = Self("21");
    /// Consumer product variant.
    pub const VARIANT: Self = Self("22");
    /// Third party controlled, serialised extension of a GTIN (upUI).
    pub const TPX: Self = Self("235");
    /// Global Document Type Identifier.
    pub const GDTI: Self = Self("253");
    /// Extension component of a GLN.
    pub const GLN_EXTENSION: Self = Self("254");
    /// Global Coupon Number.
    pub const GCN: Self = Self("255");
    /// Global Identification Number for Consignment.
    pub const GINC: Self = Self("401");
    /// Global Shipment Identification Number.
    pub const GSIN: Self = Self("402");
    /// GLN of a physical location.
    pub const GLN: Self = Self("414");
    /// GLN of the invoicing party.
    pub const PAY_TO: Self = Self("415");
    /// GLN of a party.
    pub const PARTY: Self = Self("417");
    /// GS1 UIC with extension 1 and importer index.
    pub const IMPORTER_INDEX: Self = Self("7040");
    /// Global Returnable Asset Identifier.
    pub const GRAI: Self = Self("8003");
    /// Global Individual Asset Identifier.
    pub const GIAI: Self = Self("8004");
    /// Individual Trade Item Piece.
    pub const ITIP: Self = Self("8006");
    /// Component or Part Identifier.
    pub const CPID: Self = Self("8010");
    /// Serial number of a component or part.
    pub const CPID_SERIAL: Self = Self("8011");
    /// Global Model Number.
    pub const GMN: Self = Self("8013");
    /// Global Service Relation Number of a provider.
    pub const GSRN_PROVIDER: Self = Self("8017");
    /// Global Service Relation Number of a recipient.
    pub const GSRN: Self = Self("8018");
    /// Service Relation Instance Number.
    pub const SRIN: Self = Self("8019");
    /// Payment slip reference number.
    pub const PAYMENT_REFERENCE: Self = Self("8020");

    /// Returns the digits of the application identifier.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Ai {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// What is known of one application identifier.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) ai: Ai,
    /// The name in error messages.
    pub(crate) name: &'static str,
    pub(crate) form: Form,
    /// For a primary key: the orders in which qualifiers may follow it, of
    /// which one must hold. `None`: it is a qualifier.
    pub(crate) qualifiers: Option<&'static [&'static [Ai]]>,
}

/// The form of a value: `checked` digits of which the last is their check
/// digit, then `min` to `max` characters of `set`, then whatever `more` asks.
#[derive(Debug)]
pub(crate) struct Form {
    pub(crate) checked: usize,
    pub(crate) set: Set,
    pub(crate) min: usize,
    pub(crate) max: usize,
    more: More,
}

#[derive(Debug, PartialEq, Eq)]
enum More {
    Nothing,
    CompanyPrefix,
    FillerZero,
    PieceOfTotal,
    NoLeadingZero,
    CheckPair,
    ImporterIndex,
}

impl Rule {
    const fn key(
        ai: Ai,
        name: &'static str,
        form: Form,
        qualifiers: &'static [&'static [Ai]],
    ) -> Self {
        Self {
            ai,
            name,
            form,
            qualifiers: Some(qualifiers),
        }
    }

    const fn qualifier(ai: Ai, name: &'static str, form: Form) -> Self {
        Self {
            ai,
            name,
            form,
            qualifiers: None,
        }
    }

    /// Says what may follow this primary key in a path.
    pub(crate) fn what_follows(&self) -> String {
        let orders: Vec<String> = self
            .qualifiers
            .unwrap_or_default()
            .iter()
            .map(|order| {
                let names: Vec<String> = order.iter().map(|ai| format!("({ai})")).collect();
                names.join(", ")
            })
            .collect();
        if orders.is_empty() {
            "nothing".into()
        } else {
            format!("{}, each optional, in this order", orders.join(" or else "))
        }
    }

    /// Checks a decoded value, its check digit included; a fault comes with the
    /// index of the character at which it lies.
    pub(crate) fn check(&self, value: &[u8]) -> Result<(), (usize, Problem)> {
        self.check_form(value)?;
        self.check_digit(value)
    }

    fn check_digit(&self, value: &[u8]) -> Result<(), (usize, Problem)> {
        let Some(at) = self.form.checked.checked_sub(1) else {
            return Ok(());
        };
        let (found, right) = (value[at], check_digit_of(&value[..at]));
        if found == right {
            return Ok(());
        }
        let (found, right) = (char::from(found), char::from(right));
        let what = self.name;
        Err((at, Problem::CheckDigit { what, found, right }))
    }

    /// Checks a decoded value but for its check digit.
    pub(crate) fn check_form(&self, value: &[u8]) -> Result<(), (usize, Problem)> {
        let form = &self.form;
        let checked = form.checked.min(value.len());
        if let Some(at) = value[..checked]
            .iter()
            .position(|byte| !byte.is_ascii_digit())
        {
            let (what, found) = (self.name, quote(value[at]));
            return Err((at, Problem::NotADigit { what, found }));
        }
        if let Some(at) = value[checked..]
            .iter()
            .position(|byte| !form.set.has(*byte))
        {
            return Err((checked + at, self.bad_character(value[checked + at])));
        }
        if !(form.checked + form.min..=form.checked + form.max).contains(&value.len()) {
            return Err((0, self.length(value.len())));
        }
        self.check_more(value)
    }

    /// Returns the problem of a value that has `found` characters.
    pub(crate) fn length(&self, found: usize) -> Problem {
        Problem::Length {
            what: self.name,
            found,
            right: self.lengths(),
        }
    }

    fn check_more(&self, value: &[u8]) -> Result<(), (usize, Problem)> {
        let what = self.name;
        match self.form.more {
            More::Nothing => Ok(()),
            More::CompanyPrefix => self.check_company_prefix(value),
            More::FillerZero if value[0] != b'0' => {
                let found = char::from(value[0]);
                Err((0, Problem::FillerZero { what, found }))
            }
            More::NoLeadingZero if value[0] == b'0' => Err((0, Problem::LeadingZero { what })),
            More::FillerZero | More::NoLeadingZero => Ok(()),
            More::PieceOfTotal => {
                let (piece, total) = (
                    &value[value.len() - 4..value.len() - 2],
                    &value[value.len() - 2..],
                );
                check_piece(piece, total).map_err(|problem| (value.len() - 4, problem))
            }
            More::CheckPair => {
                self.check_company_prefix(value)?;
                let (model, found) = value.split_at(value.len() - 2);
                let right = check_pair_of(model);
                if found == right {
                    return Ok(());
                }
                let found = String::from_utf8_lossy(found).into();
                let right = String::from_utf8_lossy(&right).into();
                Err((model.len(), Problem::CheckPair { what, found, right }))
            }
            More::ImporterIndex => {
                let bad =
                    |byte: &u8| !(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
                if !value[0].is_ascii_digit() {
                    let found = quote(value[0]);
                    return Err((0, Problem::NotADigit { what, found }));
                }
                match value.iter().position(bad) {
                    Some(at) => Err((at, self.bad_character(value[at]))),
                    None => Ok(()),
                }
            }
        }
    }

    fn check_company_prefix(&self, value: &[u8]) -> Result<(), (usize, Problem)> {
        let found = value
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if found < COMPANY_PREFIX_LEN_MIN {
            let what = self.name;
            return Err((found, Problem::NoCompanyPrefix { what, found }));
        }
        Ok(())
    }

    fn bad_character(&self, byte: u8) -> Problem {
        let (what, found) = (self.name, quote(byte));
        if self.form.set == Set::Digits {
            return Problem::NotADigit { what, found };
        }
        let right = match self.form.more {
            More::ImporterIndex => "a digit, then letters, digits, - or _",
            _ => self.form.set.name(),
        };
        Problem::Character { what, found, right }
    }

    fn lengths(&self) -> String {
        let Form {
            checked, min, max, ..
        } = self.form;
        if self.ai == Ai::GTIN {
            "8, 12, 13 or 14".into()
        } else if min == max {
            (checked + min).to_string()
        } else {
            format!("{} to {}", checked + min, checked + max)
        }
    }
}

/// Checks the two halves of an ITIP's piece and total.
pub(crate) fn check_piece(piece: &[u8], total: &[u8]) -> Result<(), Problem> {
    if piece > b"00" && piece <= total {
        return Ok(());
    }
    Err(Problem::PieceOfTotal {
        piece: String::from_utf8_lossy(piece).into(),
        total: String::from_utf8_lossy(total).into(),
    })
}

/// Returns the rule of an application identifier given by its digits.
pub(crate) fn by_digits(digits: &[u8]) -> Option<&'static Rule> {
    Some(match digits {
        b"00" => &SSCC,
        b"01" => &GTIN,
        b"10" => &LOT,
        b"21" => &SERIAL,
        b"22" => &VARIANT,
        b"235" => &TPX,
        b"253" => &GDTI,
        b"254" => &GLN_EXTENSION,
        b"255" => &GCN,
        b"401" => &GINC,
        b"402" => &GSIN,
        b"414" => &GLN,
        b"415" => &PAY_TO,
        b"417" => &PARTY,
        b"7040" => &IMPORTER_INDEX,
        b"8003" => &GRAI,
        b"8004" => &GIAI,
        b"8006" => &ITIP,
        b"8010" => &CPID,
        b"8011" => &CPID_SERIAL,
        b"8013" => &GMN,
        b"8017" => &GSRN_PROVIDER,
        b"8018" => &GSRN,
        b"8019" => &SRIN,
        b"8020" => &PAYMENT_REFERENCE,
        _ => return None,
    })
}

/// Returns the rule of an application identifier given by its digits or by
/// the word that earlier versions of the Digital Link standard allowed.
pub(crate) fn by_name(name: &[u8]) -> Option<&'static Rule> {
    if name.first()?.is_ascii_digit() {
        return by_digits(name);
    }
    Some(match name {
        b"sscc" => &SSCC,
        b"gtin" => &GTIN,
        b"lot" => &LOT,
        b"ser" => &SERIAL,
        b"cpv" => &VARIANT,
        b"tpx" => &TPX,
        b"gdti" => &GDTI,
        b"glnx" => &GLN_EXTENSION,
        b"gcn" => &GCN,
        b"ginc" => &GINC,
        b"gsin" => &GSIN,
        b"gln" => &GLN,
        b"payTo" => &PAY_TO,
        b"party" => &PARTY,
        b"grai" => &GRAI,
        b"giai" => &GIAI,
        b"itip" => &ITIP,
        b"cpid" => &CPID,
        b"cpsn" => &CPID_SERIAL,
        b"gmn" => &GMN,
        b"gsrnp" => &GSRN_PROVIDER,
        b"gsrn" => &GSRN,
        b"srin" => &SRIN,
        b"refNo" => &PAYMENT_REFERENCE,
        _ => return None,
    })
}

/// The least digits of a GS1 company prefix in an element string or link. EPC
/// URNs know prefixes of 6 digits and more only.
pub(crate) const COMPANY_PREFIX_LEN_MIN: usize = 4;

const fn checked(digits: usize) -> Form {
    Form {
        checked: digits,
        set: Set::Digits,
        min: 0,
        max: 0,
        more: More::Nothing,
    }
}

const fn checked_and(digits: usize, set: Set, min: usize, max: usize, more: More) -> Form {
    Form {
        checked: digits,
        set,
        min,
        max,
        more,
    }
}

const fn free(set: Set, min: usize, max: usize, more: More) -> Form {
    checked_and(0, set, min, max, more)
}

const UP_TO_20: Form = free(Set::Any, 1, 20, More::Nothing);

pub(crate) static SSCC: Rule = Rule::key(Ai::SSCC, "SSCC (00)", checked(18), &[]);
pub(crate) static GTIN: Rule = Rule::key(
    Ai::GTIN,
    "GTIN (01)",
    checked(14),
    &[&[Ai::VARIANT, Ai::LOT, Ai::SERIAL], &[Ai::TPX]],
);
pub(crate) static LOT: Rule = Rule::qualifier(Ai::LOT, "lot (10)", UP_TO_20);
pub(crate) static SERIAL: Rule = Rule::qualifier(Ai::SERIAL, "serial number (21)", UP_TO_20);
static VARIANT: Rule = Rule::qualifier(Ai::VARIANT, "variant (22)", UP_TO_20);
pub(crate) static TPX: Rule = Rule::qualifier(
    Ai::TPX,
    "serialised extension (235)",
    free(Set::Any, 1, 28, More::Nothing),
);
pub(crate) static GDTI: Rule = Rule::key(
    Ai::GDTI,
    "GDTI (253)",
    checked_and(13, Set::Any, 0, 17, More::Nothing),
    &[],
);
pub(crate) static GLN_EXTENSION: Rule =
    Rule::qualifier(Ai::GLN_EXTENSION, "GLN extension (254)", UP_TO_20);
pub(crate) static GCN: Rule = Rule::key(
    Ai::GCN,
    "GCN (255)",
    checked_and(13, Set::Digits, 0, 12, More::Nothing),
    &[],
);
pub(crate) static GINC: Rule = Rule::key(
    Ai::GINC,
    "GINC (401)",
    free(Set::Any, 1, 30, More::CompanyPrefix),
    &[],
);
pub(crate) static GSIN: Rule = Rule::key(Ai::GSIN, "GSIN (402)", checked(17), &[]);
pub(crate) static GLN: Rule = Rule::key(
    Ai::GLN,
    "GLN (414)",
    checked(13),
    &[&[Ai::GLN_EXTENSION], &[Ai::IMPORTER_INDEX]],
);
static PAY_TO: Rule = Rule::key(
    Ai::PAY_TO,
    "GLN (415)",
    checked(13),
    &[&[Ai::PAYMENT_REFERENCE]],
);
pub(crate) static PARTY: Rule = Rule::key(
    Ai::PARTY,
    "party GLN (417)",
    checked(13),
    &[&[Ai::IMPORTER_INDEX]],
);
static IMPORTER_INDEX: Rule = Rule::qualifier(
    Ai::IMPORTER_INDEX,
    "importer index (7040)",
    free(Set::Any, 4, 4, More::ImporterIndex),
);
pub(crate) static GRAI: Rule = Rule::key(
    Ai::GRAI,
    "GRAI (8003)",
    checked_and(14, Set::Any, 0, 16, More::FillerZero),
    &[],
);
pub(crate) static GIAI: Rule = Rule::key(
    Ai::GIAI,
    "GIAI (8004)",
    free(Set::Any, 1, 30, More::CompanyPrefix),
    &[&[Ai::IMPORTER_INDEX]],
);
pub(crate) static ITIP: Rule = Rule::key(
    Ai::ITIP,
    "ITIP (8006)",
    checked_and(14, Set::Digits, 4, 4, More::PieceOfTotal),
    &[&[Ai::VARIANT, Ai::LOT, Ai::SERIAL]],
);
pub(crate) static CPID: Rule = Rule::key(
    Ai::CPID,
    "CPID (8010)",
    free(Set::Part, 1, 30, More::CompanyPrefix),
    &[&[Ai::CPID_SERIAL]],
);
pub(crate) static CPID_SERIAL: Rule = Rule::qualifier(
    Ai::CPID_SERIAL,
    "CPID serial number (8011)",
    free(Set::Digits, 1, 12, More::NoLeadingZero),
);
static GMN: Rule = Rule::key(
    Ai::GMN,
    "GMN (8013)",
    free(Set::Any, 3, 25, More::CheckPair),
    &[],
);
pub(crate) static GSRN_PROVIDER: Rule = Rule::key(
    Ai::GSRN_PROVIDER,
    "GSRN (8017)",
    checked(18),
    &[&[Ai::SRIN]],
);
pub(crate) static GSRN: Rule = Rule::key(Ai::GSRN, "GSRN (8018)", checked(18), &[&[Ai::SRIN]]);
static SRIN: Rule = Rule::qualifier(
    Ai::SRIN,
    "SRIN (8019)",
    free(Set::Digits, 1, 10, More::Nothing),
);
static PAYMENT_REFERENCE: Rule = Rule::qualifier(
    Ai::PAYMENT_REFERENCE,
    "payment reference (8020)",
    free(Set::Any, 1, 25, More::Nothing),
);

/// Quotes one byte of a decoded value; outside ASCII as its escape.
fn quote(byte: u8) -> String {
    if byte.is_ascii() {
        char::from(byte).into()
    } else {
        format!("%{byte:02X}")
    }
}
