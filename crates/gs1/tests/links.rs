//! Element strings and Digital Links by example: what is read, what is written,
//! and what is refused with which words.

use gs1::{DigitalLink, ElementString, Key, KeyError, LinkOptions};

fn refusal<T: std::fmt::Debug>(result: Result<T, KeyError>) -> String {
    let error = result.expect_err("the input is refused");
    format!("{} @{}", error.problem(), error.offset())
}

#[test]
fn element_strings_in_both_forms() {
    for (bracketed, symbol) in [
        (
            "(01)08938505123455(17)261123(10)L7(21)1",
            "^01089385051234551726112310L7^211",
        ),
        ("(10)L7(01)08938505123455", "^10L7^0108938505123455"),
        (
            "(8004)8938505A(01)08938505123455",
            "^80048938505A^0108938505123455",
        ),
        ("(3103)000189(3923)2172(422)704", "^31030001893923"),
    ] {
        let elements = ElementString::parse(bracketed).expect("it is sound");
        assert_eq!(elements.to_string(), bracketed);
        assert!(
            elements.to_unbracketed('^').starts_with(symbol),
            "{bracketed}"
        );
        for fnc1 in ['^', '\u{1d}'] {
            let symbol = elements.to_unbracketed(fnc1);
            assert_eq!(
                ElementString::parse(&symbol),
                Ok(elements.clone()),
                "{symbol:?}"
            );
            assert_eq!(ElementString::parse(&symbol[1..]), Ok(elements.clone()));
        }
    }
    let twice = ElementString::parse("(10)L(10)L").expect("twice the same is once");
    assert_eq!(twice.to_string(), "(10)L");
}

#[test]
fn brackets_in_values() {
    let value = "A(21)B(x)(1";
    let elements = ElementString::from_pairs([("10", value)]).expect("it is sound");
    assert_eq!(elements.to_string(), "(10)A\\(21)B(x)(1");
    let read = ElementString::parse(&elements.to_string());
    assert_eq!(
        read.as_ref().map(|elements| elements.value("10")),
        Ok(Some(value))
    );
}

#[test]
fn refused_element_strings() {
    for (text, told) in [
        ("", "\"\" is no application identifier"),
        ("(89)A", "(89) is unknown"),
        ("89A", "\"89A\" is no application identifier"),
        ("(3106)000001", "(3106) is unknown"),
        ("(10)A(10)B", "(10) is given twice"),
        (
            "(10)A(17)261131",
            "USE BY or EXPIRY (17) holds \"261131\"; right is a date as YYMMDD",
        ),
        (
            "(10)A\u{e2}",
            "BATCH/LOT (10) holds \"\u{e2}\"; right is GS1 character set 82",
        ),
        (
            "(01)08938505123454",
            "GTIN (01) has the check digit 4; right is 5 @17",
        ),
        (
            "(01)8938505123455",
            "GTIN (01) has 13 characters; right is 14 @4",
        ),
        (
            "^0108938505123455^^10L",
            "\"^10L\" is no application identifier",
        ),
        (
            "0108938505123",
            "GTIN (01) has 11 characters; right is 14 @2",
        ),
    ] {
        let found = refusal(ElementString::parse(text));
        assert!(found.starts_with(told) || found == told, "{text}: {found}");
    }
}

#[test]
fn what_stands_beside_what() {
    for (text, problems) in [
        ("(01)08938505123455(10)L", &[][..]),
        (
            "(10)L",
            &[
                "(10) stands without what it belongs to; right is beside it (01) or (02) or (03) or (8006) or (8026)",
            ],
        ),
        ("(00)389385050000000078(02)08938505123455(37)9", &[]),
        (
            "(02)08938505123455",
            &["(02) stands without what it belongs to; right is beside it (37)"],
        ),
        (
            "(01)08938505123455(250)A",
            &["(250) stands without what it belongs to; right is beside it (21)"],
        ),
        (
            "(01)08938505123455(3103)000001(3102)000001",
            &[
                "(3103) cannot stand beside (3102)",
                "(3102) cannot stand beside (3103)",
            ],
        ),
        (
            "(01)08938505123455(8006)089385051234550102",
            &["(8006) cannot stand beside (01)"],
        ),
        (
            "(01)08938505123455(7004)1",
            &["(7004) stands without what it belongs to; right is beside it (01) with (10)"],
        ),
        ("(01)08938505123455(10)L(7004)1", &[]),
        (
            "(01)08938505123455(3932)7041",
            &[
                "(3932) stands without what it belongs to; right is beside it (30) or (31nn) or (32nn) or (35nn) or (36nn)",
            ],
        ),
        ("(01)08938505123455(3932)7041(3103)000001", &[]),
    ] {
        let elements = ElementString::parse(text).expect("each is sound");
        let found: Vec<String> = elements
            .pair_problems()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(found.len(), problems.len(), "{text}: {found:?}");
        for (found, told) in found.iter().zip(problems) {
            assert!(found.starts_with(told), "{text}: {found}");
        }
    }
}

