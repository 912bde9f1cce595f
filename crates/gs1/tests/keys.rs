//! Keys by example: what is one thing, what is another, and what is refused
//! with which words.

use gs1::{Ai, Gln, Gtin, Key, KeyError, Level, Sscc, constrained_digital_link};

fn key(uri: &str) -> Key {
    Key::from_uri(uri).expect("the URI has a key")
}

fn refusal(result: Result<Key, KeyError>) -> String {
    let error = result.expect_err("the input is refused");
    format!("{} @{}", error.problem(), error.offset())
}

#[test]
fn spellings_of_one_thing() {
    for (canonical, spellings) in [
        (
            "/01/08938505123455/21/1%2FA",
            &[
                "urn:epc:id:sgtin:8938505.012345.1%2FA",
                "urn:epc:id:sgtin:8938505.012345.1%2fA",
                "urn:epc:id:sgtin:89385051.02345.1%2FA",
                "urn:epc:idpat:sgtin:8938505.012345.1%2FA",
                "URN:EPC:id:sgtin:8938505.012345.%31%2FA",
                "https://id.gs1.org/01/08938505123455/21/1%2FA",
                "HTTP://ID.GS1.ORG/01/8938505123455/21/%31%2f%41",
                "https://vuon.example.vn/a/b/c/01/8938505123455/21/1%2FA?17=261123&linkType=all#top",
                "https://user@vuon.example.vn:8443/gtin/8938505123455/ser/1%2FA",
                "https://đồngtháp.example.vn/%30%31/8938505123455/2%31/1%2FA",
            ][..],
        ),
        (
            "/01/08938505123455/10/L7/21/1",
            &[
                "https://a/01/08938505123455/10/L7/21/1",
                "https://a/01/08938505123455/21/1?10=L7",
                "https://a/01/08938505123455/21/1?x&&10=L%37&12=1",
            ],
        ),
        (
            "/414/8938505123042",
            &[
                "urn:epc:id:sgln:8938505123.04.0",
                "https://a/414/8938505123042",
                "https://a/414/8938505123042/254/0",
            ],
        ),
        (
            "/01/08938505123455",
            &[
                "urn:epc:idpat:sgtin:8938505.012345.*",
                "urn:epc:idpat:upui:8938505.012345.*",
            ],
        ),
    ] {
        for spelling in spellings {
            assert_eq!(key(spelling).to_string(), canonical, "{spelling}");
        }
    }
}

#[test]
fn element_strings() {
    for (canonical, spellings) in [
        (
            "/01/08938505123455/10/L7/21/1",
            &[
                "(01)08938505123455(10)L7(21)1",
                "(21)1(10)L7(01)08938505123455(17)261123",
                "0108938505123455211\u{1d}10L7",
                "^0108938505123455211^10L7",
                "]d2010893850512345517261123211\u{1d}10L7\u{1d}3103000189",
            ][..],
        ),
        (
            "/01/08938505123455/10/L%28A%29",
            &["(01)08938505123455(10)L(A)"],
        ),
        (
            "/01/08938505123455/10/L%2821%29",
            &["(01)08938505123455(10)L\\(21)"],
        ),
        (
            "/01/08938505123455/235/X",
            &["(01)08938505123455(10)L7(235)X"],
        ),
        (
            "/00/389385050000000078",
            &["(00)389385050000000078(02)08938505123455(37)9(10)L"],
        ),
        (
            "/253/9526064000028000001",
            &["(253)9526064000028000001(01)12312312312326"],
        ),
    ] {
        for spelling in spellings {
            let found = Key::from_element_string(spelling).expect("the element string has a key");
            assert_eq!(found.to_string(), canonical, "{spelling:?}");
        }
    }
}

