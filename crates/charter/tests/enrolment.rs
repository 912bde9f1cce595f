//! Enrolment requests: what is refused, and why.

mod common;

use charter::{Enrolment, EnrolmentError};
use common::{at, bare_enrolment, enrolment, key, tree};
use serde_json::{Value, json};

fn refuses(spoil: impl FnOnce(&mut Value), reason: &str, told: &str) {
    let mut file = tree(&enrolment().to_file());
    spoil(&mut file);
    let error = Enrolment::verify(file.to_string().as_bytes()).expect_err("a spoilt request");
    assert_eq!(error.reason(), reason, "{error}");
    assert!(error.to_string().starts_with(told), "{error}");
}

#[test]
fn a_request_says_what_was_put_in() {
    let made = enrolment();
    let read = Enrolment::verify(made.to_file().as_bytes()).expect("a good request");
    assert_eq!(read, made);
    assert_eq!(read.author(), key(0x11).public());
    assert_eq!(read.transport(), key(0x12).public());
    // Layout does not matter.
    let compact = tree(&made.to_file()).to_string();
    let compact = Enrolment::verify(compact.as_bytes()).expect("the same request");
    assert_eq!(compact.terms(), made.terms());
    let bare = bare_enrolment(0x21, "x");
    assert!(bare.terms().member.is_none());
}

#[test]
fn refuses_with_the_reason() {
    refuses(|file| *file = json!(1), "wrong-type", "the file: ");
    let set = |pointer: &'static str, name: &'static str, value: Value| {
        move |file: &mut Value| at(file, pointer)[name] = value
    };
    refuses(set("", "x", json!(1)), "unknown-member", "x: ");
    refuses(
        set("/signed", "x", json!(1)),
        "unknown-member",
        "signed.x: ",
    );
    refuses(
        set("/proofs", "x", json!(1)),
        "unknown-member",
        "proofs.x: ",
    );
    refuses(
        set("/signed", "format", json!(2)),
        "not-known-here",
        "signed.format: ",
    );
    let author = key(0x11).public().to_string();
    refuses(
        set("/signed", "transport", json!(author)),
        "key-reused",
        "signed.transport: ",
    );
    let identity = format!("01{}", "00".repeat(31));
    refuses(
        set("/signed", "author", json!(identity)),
        "bad-key",
        "signed.author: the key is of small",
    );
    // The field's prime plus one: the neutral element in a second spelling.
    let second = format!("ee{}7f", "ff".repeat(30));
    refuses(
        set("/signed", "author", json!(second)),
        "bad-key",
        "signed.author: the bytes are not",
    );
    refuses(
        set("/signed", "node_name", json!("A")),
        "bad-name",
        "signed.node_name: ",
    );
    refuses(
        set("/signed", "addresses", json!(["x"])),
        "bad-text",
        "signed.addresses[0]: ",
    );
    refuses(
        set("/signed", "kind", json!("x")),
        "bad-text",
        "signed.kind: ",
    );
    refuses(
        set("/signed", "member", json!("gacc")),
        "bad-proof",
        "the author key's proof",
    );
    let stranger = key(0x77).public().to_string();
    refuses(
        set("/signed", "transport", json!(stranger)),
        "bad-proof",
        "the author key's proof",
    );
    let swap = |file: &mut Value| {
        let proof = at(file, "/proofs")["author"].clone();
        at(file, "/proofs")["transport"] = proof;
    };
    refuses(swap, "bad-proof", "the transport key's proof");
    assert!(matches!(
        Enrolment::verify(b"{"),
        Err(EnrolmentError::File(_))
    ));
    assert!(Enrolment::new(&key(1), &key(1), enrolment().terms()).is_err());
}
