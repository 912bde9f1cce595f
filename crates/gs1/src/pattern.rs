//! Patterns of identifiers, as queries give them (GS1 EPC Tag Data Standard
//! §8, EPCIS 2.0 §8.2.7.1).

use crate::ai::Ai;
use crate::digits::check_digit;
use crate::error::KeyError;
use crate::key::Key;

/// What a query asks identifiers to be: one identifier in any spelling, or all
/// that an EPC pattern stands for.
///
/// ```
/// use gs1::{Key, Pattern};
///
/// let boxes = Pattern::read("urn:epc:idpat:sgtin:8938505.012345.*")?;
/// assert!(boxes.matches(&Key::from_uri("https://id.gs1.org/01/08938505123455/21/7")?));
/// assert!(!boxes.matches(&Key::from_uri("urn:epc:id:sgtin:8938505.112345.7")?));
/// # Ok::<(), gs1::KeyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(Form);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    /// The identity of one identifier.
    Exact(Key),
    /// Keys of one scheme whose value has `digits` at a place.
    Digits {
        primary: Ai,
        at: usize,
        digits: String,
        follows: Follows,
    },
    /// EPC URNs of another body's scheme, by their first components.
    Urn { start: String },
}

/// What may follow the primary key in a scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Follows {
    Nothing,
    /// This application identifier, or nothing: the class itself.
    Maybe(Ai),
    Always(Ai),
}

/// How the components of a scheme lie in the value of its key.
struct Layout {
    primary: Ai,
    /// Where the company prefix begins.
    at: usize,
    follows: Follows,
}

impl Pattern {
    /// Reads a URI or a pattern: `urn:epc:idpat:` with wildcards for its last
    /// components, or `urn:epc:class:lgtin:` in the same way.
    ///
    /// Anything else stands for itself, broken identifiers too, since such a
    /// thing must be found by the name it was given.
    ///
    /// # Errors
    ///
    /// What is no URI, and a pattern that breaks the rules of its scheme.
    pub fn read(uri: &str) -> Result<Self, KeyError> {
        if let Some(form) = lots(uri) {
            return Ok(Self(form));
        }
        let Some((scheme, parts)) = wildcards(uri, "urn:epc:idpat:") else {
            let key = Key::from_uri_or_verbatim(uri)?;
            return Ok(Self(Form::Exact(key.identity().into_owned())));
        };
        // The reader of URNs knows the rules of every scheme.
        let key = Key::from_uri(uri)?;
        let Some(layout) = Layout::of(&scheme) else {
            let start = parts
                .iter()
                .map(|part| format!("{part}."))
                .collect::<String>();
            let start = format!("urn:epc:id:{scheme}:{start}");
            return Ok(Self(Form::Urn { start }));
        };
        let class = key
            .gs1()
            .and_then(|key| key.value(layout.primary))
            .map(|value| value.into_owned());
        let (at, digits) = match class {
            Some(value) => (0, value),
            None => layout.fixed(&parts),
        };
        Ok(Self(layout.form(at, digits)))
    }

    /// Tells whether an identifier is one of those that the pattern stands
    /// for. A lot told beside a serial number makes no difference.
    pub fn matches(&self, key: &Key) -> bool {
        let key = key.identity();
        match &self.0 {
            Form::Exact(exact) => exact == key.as_ref(),
            Form::Urn { start } => key
                .as_str()
                .get(..start.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(start)),
            Form::Digits {
                primary,
                at,
                digits,
                follows,
            } => {
                let Some(key) = key.gs1() else { return false };
                let mut values = key.values();
                let has_digits = values.next().is_some_and(|(ai, value)| {
                    let rest = value.get(*at..);
                    ai == *primary && rest.is_some_and(|rest| rest.starts_with(digits))
                });
                let next = values.next().map(|(ai, _)| ai);
                has_digits
                    && match follows {
                        Follows::Nothing => next.is_none(),
                        Follows::Maybe(ai) => next.is_none_or(|next| next == *ai),
                        Follows::Always(ai) => next == Some(*ai),
                    }
            }
        }
    }

