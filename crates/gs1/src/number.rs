//! The three numbers that the makers of identifiers need most.

use std::fmt;
use std::str::FromStr;

use crate::ai::{self, Rule};
use crate::digits::check_digit_of;
use crate::error::{KeyError, Problem};
use crate::text::{Value, Writing, fault_at, read};

/// A Global Trade Item Number, as 14 digits: a valid one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gtin(u64);

/// A Serial Shipping Container Code, 18 digits: a valid one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sscc(u64);

/// A Global Location Number, 13 digits: a valid one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gln(u64);

impl Gtin {
    /// Makes the GTIN of a packing level (`indicator`, 0 for the item itself),
    /// a company prefix of 6 to 12 digits and the item's number under it,
    /// which is padded to fill the 12 digits that both share.
    ///
    /// # Errors
    ///
    /// A part that is out of range.
    pub fn from_parts(indicator: u8, company_prefix: &str, item: u64) -> Result<Self, KeyError> {
        let indicator = leading_digit("GTIN indicator", indicator)?;
        let digits = fill(
            "GTIN item reference",
            &[indicator],
            company_prefix,
            item,
            13,
        )?;
        Ok(Self(number(&digits)))
    }
}

impl Gtin {
    /// Returns the number in the fewest digits of a GTIN-8, GTIN-12, GTIN-13 or
    /// GTIN-14.
    ///
    /// ```
    /// let gtin: gs1::Gtin = "08938505123455".parse()?;
    /// assert_eq!(gtin.to_short(), "8938505123455");
    /// # Ok::<(), gs1::KeyError>(())
    /// ```
    pub fn to_short(self) -> String {
        let digits = self.to_string();
        let zeros = digits.bytes().take_while(|digit| *digit == b'0').count();
        let len = match zeros {
            6.. => 8,
            2.. => 12,
            1 => 13,
            _ => 14,
        };
        digits[14 - len..].into()
    }
}

impl Sscc {
    /// Makes the SSCC of an extension digit, a company prefix of 6 to 12
    /// digits and a serial reference, which is padded to fill the 16 digits
    /// that both share.
    ///
    /// # Errors
    ///
    /// A part that is out of range.
    pub fn from_parts(extension: u8, company_prefix: &str, serial: u64) -> Result<Self, KeyError> {
        let extension = leading_digit("SSCC extension", extension)?;
        let digits = fill(
            "SSCC serial reference",
            &[extension],
            company_prefix,
            serial,
            17,
        )?;
        Ok(Self(number(&digits)))
    }
}

impl Gln {
    /// Makes the GLN of a company prefix of 6 to 12 digits and the location's
    /// number under it, which is padded to fill the 12 digits that both share.
    ///
    /// # Errors
    ///
    /// A part that is out of range.
    pub fn from_parts(company_prefix: &str, location: u64) -> Result<Self, KeyError> {
        let digits = fill("GLN location reference", &[], company_prefix, location, 12)?;
        Ok(Self(number(&digits)))
    }
}

impl fmt::Display for Gtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:014}", self.0)
    }
}

impl fmt::Display for Sscc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:018}", self.0)
    }
}

impl fmt::Display for Gln {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:013}", self.0)
    }
}

/// Reads a GTIN of 8, 12, 13 or 14 digits.
impl FromStr for Gtin {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        parse(&ai::GTIN, text).map(Self)
    }
}

impl FromStr for Sscc {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        parse(&ai::SSCC, text).map(Self)
    }
}

impl FromStr for Gln {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        parse(&ai::GLN, text).map(Self)
    }
}

fn parse(rule: &'static Rule, text: &str) -> Result<u64, KeyError> {
    let mut value = Value::new();
    read(&mut value, rule, text, Writing::Plain).map_err(|fault| KeyError::new(text, fault))?;
    let zeros = rule.form.checked.saturating_sub(text.len());
    if rule.ai == ai::GTIN.ai && matches!(text.len(), 8 | 12 | 13) {
        value.pad(14);
    }
    rule.check(value.as_bytes()).map_err(|(index, problem)| {
        let fault = fault_at(text, Writing::Plain, index.saturating_sub(zeros), problem);
        KeyError::new(text, fault)
    })?;
    Ok(number(value.as_bytes()))
}

fn number(digits: &[u8]) -> u64 {
    digits
        .iter()
        .fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'))
}

fn leading_digit(what: &'static str, digit: u8) -> Result<u8, KeyError> {
    if digit <= 9 {
        return Ok(b'0' + digit);
    }
    let found = u64::from(digit);
    let problem = Problem::TooLarge {
        what,
        found,
        width: 1,
    };
    Err(KeyError::at(&digit.to_string(), 0, problem))
}

/// Puts together leading digit, company prefix, padded reference and check
/// digit; `total` counts all but the last.
fn fill(
    what: &'static str,
    leading: &[u8],
    company_prefix: &str,
    reference: u64,
    total: usize,
) -> Result<Vec<u8>, KeyError> {
    let found = company_prefix.len();
    if let Some(at) = company_prefix.find(|c: char| !c.is_ascii_digit()) {
        let problem = Problem::NotADigit {
            what: "GS1 company prefix",
            found: company_prefix[at..].chars().take(1).collect(),
        };
        return Err(KeyError::at(company_prefix, at, problem));
    }
    if !(6..=12).contains(&found) {
        return Err(KeyError::at(
            company_prefix,
            0,
            Problem::CompanyPrefix { found },
        ));
    }
    let width = total - leading.len() - found;
    let padded = match width {
        0 if reference == 0 => String::new(),
        _ => format!("{reference:0width$}"),
    };
    if padded.len() > width {
        let found = reference;
        let problem = Problem::TooLarge { what, found, width };
        return Err(KeyError::at(&reference.to_string(), 0, problem));
    }
    let mut digits = [leading, company_prefix.as_bytes(), padded.as_bytes()].concat();
    digits.push(check_digit_of(&digits));
    Ok(digits)
}
