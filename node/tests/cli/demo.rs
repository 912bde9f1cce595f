//! `nguon demo`, small.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use crate::desk::{Desk, words};

#[test]
fn the_demo_holds_and_says_so_to_programs() {
    let desk = Desk::new();
    let report = desk
        .nguon("demo --once --json --nodes 6 --events 250")
        .json();
    assert_eq!(report["ok"], true);
    assert_eq!(report["nodes"].as_array().map(Vec::len), Some(6));
    assert_eq!(report["chain"]["events"], 48);
    assert_eq!(report["chain"]["disclosed"], 48);
    assert_eq!(report["load"]["events"], 250);
    // Each harvest went to the three other provinces and the authority.
    let deliveries = report["load"]["latency"]["deliveries"].as_u64();
    assert!(deliveries.is_some_and(|n| n >= 4 * 250), "{report:#}");
    assert_eq!(report["traces"][0]["member"], "gacc");
    assert_eq!(report["traces"][0]["events"], 48);
    assert_eq!(report["proof"]["signed_by"], "lam-dong");
    assert_eq!(report["proof"]["report"]["verified"], true);
}

#[test]
fn the_demo_without_a_load_shows_the_tree() {
    let desk = Desk::new();
    let told = desk.nguon("demo --once --events 0").exits(0);
    for part in [
        "Where SSCC 389349992610120013 came from",
        "VN-TGOR-9901",
        "disclosed by Tỉnh Lạng Sơn",
        "Everything held.",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn the_demo_stays_up_to_be_asked() {
    let desk = Desk::new();
    let mut child = desk
        .command(&words("demo --events 0"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("nguon starts");
    let mut out = BufReader::new(child.stdout.take().expect("its output"));
    let mut told = String::new();
    while !told.contains("stay up") {
        let read = out.read_line(&mut told).expect("its output");
        assert!(read > 0, "the demo ended: {told}");
    }
    let addresses: BTreeSet<&str> = told
        .split_whitespace()
        .filter(|word| word.starts_with("http://127.0.0.1:"))
        .collect();
    assert_eq!(addresses.len(), 5, "{told}");
    for address in addresses {
        let status = desk
            .nguon(&format!("status --node {address} --json"))
            .json();
        assert_eq!(status["ended"], false, "{status:#}");
    }
    let pid = child.id().to_string();
    let sent = Command::new("kill").args(["-TERM", &pid]).status();
    assert!(sent.expect("kill runs").success());
    out.read_to_string(&mut told).expect("its output");
    assert!(child.wait().expect("it ends").success(), "{told}");
}

#[test]
fn the_demo_takes_five_nodes_at_least() {
    Desk::new().nguon("demo --nodes 4").exits(2);
    Desk::new().nguon("demo --nodes 37").exits(2);
}