#[test]
fn other_uris_keep_their_text() {
    for uri in [
        "urn:uuid:6F9619FF-8B86-D011-B42D-00CF4FC964FF",
        "https://example.com/x",
        "https://example.com/",
        "https://example.com/news/2026/01/15",
        "https://example.com/401/k-plans",
        "https://example.com/01/09521234543213/index.html",
        "urn:epc:id:gid:95100000.12345.400",
        "urn:epc:id:bic:CSQU3054383",
        "urn:epc:id:adi:35962.PQ7VZ4.M37GXB92",
        "urn:epc:id:usdod:CAGEY.5678",
        "urn:epc:id:imovn:9176187",
        "urn:epc:tag:sgtin-96:3.0614141.112345.400",
        "urn:epc:idpat:sgtin:8938505.*.*",
        "urn:epc:idpat:sgtin:*.*.*",
        "urn:epc:idpat:itip:8938505.012345.*.*.*",
        "urn:epc:idpat:sgln:8938505.00005.*",
        "urn:epc:idpat:giai:8938505.*",
        "urn:epcglobal:cbv:bizstep:shipping",
        "ni:///sha-256;df7bb3c352fef055578554f09f5e2aa41782150ced7bd0b8af24dd3ccb30ba69?ver=CBV2.0",
    ] {
        let found = key(uri);
        assert_eq!(found.as_str(), uri);
        assert!(found.gs1().is_none(), "{uri}");
        assert_eq!(found.class(), None);
        assert_eq!(found.to_digital_link(), None);
    }
}

#[test]
fn refusals_say_what_where_and_what_is_right() {
    for (uri, told) in [
        (
            "https://a.vn/01/08938505123454/10/L",
            "GTIN (01) has the check digit 4; right is 5 @29",
        ),
        (
            "https://a.vn/01/8938505123454",
            "GTIN (01) has the check digit 4; right is 5 @28",
        ),
        (
            "https://id.gs1.org/01/123",
            "GTIN (01) has 3 characters; right is 8, 12, 13 or 14 @22",
        ),
        (
            "https://a.vn/01/08938505123455/21/1/10/L",
            "(10) cannot stand here: after (01) comes (22), (10), (21) or else (235), each optional, in this order @39",
        ),
        (
            "https://a.vn/10/L/01/08938505123455",
            "(10) cannot stand here: after (01) comes (22), (10), (21) or else (235), each optional, in this order @16",
        ),
        (
            "https://a.vn/00/389385050000000078/21/1",
            "(21) cannot stand here: after (00) comes nothing @38",
        ),
        (
            "https://a.vn/01/08938505123455/10/L/99/x",
            "(99) cannot stand here: after (01) comes (22), (10), (21) or else (235), each optional, in this order @36",
        ),
        (
            "https://a.vn/01/08938505123455/",
            "an empty segment stands after the key; right is a path that ends with a value @31",
        ),
        (
            "https://a.vn/01/08938505123455/10",
            "lot (10) has 0 characters; right is 1 to 20 @33",
        ),
        (
            "https://a.vn/01/08938505123455?21=1",
            "(21) stands in the query; right is the path, after the key it qualifies @31",
        ),
        (
            "https://a.vn/01/08938505123455/10/L?10=L",
            "(10) is given twice @36",
        ),
        (
            "https://a.vn/01/08938505123455/10/L%20%2F",
            "lot (10) holds \" \"; right is GS1 character set 82: letters, digits and ! \" % & ' ( ) * + , - . / : ; < = > ? _ @35",
        ),
        (
            "https://a.vn/8006/089385051234550302/21/1",
            "piece 03 of 02: right is a piece from 01 to the total @32",
        ),
        (
            "https://a.vn/8013/1987654Ad4X4bL5ttr2310c2L",
            "GMN (8013) ends with the check characters 2L; right is 2K @41",
        ),
        (
            "urn:epc:id:sgtin:8938505.012345.A/B",
            "'/' must be written %2F in an EPC URN @33",
        ),
        (
            "urn:epc:id:sgtin:8938505.012345.A%2",
            "\"%2\" is no escape: right is % and two hexadecimal digits, %25 for a percent sign @33",
        ),
        (
            "urn:epc:id:sgtin:8938505.12345.A",
            "GTIN (01): company prefix and reference have 12 digits together; right is 13 @17",
        ),
        (
            "urn:epc:idpat:sgtin:*.012345.*",
            "a pattern's `*` may be followed only by `*` @20",
        ),
        (
            "urn:epc:id:cpi:8938505.A.012",
            "CPID serial number (8011) begins with 0; right is the number without leading zeros @25",
        ),
        (
            "Hello World!",
            "it is no URI: a URI begins with a scheme such as `urn:` or `https:` and holds no blanks @0",
        ),
    ] {
        assert_eq!(refusal(Key::from_uri(uri)), told, "{uri}");
    }
}

