//! `nguon epcis validate`, run over documents.

use std::fs;

use serde_json::Value;

use crate::desk::Desk;
use crate::epcis::{NOTE, document};

/// One event in XML, with what stands after its `eventTime`'s tag.
fn xml(time: &str) -> String {
    format!(
        r#"<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2"
        schemaVersion="2.0" creationDate="2026-10-12T18:00:00Z">
        <EPCISBody><EventList>
        <ObjectEvent><eventTime>{time}</eventTime>
          <eventTimeZoneOffset>+07:00</eventTimeZoneOffset>
          <epcList><epc>urn:epc:id:sscc:8938505.3000000001</epc></epcList>
          <action>ADD</action></ObjectEvent>
        </EventList></EPCISBody></epcis:EPCISDocument>"#
    )
}

#[test]
fn a_sound_document_is_valid() {
    let desk = Desk::new();
    fs::write(desk.path("one.jsonld"), document(NOTE, "")).expect("a file");
    fs::write(desk.path("one.xml"), xml("2026-10-12T08:00:00+07:00")).expect("a file");
    let told = desk.nguon("epcis validate one.jsonld one.xml").exits(0);
    let expected = "one.jsonld: valid, 1 event, 0 vocabulary elements\n\
                    one.xml: valid, 1 event, 0 vocabulary elements";
    assert_eq!(told.trim_end(), expected);
    let json = desk.nguon("epcis validate one.jsonld --json").json();
    assert_eq!(json[0]["valid"], true);
    assert_eq!(json[0]["events"], 1);
    let told = desk.reads("epcis validate -", &document(NOTE, "")).exits(0);
    assert!(told.starts_with("-: valid, 1 event"), "{told}");
}

#[test]
fn every_problem_of_every_file_is_told() {
    let desk = Desk::new();
    fs::write(desk.path("good.jsonld"), document(NOTE, "")).expect("a file");
    let faults = r#","bizStep":"recieving","readPoint":{"id":"here"}"#;
    fs::write(desk.path("bad.jsonld"), document(NOTE, faults)).expect("a file");
    fs::write(desk.path("worse.jsonld"), "{").expect("a file");
    let words = "epcis validate bad.jsonld absent.xml good.jsonld worse.jsonld -";
    let told = desk.reads(words, "<EPCISDocument").exits(1);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 6, "{told}");
    for (line, start) in lines.iter().zip([
        "bad.jsonld: event 0, /epcisBody/eventList/0/bizStep: ",
        "bad.jsonld: event 0, /epcisBody/eventList/0/readPoint/id: ",
        "cannot read absent.xml: ",
        "good.jsonld: valid",
        "worse.jsonld: the whole: ",
        "-: line 1, column ",
    ]) {
        assert!(line.starts_with(start), "{line}");
    }
    let ran = desk.nguon(&format!("{words} --json")).exits(1);
    let json: Value = serde_json::from_str(&ran).expect("JSON");
    let valid = |found: &Value| found["valid"].as_bool().expect("a verdict");
    let verdicts: Vec<bool> = json.as_array().expect("a list").iter().map(valid).collect();
    assert_eq!(verdicts, [false, false, true, false, false]);
    assert_eq!(json[0]["problems"][1]["reason"], "wrong-form");
    desk.nguon("epcis validate").exits(2);
    desk.nguon("epcis validate --profile none good.jsonld")
        .exits(2);
}

#[test]
fn no_more_problems_are_told_than_anyone_reads() {
    let desk = Desk::new();
    let members: String = (0..120).map(|n| format!(r#","unknown{n}":1"#)).collect();
    fs::write(desk.path("bad.jsonld"), document(NOTE, &members)).expect("a file");
    let told = desk.nguon("epcis validate bad.jsonld").exits(1);
    let last = told.lines().last().expect("a line");
    assert_eq!(last, "bad.jsonld: no more than 100 problems are told");
    assert_eq!(told.lines().count(), 101);
}

#[test]
fn a_profile_asks_for_more_and_tells_where() {
    let desk = Desk::new();
    fs::write(desk.path("one.jsonld"), document(NOTE, "")).expect("a file");
    fs::write(desk.path("one.xml"), xml("2026-10-12T08:00:00+07:00")).expect("a file");
    desk.nguon("epcis validate one.jsonld one.xml").exits(0);
    let words = "epcis validate --profile circular-02-2024";
    let told = desk.nguon(&format!("{words} one.jsonld")).exits(1);
    assert!(told.contains("/epcisBody/eventList/0/bizStep: "), "{told}");
    let told = desk.nguon(&format!("{words} one.xml")).exits(1);
    for line in told.lines() {
        assert!(line.starts_with("one.xml: line 4, column 9, event 0, "));
    }
    // What is made has to be named, shown, and traced to who made it.
    assert_eq!(told.lines().count(), 6, "{told}");
}

#[test]
fn problems_in_xml_have_line_and_column() {
    let desk = Desk::new();
    fs::write(desk.path("bad.xml"), xml("yesterday")).expect("a file");
    let told = desk.nguon("epcis validate bad.xml").exits(1);
    assert!(told.starts_with("bad.xml: line 4, column 22, "), "{told}");
    let ran = desk.nguon("epcis validate bad.xml --json").exits(1);
    let json: Value = serde_json::from_str(&ran).expect("JSON");
    assert_eq!(json[0]["valid"], false);
    assert_eq!(json[0]["problems"][0]["line"], 4);
    assert_eq!(json[0]["problems"][0]["column"], 22);
}

#[test]
fn a_hash_id_of_something_else_is_a_warning() {
    let desk = Desk::new();
    let digest = "0".repeat(64);
    let id = format!(r#","eventID":"ni:///sha-256;{digest}?ver=CBV2.0""#);
    fs::write(desk.path("one.jsonld"), document(NOTE, &id)).expect("a file");
    let told = desk.nguon("epcis validate one.jsonld").exits(0);
    let hash = desk.nguon("epcis hash one.jsonld").exits(0);
    let warning = told.lines().nth(1).expect("a warning");
    assert!(
        warning.starts_with("one.jsonld: warning: event 0, "),
        "{told}"
    );
    assert!(warning.ends_with(hash.trim_end()), "{told}");
    let json = desk.nguon("epcis validate one.jsonld --json").json();
    assert_eq!(json[0]["warnings"][0]["expected"], hash.trim_end());
}
