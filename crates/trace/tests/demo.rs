//! The demo's chain, from its documents.

mod common;

use std::collections::BTreeSet;

use common::Map;
use gs1::Key;
use trace::{Answer, Direction, Names, Question, Style, render};

const CONTAINER: &str = "urn:epc:id:sscc:8934999.3261012001";
const GARDEN: &str = "urn:epc:class:lgtin:8938999902.901.NHP-261011";
const AREA_CODE: &str = "https://nguon.vn.example/epcis/plantingAreaCode";
const ACTIVITY: &str = "https://nguon.vn.example/epcis/activity";

fn demo() -> Map {
    let mut map = Map::default();
    // The border's document comes first: order of arrival must not matter.
    for member in ["lang-son", "lam-dong", "dong-thap"] {
        let path = format!(
            "{}/../../configs/demo/{member}.jsonld",
            env!("CARGO_MANIFEST_DIR")
        );
        let text = std::fs::read(path).expect("the demo's documents");
        let document = epcis::Document::parse(&text, &epcis::Contexts::new());
        for event in document.expect("a sound document").events {
            map.add(event, &[member]);
        }
    }
    map
}

fn ask(about: &str, direction: Direction) -> Answer {
    let about = Key::from_uri(about).expect("a sound identifier");
    demo().ask_this(&Question::new(about, direction))
}

fn area_codes(answer: &Answer) -> BTreeSet<&str> {
    let ilmds = answer.events.iter().map(|event| &event.ilmd);
    ilmds
        .filter_map(|ilmd| ilmd.get(AREA_CODE)?.as_str())
        .collect()
}

fn activities(answer: &Answer) -> BTreeSet<&str> {
    let extensions = answer.events.iter().map(|event| &event.extensions);
    extensions
        .filter_map(|each| each.get(ACTIVITY)?.as_str())
        .collect()
}

#[test]
fn the_container_comes_from_five_gardens() {
    let answer = ask(CONTAINER, Direction::Upstream);
    assert!(answer.complete);
    assert_eq!(answer.findings, []);
    assert_eq!(answer.events.len(), 48);
    let codes = [
        "VN-DTOR-9901",
        "VN-LDOR-9901",
        "VN-LDOR-9902",
        "VN-LDOR-9903",
        "VN-TGOR-9901",
    ];
    assert_eq!(area_codes(&answer), BTreeSet::from(codes));
    // Container, 20 pallets, 20 groups of 47 cases, 2 graded and 5 garden lots.
    assert_eq!(answer.objects.len(), 48);
    assert_eq!(
        answer
            .objects
            .iter()
            .map(|object| object.count)
            .sum::<usize>(),
        968
    );
    let cases = answer.objects.iter().filter(|object| object.count == 47);
    assert_eq!(cases.count(), 20);
    let members: Vec<_> = answer.logs.iter().map(|log| log.member.as_str()).collect();
    assert_eq!(members, ["dong-thap", "lam-dong", "lang-son"]);
    assert!(answer.events.iter().all(|event| event.evidence.len() == 1));
}

#[test]
fn a_garden_reaches_the_container_and_the_foreign_receipt() {
    let answer = ask(GARDEN, Direction::Downstream);
    assert!(answer.complete);
    let container = Key::from_uri(CONTAINER).expect("an SSCC").to_string();
    assert!(
        answer
            .objects
            .iter()
            .any(|object| object.first == container && object.along)
    );
    for activity in [
        "export-shipping",
        "foreign-receipt",
        "palletising",
        "container-loading",
    ] {
        assert!(
            activities(&answer).contains(activity),
            "{activity}: {:?}",
            activities(&answer)
        );
    }
    assert_eq!(area_codes(&answer), BTreeSet::from(["VN-DTOR-9901"]));
    // Both transformations' outputs, and no other garden's lot.
    let lots = answer
        .objects
        .iter()
        .filter(|object| object.level == trace::Level::Class);
    assert_eq!(lots.count(), 5);
    assert_eq!(
        answer
            .objects
            .iter()
            .map(|object| object.count)
            .sum::<usize>(),
        966
    );
}

