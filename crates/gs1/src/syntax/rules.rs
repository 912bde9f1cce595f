//! The rules for the content of values, by their names in the dictionary.

use super::codes::{COUNTRIES, COUNTRIES_ALPHA2, CURRENCIES, PACKAGE_TYPES};
use super::{coupon, quote};
use crate::ai::{COMPANY_PREFIX_LEN_MIN, check_piece};
use crate::digits::{check_digit_of, check_pair_of};
use crate::error::Problem;

/// A rule that a part of a value must meet: the dictionary's "linters".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValueRule {
    /// `csum`: the last digit is the check digit of those before it.
    CheckDigit,
    /// `csumalpha`: the last two characters are the check pair.
    CheckPair,
    /// `gcppos1`: it begins with a GS1 company prefix.
    CompanyPrefix,
    /// `gcppos2`: a GS1 company prefix begins at the second digit.
    CompanyPrefixSecond,
    /// `yymmdd`: a date.
    Date,
    /// `yymmd0`: a date whose day may be 00, for the whole month.
    DateOrMonth,
    /// `yyyymmdd`: a date with its century.
    LongDate,
    /// `hh`: hours.
    Hour,
    /// `mi`: minutes.
    Minute,
    /// `ss`: seconds.
    Second,
    /// `hhmi`: hours and minutes.
    HourMinute,
    /// `iso3166`: a three-digit country code.
    Country,
    /// `iso3166999`: a three-digit country code, or 999.
    CountryOr999,
    /// `iso3166alpha2`: a two-letter country code.
    CountryAlpha2,
    /// `iso4217`: a three-digit currency code.
    Currency,
    /// `iso5218`: a code for sex.
    Sex,
    /// `iban`: an international bank account number.
    BankAccount,
    /// `packagetype`: a package type.
    PackageType,
    /// `mediatype`: an AIDC media type.
    MediaType,
    /// `pcenc`: percent signs begin escapes.
    PercentEncoded,
    /// `latitude`: degrees north of the south pole, in ten-millionths.
    Latitude,
    /// `longitude`: degrees east of the antimeridian, in ten-millionths.
    Longitude,
    /// `yesno`: 0 or 1.
    YesNo,
    /// `winding`: a winding direction.
    Winding,
    /// `hyphen`: the minus sign of a temperature.
    Hyphen,
    /// `zero`: nothing but zeros.
    Zero,
    /// `nonzero`: not nothing but zeros.
    NonZero,
    /// `nozeroprefix`: no leading zero.
    NoLeadingZero,
    /// `hasnondigit`: not nothing but digits.
    HasNonDigit,
    /// `pieceoftotal`: a piece and the total.
    PieceOfTotal,
    /// `posinseqslash`: a position and the end, with a slash between them.
    Position,
    /// `importeridx`: an importer index.
    ImporterIndex,
    /// `couponcode`: a North American coupon code.
    CouponCode,
    /// `couponposoffer`: a North American coupon of a positive offer file.
    CouponOffer,
    /// Of every part in the character set 64: padding stands at its end.
    Base64Padding,
}

use ValueRule as Is;

/// The rules and their names in the dictionary.
const NAMES: [(&str, ValueRule); 34] = [
    ("csum", Is::CheckDigit),
    ("csumalpha", Is::CheckPair),
    ("gcppos1", Is::CompanyPrefix),
    ("gcppos2", Is::CompanyPrefixSecond),
    ("yymmdd", Is::Date),
    ("yymmd0", Is::DateOrMonth),
    ("yyyymmdd", Is::LongDate),
    ("hh", Is::Hour),
    ("mi", Is::Minute),
    ("ss", Is::Second),
    ("hhmi", Is::HourMinute),
    ("iso3166", Is::Country),
    ("iso3166999", Is::CountryOr999),
    ("iso3166alpha2", Is::CountryAlpha2),
    ("iso4217", Is::Currency),
    ("iso5218", Is::Sex),
    ("iban", Is::BankAccount),
    ("packagetype", Is::PackageType),
    ("mediatype", Is::MediaType),
    ("pcenc", Is::PercentEncoded),
    ("latitude", Is::Latitude),
    ("longitude", Is::Longitude),
    ("yesno", Is::YesNo),
    ("winding", Is::Winding),
    ("hyphen", Is::Hyphen),
    ("zero", Is::Zero),
    ("nonzero", Is::NonZero),
    ("nozeroprefix", Is::NoLeadingZero),
    ("hasnondigit", Is::HasNonDigit),
    ("pieceoftotal", Is::PieceOfTotal),
    ("posinseqslash", Is::Position),
    ("importeridx", Is::ImporterIndex),
    ("couponcode", Is::CouponCode),
    ("couponposoffer", Is::CouponOffer),
];

