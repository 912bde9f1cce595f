//! `nguon epcis convert`, run over documents.

use std::fs;

use serde_json::Value;

use crate::desk::Desk;
use crate::epcis::{NOTE, SAMPLE, document};

#[test]
fn a_document_goes_to_xml_and_back_with_its_hash_ids() {
    let desk = Desk::new();
    fs::copy(SAMPLE, desk.path("sample.jsonld")).expect("a copy");
    let hashes = desk.nguon("epcis hash sample.jsonld").exits(0);
    for words in ["", " --words web-uri"] {
        let line = format!("epcis convert --to xml{words} sample.jsonld");
        let xml = desk.nguon(&line).exits(0);
        fs::write(desk.path("sample.xml"), &xml).expect("a file");
        desk.nguon("epcis validate sample.xml").exits(0);
        assert_eq!(desk.nguon("epcis hash sample.xml").exits(0), hashes);
        assert_eq!(xml.contains("urn:epcglobal:cbv:bizstep:"), words.is_empty());
        let json = desk.nguon("epcis convert --to json sample.xml").exits(0);
        fs::write(desk.path("back.jsonld"), json).expect("a file");
        desk.nguon("epcis validate back.jsonld").exits(0);
        assert_eq!(desk.nguon("epcis hash back.jsonld").exits(0), hashes);
    }
}

#[test]
fn a_document_is_converted_from_standard_input() {
    let text = document(NOTE, r#","v:note":"007""#);
    let desk = Desk::new();
    let xml = desk.reads("epcis convert --to xml -", &text).exits(0);
    assert!(xml.contains("<v:note>007</v:note>"), "{xml}");
    let json = desk.reads("epcis convert --to json -", &xml).json();
    let event = &json["epcisBody"]["eventList"][0];
    assert_eq!(event["v:note"], "007");
    assert_eq!(event["eventTime"], "2026-10-12T08:00:00.0004+07:00");
}

#[test]
fn what_is_not_sound_is_not_converted() {
    let desk = Desk::new();
    let faulty = "<ObjectEvent>\n<khac/></ObjectEvent>";
    fs::write(desk.path("faulty.xml"), faulty).expect("a file");
    let ran = desk.nguon("epcis convert --to json faulty.xml");
    assert_eq!(ran.stdout, "");
    let told = ran.exits(1);
    assert!(told.contains("faulty.xml has faults:"), "{told}");
    assert!(told.contains("line 2, column 1"), "{told}");
    let line = "epcis convert --to json faulty.xml --json";
    let told = desk.nguon(line).exits(1);
    let told: Value = serde_json::from_str(&told).expect("an error as JSON");
    let error = told["error"].as_str().expect("a text");
    assert!(error.contains("line 2, column 1"), "{error}");
    let bad = document(NOTE, r#","bizStep":"dreaming""#);
    let told = desk.reads("epcis convert --to xml -", &bad).exits(1);
    assert!(told.contains("/epcisBody/eventList/0/bizStep"), "{told}");
    desk.nguon("epcis convert faulty.xml").exits(2);
    desk.nguon("epcis convert --to pdf faulty.xml").exits(2);
    desk.nguon("epcis convert --to json absent.xml").exits(1);
}