#[test]
fn a_case_comes_from_its_grade_alone() {
    let answer = ask(
        "urn:epc:id:sgtin:8934999.900102.2610120940",
        Direction::Upstream,
    );
    // Harvests with shipping, receiving, sampling and testing (17), both
    // transformations of the gardens' lots (2), commissioning and packing (2),
    // loading and the border (8).
    assert_eq!(answer.events.len(), 29);
    assert_eq!(area_codes(&answer).len(), 5);
    // The case, its pallet and container, its graded lot and five gardens'.
    assert_eq!(answer.objects.len(), 9);
}

#[test]
fn the_answer_does_not_depend_on_arrival() {
    let answer = ask(CONTAINER, Direction::Both);
    let mut other = Map::default();
    for member in ["dong-thap", "lam-dong", "lang-son"] {
        let path = format!(
            "{}/../../configs/demo/{member}.jsonld",
            env!("CARGO_MANIFEST_DIR")
        );
        let text = std::fs::read(path).expect("the demo's documents");
        let document = epcis::Document::parse(&text, &epcis::Contexts::new()).expect("sound");
        for event in document.events.into_iter().rev() {
            other.add(event, &[member]);
        }
    }
    let about = Key::from_uri(CONTAINER).expect("an SSCC");
    let mut again = other.ask_this(&Question::new(about, Direction::Both));
    let without_evidence = |answer: &mut Answer| {
        answer.logs.clear();
        answer
            .events
            .iter_mut()
            .for_each(|event| event.evidence.clear());
    };
    let mut answer = answer;
    without_evidence(&mut answer);
    without_evidence(&mut again);
    assert_eq!(answer, again);
}

#[test]
fn json_reads_back() {
    let answer = ask(CONTAINER, Direction::Both);
    let json = serde_json::to_string(&answer).expect("JSON");
    let back: Answer = serde_json::from_str(&json).expect("an answer");
    assert_eq!(back, answer);
    assert!(json.len() < 100_000, "{} bytes", json.len());
}

struct Demo;

impl Names for Demo {
    fn member(&self, id: &str) -> Option<String> {
        (id == "lang-son").then(|| "Lạng Sơn".to_owned())
    }

    fn place(&self, id: &str) -> Option<String> {
        (id == "urn:epc:id:pgln:8934999.00000").then(|| "nhà đóng gói Mẫu".to_owned())
    }
}

/// Compares a text with a file of this folder; with `NGUON_WRITE_EXPECTED` set,
/// writes the file instead.
fn check_file(name: &str, text: &str) {
    let path = format!("{}/tests/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("NGUON_WRITE_EXPECTED").is_some() {
        std::fs::write(&path, text).expect("the file can be written");
    }
    let expected = std::fs::read_to_string(&path).expect("the file is there");
    for (number, (line, expected)) in (1..).zip(text.lines().zip(expected.lines())) {
        assert_eq!(
            line, expected,
            "{name}, line {number}; NGUON_WRITE_EXPECTED=1 writes it anew"
        );
    }
    assert_eq!(text.lines().count(), expected.lines().count(), "{name}");
}

#[test]
fn trees_for_people() {
    let style = Style {
        width: 100,
        activity: Some(ACTIVITY),
        place: Some("https://nguon.vn.example/epcis/place"),
        shown: Some(&[
            (AREA_CODE, "planting area"),
            ("https://nguon.vn.example/epcis/variety", "variety"),
            (
                "https://nguon.vn.example/epcis/packingHouseCode",
                "packing house",
            ),
            ("https://nguon.vn.example/epcis/reportedBy", "reported by"),
        ]),
    };
    for (name, about, direction) in [
        ("container-upstream.txt", CONTAINER, Direction::Upstream),
        ("garden-downstream.txt", GARDEN, Direction::Downstream),
        (
            "case-both.txt",
            "urn:epc:id:sgtin:8934999.900102.2610120940",
            Direction::Both,
        ),
    ] {
        let text = render(&ask(about, direction), &Demo, &style);
        check_file(name, &text);
    }
}
