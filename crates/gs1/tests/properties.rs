//! Laws of keys on identifiers drawn at random: every spelling gives the same
//! key, texts read back, and nothing makes a reader panic.

use gs1::{
    Ai, AiFacts, CompanyPrefixes, DigitalLink, ElementString, Gln, Gtin, Identifier, Key, Level,
    LinkOptions, Notation, Sscc, check_digit, constrained_digital_link,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

const SET_82: &str =
    "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
const SET_39: &str = "#-/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// One identifier: its values, and its EPC URN where it has one.
#[derive(Debug, Clone)]
struct Sample {
    values: Vec<(&'static str, String)>,
    urn: Option<String>,
}

fn characters(set: &'static str, max: usize) -> impl Strategy<Value = String> {
    let set: Vec<char> = set.chars().collect();
    vec(select(set), 1..=max).prop_map(String::from_iter)
}

fn digits(len: usize) -> impl Strategy<Value = String> {
    characters("0123456789", len.max(1)).prop_map(move |mut digits| {
        while digits.len() < len {
            digits.push('7');
        }
        digits.truncate(len);
        digits
    })
}

/// A company prefix and a reference that have `total` digits together.
fn body(total: usize, reference_min: usize) -> impl Strategy<Value = (String, String)> {
    (digits(total), 6..=12_usize).prop_map(move |(digits, at)| {
        let (prefix, reference) = digits.split_at(at.min(total - reference_min));
        (prefix.into(), reference.into())
    })
}

fn with_check_digit(digits: &str) -> String {
    let check = check_digit(digits).expect("these are digits");
    format!("{digits}{check}")
}

fn turned(prefix: &str, reference: &str) -> String {
    let (first, rest) = reference.split_at(1);
    with_check_digit(&format!("{first}{prefix}{rest}"))
}

fn urn_escaped(value: &str) -> String {
    let escape = |c: char| match c {
        '"' | '%' | '&' | '/' | '<' | '>' | '?' | '#' => format!("%{:02X}", u32::from(c)),
        _ => c.into(),
    };
    value.chars().map(escape).collect()
}

fn trade_item() -> impl Strategy<Value = Sample> {
    let qualifier = select(vec![
        ("sgtin", "21", 20),
        ("lgtin", "10", 20),
        ("upui", "235", 28),
    ]);
    (body(13, 1), qualifier, characters(SET_82, 28)).prop_map(
        |((prefix, reference), (scheme, ai, max), mut value)| {
            value.truncate(max);
            let kind = if scheme == "lgtin" { "class" } else { "id" };
            let written = urn_escaped(&value);
            Sample {
                urn: Some(format!(
                    "urn:epc:{kind}:{scheme}:{prefix}.{reference}.{written}"
                )),
                values: vec![("01", turned(&prefix, &reference)), (ai, value)],
            }
        },
    )
}

fn trade_item_with_all() -> impl Strategy<Value = Sample> {
    let qualifiers = vec(characters(SET_82, 20), 3);
    (body(13, 1), qualifiers).prop_map(|((prefix, reference), mut values)| Sample {
        values: [
            ("21", values.pop()),
            ("10", values.pop()),
            ("22", values.pop()),
        ]
        .into_iter()
        .rev()
        .fold(
            vec![("01", turned(&prefix, &reference))],
            |mut pairs, (ai, value)| {
                pairs.push((ai, value.expect("there are three")));
                pairs
            },
        ),
        urn: None,
    })
}

fn asset() -> impl Strategy<Value = Sample> {
    let scheme = select(vec![("grai", "8003", 16), ("gdti", "253", 17)]);
    (body(12, 0), scheme, characters(SET_82, 17)).prop_map(
        |((prefix, reference), (scheme, ai, max), mut serial)| {
            serial.truncate(max);
            let filler = if ai == "8003" { "0" } else { "" };
            let number = with_check_digit(&format!("{prefix}{reference}"));
            let written = urn_escaped(&serial);
            Sample {
                urn: Some(format!(
                    "urn:epc:id:{scheme}:{prefix}.{reference}.{written}"
                )),
                values: vec![(ai, format!("{filler}{number}{serial}"))],
            }
        },
    )
}

fn place() -> impl Strategy<Value = Sample> {
    (body(12, 0), characters(SET_82, 20)).prop_map(|((prefix, reference), extension)| {
        let number = with_check_digit(&format!("{prefix}{reference}"));
        let written = urn_escaped(&extension);
        let urn = Some(format!("urn:epc:id:sgln:{prefix}.{reference}.{written}"));
        let values = match extension.as_str() {
            "0" => vec![("414", number)],
            _ => vec![("414", number), ("254", extension)],
        };
        Sample { values, urn }
    })
}

fn part() -> impl Strategy<Value = Sample> {
    let free = select(vec![
        ("cpi", "8010", SET_39),
        ("giai", "8004", SET_82),
        ("ginc", "401", SET_82),
    ]);
    let reference = free.prop_flat_map(|(scheme, ai, set)| {
        characters(set, 18).prop_map(move |reference| (scheme, ai, reference))
    });
    (
        (6..=12_usize).prop_flat_map(digits),
        reference,
        0..1_000_000_000_000_u64,
    )
        .prop_map(|(prefix, (scheme, ai, reference), serial)| {
            let written = urn_escaped(&reference);
            let mut urn = format!("urn:epc:id:{scheme}:{prefix}.{written}");
            let mut values = vec![(ai, format!("{prefix}{reference}"))];
            if scheme == "cpi" {
                urn.push_str(&format!(".{}", serial.max(1)));
                values.push(("8011", serial.max(1).to_string()));
            }
            Sample {
                values,
                urn: Some(urn),
            }
        })
}

fn sample() -> impl Strategy<Value = Sample> {
    prop_oneof![
        trade_item(),
        trade_item_with_all(),
        asset(),
        place(),
        part()
    ]
}

/// Writes a value into a path, escaping those characters that must be and, by
/// the bits of `choices`, any others, in either case.
fn written(value: &str, choices: u64) -> String {
    value
        .chars()
        .enumerate()
        .map(|(at, c)| {
            let must = matches!(c, '%' | '/' | '?' | '#' | '"' | '<' | '>');
            match (choices >> (at % 32)) & 3 {
                1 => format!("%{:02X}", u32::from(c)),
                2 => format!("%{:02x}", u32::from(c)),
                _ if must => format!("%{:02X}", u32::from(c)),
                _ => c.into(),
            }
        })
        .collect()
}

fn link(sample: &Sample, domain: &str, stem: &str, choices: u64) -> String {
    let mut link = format!("https://{domain}{stem}");
    for (ai, value) in &sample.values {
        link.push_str(&format!(
            "/{}/{}",
            written(ai, choices >> 7),
            written(value, choices)
        ));
    }
    link
}

fn key_of(sample: &Sample) -> Key {
    Key::from_uri(&link(sample, "id.gs1.org", "", 0)).expect("the sample is a key")
}

fn bracketed(key: &Key) -> String {
    let values = key.gs1().expect("it is a GS1 key").values();
    let pairs: Vec<(Ai, String)> = values.map(|(ai, value)| (ai, value.into_owned())).collect();
    let pairs = pairs.iter().map(|(ai, value)| (ai.as_str(), &**value));
    ElementString::from_pairs(pairs)
        .expect("a key's values are sound")
        .to_string()
}

/// A trade item with a lot and attributes of several forms, in any order.
fn label() -> impl Strategy<Value = Vec<(String, String)>> {
    let date = (0..100_u32, 1..=12_u32, 0..=28_u32);
    let date = date.prop_map(|(year, month, day)| format!("{year:02}{month:02}{day:02}"));
    let attributes = (
        characters(SET_82, 20),
        date,
        characters(SET_82, 90),
        characters("0123456789", 8),
        characters(SET_82, 30),
    );
    (body(13, 1), attributes).prop_flat_map(|((prefix, reference), (lot, date, own, count, id))| {
        let values = [
            ("01", turned(&prefix, &reference)),
            ("10", lot),
            ("17", date),
            ("99", own),
            ("30", count),
            ("240", id),
        ];
        let pairs = values.map(|(ai, value)| (ai.to_owned(), value)).to_vec();
        Just(pairs).prop_shuffle()
    })
}

proptest! {
    #[test]
    fn texts_read_back(sample in sample()) {
        let key = key_of(&sample);
        prop_assert_eq!(key.to_string().parse(), Ok(key.clone()));
        let link = key.to_digital_link().expect("it is a GS1 key");
        prop_assert_eq!(Key::from_uri(&link), Ok(key.clone()));
        let constrained = key.to_constrained_digital_link().expect("it is a GS1 key");
        prop_assert_eq!(Key::from_uri(&constrained), Ok(key.identity().into_owned()));
        prop_assert_eq!(constrained_digital_link(&link), Some(constrained));
        let values: Vec<(String, String)> = key
            .gs1()
            .expect("it is a GS1 key")
            .values()
            .map(|(ai, value)| (ai.to_string(), value.into_owned()))
            .collect();
        let given: Vec<(String, String)> =
            sample.values.iter().map(|(ai, value)| ((*ai).into(), value.clone())).collect();
        prop_assert_eq!(values, given);
    }

    #[test]
    fn every_spelling_is_one_key(
        sample in sample(),
        choices: u64,
        domain in "[a-z0-9-]{1,12}(\\.[a-z]{2,5}){1,2}(:[0-9]{1,4})?",
        stem in "(/[a-z]{5,9}){0,3}",
        query in "(\\?[a-z]{1,5}=[a-z0-9]{0,5}(&17=261123)?)?(#[a-z]{0,4})?",
    ) {
        let key = key_of(&sample);
        if let Some(urn) = &sample.urn {
            prop_assert_eq!(Key::from_uri(urn), Ok(key.clone()), "{}", urn);
        }
        let other = link(&sample, &domain, &stem, choices) + &query;
        prop_assert_eq!(Key::from_uri(&other), Ok(key.clone()), "{}", other);

        let separated: String = sample
            .values
            .iter()
            .map(|(ai, value)| format!("{ai}{value}\u{1d}"))
            .collect();
        prop_assert_eq!(Key::from_element_string(&separated), Ok(key.clone()), "{:?}", separated);
        let bracketed: String = sample
            .values
            .iter()
            .map(|(ai, value)| format!("({ai}){}", value.replace('(', "\\(")))
            .collect();
        prop_assert_eq!(Key::from_element_string(&bracketed), Ok(key), "{}", bracketed);
    }

    #[test]
    fn order_is_that_of_bytes(left in sample(), right in sample(), uri in "[a-z]{1,5}:[!-~]{0,9}") {
        let keys = [key_of(&left), key_of(&right), Key::from_uri_or_verbatim(&uri).expect("it is a URI")];
        for one in &keys {
            for other in &keys {
                prop_assert_eq!(one.cmp(other), one.as_bytes().cmp(other.as_bytes()));
            }
        }
    }

    #[test]
    fn classes_lead_to_an_end(sample in sample()) {
        let mut key = key_of(&sample);
        while let Some(class) = key.class() {
            prop_assert_eq!(class.level(), Level::Class);
            prop_assert!(key.as_str().starts_with(class.as_str()));
            prop_assert_eq!(class.to_string().parse(), Ok(class.clone()));
            key = class;
        }
    }

    #[test]
    fn a_changed_digit_is_noticed(sample in trade_item(), at in 0..14_usize, by in 1..10_u32) {
        let (_, gtin) = &sample.values[0];
        let changed: String = gtin
            .chars()
            .enumerate()
            .map(|(index, c)| {
                let digit = c.to_digit(10).expect("it is a digit") + if index == at { by } else { 0 };
                char::from_digit(digit % 10, 10).expect("it is below ten")
            })
            .collect();
        let uri = format!("https://a.vn/01/{changed}");
        prop_assert!(Key::from_uri(&uri).is_err());
        prop_assert!(changed.parse::<Gtin>().is_err());
    }

    #[test]
    fn numbers_read_back((prefix, reference) in body(12, 0), digit in 0..10_u8) {
        let reference = reference.parse().unwrap_or(0);
        let gln = Gln::from_parts(&prefix, reference).expect("the parts fit");
        prop_assert_eq!(gln.to_string().parse(), Ok(gln));
        prop_assert_eq!(Key::from(gln).primary(), Some(Ai::GLN));
        let gtin = Gtin::from_parts(digit, &prefix, reference).expect("the parts fit");
        prop_assert_eq!(gtin.to_string().parse(), Ok(gtin));
        let sscc = Sscc::from_parts(digit, &prefix, reference).expect("the parts fit");
        prop_assert_eq!(sscc.to_string().parse(), Ok(sscc));
    }

    #[test]
    fn forms_translate_back(sample in sample()) {
        let key = key_of(&sample);
        let identity = key.identity().into_owned();
        let body = sample.urn.as_deref().and_then(|urn| urn.splitn(5, ':').nth(4));
        if let Some((prefix, _)) = body.and_then(|body| body.split_once('.')) {
            let len = u8::try_from(prefix.len()).expect("it is short");
            let table = CompanyPrefixes::from_entries([(prefix, len)]).expect("a table");
            let urn = key.to_urn(&table);
            prop_assert_eq!(urn.as_ref().ok(), sample.urn.as_ref());
            let read = Identifier::read(&urn.expect("it has a URN")).expect("it is one");
            prop_assert_eq!(read.key(), &identity);
        }
        for (notation, form) in [
            (Notation::DigitalLink, key.to_digital_link().expect("it is a GS1 key")),
            (Notation::ElementString, bracketed(&key)),
        ] {
            let read = Identifier::read(&form).expect("it is one");
            prop_assert_eq!(read.key(), &key);
            let table = CompanyPrefixes::built_in();
            prop_assert_eq!(read.translate(notation, table), Ok(form));
        }
        let elements = ElementString::parse(&bracketed(&key)).expect("it is sound");
        let symbol = elements.to_unbracketed('\u{1d}');
        prop_assert_eq!(ElementString::parse(&symbol), Ok(elements));
    }

    #[test]
    fn whole_labels_read_back(label in label()) {
        let pairs = label.iter().map(|(ai, value)| (&**ai, &**value));
        let elements = ElementString::from_pairs(pairs).expect("every value is sound");
        prop_assert_eq!(ElementString::parse(&elements.to_string()), Ok(elements.clone()));
        for fnc1 in ['^', '\u{1d}'] {
            let symbol = elements.to_unbracketed(fnc1);
            prop_assert_eq!(ElementString::parse(&symbol), Ok(elements.clone()));
        }
        let link = DigitalLink::of(&elements).expect("it has a key, and attributes");
        let read: DigitalLink = link.to_string().parse().expect("it is a link");
        prop_assert_eq!(&read, &link);
        let values = |elements: &ElementString| {
            let mut values: Vec<String> =
                elements.iter().map(|each| format!("{}{}", each.ai(), each.value())).collect();
            values.sort();
            values
        };
        prop_assert_eq!(values(&read.elements()), values(&elements));
    }

    #[test]
    fn no_value_makes_a_rule_panic(ai in 0..10_000_u32, value in "[ -~]{0,34}|[0-9]{0,34}|\\PC{0,9}") {
        for width in 2..=4 {
            let ai = format!("{ai:0width$}");
            if let Some(facts) = AiFacts::of(&ai)
                && let Err((at, _)) = facts.check(value.as_bytes())
            {
                prop_assert!(at <= value.len());
            }
        }
    }

    #[test]
    fn no_compressed_part_makes_a_reader_panic(packed in "[A-Za-z0-9_-]{0,60}") {
        for stem in ["https://a/", "https://a/01/08938505123455/"] {
            let uri = format!("{stem}{packed}");
            if let Ok(link) = DigitalLink::decompress(&uri) {
                let parsed = DigitalLink::parse(&link.to_string(), LinkOptions::default());
                prop_assert_eq!(parsed, Ok(link));
            }
        }
    }

    #[test]
    fn nothing_panics(text in any::<String>(), start in select(STARTS.to_vec())) {
        read_all_ways(&text);
        read_all_ways(&format!("{start}{text}"));
    }

    #[test]
    fn no_mutation_panics(
        sample in sample(),
        at: prop::sample::Index,
        with in "\\PC{0,3}|[%/.:*^()0-9\u{1d}]{0,4}",
        cut in 0..9_usize,
    ) {
        let separated = sample.values.iter().map(|(ai, value)| format!("{ai}{value}"));
        let element_string: String = separated.collect();
        let link = link(&sample, "a.vn", "/b", 0);
        for valid in [sample.urn.unwrap_or_default(), link, element_string] {
            let chars: Vec<char> = valid.chars().collect();
            let at = at.index(chars.len() + 1);
            let rest = chars.iter().skip(at + cut);
            let mutated: String =
                chars.iter().take(at).copied().chain(with.chars()).chain(rest.copied()).collect();
            read_all_ways(&mutated);
        }
    }
}

const STARTS: [&str; 12] = [
    "urn:epc:id:sgtin:8938505.",
    "urn:epc:id:sgln:8938505.00005.",
    "urn:epc:id:giai:8938505.",
    "urn:epc:idpat:itip:8938505.012345.",
    "urn:epc:id:cpi:8938505.",
    "https://id.gs1.org/01/",
    "https://id.gs1.org/8013/1234",
    "https://a.vn/01/08938505123455/",
    "https://a.vn/01/08938505123455?10=",
    "(01)08938505123455(10)",
    "010893850512345510",
    "/01/08938505123455/",
];

/// Reads a text in every way, and holds what is read to the laws of keys.
fn read_all_ways(text: &str) {
    let _ = constrained_digital_link(text);
    let _ = text.parse::<Gtin>();
    let _ = text.parse::<Sscc>();
    let _ = Gln::from_parts(text, 1);
    let _ = check_digit(text);
    if let Ok(elements) = ElementString::parse(text) {
        assert_eq!(
            ElementString::parse(&elements.to_string()),
            Ok(elements),
            "{text:?}"
        );
    }
    if let Ok(link) = text.parse::<DigitalLink>() {
        assert_eq!(link.to_string().parse(), Ok(link), "{text:?}");
    }
    if let Ok(identifier) = Identifier::read(text) {
        let told = identifier.explain(CompanyPrefixes::built_in());
        assert!(told.to_string().starts_with(text), "{text:?}");
    }
    for read in [
        Key::from_uri(text),
        Key::from_uri_or_verbatim(text),
        Key::from_element_string(text),
        text.parse(),
    ] {
        match read {
            Ok(key) => {
                assert_eq!(key.to_string().parse(), Ok(key.clone()), "{text:?}");
                let _ = (key.level(), key.class(), key.to_constrained_digital_link());
            }
            Err(error) => {
                assert!(error.offset() <= text.len(), "{text:?}");
                assert!(!error.to_string().is_empty());
            }
        }
    }
}