#[test]
fn refused_links() {
    for (uri, told) in [
        ("ftp://a/01/08938505123455", "it is no GS1 Digital Link"),
        ("Https://a/01/08938505123455", "it is no GS1 Digital Link"),
        ("https://a", "it is no GS1 Digital Link"),
        ("https:///01/08938505123455", "it is no GS1 Digital Link"),
        (
            "https://a%20b/01/08938505123455",
            "it is no GS1 Digital Link",
        ),
        (
            "https://a/01/08938505123455/10",
            "it is no GS1 Digital Link",
        ),
        ("https://a/gtin/08938505123455", "it is no GS1 Digital Link"),
        (
            "https://a/01/08938505123455/10/L<",
            "'<' cannot stand in a URI",
        ),
        (
            "https://đồng/01/08938505123455",
            "'đ' cannot stand in a URI",
        ),
        (
            "https://a/01/8938505123455",
            "GTIN (01) has 13 characters; right is 14 @13",
        ),
        (
            "https://a/01/08938505123454",
            "GTIN (01) has the check digit 4; right is 5 @26",
        ),
        (
            "https://a/01/08938505123455/21/1/10/L",
            "(10) cannot stand here: after (01) comes",
        ),
        ("https://a/10/L/01/08938505123455", "(10) cannot stand here"),
        (
            "https://a/01/08938505123455/3103/000001",
            "(3103) cannot stand here",
        ),
        (
            "https://a/01/08938505123455/10/",
            "BATCH/LOT (10) has 0 characters",
        ),
        (
            "https://a/01/08938505123455?21=1",
            "(21) cannot stand in the query",
        ),
        ("https://a/01/08938505123455?89=1", "(89) is unknown"),
        (
            "https://a/01/08938505123455?17=",
            "USE BY or EXPIRY (17) has 0 characters",
        ),
        (
            "https://a/01/08938505123455?17=261123&17=261123",
            "(17) is given twice @38",
        ),
        (
            "https://a/01/08938505123455?01=08938505123455",
            "(01) is given twice",
        ),
        (
            "https://a/01/08938505123455?10=A+B",
            "BATCH/LOT (10) holds \" \"",
        ),
    ] {
        let found = refusal(uri.parse::<DigitalLink>());
        assert!(found.starts_with(told), "{uri}: {found}");
    }
}

#[test]
fn options_let_more_pass() {
    let uri = "https://a/gtin/8938505123455/lot/L?89=X&q=1%20";
    let all = LinkOptions {
        unknown_ais: true,
        unknown_attributes: true,
        short_gtins: true,
        words: true,
    };
    let link = DigitalLink::parse(uri, all).expect("all is permitted");
    assert_eq!(
        link.to_string(),
        "https://a/01/08938505123455/10/L?89=X&q=1+"
    );
    assert_eq!(link.other_parameters(), [("q".into(), "1 ".into())]);
    for missing in [
        LinkOptions {
            unknown_ais: false,
            ..all
        },
        LinkOptions {
            unknown_attributes: false,
            ..all
        },
        LinkOptions {
            short_gtins: false,
            ..all
        },
        LinkOptions {
            words: false,
            ..all
        },
    ] {
        assert!(DigitalLink::parse(uri, missing).is_err(), "{missing:?}");
    }
}

#[test]
fn links_of_element_strings() {
    let link = |text: &str, stem: &str| {
        let elements = ElementString::parse(text)?;
        DigitalLink::of(&elements)?.with_stem(stem)
    };
    let made = link(
        "(17)261123(21)A/B(01)08938505123455",
        "https://vuon.example.vn/qr/",
    );
    let made = made.expect("it can be made");
    assert_eq!(
        made.to_string(),
        "https://vuon.example.vn/qr/01/08938505123455/21/A%2FB?17=261123"
    );
    assert_eq!(
        made.key(),
        Key::from_uri("https://id.gs1.org/01/08938505123455/21/A%2FB")
    );
    for (text, stem, told) in [
        ("(17)261123", "https://a", "it holds no GS1 key"),
        (
            "(01)08938505123455(235)X(10)L",
            "https://a",
            "(10) cannot stand here",
        ),
        (
            "(01)08938505123455(8011)1",
            "https://a",
            "(8011) cannot stand in the query",
        ),
        ("(01)08938505123455", "a", "it is no GS1 Digital Link"),
        (
            "(01)08938505123455",
            "https://",
            "it is no GS1 Digital Link",
        ),
        (
            "(01)08938505123455",
            "https://a?b",
            "it is no GS1 Digital Link",
        ),
        (
            "(01)08938505123455",
            "https://a/ô",
            "'ô' cannot stand in a URI",
        ),
    ] {
        let found = refusal(link(text, stem));
        assert!(found.starts_with(told), "{text} {stem}: {found}");
    }
}

