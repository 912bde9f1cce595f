//! The table of application identifiers: it says what the dictionary says, and
//! every rule for values has an example that meets it and one that does not.

#![allow(
    clippy::print_stdout,
    reason = "the tests report how many facts they compared"
)]

use std::collections::BTreeSet;

use gs1::{AiFacts, DICTIONARY_RELEASE};

fn told(ai: &str, value: &str) -> Option<String> {
    let facts = AiFacts::of(ai).expect("the application identifier is known");
    let (at, problem) = facts.check(value.as_bytes()).err()?;
    Some(format!("{problem} @{at}"))
}

/// An application identifier, a good value, a bad one, and words of the refusal.
const EXAMPLES: &[(&str, &str, &str, &str)] = &[
    (
        "01",
        "08938505123455",
        "08938505123454",
        "GTIN (01) has the check digit 4; right is 5 @13",
    ),
    (
        "01",
        "08938505123455",
        "0893850512345",
        "GTIN (01) has 13 characters; right is 14 @0",
    ),
    (
        "01",
        "08938505123455",
        "0893850512345x",
        "GTIN (01) holds \"x\" where only digits",
    ),
    (
        "10",
        "L/7",
        "L 7",
        "BATCH/LOT (10) holds \" \"; right is GS1 character set 82",
    ),
    (
        "10",
        "L",
        "",
        "BATCH/LOT (10) has 0 characters; right is 1 to 20",
    ),
    (
        "10",
        "12345678901234567890",
        "123456789012345678901",
        "21 characters; right is 1 to 20",
    ),
    (
        "8010",
        "8938505A#/-",
        "8938505a",
        "CPID (8010) holds \"a\"; right is GS1 character set 39",
    ),
    (
        "8030",
        "AZaz09-_==",
        "A=B",
        "holds \"A=B\"; right is = only at the end",
    ),
    (
        "8030",
        "AZ",
        "A+B",
        "holds \"+\"; right is GS1 character set 64",
    ),
    (
        "17",
        "261100",
        "261131",
        "holds \"261131\"; right is a date as YYMMDD, its day 00",
    ),
    ("17", "240229", "250229", "right is a date as YYMMDD"),
    ("17", "000229", "001301", "right is a date as YYMMDD"),
    (
        "7006",
        "261130",
        "261100",
        "holds \"261100\"; right is a date as YYMMDD",
    ),
    (
        "7250",
        "20000229",
        "19000229",
        "right is a date as YYYYMMDD",
    ),
    (
        "7251",
        "202611252359",
        "202611252400",
        "holds \"2400\"; right is a time of day as HHMM @8",
    ),
    (
        "7011",
        "261125",
        "2611251260",
        "right is a time of day as HHMM @6",
    ),
    (
        "7011",
        "2611251259",
        "261125125",
        "has 9 characters; right is 6 to 10",
    ),
    (
        "8008",
        "26112523",
        "26112524",
        "right is an hour from 00 to 23 @6",
    ),
    (
        "8008",
        "2611252359",
        "2611252360",
        "right is a number from 00 to 59 @8",
    ),
    (
        "8008",
        "261125235959",
        "261125235960",
        "right is a number from 00 to 59 @10",
    ),
    (
        "422",
        "704",
        "999",
        "right is a three-digit country code of ISO 3166-1",
    ),
    (
        "423",
        "704116418",
        "704116000",
        "holds \"000\"; right is a three-digit country code of ISO 3166-1 @6",
    ),
    (
        "7030",
        "999A",
        "000A",
        "right is a three-digit country code of ISO 3166-1, or 999",
    ),
    ("4307", "VN", "XX", "right is a two-letter country code"),
    (
        "3910",
        "704100",
        "000100",
        "right is a three-digit currency code",
    ),
    ("7252", "9", "3", "right is 0, 1, 2 or 9"),
    (
        "8007",
        "GB98MIDL07009312345678",
        "GB98MIDL07009312345679",
        "right is an IBAN",
    ),
    (
        "8007",
        "BE71096123456769",
        "be71096123456769",
        "right is an IBAN",
    ),
    (
        "8007",
        "BE71096123456769",
        "XX361234567890",
        "right is an IBAN",
    ),
    ("7041", "APE", "QX", "right is a package type"),
    ("7241", "80", "11", "right is a media type"),
    (
        "4300",
        "C%C3%B4ng",
        "100%",
        "right is % with two hexadecimal digits",
    ),
    (
        "4309",
        "18000000003600000000",
        "18000000010000000000",
        "right is a latitude",
    ),
    (
        "4309",
        "02790858483600000000",
        "02790858483600000001",
        "right is a longitude from 0000000000 to 3600000000 @10",
    ),
    ("4321", "1", "2", "right is 0 or 1"),
    (
        "8001",
        "00010000100190",
        "00010000100120",
        "holds \"2\"; right is 0, 1 or 9 @12",
    ),
    (
        "8001",
        "00010000100110",
        "00000000100110",
        "holds \"0000\"; right is a number above zero",
    ),
    ("4331", "000040-", "000040+", "right is a hyphen @6"),
    (
        "8003",
        "08938505000015",
        "18938505000015",
        "holds \"1\"; right is 0",
    ),
    (
        "8003",
        "08938505000015A",
        "08938505000014",
        "GRAI (8003) has the check digit 4; right is 5 @13",
    ),
    ("8011", "12", "012", "begins with 0"),
    (
        "8014",
        "1987654Ad4X4bL5ttr2310c2K",
        "1234",
        "ends with the check characters 34",
    ),
    (
        "8014",
        "1987654Ad4X4bL5ttr2310c2K",
        "893000733",
        "right is a value with a character that is no digit",
    ),
    (
        "8013",
        "1987654Ad4X4bL5ttr2310c2K",
        "1987654Ad4X4bL5ttr2310c2L",
        "right is 2K @23",
    ),
    (
        "8013",
        "1987654Ad4X4bL5ttr2310c2K",
        "1",
        "has 1 characters; right is at least 2",
    ),
    (
        "8006",
        "089385051234550102",
        "089385051234550302",
        "piece 03 of 02",
    ),
    ("7258", "2/3", "3/2", "right is a position and an end"),
    ("7258", "9/9", "0/1", "right is a position and an end"),
    ("7258", "1/1", "1//", "right is a position and an end"),
    (
        "7040",
        "1ABC",
        "1AB+",
        "holds \"+\"; right is a letter, a digit, - or _ @3",
    ),
    (
        "8004",
        "8938505A",
        "893A",
        "begins with 3 digits; right is a GS1 company prefix",
    ),
    (
        "8110",
        "012345612345611110123",
        "712345612345611110123",
        "the length of a company prefix",
    ),
    (
        "8110",
        "0123456123456111101233261125",
        "0123456123456111101233261131",
        "a date as YYMMDD @22",
    ),
    (
        "8110",
        "01234561234561111012332611254261125",
        "01234561234561111012332611254261126",
        "a start that is not after",
    ),
    (
        "8110",
        "012345612345611110123111101230123456",
        "0123456123456111101231401234567890",
        "the rules for further purchases",
    ),
    (
        "8110",
        "01234561234561111012390000",
        "0123456123456111101239000",
        "the flag of no multiplying",
    ),
    (
        "8110",
        "012345612345611110123",
        "0123456123456111101237",
        "the end, or an optional field",
    ),
    (
        "8112",
        "001234561234560123456",
        "201234561234560123456",
        "the coupon's format",
    ),
    (
        "8112",
        "001234561234560123456",
        "0012345612345601234567",
        "the end",
    ),
    (
        "8112",
        "001234561234560123456",
        "00123456123456012345",
        "as many digits as the indicator",
    ),
];

