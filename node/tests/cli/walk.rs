//! The README's walk, as it stands there: two machines form a federation, one
//! captures, the other traces and proves.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::desk::{Desk, words};

const README: &str = include_str!("../../../README.md");
/// How long anything may take.
pub(crate) const BOUND: Duration = Duration::from_secs(60);

/// A node that runs as a process of its own, and is stopped in order.
pub(crate) struct Running {
    child: Child,
    pub(crate) http: String,
}

impl Running {
    pub(crate) fn start(desk: &Desk, line: &str) -> Self {
        let mut child = desk
            .command(&words(&format!("{line} --json")))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("nguon starts");
        let mut told = String::new();
        let mut out = BufReader::new(child.stdout.take().expect("its output"));
        // The object ends with a brace in the first column.
        while !told.ends_with("\n}\n") {
            let read = out.read_line(&mut told).expect("its output");
            assert!(read > 0, "the node ended: {told}");
        }
        let told: Value = serde_json::from_str(&told).expect("one JSON object");
        let http = told["http"].as_str().expect("its address").to_owned();
        Self { child, http }
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([name, &pid]).status();
        assert!(sent.expect("kill runs").success());
    }

    pub(crate) fn stop(mut self) {
        self.signal("-TERM");
        let status = self.child.wait().expect("it ends");
        assert!(status.success(), "{status}");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Gives the commands of the README's walk.
fn commands() -> Vec<String> {
    let walk = README.split_once("## Two machines").expect("the walk").1;
    let walk = walk.split_once("\n## ").map_or(walk, |(walk, _)| walk);
    let mut commands = Vec::new();
    for block in walk.split("```sh\n").skip(1) {
        let block = block.split("```").next().unwrap_or_default();
        let lines = block.lines().filter(|line| line.starts_with("nguon "));
        commands.extend(lines.map(|line| line["nguon ".len()..].to_owned()));
    }
    commands
}

fn free_port() -> u16 {
    let socket = TcpListener::bind("127.0.0.1:0").expect("a port");
    socket.local_addr().expect("its address").port()
}

/// Runs a command until it exits with 0: what is asked about may still be on
/// its way.
fn until_it_holds(desk: &Desk, line: &[String], node: &str) -> String {
    let begun = Instant::now();
    loop {
        let mut command = desk.command(line);
        let output = command
            .env("NGUON_NODE", node)
            .output()
            .expect("nguon starts");
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return told;
        }
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(begun.elapsed() < BOUND, "{line:?}: {told}{error}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Runs a command as above, for programs, and gives the object that it prints.
fn in_json(desk: &Desk, line: &str, node: &str) -> Value {
    let told = until_it_holds(desk, &words(&format!("{line} --json")), node);
    serde_json::from_str(&told).expect("one JSON object")
}

/// Lets the Python reading of the protocol judge the proof that was written,
/// and the same proof with one character of its record changed.
fn a_second_implementation_agrees(root: &Path, desk: &Desk) {
    let judge = |proof: &Path| {
        let mut command = Command::new("python3");
        command.arg(root.join("tests/protocol_check.py"));
        command.arg("--proof").arg(proof);
        command.arg("--charter").arg(desk.path("charter.json"));
        command.output().expect("python3 runs")
    };
    let proof = desk.path("proof.txt");
    let output = judge(&proof);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{told}");
    let text = std::fs::read_to_string(&proof).expect("the proof");
    let at = text.find("extra ").expect("the record's line") + 100;
    let other = if &text[at..=at] == "A" { "B" } else { "A" };
    let forged = desk.path("forged.txt");
    let text = format!("{}{other}{}", &text[..at], &text[at + 1..]);
    std::fs::write(&forged, text).expect("written");
    assert!(!judge(&forged).status.success(), "a forged proof passes");
}

#[test]
fn the_readmes_walk_works_as_it_is_written() {
    let desk = Desk::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut nodes: BTreeMap<&str, Running> = BTreeMap::new();
    let mut words_for: BTreeMap<&str, String> = BTreeMap::new();
    let ports = [free_port(), free_port()];
    let mut made = ports.iter();
    let mut seen = Vec::new();
    for line in commands() {
        let mut line = line.replace("configs/demo", &format!("{}/configs/demo", root.display()));
        for (machine, port) in [("192.0.2.1", ports[0]), ("192.0.2.2", ports[1])] {
            line = line
                .replace(
                    &format!("{machine}/udp/4001"),
                    &format!("127.0.0.1/udp/{port}"),
                )
                .replace(
                    &format!("{machine}/tcp/4001"),
                    &format!("127.0.0.1/tcp/{port}"),
                );
        }
        for (name, value) in &words_for {
            line = line.replace(name, value);
        }
        let verb = line.split(' ').take(2).collect::<Vec<_>>().join(" ");
        seen.push(verb.split(' ').next().unwrap_or_default().to_owned());
        match verb.as_str() {
            // One machine stands for two: each node listens at a place of its own.
            "init --dir" => {
                let port = made.next().expect("two nodes");
                let more = format!(
                    "--listen /ip4/127.0.0.1/udp/{port}/quic-v1 /ip4/127.0.0.1/tcp/{port} \
                     --http 127.0.0.1:0"
                );
                desk.run(&words(&format!("{line} {more} --json"))).json();
            }
            "charter keygen" => {
                let told = desk.run(&words(&format!("{line} --json"))).json();
                let public = told["public"].as_str().expect("a key");
                words_for.insert("PUBLIC-KEY", public.to_owned());
            }
            // There is no terminal to ask on.
            "charter sign" => {
                let told = desk.run(&words(&format!("{line} --yes --json"))).json();
                words_for.insert("HASH", told["hash"].as_str().expect("a hash").to_owned());
            }
            "run --config" => {
                let name = if line.contains("lam-dong") {
                    "lam-dong"
                } else {
                    "lang-son"
                };
                nodes.insert(name, Running::start(&desk, &line));
            }
            _ if verb.starts_with("capture ") => {
                let told = in_json(&desk, &line, &nodes["lam-dong"].http);
                assert_eq!(told.as_array().map(Vec::len), Some(1), "{line}: {told:#}");
            }
            "member add" | "join charter.json" => {
                let told = desk.run(&words(&format!("{line} --json"))).json();
                assert!(told.is_object(), "{line}: {told:#}");
            }
            _ if ["status", "trace", "prove"]
                .iter()
                .any(|ask| verb.starts_with(ask)) =>
            {
                let node = &nodes["lang-son"].http;
                // The proof's file is not written twice.
                if !verb.starts_with("prove") {
                    let told = until_it_holds(&desk, &words(&line), node);
                    let area = "planting area code VN-LDOR-9901";
                    let fits = !verb.starts_with("trace") || told.contains(area);
                    assert!(fits && !told.is_empty(), "{line}: {told}");
                }
                let told = in_json(&desk, &line, node);
                assert!(told.is_object(), "{line}: {told:#}");
            }
            _ => {
                let told = desk.run(&words(&line)).exits(0);
                assert!(!told.is_empty(), "{line}");
            }
        }
    }
    a_second_implementation_agrees(&root, &desk);
    for verb in [
        "init", "charter", "member", "join", "run", "capture", "trace", "prove", "verify",
    ] {
        assert!(
            seen.iter().any(|seen| seen == verb),
            "the walk lacks {verb}"
        );
    }
    for (_, node) in nodes {
        node.stop();
    }
}
