//! Identifiers in every form, explained and translated.

use gs1::{CompanyPrefixes, Form, Identifier, Notation};

/// A table under which 8938505 is a company prefix.
fn prefixes() -> CompanyPrefixes {
    CompanyPrefixes::from_entries([("893", 7)]).expect("a table")
}

#[test]
fn every_form_translates_into_every_other() {
    let urn = "urn:epc:id:sgtin:8938505.012345.A%2F1";
    let link = "https://id.gs1.org/01/08938505123455/21/A%2F1";
    let elements = "(01)08938505123455(21)A/1";
    for (input, form) in [
        (urn, Form::EpcUrn),
        ("URN:EPC:id:sgtin:8938505.012345.A%2f1", Form::EpcUrn),
        (link, Form::DigitalLink),
        (
            "https://vuon.example.vn/a/gtin/8938505123455/ser/A%2f1?x=y#z",
            Form::DigitalLink,
        ),
        ("/01/08938505123455/21/A%2F1", Form::Key),
        (elements, Form::ElementString),
        ("010893850512345521A/1", Form::ElementString),
        ("]d2010893850512345521A/1", Form::ElementString),
        ("^010893850512345521A/1", Form::ElementString),
    ] {
        let identifier = Identifier::read(input).expect("it is one");
        assert_eq!(identifier.form(), form, "{input}");
        for (notation, right) in [
            (Notation::Urn, urn),
            (Notation::DigitalLink, link),
            (Notation::ElementString, elements),
        ] {
            let found = identifier.translate(notation, &prefixes());
            assert_eq!(found.as_deref(), Ok(right), "{input}");
        }
    }
}

#[test]
fn digits_alone_are_keys_by_length_and_check_digit() {
    for (digits, form, key) in [
        ("96385074", Form::Digits, "/01/00000096385074"),
        ("614141999996", Form::Digits, "/01/00614141999996"),
        ("8938505123455", Form::Digits, "/01/08938505123455"),
        ("18938505123452", Form::Digits, "/01/18938505123452"),
        ("89385051234567893", Form::Digits, "/402/89385051234567893"),
        ("389385050000000078", Form::Digits, "/00/389385050000000078"),
        (
            "0108938505123455",
            Form::ElementString,
            "/01/08938505123455",
        ),
        (
            "00389385050000000078",
            Form::ElementString,
            "/00/389385050000000078",
        ),
    ] {
        let identifier = Identifier::read(digits).expect("it is one");
        assert_eq!(identifier.form(), form, "{digits}");
        assert_eq!(identifier.key().as_str(), key);
    }
}

#[test]
fn refused_identifiers() {
    for (input, told) in [
        ("", "it stands for no GS1 key"),
        ("nothing", "it stands for no GS1 key"),
        (
            "urn:epc:id:gid:95100000.12345.400",
            "it stands for no GS1 key",
        ),
        (
            "urn:epc:idpat:sgtin:8938505.*.*",
            "it stands for no GS1 key",
        ),
        (
            "urn:epc:id:sgtin:8938505.12345.1",
            "GTIN (01): company prefix and reference have 12 digits",
        ),
        (
            "https://example.com/index.html",
            "it is no GS1 Digital Link",
        ),
        (
            "https://a/01/08938505123455/",
            "an empty segment stands after the key",
        ),
        (
            "https://a/01/08938505123454",
            "GTIN (01) has the check digit 4; right is 5",
        ),
        (
            "8938505123454",
            "GTIN (01) has the check digit 4; right is 5",
        ),
        ("(10)L", "it holds no GS1 key"),
        ("(01)08938505123455(22)A(235)B", "(235) cannot stand here"),
        ("/01/08938505123454", "GTIN (01) has the check digit 4"),
        ("12é", "DUE DATE (12) has 2 characters"),
    ] {
        let error = Identifier::read(input).expect_err("it is refused");
        let found = error.problem().to_string();
        assert!(found.starts_with(told), "{input}: {found}");
    }
}

#[test]
fn explanations_tell_all() {
    let explain = |input: &str| {
        Identifier::read(input)
            .expect("it is one")
            .explain(&prefixes())
    };
    let told = explain("https://a/01/08938505123455/10/L7?17=261123&x=y").to_string();
    let right = "\
https://a/01/08938505123455/10/L7?17=261123&x=y
  kind             LGTIN, a kind of things
  given as         GS1 Digital Link
  (01) GTIN        08938505123455  (check 5)
  (10) BATCH/LOT   L7
  (17) USE BY or EXPIRY 261123
  parameter        x=y
  company prefix   8938505
  EPC URN          urn:epc:class:lgtin:8938505.012345.L7
  Digital Link     https://id.gs1.org/01/08938505123455/10/L7?17=261123
  element string   (01)08938505123455(10)L7(17)261123
  in a symbol      ^010893850512345510L7^17261123
";
    assert_eq!(told, right);

    let gmn = explain("(8013)1987654Ad4X4bL5ttr2310c2K");
    assert_eq!((gmn.kind, gmn.names), ("GMN", "class"));
    assert_eq!(gmn.elements[0].check.as_deref(), Some("2K"));
    assert_eq!(gmn.urn, None);
    assert!(gmn.notes[0].starts_with("(8013) has no EPC URN"));

    for (input, note) in [
        ("8938505123455", "13 digits can be a GLN too"),
        ("389385050000000078", "18 digits can be a GSRN too"),
        (
            "(01)08938505123455(250)A",
            "(250) stands without what it belongs to",
        ),
        (
            "(01)08938505123455(8011)1",
            "(8011) cannot stand in the query",
        ),
        (
            "(01)04012345111118",
            "no company prefix is known for 401234511111",
        ),
        (
            "urn:epc:id:sgtin:893850512.0345.1",
            "the URN ends the company prefix after 893850512; GS1's table, after 8938505",
        ),
    ] {
        let notes = explain(input).notes;
        assert!(
            notes.iter().any(|each| each.starts_with(note)),
            "{input}: {notes:?}"
        );
    }
}

#[test]
fn explanations_for_programs() {
    let identifier = Identifier::read("/8003/08938505000015P").expect("it is one");
    let json = serde_json::to_value(identifier.explain(&prefixes())).expect("it is JSON");
    let right = serde_json::json!({
        "input": "/8003/08938505000015P",
        "form": "key",
        "kind": "GRAI",
        "names": "instance",
        "key": "/8003/08938505000015P",
        "elements": [
            { "ai": "8003", "title": "GRAI", "value": "08938505000015P", "check": "5" }
        ],
        "companyPrefix": "8938505",
        "urn": "urn:epc:id:grai:8938505.00001.P",
        "digitalLink": "https://id.gs1.org/8003/08938505000015P",
        "elementString": "(8003)08938505000015P",
        "symbol": "^800308938505000015P",
    });
    assert_eq!(json, right);
}
