//! Numbers: what binary64 keeps of a decimal literal, and the one way to
//! write a binary64 (ECMAScript, as RFC 8785 §3.2.2.3 asks).

use std::fmt::Write;

/// Decimal digits that binary64 keeps whatever they are, far from its limits.
const DIGITS_KEPT: usize = 15;

/// Above this magnitude an integer is no longer written digit by digit here.
const PLAIN_INTEGER_MAX: f64 = 9_007_199_254_740_992.0;

/// Returns the value nearest to a JSON number literal, and whether the form
/// that [`write`] gives it denotes the same decimal number as the literal.
///
/// Rust's own shortest form will not do for comparison: where two shortest
/// forms are equally near, it and ECMAScript choose differently.
pub(crate) fn read(literal: &str) -> (f64, bool) {
    let value: f64 = literal.parse().unwrap_or(f64::NAN);
    if literal.len() <= DIGITS_KEPT && !literal.contains(['e', 'E']) {
        return (value, true);
    }
    let kept = value.is_finite() && {
        let mut text = Vec::new();
        write(value, &mut text);
        std::str::from_utf8(&text).is_ok_and(|text| Decimal::of(literal) == Decimal::of(text))
    };
    (value, kept)
}

/// Returns a finite number as [`write`] writes it.
pub(crate) fn text(value: f64) -> String {
    let mut text = Vec::new();
    write(value, &mut text);
    String::from_utf8(text).unwrap_or_default()
}

/// Writes a finite number as RFC 8785 asks.
pub(crate) fn write(value: f64, out: &mut Vec<u8>) {
    if value.trunc() == value && value.abs() < PLAIN_INTEGER_MAX {
        #[allow(clippy::cast_possible_truncation, reason = "an integer below 2^53")]
        let integer = value as i64;
        let mut text = Stack::default();
        if write!(text, "{integer}").is_ok() {
            out.extend_from_slice(text.bytes());
            return;
        }
    }
    if let Ok(text) = serde_json_canonicalizer::to_vec(&value) {
        out.extend_from_slice(&text);
    }
}

/// A decimal number as sign, digits without zeros at either end, and the
/// power of ten of the last digit: one form for each number.
#[derive(PartialEq, Eq, Debug)]
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    fn of(literal: &str) -> Option<Decimal> {
        let (mantissa, exponent) = literal.split_once(['e', 'E']).unwrap_or((literal, "0"));
        let negative = mantissa.starts_with('-');
        let (whole, fraction) = mantissa
            .trim_start_matches('-')
            .split_once('.')
            .unwrap_or((mantissa.trim_start_matches('-'), ""));
        let all = format!("{whole}{fraction}");
        let digits = all.trim_start_matches('0').trim_end_matches('0');
        if digits.is_empty() {
            return Some(Decimal {
                negative: false,
                digits: String::new(),
                exponent: 0,
            });
        }
        let dropped = all.len() - all.trim_end_matches('0').len();
        let shift = i64::try_from(dropped).ok()? - i64::try_from(fraction.len()).ok()?;
        let exponent = exponent.parse::<i64>().ok()?.checked_add(shift)?;
        Some(Decimal {
            negative,
            digits: digits.to_owned(),
            exponent,
        })
    }
}

/// Room for the text of one integer.
#[derive(Default)]
struct Stack {
    bytes: [u8; 20],
    used: usize,
}

impl Stack {
    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.used]
    }
}

impl Write for Stack {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.used + text.len();
        let room = self.bytes.get_mut(self.used..end).ok_or(std::fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.used = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_kept_or_not() {
        for (literal, kept) in [
            ("0", true),
            ("-0", true),
            ("-0.0", true),
            ("10", true),
            ("1.0", true),
            ("1.10", true),
            ("100000000000000000000", true),
            ("1e21", true),
            ("1E+2", true),
            ("9007199254740992", true),
            ("9007199254740993", false),
            ("9007199254740994", true),
            ("0.1", true),
            ("0.1000000000000000055511151231257827", false),
            ("0.30000000000000004", true),
            ("123456789012345678", false),
            ("1e400", false),
            ("1e-400", false),
            ("0e99999999999999999999", true),
            ("1e99999999999999999999", false),
            ("5e-324", true),
            ("4.94e-324", false),
            ("1.7976931348623157e308", true),
            ("12.345678901234567", true),
            ("-813206283660176.2", true),
            ("-813206283660176.3", false),
            ("12.3456789012345678", false),
        ] {
            assert_eq!(read(literal).1, kept, "{literal}");
        }
    }

    #[test]
    fn numbers_are_written_as_ecmascript_does() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (-5.0, "-5"),
            (10.5, "10.5"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1e-7, "1e-7"),
            (-813_206_283_660_176.0 - 0.25, "-813206283660176.2"),
            (0.000_001, "0.000001"),
            (9_007_199_254_740_991.0, "9007199254740991"),
            (333_333_333.333_333_3, "333333333.3333333"),
        ] {
            let mut out = Vec::new();
            write(value, &mut out);
            assert_eq!(String::from_utf8(out).expect("ASCII"), expected);
        }
    }
}