#[test]
fn every_rule_lets_pass_and_refuses() {
    for (ai, good, bad, words) in EXAMPLES {
        assert_eq!(told(ai, good), None, "({ai}){good}");
        let found = told(ai, bad).unwrap_or_default();
        assert!(found.contains(words), "({ai}){bad}: {found}");
    }
}

#[test]
fn every_rule_of_the_table_has_an_example() {
    let rules_of = |facts: &AiFacts| -> BTreeSet<&'static str> {
        let rules = facts.parts().iter().flat_map(|part| part.rules());
        rules.map(|rule| rule.name()).collect()
    };
    let used: BTreeSet<_> = AiFacts::all().iter().flat_map(rules_of).collect();
    let shown = EXAMPLES.iter().filter_map(|(ai, ..)| AiFacts::of(ai));
    let shown: BTreeSet<_> = shown.flat_map(rules_of).collect();
    assert_eq!(used, shown);
    assert_eq!(used.len(), 34);
}

#[test]
fn the_table_says_what_the_dictionary_says() {
    let suite = "artefacts/syntax-dictionary";
    let Some(folder) = conformance::folder(suite) else {
        return;
    };
    let path = folder.join("artefacts/ai/gs1-syntax-dictionary.txt");
    let dictionary = std::fs::read_to_string(&path).expect("the dictionary is readable");
    let release = format!("# Release: {DICTIONARY_RELEASE}");
    assert!(dictionary.lines().any(|line| line == release), "{release}");
    let entries = dictionary
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    let mut compared = 0;
    for (line, facts) in entries.zip(AiFacts::all()) {
        assert_eq!(written(facts), as_facts(line), "{line}");
        compared += 1;
    }
    assert_eq!(compared, AiFacts::all().len());
    conformance::report(suite, compared, &[]);
}