    /// Returns the identity that is asked for, where it is just one.
    pub fn exact(&self) -> Option<&Key> {
        match &self.0 {
            Form::Exact(key) => Some(key),
            Form::Digits { .. } | Form::Urn { .. } => None,
        }
    }

    /// Returns names under all of which an index that files each key by
    /// [`Pattern::shelves`] has what the pattern stands for; `None` where it
    /// stands for one identifier or for more than a shelf.
    pub fn shelf(&self) -> Option<String> {
        let Form::Digits {
            primary,
            at,
            digits,
            ..
        } = &self.0
        else {
            return None;
        };
        if *at == 0 && Some(digits.len()) == class_len(*primary) {
            return Some(format!("/{primary}/{digits}"));
        }
        let skip = prefix_at(*primary).checked_sub(*at)?;
        let prefix = digits.get(skip..skip + SHELF_DIGITS)?;
        Some(format!("/{primary}/~{prefix}"))
    }

    /// Returns the shelves of a key: its class by number, where its scheme has
    /// one and the key is not it, and the first digits of its company prefix.
    pub fn shelves(key: &Key) -> [Option<String>; 2] {
        let Some((primary, value)) = key.gs1().and_then(|key| key.values().next()) else {
            return [None, None];
        };
        let class = class_len(primary).and_then(|len| value.get(..len));
        let at = prefix_at(primary);
        let prefix = value.get(at..at + SHELF_DIGITS);
        [
            class.map(|class| format!("/{primary}/{class}")),
            prefix.map(|prefix| format!("/{primary}/~{prefix}")),
        ]
    }
}

/// The digits of a company prefix that make a shelf: those that even the
/// shortest in common use has.
const SHELF_DIGITS: usize = 6;

/// Returns how many characters of a key's value name a class.
fn class_len(primary: Ai) -> Option<usize> {
    match primary {
        Ai::GTIN | Ai::GRAI => Some(14),
        Ai::GDTI | Ai::GCN => Some(13),
        _ => None,
    }
}

/// Returns where the company prefix begins in a key's value.
fn prefix_at(primary: Ai) -> usize {
    match primary {
        Ai::GTIN | Ai::SSCC | Ai::GRAI | Ai::ITIP => 1,
        _ => 0,
    }
}

/// Takes a pattern apart: its scheme and the components before the wildcards.
fn wildcards<'u>(uri: &'u str, head: &str) -> Option<(String, Vec<&'u str>)> {
    let (start, rest) = uri.split_at_checked(head.len())?;
    let (scheme, fields) = rest.split_once(':')?;
    if !start.eq_ignore_ascii_case(head) || !fields.ends_with('*') {
        return None;
    }
    let parts: Vec<_> = fields.split('.').collect();
    let wild = parts.iter().rev().take_while(|part| **part == "*").count();
    let fixed = parts[..parts.len() - wild].to_vec();
    (wild > 0).then(|| (scheme.to_ascii_lowercase(), fixed))
}

/// Reads a pattern of lots: all of a trade item, of a company, or all.
fn lots(uri: &str) -> Option<Form> {
    let (scheme, parts) = wildcards(uri, "urn:epc:class:")?;
    let layout = Layout {
        primary: Ai::GTIN,
        at: 1,
        follows: Follows::Always(Ai::LOT),
    };
    let digits = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
    let whole = match parts.as_slice() {
        [prefix, item] => prefix.len() + item.len() == 13 && !item.is_empty(),
        [prefix] => (4..=12).contains(&prefix.len()),
        other => other.is_empty(),
    };
    if scheme != "lgtin" || !whole || !parts.iter().all(digits) {
        return None;
    }
    let (at, digits) = layout.fixed(&parts);
    Some(layout.form(at, digits))
}

