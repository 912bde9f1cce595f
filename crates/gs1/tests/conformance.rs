//! The identifier vectors of the conformance folder: `$NGUON_CONFORMANCE`, or
//! `shared/conformance` beside the repository. Where it is absent, as in a
//! fresh clone, these tests say so and pass.

use gs1::{
    CompanyPrefixes, DigitalLink, ElementString, Key, Level, LinkOptions, constrained_digital_link,
    percent,
};
use serde_json::Value;

#[test]
fn urns_have_their_values() {
    run("identifiers/urn-to-ai", |case| {
        let urn = text(case, "urn");
        let key = Key::from_uri(urn).map_err(|error| error.to_string())?;
        let values: Vec<(String, String)> = key
            .gs1()
            .ok_or("no GS1 key")?
            .values()
            .map(|(ai, value)| (ai.to_string(), value.into_owned()))
            .collect();
        let right: Vec<(String, String)> = case["ai"]
            .as_array()
            .ok_or("no ai")?
            .iter()
            .map(|pair| (text(pair, "ai").into(), text(pair, "value").into()))
            .collect();
        same(&values, &right)?;
        let level = match text(case, "level") {
            "id" => Level::Instance,
            _ => Level::Class,
        };
        same(&key.level(), &level)?;
        let in_the_hash = constrained_digital_link(urn);
        same(
            &in_the_hash.as_deref(),
            &case["canonical_dl_for_hash"].as_str(),
        )?;
        // Null marks two patterns that the hash's reference leaves as URNs.
        if let Some(link) = case["canonical_dl_for_hash"].as_str() {
            same(&key.to_constrained_digital_link().as_deref(), &Some(link))?;
            same(&Key::from_uri(link), &Ok(key.identity().into_owned()))?;
        }
        same(&key.to_string().parse(), &Ok(key))
    });
}

#[test]
fn keys_give_their_urns_back() {
    run("identifiers/urn-to-ai", |case| {
        let urn = text(case, "urn");
        let fields = urn.splitn(5, ':').nth(4).ok_or("no fields")?;
        let prefix = fields.split('.').next().ok_or("no company prefix")?;
        let len = u8::try_from(prefix.len()).map_err(|error| error.to_string())?;
        let table = CompanyPrefixes::from_entries([(prefix, len)]);
        let table = table.map_err(|error| error.to_string())?;
        let key = Key::from_uri(urn).map_err(|error| error.to_string())?;
        same(&key.to_urn(&table).as_deref(), &Ok(urn))?;
        // The published table agrees, or it says that it does not know.
        match CompanyPrefixes::built_in().len_of(prefix) {
            Some(len) if len == prefix.len() => same(
                &key.to_urn(CompanyPrefixes::built_in()).as_deref(),
                &Ok(urn),
            ),
            _ => Ok(()),
        }
    });
}

#[test]
fn broken_urns_are_refused() {
    run("identifiers/urn-invalid", |case| {
        refused(Key::from_uri(text(case, "urn")))
    });
}

#[test]
fn links_have_the_canonical_form_of_the_hash() {
    run("identifiers/dl-normalise", |case| {
        let link = constrained_digital_link(text(case, "input"));
        same(&link.as_deref(), &case["canonical_dl_for_hash"].as_str())
    });
}

#[test]
fn links_with_bad_check_digits_are_refused_with_the_right_digit() {
    run("identifiers/dl-bad-check-digit", |case| {
        let Err(error) = Key::from_uri(text(case, "uri")) else {
            return Err("not refused".into());
        };
        let right = text(case, "reason")
            .rsplit_once(", ")
            .and_then(|(_, right)| right.strip_suffix(" right"))
            .ok_or("no right digit in the case")?;
        let told = error.problem().to_string();
        if told.ends_with(&format!("right is {right}")) {
            Ok(())
        } else {
            Err(format!("tells {told:?}"))
        }
    });
}

#[test]
fn links_parse() {
    run("digital-link/parse", |case| {
        let uri = text(case, "uri");
        let link = DigitalLink::parse(uri, options(case));
        if case["valid"].as_bool() != Some(true) {
            return refused(link.map(|link| link.to_string()));
        }
        let link = link.map_err(|error| error.to_string())?;
        let elements = link.elements();
        same(&&*elements.to_unbracketed('^'), &text(case, "elements"))?;
        // The forbearing reader sees the same key in it.
        same(&link.key(), &Key::from_uri(uri))?;
        // What is written reads back.
        let all = LinkOptions {
            unknown_ais: true,
            unknown_attributes: true,
            ..LinkOptions::default()
        };
        same(
            &DigitalLink::parse(&link.to_string(), all).as_ref(),
            &Ok(&link),
        )
    });
}

#[test]
fn qualifiers_stand_in_order() {
    run("digital-link/path-sequences", |case| {
        let mut uri = String::from("https://id.gs1.org");
        for ai in case["sequence"].as_array().ok_or("no sequence")? {
            let ai = ai.as_str().ok_or("no text")?;
            let value = example_of(ai).ok_or("no example")?;
            uri.push_str(&format!("/{ai}/{value}"));
        }
        let link = uri.parse::<DigitalLink>();
        let key = Key::from_uri(&uri);
        if case["valid"].as_bool() == Some(true) {
            same(
                &key.as_ref().map(Key::to_digital_link),
                &Ok(Some(uri.clone())),
            )?;
            return same(&link.map(|link| link.to_string()), &Ok(uri));
        }
        refused(link.map(|link| link.to_string()))?;
        match key {
            Ok(key) if key.gs1().is_none() => Ok(()),
            key => refused(key),
        }
    });
}