/// What an entry of the dictionary says, as words in one order.
fn as_facts(line: &str) -> Vec<String> {
    let (facts, title) = line.split_once('#').unwrap_or((line, ""));
    let mut words: Vec<String> = facts.split_whitespace().map(String::from).collect();
    if !words[1].starts_with(['*', '?']) {
        words.insert(1, String::new());
    }
    // Attributes in the order req, ex, dlpkey, whatever order they stand in.
    let place = |word: &String| match word.split('=').next() {
        Some("req") => 1,
        Some("ex") => 2,
        Some("dlpkey") => 3,
        _ => 0,
    };
    words[2..].sort_by_key(place);
    words.push(title.trim().into());
    words
}

/// What the table says, in the same words.
fn written(facts: &AiFacts) -> Vec<String> {
    let (first, last) = facts.range();
    let range = if first == last {
        first.into()
    } else {
        format!("{first}-{last}")
    };
    let star = if facts.has_predefined_length() {
        "*"
    } else {
        ""
    };
    let question = if facts.is_link_attribute() { "?" } else { "" };
    let mut words = vec![range, format!("{star}{question}")];
    words.extend(facts.parts().iter().map(part));
    let bare = |pattern: &gs1::AiPattern| pattern.to_string().replace(['(', ')'], "");
    for groups in facts.requires() {
        let groups: Vec<String> = groups
            .iter()
            .map(|group| group.iter().map(bare).collect::<Vec<_>>().join("+"))
            .collect();
        words.push(format!("req={}", groups.join(",")));
    }
    if !facts.excludes().is_empty() {
        let patterns: Vec<String> = facts.excludes().iter().map(bare).collect();
        words.push(format!("ex={}", patterns.join(",")));
    }
    if let Some(orders) = facts.key_qualifiers() {
        let orders: Vec<String> = orders.iter().map(|order| order.join(",")).collect();
        words.push(
            format!("dlpkey={}", orders.join("|"))
                .trim_end_matches('=')
                .into(),
        );
    }
    words.push(facts.title().into());
    words
}

fn part(part: &gs1::Part) -> String {
    let (min, max) = part.len();
    let len = if min == max {
        max.to_string()
    } else {
        format!("..{max}")
    };
    let form = format!("{}{len}", part.set_letter());
    let form = if part.is_optional() {
        format!("[{form}]")
    } else {
        form
    };
    let rules = part.rules().iter().map(|rule| rule.name());
    let words: Vec<&str> = std::iter::once(form.as_str()).chain(rules).collect();
    words.join(",")
}