impl Layout {
    /// Returns the layout of a scheme of GS1's own.
    fn of(scheme: &str) -> Option<Self> {
        let (primary, follows) = match scheme {
            "sgtin" => (Ai::GTIN, Follows::Maybe(Ai::SERIAL)),
            "upui" => (Ai::GTIN, Follows::Maybe(Ai::TPX)),
            "itip" => (Ai::ITIP, Follows::Maybe(Ai::SERIAL)),
            "cpi" => (Ai::CPID, Follows::Maybe(Ai::CPID_SERIAL)),
            "sgln" => (Ai::GLN, Follows::Maybe(Ai::GLN_EXTENSION)),
            "sscc" => (Ai::SSCC, Follows::Nothing),
            "grai" => (Ai::GRAI, Follows::Nothing),
            "giai" => (Ai::GIAI, Follows::Nothing),
            "gsrn" => (Ai::GSRN, Follows::Nothing),
            "gsrnp" => (Ai::GSRN_PROVIDER, Follows::Nothing),
            "gdti" => (Ai::GDTI, Follows::Nothing),
            "sgcn" => (Ai::GCN, Follows::Nothing),
            "ginc" => (Ai::GINC, Follows::Nothing),
            "gsin" => (Ai::GSIN, Follows::Nothing),
            "pgln" => (Ai::PARTY, Follows::Nothing),
            _ => return None,
        };
        Some(Self {
            primary,
            at: prefix_at(primary),
            follows,
        })
    }

    /// Returns what the fixed components of a checked pattern ask for, and
    /// where in the key's value.
    fn fixed(&self, parts: &[&str]) -> (usize, String) {
        let (prefix, item, more) = match parts {
            [] => return (0, String::new()),
            [prefix] => return (self.at, (*prefix).to_owned()),
            [prefix, item, more @ ..] => (*prefix, *item, more),
        };
        if !matches!(self.primary, Ai::GTIN | Ai::ITIP) {
            return (self.at, format!("{prefix}{item}"));
        }
        let (indicator, item) = item.split_at_checked(1).unwrap_or((item, ""));
        let body = format!("{indicator}{prefix}{item}");
        let digit = check_digit(&body).map_or(String::new(), |digit| digit.to_string());
        (0, format!("{body}{digit}{}", more.concat()))
    }