#[test]
fn refused_element_strings() {
    for (elements, told) in [
        ("(10)L", "it holds no GS1 key"),
        ("", "it holds no GS1 key"),
        (
            "(01)08938505123454",
            "GTIN (01) has the check digit 4; right is 5 @17",
        ),
        ("(01)08938505123455(21)A(21)B", "(21) is given twice @27"),
        (
            "(01)08938505123455(22)A(235)B",
            "(235) cannot stand here: after (01) comes",
        ),
        ("(0x)1", "\"(0x)1\" is no application identifier"),
        ("0108938505123455x", "\"x\" is no application identifier"),
        ("(00)12", "SSCC (00) has 2 characters; right is 18 @4"),
    ] {
        let found = refusal(Key::from_element_string(elements));
        assert!(found.starts_with(told), "{elements}: {found}");
    }
}

#[test]
fn levels_classes_and_identities() {
    use Level::{Class, Instance};
    for (text, level, class, identity) in [
        ("/01/08938505123455", Class, None, None),
        (
            "/01/08938505123455/22/V",
            Class,
            Some("/01/08938505123455"),
            Some("/01/08938505123455"),
        ),
        (
            "/01/08938505123455/10/L",
            Class,
            Some("/01/08938505123455"),
            None,
        ),
        (
            "/01/08938505123455/21/S",
            Instance,
            Some("/01/08938505123455"),
            None,
        ),
        (
            "/01/08938505123455/235/T",
            Instance,
            Some("/01/08938505123455"),
            None,
        ),
        (
            "/01/08938505123455/10/L/21/S",
            Instance,
            Some("/01/08938505123455/10/L"),
            Some("/01/08938505123455/21/S"),
        ),
        (
            "/01/08938505123455/22/V/10/L",
            Class,
            Some("/01/08938505123455/22/V"),
            Some("/01/08938505123455/10/L"),
        ),
        ("/8006/089385051234550102", Class, None, None),
        (
            "/8010/8938505A/8011/7",
            Instance,
            Some("/8010/8938505A"),
            None,
        ),
        ("/8010/8938505A", Class, None, None),
        (
            "/8003/08938505000015P%2F9",
            Instance,
            Some("/8003/08938505000015"),
            None,
        ),
        ("/8003/08938505000015", Class, None, None),
        (
            "/253/8938505000077P",
            Instance,
            Some("/253/8938505000077"),
            None,
        ),
        ("/8013/1987654Ad4X4bL5ttr2310c2K", Class, None, None),
        ("/00/389385050000000078", Instance, None, None),
        ("/414/8938505000053/254/A", Instance, None, None),
        ("urn:epc:idpat:giai:8938505.*", Class, None, None),
        (
            "urn:uuid:6f9619ff-8b86-d011-b42d-00cf4fc964ff",
            Instance,
            None,
            None,
        ),
    ] {
        let key: Key = text.parse().expect("the text is a key's");
        assert_eq!(key.as_str(), text);
        assert_eq!(key.level(), level, "{text}");
        assert_eq!(
            key.class().map(|key| key.to_string()).as_deref(),
            class,
            "{text}"
        );
        assert_eq!(key.identity().as_str(), identity.unwrap_or(text), "{text}");
        assert!(class.is_none_or(|class| text.starts_with(class)), "{text}");
    }
}

#[test]
fn broken_identifiers_keep_their_text_where_that_is_asked() {
    let uri = "https://id.gs1.org/414/9521141123452";
    assert!(Key::from_uri(uri).is_err());
    let key = Key::from_uri_or_verbatim(uri).expect("it is a URI");
    assert_eq!(key.as_str(), uri);
    assert_eq!(uri.parse(), Ok(key));
    assert!(Key::from_uri_or_verbatim("no URI").is_err());
    assert!("/01/08938505123454".parse::<Key>().is_err());
    assert!("/x/01/08938505123455".parse::<Key>().is_err());
}

