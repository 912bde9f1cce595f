//! The form that values and names have in the hashed string.

use std::borrow::Cow;

use crate::global_terms::PREFIXES;
use crate::time;
use crate::vocabulary::{
    BIZ_STEP, BIZ_TRANSACTION_TYPE, DISPOSITION, ERROR_REASON, SOURCE_DESTINATION_TYPE, Vocabulary,
};

/// The vocabularies that CBV 1.x named by URN.
static WITH_URN: [&Vocabulary; 5] = [
    &BIZ_STEP,
    &DISPOSITION,
    &BIZ_TRANSACTION_TYPE,
    &SOURCE_DESTINATION_TYPE,
    &ERROR_REASON,
];

/// The namespace of CBV's master data attributes, which is written without the
/// colon that parts it from the name.
pub(super) const MASTER_DATA: &str = "urn:epcglobal:cbv:mda";

/// Where the terms of the standards have their web URIs.
pub(super) const STANDARDS: &str = "https://ref.gs1.org/";

/// Exponents of more digits than this stand for no number: written out, they
/// would be longer than anything else.
const EXPONENT_DIGITS_MAX: usize = 6;

/// Returns a value in its canonical form: without blanks around it, words of
/// the CBV as web URIs, numbers without needless zeros, GS1 identifiers as
/// constrained canonical Digital Links (CBV 2.0 §8.9.2).
pub(super) fn value(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if let Some(number) = number(text) {
        return number;
    }
    if !text.contains(':') || text.starts_with(STANDARDS) {
        return Cow::Borrowed(text);
    }
    if let Some(link) = gs1::constrained_digital_link(text) {
        return Cow::Owned(link);
    }
    standard_word(text).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// Expands a URN of CBV 1.x, and a CURIE of the GS1 and CBV namespaces: both
/// may stand in extensions, whose texts the canonical form keeps as written.
fn standard_word(text: &str) -> Option<String> {
    if text.starts_with("urn:epcglobal:cbv:") {
        return WITH_URN.iter().find_map(|vocabulary| {
            let word = text.strip_prefix(vocabulary.urn?)?;
            Some(format!("{}{word}", vocabulary.iri))
        });
    }
    let (prefix, word) = text.split_once(':')?;
    let fixed = PREFIXES.iter().take(crate::global_terms::PREFIXES_FIXED);
    let (_, iri) = fixed.into_iter().find(|(name, _)| *name == prefix)?;
    Some(format!("{iri}{word}"))
}

/// Returns a time in UTC and milliseconds, further digits rounded half up.
pub(super) fn utc(text: &str) -> Option<String> {
    let text = text.trim();
    let mut instant_ms = time::instant_ms(text)?;
    let fraction = text.split_once('.').map_or("", |(_, fraction)| fraction);
    let mut digits = fraction.bytes().take_while(u8::is_ascii_digit);
    if digits.nth(3).is_some_and(|digit| digit >= b'5') {
        instant_ms += 1;
    }
    Some(time::utc_text(instant_ms))
}

/// Returns a decimal number without a plus sign and needless zeros; `None`:
/// the text is none. What an exponent makes whole keeps it, as the reference
/// implementation does (`1.50e3` is `1.50E+3`).
fn number(text: &str) -> Option<Cow<'_, str>> {
    let first = *text.as_bytes().first()?;
    if !(first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.')) {
        return None;
    }
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, self::exponent(exponent)?),
        None => (text, 0),
    };
    let (sign, unsigned) = match mantissa.strip_prefix('-') {
        Some(unsigned) => ("-", unsigned),
        None => ("", mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    if text.len() == sign.len() + whole.len() && (whole == "0" || !whole.starts_with('0')) {
        // Most numbers are written as they are to be.
        return Some(Cow::Borrowed(text));
    }
    let digits = format!("{whole}{fraction}");
    let digits = match digits.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    let scale = i64::try_from(fraction.len()).ok()? - exponent;
    Some(Cow::Owned(written_out(sign, digits, scale)))
}

fn exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let sound = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !sound || digits.trim_start_matches('0').len() > EXPONENT_DIGITS_MAX {
        return None;
    }
    text.parse().ok()
}