impl ValueRule {
    /// Returns the rule's name in the dictionary.
    pub fn name(self) -> &'static str {
        let found = NAMES.iter().find(|(_, rule)| *rule == self);
        found.map_or("cset64", |(name, _)| name)
    }

    /// Returns the rule that has this name in the dictionary.
    pub(super) fn named(name: &str) -> Self {
        match NAMES.iter().find(|(each, _)| *each == name) {
            Some((_, rule)) => *rule,
            None => panic!("the table of application identifiers has a rule {name}"),
        }
    }

    /// Checks a part whose characters are known to be of its set.
    pub(super) fn check(self, value: &[u8], what: &'static str) -> Result<(), (usize, Problem)> {
        match self {
            Is::CheckDigit => check_digit(value, what),
            Is::CheckPair => check_pair(value, what),
            Is::CompanyPrefix => company_prefix(value, what),
            Is::CompanyPrefixSecond => company_prefix(value.get(1..).unwrap_or(b""), what)
                .map_err(|(at, problem)| (at + 1, problem)),
            Is::PieceOfTotal => {
                let (piece, total) = value.split_at(value.len() / 2);
                check_piece(piece, total).map_err(|problem| (0, problem))
            }
            Is::NoLeadingZero if value.starts_with(b"0") => Err((0, Problem::LeadingZero { what })),
            Is::CouponCode => coupon::check_code(value, what),
            Is::CouponOffer => coupon::check_offer(value, what),
            _ if self.holds(value) => Ok(()),
            _ => {
                let (found, right) = (quote(value), self.right());
                Err((0, Problem::Content { what, found, right }))
            }
        }
    }

    /// Tells whether one of the rules that say yes or no holds.
    fn holds(self, value: &[u8]) -> bool {
        match self {
            Is::Date => is_day(value.get(..2), value, 1),
            Is::DateOrMonth => is_day(value.get(..2), value, 0),
            Is::LongDate => is_day(value.get(..4), value.get(2..).unwrap_or(b""), 1),
            Is::Hour => number(value) < 24,
            Is::Minute | Is::Second => number(value) < 60,
            Is::HourMinute => number(&value[..2]) < 24 && number(&value[2..]) < 60,
            Is::Country => COUNTRIES.have(value),
            Is::CountryOr999 => value == b"999" || COUNTRIES.have(value),
            Is::CountryAlpha2 => COUNTRIES_ALPHA2.have(value),
            Is::Currency => CURRENCIES.have(value),
            Is::Sex => matches!(value, b"0" | b"1" | b"2" | b"9"),
            Is::BankAccount => is_bank_account(value),
            Is::PackageType => PACKAGE_TYPES.have(value),
            Is::MediaType => matches!(number(value), 1..=10 | 80..=99),
            Is::PercentEncoded => is_percent_encoded(value),
            Is::Latitude => number(value) <= 1_800_000_000,
            Is::Longitude => number(value) <= 3_600_000_000,
            Is::YesNo => matches!(value, b"0" | b"1"),
            Is::Winding => matches!(value, b"0" | b"1" | b"9"),
            Is::Hyphen => value.iter().all(|byte| *byte == b'-'),
            Is::Zero => value.iter().all(|byte| *byte == b'0'),
            Is::NonZero => value.iter().any(|byte| *byte != b'0'),
            Is::HasNonDigit => !value.iter().all(u8::is_ascii_digit),
            Is::Position => is_position(value),
            Is::ImporterIndex => value
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte)),
            Is::Base64Padding => {
                let pads = value.iter().rev().take_while(|byte| **byte == b'=').count();
                pads <= 2 && !value[..value.len() - pads].contains(&b'=')
            }
            _ => true,
        }
    }

    fn right(self) -> &'static str {
        match self {
            Is::Date => "a date as YYMMDD",
            Is::DateOrMonth => "a date as YYMMDD, its day 00 if the whole month is meant",
            Is::LongDate => "a date as YYYYMMDD",
            Is::Hour => "an hour from 00 to 23",
            Is::Minute | Is::Second => "a number from 00 to 59",
            Is::HourMinute => "a time of day as HHMM",
            Is::Country => "a three-digit country code of ISO 3166-1",
            Is::CountryOr999 => "a three-digit country code of ISO 3166-1, or 999",
            Is::CountryAlpha2 => "a two-letter country code of ISO 3166-1",
            Is::Currency => "a three-digit currency code of ISO 4217",
            Is::Sex => "0, 1, 2 or 9 (ISO 5218)",
            Is::BankAccount => "an IBAN with its check digits (ISO 13616)",
            Is::PackageType => "a package type of UN/ECE Recommendation 21 or GS1's list",
            Is::MediaType => "a media type from 01 to 10 or 80 to 99",
            Is::PercentEncoded => "% with two hexadecimal digits after it, %25 for a percent sign",
            Is::Latitude => "a latitude from 0000000000 to 1800000000",
            Is::Longitude => "a longitude from 0000000000 to 3600000000",
            Is::YesNo => "0 or 1",
            Is::Winding => "0, 1 or 9",
            Is::Hyphen => "a hyphen",
            Is::Zero => "0",
            Is::NonZero => "a number above zero",
            Is::HasNonDigit => "a value with a character that is no digit",
            Is::Position => "a position and an end such as 2/3, the position not beyond the end",
            Is::ImporterIndex => "a letter, a digit, - or _",
            Is::Base64Padding => "= only at the end, and two at most",
            _ => "a value that meets the rule",
        }
    }
}