    fn form(&self, at: usize, digits: String) -> Form {
        Form::Digits {
            primary: self.primary,
            at,
            digits,
            follows: self.follows,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, uri: &str) -> bool {
        let pattern = Pattern::read(pattern).expect("a pattern");
        let key = Key::from_uri(uri).expect("an identifier");
        let matches = pattern.matches(&key);
        if let (true, Some(shelf)) = (matches, pattern.shelf()) {
            let shelves = Pattern::shelves(&key);
            assert!(shelves.contains(&Some(shelf)), "{uri} on {shelves:?}");
        }
        matches
    }

    #[test]
    fn patterns_stand_for_what_their_fixed_components_tell() {
        const ITEM: &str = "urn:epc:id:sgtin:8938505.012345.1";
        const LINK: &str = "https://vuon.example.vn/01/08938505123455/10/L1/21/1";
        const LOT: &str = "urn:epc:class:lgtin:8938505.012345.L1";
        for (pattern, uri, expected) in [
            (ITEM, LINK, true),
            (ITEM, "urn:epc:id:sgtin:8938505.012345.2", false),
            ("urn:epc:idpat:sgtin:8938505.012345.1", LINK, true),
            ("urn:epc:idpat:sgtin:8938505.012345.*", LINK, true),
            ("URN:EPC:idpat:sgtin:8938505.012345.*", LINK, true),
            ("urn:epc:idpat:sgtin:8938505.112345.*", LINK, false),
            ("urn:epc:idpat:sgtin:8938505.*.*", LINK, true),
            ("urn:epc:idpat:sgtin:893850.*.*", LINK, true),
            ("urn:epc:idpat:sgtin:8938506.*.*", LINK, false),
            ("urn:epc:idpat:sgtin:*.*.*", LINK, true),
            ("urn:epc:idpat:sgtin:8938505.012345.*", LOT, false),
            (
                "urn:epc:idpat:sgtin:8938505.012345.*",
                "https://id.gs1.org/01/08938505123455",
                true,
            ),
            ("urn:epc:class:lgtin:8938505.012345.*", LOT, true),
            ("urn:epc:class:lgtin:8938505.*.*", LOT, true),
            ("urn:epc:class:lgtin:*.*.*", LOT, true),
            ("urn:epc:class:lgtin:8938505.012345.*", ITEM, false),
            ("urn:epc:class:lgtin:8938505.012345.L1", LOT, true),
            (
                "urn:epc:idpat:sscc:8938505.*",
                "urn:epc:id:sscc:8938505.1234567890",
                true,
            ),
            (
                "urn:epc:idpat:sgln:8938505.00001.*",
                "urn:epc:id:sgln:8938505.00001.A",
                true,
            ),
            (
                "urn:epc:idpat:sgln:8938505.00001.*",
                "https://id.gs1.org/414/8938505000015",
                true,
            ),
            (
                "urn:epc:idpat:sgln:8938505.00002.*",
                "urn:epc:id:sgln:8938505.00001.A",
                false,
            ),
            (
                "urn:epc:idpat:grai:8938505.12345.*",
                "urn:epc:id:grai:8938505.12345.77",
                true,
            ),
            (
                "urn:epc:idpat:grai:8938505.*.*",
                "urn:epc:id:grai:8938505.12345.77",
                true,
            ),
            (
                "urn:epc:idpat:gdti:8938505.00007.*",
                "urn:epc:id:gdti:8938505.00007.PO1",
                true,
            ),
            (
                "urn:epc:idpat:giai:8938505.*",
                "urn:epc:id:giai:8938505.A1",
                true,
            ),
            (
                "urn:epc:idpat:itip:8938505.012345.01.*.*",
                "urn:epc:id:itip:8938505.012345.01.02.9",
                true,
            ),
            (
                "urn:epc:idpat:itip:8938505.012345.02.*.*",
                "urn:epc:id:itip:8938505.012345.01.02.9",
                false,
            ),
            ("urn:epc:idpat:gid:1.2.*", "urn:epc:id:gid:1.2.3", true),
            ("urn:epc:idpat:gid:1.2.*", "urn:epc:id:gid:1.20.3", false),
            ("urn:epc:idpat:gid:*.*.*", "urn:epc:id:gid:1.20.3", true),
            ("https://a.example/x", "https://a.example/x", true),
            ("https://a.example/x", "https://a.example/y", false),
        ] {
            assert_eq!(matches(pattern, uri), expected, "{pattern} ~ {uri}");
        }
    }

    #[test]
    fn broken_patterns_are_refused() {
        for pattern in [
            "urn:epc:idpat:sgtin:8938505.*.1.*",
            "urn:epc:idpat:sgtin:abc.*.*",
            "urn:epc:idpat:sgtin:8938505.*",
            "urn:epc:idpat:nothing:1.*",
            "no uri",
        ] {
            assert!(Pattern::read(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn shelves_are_narrow() {
        let shelf = |pattern| Pattern::read(pattern).expect("a pattern").shelf();
        for (pattern, expected) in [
            (
                "urn:epc:idpat:sgtin:8938505.012345.*",
                Some("/01/08938505123455"),
            ),
            ("urn:epc:idpat:sgtin:8938505.*.*", Some("/01/~893850")),
            ("urn:epc:idpat:sgtin:*.*.*", None),
            ("urn:epc:idpat:sgln:8938505.00001.*", Some("/414/~893850")),
            ("urn:epc:id:sgtin:8938505.012345.1", None),
        ] {
            assert_eq!(shelf(pattern).as_deref(), expected, "{pattern}");
        }
    }
}
