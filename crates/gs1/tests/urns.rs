//! Keys as EPC URNs, and the table of company prefixes that they rest on.

#![allow(
    clippy::print_stdout,
    reason = "a test says when it has nothing to compare"
)]

use gs1::{Ai, CompanyPrefixes, Gtin, Key};

/// A table under which 8938505 is a company prefix.
fn prefixes() -> CompanyPrefixes {
    CompanyPrefixes::from_entries([("893", 7), ("8938506", 0), ("0614141", 7), ("8939", 4)])
        .expect("a table")
}

#[test]
fn keys_have_the_urns_of_their_schemes() {
    for (key, urn) in [
        ("/01/08938505123455", "urn:epc:idpat:sgtin:8938505.012345.*"),
        (
            "/01/18938505123452/21/A%2F1%3F",
            "urn:epc:id:sgtin:8938505.112345.A%2F1%3F",
        ),
        (
            "/01/08938505123455/10/L7",
            "urn:epc:class:lgtin:8938505.012345.L7",
        ),
        (
            "/01/08938505123455/10/L7/21/1",
            "urn:epc:id:sgtin:8938505.012345.1",
        ),
        (
            "/01/08938505123455/22/V",
            "urn:epc:idpat:sgtin:8938505.012345.*",
        ),
        (
            "/01/08938505123455/235/T%29",
            "urn:epc:id:upui:8938505.012345.T)",
        ),
        (
            "/00/389385050000000078",
            "urn:epc:id:sscc:8938505.3000000007",
        ),
        ("/414/8938505000053", "urn:epc:id:sgln:8938505.00005.0"),
        (
            "/414/8938505000053/254/A",
            "urn:epc:id:sgln:8938505.00005.A",
        ),
        ("/417/8938505000053", "urn:epc:id:pgln:8938505.00005"),
        ("/8003/08938505000015", "urn:epc:idpat:grai:8938505.00001.*"),
        ("/8003/08938505000015P", "urn:epc:id:grai:8938505.00001.P"),
        ("/8004/8938505A%2F", "urn:epc:id:giai:8938505.A%2F"),
        (
            "/8006/089385051234550102",
            "urn:epc:idpat:itip:8938505.012345.01.02.*",
        ),
        (
            "/8006/089385051234550102/21/1",
            "urn:epc:id:itip:8938505.012345.01.02.1",
        ),
        ("/8010/8938505A%23/8011/7", "urn:epc:id:cpi:8938505.A%23.7"),
        ("/8010/8938505A", "urn:epc:idpat:cpi:8938505.A.*"),
        (
            "/8017/893850512345678905",
            "urn:epc:id:gsrnp:8938505.1234567890",
        ),
        (
            "/8018/893850512345678905",
            "urn:epc:id:gsrn:8938505.1234567890",
        ),
        ("/253/8938505000077P", "urn:epc:id:gdti:8938505.00007.P"),
        ("/253/8938505000077", "urn:epc:idpat:gdti:8938505.00007.*"),
        ("/255/89385050000771", "urn:epc:id:sgcn:8938505.00007.1"),
        ("/401/8938505C-1", "urn:epc:id:ginc:8938505.C-1"),
        (
            "/402/89385051234567893",
            "urn:epc:id:gsin:8938505.123456789",
        ),
        (
            "urn:epc:id:gid:95100000.12345.400",
            "urn:epc:id:gid:95100000.12345.400",
        ),
    ] {
        let key: Key = key.parse().expect("the text is a key's");
        assert_eq!(key.to_urn(&prefixes()).as_deref(), Ok(urn), "{key}");
        assert_eq!(Key::from_uri(urn), Ok(key.identity().into_owned()), "{key}");
    }
}