/// Writes bits, given in groups, as a compressed part.
fn packed(groups: &[&str]) -> String {
    const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bits = groups.concat();
    while bits.len() % 6 > 0 {
        bits.push('0');
    }
    let sextets = bits.as_bytes().chunks(6);
    let number = |sextet: &[u8]| {
        sextet
            .iter()
            .fold(0, |sum, bit| sum * 2 + usize::from(bit - b'0'))
    };
    sextets
        .map(|sextet| char::from(BASE64[number(sextet)]))
        .collect()
}

/// Writes a number in as many bits.
fn bits(number: u64, width: usize) -> String {
    format!("{number:0width$b}")
}

#[test]
fn every_encoding_of_compressed_links() {
    let gtin = bits(8_938_505_123_455, 47);
    let gln = bits(8_938_505_000_053, 44);
    for (groups, uri) in [
        // A sequence with a byte of its own; characters as decimal digits.
        (
            vec!["10011101", &*gln, "000", "00010", &bits(77, 7)],
            "https://a/414/8938505000053/254/77",
        ),
        // As hexadecimal digits, small and capital, and as base64.
        (
            vec!["00001100", &*gtin, "001", "00010", "1010", "1111"],
            "https://a/01/08938505123455/21/af",
        ),
        (
            vec!["00001011", &*gtin, "010", "00010", "1010", "1111"],
            "https://a/01/08938505123455/10/AF",
        ),
        (
            vec!["00001010", &*gtin, "011", "00010", "111110", "000000"],
            "https://a/01/08938505123455/22/-A",
        ),
        // As ASCII, after an application identifier of three digits.
        (
            vec![
                "00000001", &*gtin, "00100011", "0101", "100", "00001", "0100001",
            ],
            "https://a/01/08938505123455/235/%21",
        ),
        // A price, whose last digit is in the byte, and digits with a count.
        (
            vec!["10100011", &*gtin, "0011", &bits(42, 10)],
            "https://a/01/08938505123455?3923=042",
        ),
        // A parameter that is no application identifier.
        (
            vec![
                "00000001",
                &*gtin,
                "1111",
                "0000001",
                "101010",
                "000",
                "0000010",
                &bits(7, 7),
            ],
            "https://a/01/08938505123455?q=07",
        ),
    ] {
        let compressed = format!("https://a/{}", packed(&groups));
        let link = DigitalLink::decompress(&compressed).map(|link| link.to_string());
        assert_eq!(link.as_deref(), Ok(uri));
    }
    let partly = packed(&["00010111", &bits(261_123, 20)]);
    let partly = format!("https://a/b/gtin/08938505123455/{partly}");
    let link = DigitalLink::decompress(&partly).map(|link| link.to_string());
    assert_eq!(
        link.as_deref(),
        Ok("https://a/b/01/08938505123455?17=261123")
    );
}

#[test]
fn compressed_links() {
    for (compressed, uri) in [
        (
            "https://example.org/ARFKk4XB0CDKWcnpq",
            "https://example.org/01/09506000134376/10/LOT01",
        ),
        (
            "https://example.org/a/ARFKk4XB0CDKWcnpq?17=261123",
            "https://example.org/a/01/09506000134376/10/LOT01?17=261123",
        ),
    ] {
        let link = DigitalLink::decompress(compressed);
        assert_eq!(link.map(|link| link.to_string()).as_deref(), Ok(uri));
    }
    for (compressed, told) in [
        (
            "https://example.org/",
            "its compressed part cannot be read: it is empty",
        ),
        ("https://example.org/A", "it holds no GS1 key"),
        (
            "https://example.org/ARFKk4XB0CDKWcn",
            "its compressed part cannot be read: it ends within a value",
        ),
        (
            "https://example.org/index.html",
            "its compressed part cannot be read: it holds a character",
        ),
        (
            "https://example.org/____",
            "its compressed part cannot be read",
        ),
        (
            "https://example.org/BAAAAAAA",
            "its compressed part cannot be read: no application identifier",
        ),
        (
            "https://example.org/TAAAAAAA",
            "its compressed part cannot be read: a byte stands for no sequence",
        ),
        (
            "https://example.org/ARFKk4XB0CDKWcnpq?21=1",
            "(21) cannot stand in the query",
        ),
        ("mailto:a@b", "it is no GS1 Digital Link"),
    ] {
        let found = refusal(DigitalLink::decompress(compressed));
        assert!(found.starts_with(told), "{compressed}: {found}");
    }
}
