//! EPC URNs of keys.

use super::{
    Body, CPI, GDTI, GIAI, GINC, GRAI, GSIN, GSRN, GSRNP, ITIP, LGTIN, PGLN, SGCN, SGLN, SGTIN,
    SSCC, Scheme, Serial, UPUI,
};
use crate::ai::Ai;
use crate::company_prefix::CompanyPrefixes;
use crate::error::Problem;
use crate::text::push_urn_escaped;

/// The schemes with an EPC URN, as an error message names them.
const SCHEMES: &str = "SGTIN, LGTIN, UPUI, ITIP, SSCC, SGLN, PGLN, GRAI, GIAI, GSRN, GSRNP, \
     GDTI, CPI, SGCN, GINC, GSIN";

/// Writes the EPC URN of a key, given as its primary key and the one qualifier
/// that its identity has.
pub(crate) fn write(
    primary: (Ai, &str),
    qualifier: Option<(Ai, &str)>,
    prefixes: &CompanyPrefixes,
) -> Result<String, Problem> {
    let (ai, value) = primary;
    let told = |ai: Ai| format!("({ai})");
    let qualifiers: String = qualifier.iter().map(|(ai, _)| told(*ai)).collect();
    let what = told(ai) + &qualifiers;
    let no_urn = || Problem::NoUrn {
        what: what.clone(),
        right: SCHEMES,
    };
    let scheme = scheme_of(ai, qualifier.map(|(ai, _)| ai)).ok_or_else(no_urn)?;
    let body = scheme.split(value, prefixes)?.ok_or_else(no_urn)?;
    let serial = match scheme.serial {
        Serial::None => None,
        Serial::Within => Some(&value[scheme.key.form.checked..]),
        Serial::Extension(_) => Some(qualifier.map_or("0", |(_, extension)| extension)),
        Serial::Qualifier(_) | Serial::Pieces(_) => {
            Some(qualifier.map_or("", |(_, serial)| serial))
        }
    };
    let kind = match serial {
        Some("") => "idpat",
        _ if scheme.name == LGTIN.name => "class",
        _ => "id",
    };
    let mut urn = format!("urn:epc:{kind}:{}:{body}", scheme.name);
    match serial {
        None => {}
        Some("") => urn.push_str(".*"),
        Some(serial) => {
            urn.push('.');
            push_urn_escaped(&mut urn, serial);
        }
    }
    Ok(urn)
}

fn scheme_of(primary: Ai, qualifier: Option<Ai>) -> Option<&'static Scheme> {
    Some(match (primary, qualifier) {
        (Ai::GTIN, None | Some(Ai::SERIAL)) => &SGTIN,
        (Ai::GTIN, Some(Ai::LOT)) => &LGTIN,
        (Ai::GTIN, Some(Ai::TPX)) => &UPUI,
        (Ai::ITIP, None | Some(Ai::SERIAL)) => &ITIP,
        (Ai::CPID, None | Some(Ai::CPID_SERIAL)) => &CPI,
        (Ai::GLN, None | Some(Ai::GLN_EXTENSION)) => &SGLN,
        (Ai::PARTY, None) => &PGLN,
        (Ai::SSCC, None) => &SSCC,
        (Ai::GRAI, None) => &GRAI,
        (Ai::GIAI, None) => &GIAI,
        (Ai::GSRN, None) => &GSRN,
        (Ai::GSRN_PROVIDER, None) => &GSRNP,
        (Ai::GDTI, None) => &GDTI,
        (Ai::GCN, None) => &SGCN,
        (Ai::GINC, None) => &GINC,
        (Ai::GSIN, None) => &GSIN,
        _ => return None,
    })
}

impl Scheme {
    /// Writes the components before the serial number: company prefix and
    /// reference, and the pieces of an ITIP. `None`: the key has no reference
    /// where the URN must have one.
    fn split(&self, value: &str, prefixes: &CompanyPrefixes) -> Result<Option<String>, Problem> {
        let body = match self.body {
            Body::Digits(total) => {
                let filler = self.key.form.checked - 1 - total;
                let (prefix, reference) = cut(&value[filler..filler + total], prefixes)?;
                format!("{prefix}.{reference}")
            }
            Body::Turned(total) => {
                let (first, rest) = value[..total].split_at(1);
                let (prefix, reference) = cut(rest, prefixes)?;
                format!("{prefix}.{first}{reference}")
            }
            Body::Free => {
                let (prefix, reference) = cut(value, prefixes)?;
                if reference.is_empty() {
                    return Ok(None);
                }
                let mut body = format!("{prefix}.");
                push_urn_escaped(&mut body, reference);
                body
            }
        };
        Ok(Some(match self.serial {
            Serial::Pieces(_) => format!("{body}.{}.{}", &value[14..16], &value[16..]),
            _ => body,
        }))
    }
}

/// Cuts off the company prefix.
fn cut<'a>(value: &'a str, prefixes: &CompanyPrefixes) -> Result<(&'a str, &'a str), Problem> {
    let found = prefixes.require(value)?;
    if !(6..=12).contains(&found) {
        return Err(Problem::CompanyPrefix { found });
    }
    value
        .split_at_checked(found)
        .filter(|(prefix, _)| prefix.bytes().all(|byte| byte.is_ascii_digit()))
        .ok_or_else(|| Problem::UnknownCompanyPrefix {
            digits: value.chars().take(found).collect(),
        })
}