#[test]
fn keys_without_urns_say_why() {
    for (key, told) in [
        ("/8006/089385051234550102/10/L", "(8006)(10) has no EPC URN"),
        ("/8013/1987654Ad4X4bL5ttr2310c2K", "(8013) has no EPC URN"),
        ("/415/8938505000053", "(415) has no EPC URN"),
        (
            "/8018/893850512345678905/8019/1",
            "(8018)(8019) has no EPC URN",
        ),
        ("/8004/8938505", "(8004) has no EPC URN"),
        ("/8004/89385A", "no company prefix is known for 89385A"),
        (
            "/01/04012345111118",
            "no company prefix is known for 401234511111",
        ),
        (
            "/414/8938506000052",
            "GS1 assigns no company prefixes under 893850600005",
        ),
        (
            "/414/8939000000012",
            "the GS1 company prefix has 4 digits; right is 6 to 12",
        ),
        ("https://example.com/", "it stands for no GS1 key"),
    ] {
        let key: Key = key.parse().expect("the text is a key's");
        let error = key.to_urn(&prefixes()).expect_err("it has no URN");
        assert!(error.problem().to_string().starts_with(told), "{error}");
    }
}

#[test]
fn keys_from_values() {
    let key = Key::from_values(
        Ai::GTIN,
        "8938505123455",
        &[(Ai::SERIAL, "1"), (Ai::LOT, "L")],
    );
    let key = key.expect("the values are sound");
    assert_eq!(key.as_str(), "/01/08938505123455/10/L/21/1");
    for (made, told) in [
        (
            Key::from_values(Ai::LOT, "L", &[]),
            "\"L\" is no valid identifier: it holds no GS1 key",
        ),
        (
            Key::from_values(Ai::GSIN, "89385051234567890", &[]),
            "check digit 0; right is 3 (at byte 16)",
        ),
        (
            Key::from_values(Ai::GLN, "8938505000053", &[(Ai::GLN_EXTENSION, "A B")]),
            "\"A B\" is no valid identifier: GLN extension (254) holds \" \"",
        ),
        (
            Key::from_values(Ai::GLN, "8938505000053", &[(Ai::LOT, "A")]),
            "(10) cannot stand here: after (414) comes",
        ),
        (
            Key::from_values(Ai::SSCC, "389385050000000078", &[(Ai::LOT, "A"); 5]),
            "(10) cannot stand here: after (00) comes nothing",
        ),
    ] {
        let error = made.expect_err("the values are broken").to_string();
        assert!(error.contains(told), "{error}");
    }
}

#[test]
fn gtins_in_few_digits() {
    for digits in [
        "96385074",
        "614141999996",
        "8938505123455",
        "18938505123452",
    ] {
        let gtin: Gtin = digits.parse().expect("a GTIN");
        assert_eq!(gtin.to_short(), digits);
        assert_eq!(gtin.to_short().parse(), Ok(gtin));
    }
}

#[test]
fn the_table_built_in_is_the_published_one() {
    let suite = "artefacts/gcp-lengths";
    let Some(folder) = conformance::folder(suite) else {
        return;
    };
    let text = std::fs::read_to_string(folder.join("../data/gcp_lengths.csv"))
        .expect("the published table lies beside the folder");
    let lines = text.lines().skip(1).filter_map(|line| line.split_once(','));
    let entries: Vec<(&str, u8)> = lines
        .map(|(prefix, len)| (prefix, len.parse().expect("a length")))
        .collect();
    let published = CompanyPrefixes::from_entries(entries.iter().copied()).expect("a table");
    let built_in = CompanyPrefixes::built_in();
    assert_eq!(built_in.to_compact(), published.to_compact());
    // The digits after an entry's prefix that no other entry refines.
    for (prefix, len) in &entries {
        let digits = format!("{prefix:0<12}");
        let longest = entries_over(&entries, &digits);
        if longest == *prefix {
            let right = Some(usize::from(*len)).filter(|len| *len > 0);
            assert_eq!(built_in.len_of(&digits), right, "{prefix}");
        }
    }
    // The table is one case, however many entries it has.
    conformance::report(suite, 1, &[]);
}

/// The longest prefix in the sorted table with which `digits` begin.
fn entries_over<'a>(entries: &[(&'a str, u8)], digits: &str) -> &'a str {
    let lens = (1..=digits.len()).rev();
    let found = lens.filter_map(|len| {
        let at = entries.binary_search_by(|(prefix, _)| (*prefix).cmp(&digits[..len]));
        at.ok().map(|at| entries[at].0)
    });
    found.into_iter().next().unwrap_or("")
}