#[test]
fn numbers_from_parts() {
    let gtin = Gtin::from_parts(0, "8938505", 12345).expect("the parts fit");
    assert_eq!(gtin.to_string(), "08938505123455");
    assert_eq!("8938505123455".parse(), Ok(gtin));
    assert_eq!(Key::from(gtin).gs1().and_then(|key| key.gtin()), Some(gtin));
    let sscc = Sscc::from_parts(3, "8938505", 7).expect("the parts fit");
    assert_eq!(sscc.to_string(), "389385050000000078");
    assert_eq!(Key::from(sscc), key("urn:epc:id:sscc:8938505.3000000007"));
    let gln = Gln::from_parts("8938505", 5).expect("the parts fit");
    assert_eq!(gln.to_string(), "8938505000053");
    assert_eq!(Key::from(gln), key("urn:epc:id:sgln:8938505.00005.0"));
    assert_eq!(Key::party(gln), key("urn:epc:id:pgln:8938505.00005"));
    assert_eq!(
        Gln::from_parts("893850512345", 0).map(|gln| gln.to_string()),
        Ok("8938505123455".into())
    );
    assert_eq!(
        Key::lot(gtin, "VN-DT-07/2026"),
        Ok(key("urn:epc:class:lgtin:8938505.012345.VN-DT-07%2F2026"))
    );
    assert_eq!(
        Key::serial(gtin, "1"),
        Ok(key("urn:epc:id:sgtin:8938505.012345.1"))
    );

    for (error, told) in [
        (
            Gtin::from_parts(10, "8938505", 1).err(),
            "GTIN indicator 10 does not fit the 1 digits that are left for it",
        ),
        (
            Gtin::from_parts(0, "8938505", 123_456).err(),
            "GTIN item reference 123456 does not fit the 5 digits that are left for it",
        ),
        (
            Gln::from_parts("893850512345", 1).err(),
            "GLN location reference 1 does not fit the 0 digits",
        ),
        (
            Sscc::from_parts(0, "12345", 1).err(),
            "the GS1 company prefix has 5 digits; right is 6 to 12",
        ),
        (
            Sscc::from_parts(0, "12345x", 1).err(),
            "GS1 company prefix holds \"x\"",
        ),
        (
            Key::lot(gtin, "").err(),
            "lot (10) has 0 characters; right is 1 to 20",
        ),
        (
            Key::lot(gtin, "Lô 7").err(),
            "lot (10) holds \"ô\"; right is GS1 character set 82",
        ),
        (
            "08938505123454".parse::<Gtin>().err(),
            "GTIN (01) has the check digit 4; right is 5",
        ),
        (
            "8938505123455".parse::<Sscc>().err(),
            "SSCC (00) has 13 characters; right is 18",
        ),
    ] {
        let found = error.expect("the parts are refused").problem().to_string();
        assert!(found.starts_with(told), "{found}");
    }
}

#[test]
fn values_are_decoded() {
    let key = key("https://a.vn/01/08938505123455/22/V/10/A%2FB");
    let gs1 = key.gs1().expect("it is a GS1 key");
    let values: Vec<(Ai, String)> = gs1.values().map(|(ai, value)| (ai, value.into())).collect();
    assert_eq!(
        values,
        [
            (Ai::GTIN, "08938505123455".into()),
            (Ai::VARIANT, "V".into()),
            (Ai::LOT, "A/B".into())
        ]
    );
    assert_eq!(gs1.value(Ai::LOT).as_deref(), Some("A/B"));
    assert_eq!(gs1.value(Ai::SERIAL), None);
    assert_eq!(key.primary(), Some(Ai::GTIN));
    assert_eq!(
        key.to_digital_link().as_deref(),
        Some("https://id.gs1.org/01/08938505123455/22/V/10/A%2FB")
    );
}

#[test]
fn what_stands_in_the_event_hash() {
    for (uri, link) in [
        (
            "urn:epc:id:gdti:893850512345..7",
            Some("https://id.gs1.org/253/89385051234557"),
        ),
        (
            "urn:epc:idpat:gdti:89385051234.5.*",
            Some("https://id.gs1.org/253/8938505123455"),
        ),
        ("urn:epc:idpat:gdti:893850512345..*", None),
        ("urn:epc:idpat:grai:893850512345..*", None),
        (
            "https://a.vn/01/08938505123454/22/V/10/L%3B",
            Some("https://id.gs1.org/01/08938505123454/10/L;"),
        ),
        ("urn:uuid:6f9619ff-8b86-d011-b42d-00cf4fc964ff", None),
    ] {
        assert_eq!(constrained_digital_link(uri).as_deref(), link, "{uri}");
    }
}
