//! Proof files, judged by the built `nguon`.

use std::fs;

use crate::desk::Desk;
use node::Home;
use record::{
    CharterRef, Entry, Epoch, FederationId, Flags, Kind, Run, Salt, ScopeName, UnverifiedProof,
    tree,
};

/// Proves an event that the node in `lam-dong` wrote to a scope.
fn proof(desk: &Desk, federation: &str, scope: &str) -> UnverifiedProof {
    let federation: FederationId = federation.parse().expect("a hash");
    let home = Home::new(desk.path("lam-dong"));
    let key = home.author_key().expect("the node's key");
    let document = fs::read(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../configs/demo/lam-dong.jsonld"
    ))
    .expect("the sample");
    let document = epcis::Document::parse(&document, &epcis::Contexts::new()).expect("sound");
    let entries = document.events.into_iter().map(|event| Entry {
        kind: Kind::EVENT,
        flags: Flags::NONE,
        subject: Vec::new(),
        payload: event.into_payload().into_bytes(),
    });
    let charter = CharterRef {
        version: 1,
        hash: federation.0.prefix8(),
    };
    let mut run = Run::start(key, federation, Epoch([6; 16]), &[]);
    let scope = ScopeName::new(scope).expect("a name");
    let now_ms = 1_791_600_000_000;
    let batch = run
        .batch(now_ms, &scope, charter, entries.collect(), || Salt([3; 16]))
        .expect("a batch");
    let checkpoint = batch.checkpoint().checkpoint();
    let (_, record) = &batch.records()[1];
    UnverifiedProof {
        federation,
        log: batch.log().clone(),
        index: 1,
        header: record.header_bytes().to_vec(),
        content: record.content().cloned(),
        inclusion: tree::prove_inclusion(batch.hashes(), checkpoint.size, 1).expect("in range"),
        size: checkpoint.size,
        root: checkpoint.root,
        signature: batch.checkpoint().signature(),
    }
}

fn write(desk: &Desk, proof: UnverifiedProof) {
    let author = record::PublicKey::check(proof.log.author).expect("a sound key");
    let text = proof.verify(&author).expect("an honest proof").to_text();
    fs::write(desk.path("proof.txt"), text).expect("the proof file");
}

#[test]
fn a_proof_holds_with_and_without_a_charter() {
    let desk = Desk::new();
    let federation = desk.federation();
    write(&desk, proof(&desk, &federation, "national"));
    let told = desk
        .nguon("verify proof.txt --charter charter.json")
        .exits(0);
    for part in [
        "bound to the node main of lam-dong",
        "Verified.",
        "unwitnessed",
        "ObjectEvent",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let told = desk.nguon("verify proof.txt").exits(0);
    assert!(
        told.contains("bound to no member: give --charter"),
        "{told}"
    );
    let report = desk
        .nguon("verify proof.txt --charter charter.json --json")
        .json();
    assert_eq!(report["verified"], true);
    assert_eq!(report["proves"]["member"], "lam-dong");
    assert_eq!(report["content"]["kind"], "event");
}

#[test]
fn a_scope_that_the_member_may_not_write_is_refused() {
    let desk = Desk::new();
    let federation = desk.federation();
    write(&desk, proof(&desk, &federation, "with-gacc"));
    desk.nguon("verify proof.txt").exits(0);
    let told = desk
        .nguon("verify proof.txt --charter charter.json")
        .exits(1);
    assert!(told.contains("may not write the scope with-gacc"), "{told}");
}

#[test]
fn another_federations_charter_is_refused() {
    let desk = Desk::new();
    let federation = desk.federation();
    write(&desk, proof(&desk, &federation, "national"));
    let other = Desk::new();
    other.federation();
    let line = format!(
        "verify proof.txt --charter {}",
        other.path("charter.json").display()
    );
    let told = desk.nguon(&line).exits(1);
    assert!(
        told.contains("the proof speaks of the federation"),
        "{told}"
    );
}

#[test]
fn the_first_thing_that_does_not_hold_is_named() {
    let desk = Desk::new();
    let federation = desk.federation();
    let honest = proof(&desk, &federation, "national");
    write(&desk, honest.clone());
    let text = fs::read_to_string(desk.path("proof.txt")).expect("the proof");
    let check = |text: String, failed: &str| {
        fs::write(desk.path("forged.txt"), text).expect("a forged proof");
        let ran = desk.nguon("verify forged.txt --json");
        assert_eq!(ran.code, Some(1));
        let report: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
        let last = report["checks"].as_array().and_then(|checks| checks.last());
        assert_eq!(last.expect("a check")["check"], failed, "{report:#}");
        assert_eq!(report["proves"], serde_json::Value::Null);
    };
    check(text.replace("tlog-proof@v1", "tlog-proof@v9"), "form");
    check(text.replace("\nindex 1\n", "\nindex 2\n"), "inclusion");
    let size = format!("\n{}\n", honest.size);
    check(text.replace(&size, "\n9\n"), "inclusion");
    let other = federation.replace(|c: char| c.is_ascii_digit(), "0");
    check(text.replace(&federation, &other), "form");
    fs::write(desk.path("empty.txt"), "").expect("an empty file");
    desk.nguon("verify empty.txt").exits(1);
}
