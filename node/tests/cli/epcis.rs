//! `nguon epcis`, run over documents.

use std::fs;
use std::io::ErrorKind;
use std::process::Command;

use crate::desk::Desk;

pub(crate) const SAMPLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../configs/demo/lam-dong.jsonld"
);

/// A document of one event, under the context of EPCIS and one more.
pub(crate) fn document(context: &str, event: &str) -> String {
    format!(
        r#"{{"@context":["https://ref.gs1.org/standards/epcis/epcis-context.jsonld",{context}],
        "type":"EPCISDocument","schemaVersion":"2.0","creationDate":"2026-10-12T18:00:00Z",
        "epcisBody":{{"eventList":[{{"type":"ObjectEvent","action":"OBSERVE",
        "eventTime":"2026-10-12T08:00:00.0004+07:00","eventTimeZoneOffset":"+07:00",
        "epcList":["urn:epc:id:sscc:8938505.3000000001"]{event}}}]}}}}"#
    )
}

pub(crate) const NOTE: &str = r#"{"v":"https://vuon.example.vn/epcis/"}"#;
const PREHASH: &str = "eventType=ObjectEventeventTime=2026-10-12T01:00:00.000Z\
    eventTimeZoneOffset=+07:00epcListepc=https://id.gs1.org/00/389385050000000016action=OBSERVE";

#[test]
fn hash_ids_are_printed_one_a_line_in_the_documents_order() {
    let desk = Desk::new();
    fs::write(desk.path("one.jsonld"), document(NOTE, "")).expect("a file");
    let count = {
        let bytes = fs::read(SAMPLE).expect("the sample");
        let read = epcis::Document::parse(&bytes, &epcis::Contexts::new());
        read.expect("sound").events.len()
    };
    fs::copy(SAMPLE, desk.path("sample.jsonld")).expect("a copy");
    let told = desk.nguon("epcis hash sample.jsonld one.jsonld").exits(0);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), count + 1, "{told}");
    let form = |line: &&str| {
        let digest = line.strip_prefix("ni:///sha-256;");
        let digest = digest.and_then(|rest| rest.strip_suffix("?ver=CBV2.0"));
        digest.is_some_and(|digest| digest.len() == 64)
    };
    assert!(lines.iter().all(form), "{told}");

    let told = desk.nguon("epcis hash one.jsonld --cbv 2.1").exits(0);
    assert_eq!(
        told.trim_end().strip_suffix("1"),
        lines[count].strip_suffix("0")
    );
    let told = desk.nguon("epcis hash --prehash one.jsonld").exits(0);
    assert_eq!(told.trim_end(), PREHASH);
    let json = desk.nguon("epcis hash --prehash one.jsonld --json").json();
    assert_eq!(json[0]["file"], "one.jsonld");
    assert_eq!(json[0]["events"][0]["hash"], lines[count]);
    assert_eq!(json[0]["events"][0]["prehash"], PREHASH);
}

#[test]
fn a_document_is_taken_from_standard_input() {
    let desk = Desk::new();
    let text = document(NOTE, r#","v:note":"007""#);
    let told = desk.reads("epcis hash --prehash -", &text).exits(0);
    assert_eq!(
        told.trim_end(),
        format!("{PREHASH}{{https://vuon.example.vn/epcis/}}note=7")
    );
}

#[test]
fn every_fault_of_a_document_is_told() {
    let desk = Desk::new();
    let faulty = document(NOTE, r#","bizStep":"dreaming","unknown":1"#);
    fs::write(desk.path("faulty.jsonld"), faulty).expect("a file");
    let told = desk.nguon("epcis hash faulty.jsonld").exits(1);
    for part in [
        "faulty.jsonld has faults",
        "/epcisBody/eventList/0/bizStep",
        "/epcisBody/eventList/0/unknown",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    desk.nguon("epcis hash").exits(2);
    desk.nguon("epcis hash faulty.jsonld --cbv 1.2").exits(2);
    desk.nguon("epcis hash faulty.jsonld --context c.jsonld")
        .exits(2);
}

#[test]
fn contexts_are_files_and_are_never_fetched() {
    let desk = Desk::new();
    let text = document(r#""https://a.vn/c.jsonld""#, r#","v:note":"1""#);
    fs::write(desk.path("named.jsonld"), text).expect("a file");
    fs::write(desk.path("c.jsonld"), format!(r#"{{"@context":{NOTE}}}"#)).expect("a file");
    let told = desk.nguon("epcis hash named.jsonld").exits(1);
    assert!(told.contains("https://a.vn/c.jsonld"), "{told}");
    desk.nguon("epcis hash named.jsonld --context https://a.vn/c.jsonld=c.jsonld")
        .exits(0);
    desk.nguon("epcis hash named.jsonld --context https://a.vn/c.jsonld=named.jsonld")
        .exits(1);
}

/// Lets another implementation hash what is generated here, where it is
/// installed for `NGUON_HASH_PYTHON`, or else `python3`.
#[test]
#[allow(clippy::print_stdout, reason = "it may be skipped, and has to say so")]
fn another_implementation_agrees() {
    let python = std::env::var_os("NGUON_HASH_PYTHON").unwrap_or("python3".into());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/hash_check.py");
    let mut command = Command::new(python);
    command.args([script, "--nguon", env!("CARGO_BIN_EXE_nguon")]);
    let output = match command.output() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return println!("hash check: skipped: there is no Python");
        }
        output => output.expect("it runs"),
    };
    let told = String::from_utf8_lossy(&output.stdout);
    println!("{told}");
    assert!(output.status.success(), "{told}{output:?}");
    assert!(told.starts_with("hash check: "), "{told}");
}