/// Writes `digits` of which `scale` stand after the point.
fn written_out(sign: &str, digits: &str, scale: i64) -> String {
    if scale < 0 {
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        let shown = -scale + i64::try_from(rest.len()).unwrap_or(i64::MAX);
        return format!("{sign}{first}{point}{rest}E+{shown}");
    }
    let scale = usize::try_from(scale).unwrap_or(usize::MAX);
    let padded = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = padded.split_at(padded.len() - scale);
    match fraction.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

/// Splits the IRI of an extension into its namespace and local name, as the
/// namespaces of nearly all vocabularies end: with `/`, `#` or `:`. `None`: a
/// bare name, which stands as it is.
pub(super) fn split(name: &str) -> Option<(&str, &str)> {
    if let Some(local) = name.strip_prefix(MASTER_DATA) {
        return Some((MASTER_DATA, local.strip_prefix(':').unwrap_or(local)));
    }
    let at = name.rfind(['/', '#', ':'])?;
    Some(name.split_at(at + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        for (text, expected) in [
            ("receiving", "receiving"),
            ("  two words ", "two words"),
            ("2023-10-09", "2023-10-09"),
            ("2013-06-08T14:58:56.591Z", "2013-06-08T14:58:56.591Z"),
            ("(414)4023333000000", "(414)4023333000000"),
            ("geo:10.76,106.66", "geo:10.76,106.66"),
            ("example:x", "example:x"),
            ("gs1:Temperature", "https://ref.gs1.org/voc/Temperature"),
            ("cbv:Comp-x", "https://ref.gs1.org/cbv/Comp-x"),
            (
                "urn:epcglobal:cbv:bizstep:receiving",
                "https://ref.gs1.org/cbv/BizStep-receiving",
            ),
            (
                "urn:epcglobal:cbv:bt:8938505000007:1",
                "urn:epcglobal:cbv:bt:8938505000007:1",
            ),
            (
                "urn:epc:id:giai:4012345.ABC",
                "https://id.gs1.org/8004/4012345ABC",
            ),
            (
                "https://vuon.vn/01/08938505123455/10/L/21/7?x=1",
                "https://id.gs1.org/01/08938505123455/21/7",
            ),
        ] {
            assert_eq!(value(text), expected, "{text}");
        }
    }

    #[test]
    fn numbers() {
        for (text, expected) in [
            ("10", Some("10")),
            ("0", Some("0")),
            ("007", Some("7")),
            ("000", Some("0")),
            ("+7", Some("7")),
            ("-7", Some("-7")),
            ("-07.10", Some("-7.1")),
            ("-0.0", Some("-0")),
            ("12.0", Some("12")),
            ("12.", Some("12")),
            (".50", Some("0.5")),
            ("0.180000000000", Some("0.18")),
            ("1e3", Some("1E+3")),
            ("1.50e3", Some("1.50E+3")),
            ("150e-1", Some("15")),
            ("1.5e0", Some("1.5")),
            ("1e-7", Some("0.0000001")),
            ("1e+21", Some("1E+21")),
            (
                "12345678901234567890123456789.5",
                Some("12345678901234567890123456789.5"),
            ),
            ("1e9999999", None),
            ("1e", None),
            ("e1", None),
            (".", None),
            ("-", None),
            ("", None),
            ("1.2.3", None),
            ("0x10", None),
            ("+01:00", None),
            ("1 2", None),
        ] {
            assert_eq!(number(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn times() {
        for (text, expected) in [
            ("2020-03-04T11:00:30+01:00", "2020-03-04T10:00:30.000Z"),
            ("2020-03-04T11:00:30.1414Z", "2020-03-04T11:00:30.141Z"),
            ("2020-03-04T11:00:30.1415Z", "2020-03-04T11:00:30.142Z"),
            ("2019-12-31T23:59:59.9995Z", "2020-01-01T00:00:00.000Z"),
            ("2020-03-04T11:00:30.5-05:30", "2020-03-04T16:30:30.500Z"),
            ("2024-02-29T00:30:00.5+01:00", "2024-02-28T23:30:00.500Z"),
            ("1969-12-31T23:59:59.9Z", "1969-12-31T23:59:59.900Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(utc(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn names() {
        for (name, expected) in [
            ("https://a.vn/x/y", Some(("https://a.vn/x/", "y"))),
            ("https://a.vn/x#y", Some(("https://a.vn/x#", "y"))),
            ("urn:a:b:y", Some(("urn:a:b:", "y"))),
            (
                "urn:epcglobal:cbv:mda:lotNumber",
                Some(("urn:epcglobal:cbv:mda", "lotNumber")),
            ),
            (
                "urn:epcglobal:cbv:mdalotNumber",
                Some(("urn:epcglobal:cbv:mda", "lotNumber")),
            ),
            ("tag1", None),
        ] {
            assert_eq!(split(name), expected, "{name}");
        }
    }
}
