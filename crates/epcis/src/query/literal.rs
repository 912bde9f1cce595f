//! Values of users' own fields, and the values that queries compare with them.

use std::cmp::Ordering;

use crate::number;
use crate::reader::Value;
use crate::time;

/// On which side of a bound a value lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// Equal.
    Eq,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
}

impl Comparison {
    pub(super) const NAMED: [(Comparison, &'static str); 5] = [
        (Comparison::Eq, "EQ_"),
        (Comparison::Gt, "GT_"),
        (Comparison::Ge, "GE_"),
        (Comparison::Lt, "LT_"),
        (Comparison::Le, "LE_"),
    ];

    /// Tells whether a value that lies so to the bound passes.
    pub(super) fn takes(self, order: Ordering) -> bool {
        match self {
            Comparison::Eq => order.is_eq(),
            Comparison::Gt => order.is_gt(),
            Comparison::Ge => order.is_ge(),
            Comparison::Lt => order.is_lt(),
            Comparison::Le => order.is_le(),
        }
    }
}

/// What a value of a field is, so that equal values are equal atoms whatever
/// their zone or spelling.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Atom {
    Bool(bool),
    /// A number in the one spelling of canonical forms.
    Number(String),
    /// A date-time, in milliseconds since 1970.
    Instant(i64),
    Text(String),
}

impl Atom {
    /// Returns what a JSON value is; objects, arrays and null are none.
    pub(super) fn of(value: &Value<'_>) -> Option<Atom> {
        Some(match value {
            Value::Bool(flag) => Atom::Bool(*flag),
            Value::Number(number) => Atom::number(*number),
            Value::String(text) => Atom::text(text),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        })
    }

    fn text(text: &str) -> Atom {
        match time::instant_ms(text) {
            Some(ms) => Atom::Instant(ms),
            None => Atom::Text(text.to_owned()),
        }
    }

    fn number(value: f64) -> Atom {
        let mut text = Vec::new();
        number::write(value, &mut text);
        Atom::Number(String::from_utf8(text).unwrap_or_default())
    }

    /// Returns the atom as text, in which different kinds are never equal.
    pub(super) fn term(&self) -> String {
        match self {
            Atom::Bool(flag) => format!("b{flag}"),
            Atom::Number(text) => format!("n{text}"),
            Atom::Instant(ms) => format!("t{ms}"),
            Atom::Text(text) => format!("s{text}"),
        }
    }
}

/// A value that a query compares fields with for equality.
///
/// A text from a query string does not tell its type, and neither does a value
/// that came in by XML: so a text equals a number or boolean that it spells,
/// and a number equals its canonical spelling.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// A text; a date-time equals every spelling of its instant.
    Text(String),
    /// A number.
    Number(f64),
    /// A boolean.
    Bool(bool),
}

impl Literal {
    /// Returns the atoms that it equals.
    pub(super) fn atoms(&self) -> Vec<Atom> {
        match self {
            Literal::Text(text) => {
                let mut atoms = vec![Atom::text(text)];
                atoms.extend(decimal(text).map(Atom::number));
                atoms.extend(text.parse().ok().map(Atom::Bool));
                atoms
            }
            Literal::Number(value) => {
                let atom = Atom::number(*value);
                let spelled = match &atom {
                    Atom::Number(text) => Some(Atom::Text(text.clone())),
                    _ => None,
                };
                std::iter::once(atom).chain(spelled).collect()
            }
            Literal::Bool(flag) => vec![Atom::Bool(*flag), Atom::Text(flag.to_string())],
        }
    }

    pub(super) fn is(&self, atom: &Atom) -> bool {
        self.atoms().contains(atom)
    }
}

/// Reads a decimal number; words like `inf` are none.
pub(super) fn decimal(text: &str) -> Option<f64> {
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let value = text.parse::<f64>().ok().filter(|value| value.is_finite());
    value.filter(|_| plain)
}

/// Reads a date-time, or a date as the beginning of its day in UTC.
pub(super) fn instant(text: &str) -> Option<i64> {
    time::instant_ms(text).or_else(|| match text.len() {
        10 => time::instant_ms(&format!("{text}T00:00:00Z")),
        _ => None,
    })
}

/// One side of a number or moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Which side.
    pub comparison: Comparison,
    /// The bound.
    pub bound: Bound,
}

/// What values are compared with for order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// A number.
    Number(f64),
    /// A moment, in milliseconds since 1970.
    Instant(i64),
}

impl Range {
    /// Tells whether a value of a field passes: a number, or a text that reads
    /// as one, for a number; a date-time or date for a moment.
    pub(super) fn holds(&self, value: &Value<'_>) -> bool {
        let order = match (self.bound, value) {
            (Bound::Number(bound), Value::Number(number)) => number.partial_cmp(&bound),
            (Bound::Number(bound), Value::String(text)) => {
                decimal(text).and_then(|number| number.partial_cmp(&bound))
            }
            (Bound::Instant(bound), Value::String(text)) => {
                instant(text).map(|instant| instant.cmp(&bound))
            }
            _ => None,
        };
        order.is_some_and(|order| self.comparison.takes(order))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Problems;
    use crate::reader;

    fn value(json: &str) -> Value<'_> {
        let value = reader::read(json.as_bytes(), 8, &mut Problems::default());
        value.expect("JSON")
    }

    #[test]
    fn literals_equal_what_they_spell() {
        let text = |text: &str| Literal::Text(text.to_owned());
        for (literal, value, expected) in [
            (text("x"), r#""x""#, true),
            (text("x"), r#""X""#, false),
            (text("10"), "10", true),
            (text("10.0"), "10", true),
            (text("10"), r#""10""#, true),
            (text("10"), r#""10.0""#, false),
            (text("007"), r#""7""#, false),
            (text("true"), "true", true),
            (Literal::Number(10.0), r#""10""#, true),
            (Literal::Number(10.0), "1e1", true),
            (Literal::Bool(true), r#""true""#, true),
            (Literal::Bool(true), "false", false),
            (
                text("2025-07-01T00:00:00Z"),
                r#""2025-07-01T07:00:00.000+07:00""#,
                true,
            ),
            (text("2025-07-01"), r#""2025-07-01""#, true),
            (text("inf"), r#""inf""#, true),
            (text("x"), r#"{"x": "x"}"#, false),
        ] {
            let atom = Atom::of(&self::value(value));
            let equal = atom.is_some_and(|atom| literal.is(&atom));
            assert_eq!(equal, expected, "{literal:?} {value}");
        }
    }

    #[test]
    fn ranges_compare_numbers_and_moments() {
        use Comparison::{Ge, Gt, Le, Lt};
        let day = instant("2025-07-01").expect("a date");
        for (comparison, bound, value, expected) in [
            (Gt, Bound::Number(10.0), "10", false),
            (Ge, Bound::Number(10.0), "10", true),
            (Lt, Bound::Number(10.0), r#""9.5""#, true),
            (Le, Bound::Number(10.0), r#""ten""#, false),
            (Ge, Bound::Instant(day), r#""2025-07-01""#, true),
            (
                Lt,
                Bound::Instant(day),
                r#""2025-07-01T06:59:59+07:00""#,
                true,
            ),
            (Ge, Bound::Instant(day), "1751328000000", false),
        ] {
            let range = Range { comparison, bound };
            assert_eq!(
                range.holds(&self::value(value)),
                expected,
                "{range:?} {value}"
            );
        }
    }
}