#[test]
fn element_strings_make_links() {
    run("digital-link/generate", |case| {
        let stem = case["stem"].as_str().unwrap_or("https://id.gs1.org");
        let link = ElementString::parse(text(case, "ai_data"))
            .and_then(|elements| DigitalLink::of(&elements))
            .and_then(|link| link.with_stem(stem));
        match case["uri"].as_str() {
            Some(uri) => same(&link.map(|link| link.to_string()), &Ok(uri.into())),
            None => refused(link.map(|link| link.to_string())),
        }
    });
}

#[test]
fn values_are_escaped() {
    run("digital-link/escape", |case| {
        let value = text(case, "input");
        same(&&*percent::encode_path(value), &text(case, "path"))?;
        same(&&*percent::encode_query(value), &text(case, "query"))
    });
}

#[test]
fn values_are_unescaped() {
    run("digital-link/unescape", |case| {
        let latin = |bytes: Vec<u8>| bytes.into_iter().map(char::from).collect::<String>();
        let value = text(case, "input");
        same(&&*latin(percent::decode_path(value)), &text(case, "path"))?;
        same(&&*latin(percent::decode_query(value)), &text(case, "query"))
    });
}

#[test]
fn the_toolkits_examples() {
    run("digital-link/toolkit-examples", |case| {
        let link = match (text(case, "op"), &case["input"]) {
            ("decompress", input) => DigitalLink::decompress(input.as_str().unwrap_or("")),
            ("ai_to_dl", input) => {
                let pairs = input.as_object().ok_or("no pairs")?.iter();
                let pairs = pairs.map(|(ai, value)| (&**ai, value.as_str().unwrap_or("")));
                ElementString::from_pairs(pairs).and_then(|all| DigitalLink::of(&all))
            }
            (_, input) => ElementString::parse(input.as_str().unwrap_or(""))
                .and_then(|all| DigitalLink::of(&all)),
        };
        let mut link = link.map_err(|error| error.to_string())?;
        if let Some(stem) = case["stem"].as_str() {
            link = link.with_stem(stem).map_err(|error| error.to_string())?;
        }
        let right = text(case, "uri");
        same(&sorted_query(&link.to_string()), &sorted_query(right))?;
        let elements = link.elements();
        let values = case["ai"].as_object().ok_or("no values")?;
        same(&elements.iter().count(), &values.len())?;
        let is_there = |(ai, value): (&String, &Value)| elements.value(ai) == value.as_str();
        same(&values.iter().all(is_there), &true)
    });
}

/// The order of a query means nothing.
fn sorted_query(uri: &str) -> (String, Vec<String>) {
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let mut parameters: Vec<String> = query.split('&').map(String::from).collect();
    parameters.sort();
    (path.into(), parameters)
}

fn options(case: &Value) -> LinkOptions {
    let is_on = |name: &str| case["options"][name] == true;
    LinkOptions {
        unknown_ais: is_on("permit_unknown_ais"),
        unknown_attributes: !is_on("unknown_ai_not_dl_attribute"),
        short_gtins: is_on("permit_short_gtin"),
        words: is_on("permit_convenience_alphas"),
    }
}

fn example_of(ai: &str) -> Option<&'static str> {
    Some(match ai {
        "00" => "006141411234567890",
        "01" => "12312312312333",
        "253" | "255" | "414" | "415" | "417" => "9520123456788",
        "401" | "8004" | "8010" => "9520123ABC",
        "402" => "40123452223334442",
        "8003" => "09520123456788",
        "8006" => "123123123123330102",
        "8013" => "1987654Ad4X4bL5ttr2310c2K",
        "8017" | "8018" => "123456789012345675",
        "8011" | "8019" => "123",
        "7040" => "1ABC",
        _ => "ABC",
    })
}

fn refused<T: std::fmt::Display>(read: Result<T, gs1::KeyError>) -> Result<(), String> {
    match read {
        Err(_) => Ok(()),
        Ok(read) => Err(format!("read as {read}")),
    }
}

fn same<T: PartialEq + std::fmt::Debug>(found: &T, right: &T) -> Result<(), String> {
    if found == right {
        return Ok(());
    }
    Err(format!("found {found:?}, right {right:?}"))
}

fn text<'a>(case: &'a Value, field: &str) -> &'a str {
    case[field].as_str().expect("the field is a text")
}

/// Runs every case of a suite and fails with all that failed.
fn run(suite: &str, mut check: impl FnMut(&Value) -> Result<(), String>) {
    let Some(folder) = conformance::folder(suite) else {
        return;
    };
    let bytes = std::fs::read(folder.join(format!("{suite}.json"))).expect("the file is readable");
    let cases: Value = serde_json::from_slice(&bytes).expect("the file is JSON");
    let cases = cases["cases"].as_array().expect("the file has cases");
    let (mut passed, mut failed) = (0, Vec::new());
    for case in cases {
        match check(case) {
            Ok(()) => passed += 1,
            Err(problem) => failed.push(format!("{}: {problem}", text(case, "id"))),
        }
    }
    conformance::report(suite, passed, &failed);
}