fn check_digit(value: &[u8], what: &'static str) -> Result<(), (usize, Problem)> {
    let Some((found, digits)) = value.split_last() else {
        return Ok(());
    };
    let right = check_digit_of(digits);
    if *found == right {
        return Ok(());
    }
    let (found, right) = (char::from(*found), char::from(right));
    Err((digits.len(), Problem::CheckDigit { what, found, right }))
}

fn check_pair(value: &[u8], what: &'static str) -> Result<(), (usize, Problem)> {
    let Some(at) = value.len().checked_sub(2) else {
        let right = "at least 2, the check characters".into();
        let found = value.len();
        return Err((0, Problem::Length { what, found, right }));
    };
    let (model, found) = value.split_at(at);
    let right = check_pair_of(model);
    if found == right {
        return Ok(());
    }
    let (found, right) = (quote(found), quote(&right));
    Err((at, Problem::CheckPair { what, found, right }))
}

fn company_prefix(value: &[u8], what: &'static str) -> Result<(), (usize, Problem)> {
    let digits = value.iter().take_while(|byte| byte.is_ascii_digit());
    let found = digits.count();
    if found >= COMPANY_PREFIX_LEN_MIN {
        return Ok(());
    }
    Err((found, Problem::NoCompanyPrefix { what, found }))
}

fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |sum, digit| {
        sum * 10 + u64::from(digit.wrapping_sub(b'0'))
    })
}

/// Tells whether `yymmdd` is a day of the year; of years without a century,
/// every fourth is a leap year, as it is from 1901 to 2099.
fn is_day(year: Option<&[u8]>, yymmdd: &[u8], day_min: u64) -> bool {
    let (Some(year), [_, _, month @ .., d1, d2]) = (year, yymmdd) else {
        return false;
    };
    let is_leap = match (year.len(), number(year)) {
        (4, year) => year % 4 == 0 && (year % 100 != 0 || year % 400 == 0),
        (_, year) => year % 4 == 0,
    };
    let days = match number(month) {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => return false,
    };
    (day_min..=days).contains(&number(&[*d1, *d2]))
}

/// The fewest characters an account number is taken to have.
const IBAN_LEN_MIN: usize = 11;

/// ISO 13616: with the first four characters moved to the end and letters
/// written as 10 to 35, the number leaves 1 when divided by 97.
fn is_bank_account(value: &[u8]) -> bool {
    if value.len() < IBAN_LEN_MIN || !COUNTRIES_ALPHA2.have(&value[..2]) {
        return false;
    }
    let turned = value[4..].iter().chain(&value[..4]);
    let rest = turned.copied().try_fold(0, |rest, byte| match byte {
        b'0'..=b'9' => Some((rest * 10 + u32::from(byte - b'0')) % 97),
        b'A'..=b'Z' => Some((rest * 100 + u32::from(byte - b'A') + 10) % 97),
        _ => None,
    });
    rest == Some(1)
}

fn is_percent_encoded(value: &[u8]) -> bool {
    let mut rest = value;
    while let Some(at) = rest.iter().position(|byte| *byte == b'%') {
        match rest.get(at + 1..at + 3) {
            Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => rest = &rest[at + 3..],
            _ => return false,
        }
    }
    true
}

fn is_position(value: &[u8]) -> bool {
    let mut numbers = value.split(|byte| *byte == b'/');
    let (Some(position), Some(end), None) = (numbers.next(), numbers.next(), numbers.next()) else {
        return false;
    };
    let is_number = |digits: &[u8]| {
        digits.iter().all(u8::is_ascii_digit) && !digits.is_empty() && digits[0] != b'0'
    };
    is_number(position) && is_number(end) && (position.len(), position) <= (end.len(), end)
}
