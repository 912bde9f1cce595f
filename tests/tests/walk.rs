//! The README's section "Two machines", run by a shell as it is printed there:
//! two processes form a federation, one captures, the other traces and proves.
//!
//! Only what must differ because one machine stands for two is replaced: the
//! addresses and ports, and `nguon charter sign` is told `--yes` for want of a
//! terminal. Keys and hashes are taken from what the commands before printed,
//! as a person would take them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, ErrorKind};
use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// How long two nodes may take to find one another and exchange a document.
/// Dialling is tried again at growing intervals, and the machine may be busy.
const BOUND: Duration = Duration::from_secs(60);

/// How often a condition is looked at.
const EVERY: Duration = Duration::from_millis(50);

/// The machines by the comments that name them: their addresses in the README.
const MACHINES: [(&str, &str); 2] = [("Lâm Đồng", "192.0.2.1"), ("Lạng Sơn", "192.0.2.2")];

/// Where the lot that the walk traces was harvested.
const PLANTING_AREA: &str = "\"VN-LDOR-9901\"";

/// A command line of the README, and the machine on which it runs.
struct Line {
    machine: String,
    text: String,
}

/// Reads the command lines of the section "Two machines", in order.
fn lines(readme: &str) -> Vec<Line> {
    let (_, section) = readme
        .split_once("\n## Two machines\n")
        .expect("README.md has the section \"Two machines\"");
    let section = section.split("\n## ").next().unwrap_or(section);
    let mut lines = Vec::new();
    for block in section.split("\n```sh\n").skip(1) {
        let (block, _) = block.split_once("\n```").expect("each block ends");
        let mut machine = None;
        for text in block.lines() {
            if let Some(name) = text.strip_prefix("# ") {
                machine = Some(name.to_owned());
            } else {
                let machine = machine.clone();
                lines.push(Line {
                    machine: machine.unwrap_or_else(|| panic!("no machine is named: {text}")),
                    text: text.to_owned(),
                });
            }
        }
    }
    lines
}

/// Builds `nguon` as it now is, and returns the folder that holds it.
///
/// Cargo builds programs for the tests of their own package alone.
fn build() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    let profile = test.ancestors().nth(2).expect("target/PROFILE/deps/TEST");
    let name = match profile.file_name().and_then(|name| name.to_str()) {
        Some("debug") => "dev",
        Some(name) => name,
        None => panic!("{} is no profile's folder", profile.display()),
    };
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--workspace", "--bin", "nguon"])
        .args(["--profile", name, "--target-dir"])
        .arg(profile.parent().expect("target/PROFILE"))
        .current_dir(root())
        .status()
        .expect("cargo starts");
    assert!(built.success(), "nguon does not build");
    profile.to_owned()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests are in a folder of the repository")
}

/// Finds a port that is free for TCP and for UDP.
fn free_port() -> u16 {
    loop {
        let tcp = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let address = tcp.local_addr().expect("it is bound");
        if UdpSocket::bind(address).is_ok() {
            return address.port();
        }
    }
}

/// What a command printed, and how it ended.
struct Ended {
    code: Option<i32>,
    out: String,
    all: String,
}

/// A `nguon run` that is stopped in order, and killed if the test fails.
struct Running {
    child: Child,
    http: String,
}

impl Running {
    /// Stops the node with SIGTERM; it must exit with 0.
    fn stop(mut self) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(sent.expect("kill starts").success());
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                break status;
            }
            assert!(begun.elapsed() < BOUND, "the node does not stop");
            sleep(EVERY);
        };
        assert_eq!(status.code(), Some(0), "the node's end: {status}");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail when it has ended, which is what is wanted.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The one machine that stands for two.
struct Walk {
    folder: TempDir,
    programs: String,
    ports: BTreeMap<&'static str, u16>,
    nodes: BTreeMap<String, Running>,
    /// What stands for the words PUBLIC-KEY and HASH.
    known: BTreeMap<&'static str, String>,
    /// What the lines printed, by the line as it is in the README.
    printed: BTreeMap<String, String>,
}

impl Walk {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        symlink(root().join("configs"), folder.path().join("configs"))
            .expect("the configurations are reachable");
        let path = std::env::var("PATH").unwrap_or_default();
        Self {
            folder,
            programs: format!("{}:{path}", build().display()),
            ports: MACHINES.map(|(machine, _)| (machine, free_port())).into(),
            nodes: BTreeMap::new(),
            known: BTreeMap::new(),
            printed: BTreeMap::new(),
        }
    }

    /// Gives a shell on a machine, which asks that machine's node.
    fn shell(&self, machine: &str, line: &str) -> Command {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", line])
            .current_dir(self.folder.path())
            .env("PATH", &self.programs)
            .env_remove("NGUON_NODE")
            .stdin(Stdio::null());
        if let Some(node) = self.nodes.get(machine) {
            shell.env("NGUON_NODE", &node.http);
        }
        shell
    }

    fn ends(&self, machine: &str, line: &str) -> Ended {
        let output = self.shell(machine, line).output().expect("sh starts");
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        Ended {
            code: output.status.code(),
            all: format!("{out}{}", String::from_utf8_lossy(&output.stderr)),
            out,
        }
    }

    fn succeeds(&self, machine: &str, line: &str) -> String {
        let ended = self.ends(machine, line);
        assert_eq!(ended.code, Some(0), "{machine}: {line}\n{}", ended.all);
        ended.out
    }

    /// Replaces what must differ, and what the commands before told.
    fn here(&self, line: &Line) -> String {
        let mut text = line.text.clone();
        for (machine, address) in MACHINES {
            let port = self.ports[machine];
            for transport in ["udp", "tcp"] {
                text = text.replace(
                    &format!("/ip4/{address}/{transport}/4001"),
                    &format!("/ip4/127.0.0.1/{transport}/{port}"),
                );
            }
        }
        for (word, value) in &self.known {
            text = text.replace(word, value);
        }
        if text.starts_with("nguon init ") {
            let port = self.ports[line.machine.as_str()];
            text += &format!(
                " --http 127.0.0.1:0 --listen /ip4/127.0.0.1/udp/{port}/quic-v1 \
                 --listen /ip4/127.0.0.1/tcp/{port}"
            );
        } else if text.starts_with("nguon charter sign ") {
            text += " --yes";
        }
        text
    }

    fn run(&mut self, line: &Line) {
        let text = self.here(line);
        if text.starts_with("nguon run ") {
            let node = self.start(&text);
            let before = self.nodes.insert(line.machine.clone(), node);
            assert!(before.is_none(), "{} runs two nodes", line.machine);
            return;
        }
        let out = self.succeeds(&line.machine, &text);
        assert!(!out.is_empty(), "{text} prints nothing");
        if text.starts_with("nguon charter keygen ") {
            self.known.insert("PUBLIC-KEY", word_after("public", &out));
        } else if text.starts_with("nguon charter sign ") {
            self.known.insert("HASH", word_after("--federation", &out));
        } else if text.starts_with("nguon capture ") {
            self.wait_for_arrival();
        }
        self.printed.insert(line.text.clone(), out);
    }

    /// Starts a node and waits until it tells where it is reached.
    fn start(&self, line: &str) -> Running {
        let log = format!("{}.log", self.nodes.len());
        let log = File::create(self.folder.path().join(log)).expect("a log");
        let mut child = self
            .shell("", &format!("exec {line}"))
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("sh starts");
        let out = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut node = Running {
            child,
            http: String::new(),
        };
        let told = out.lines().map_while(Result::ok);
        let told = told.map(|told| told.trim().to_owned());
        node.http = told
            .filter_map(|told| Some(told.strip_prefix("local systems")?.trim().to_owned()))
            .next()
            .unwrap_or_else(|| panic!("{line} ended: {}", self.logs()));
        node
    }

    fn logs(&self) -> String {
        ["0.log", "1.log"]
            .map(|log| fs::read_to_string(self.folder.path().join(log)).unwrap_or_default())
            .join("\n")
    }

    fn status(&self, machine: &str) -> Value {
        let told = self.succeeds(machine, "nguon status --json");
        serde_json::from_str(&told).expect("the status is JSON")
    }

    /// Waits until the second node holds every record that the first wrote.
    fn wait_for_arrival(&self) {
        let written = written(&self.status(MACHINES[0].0));
        assert!(
            written.values().sum::<u64>() > 1,
            "nothing was captured: {written:?}"
        );
        let begun = Instant::now();
        loop {
            let status = self.status(MACHINES[1].0);
            let held = sizes(&status);
            if written
                .iter()
                .all(|(log, size)| held.get(log) == Some(size))
            {
                return;
            }
            assert!(
                begun.elapsed() < BOUND,
                "{written:?} does not arrive: {status:#}\n{}",
                self.logs()
            );
            sleep(EVERY);
        }
    }

    /// Gives what the only line that begins so printed.
    fn printed(&self, verb: &str) -> &str {
        let mut found = self.printed.iter().filter(|(line, _)| {
            let rest = line.strip_prefix(verb);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        });
        match (found.next(), found.next()) {
            (Some((_, out)), None) => out,
            (first, _) => panic!("{verb}: one line is wanted, found {first:?} and others"),
        }
    }
}

/// Gives the word after a word.
fn word_after(word: &str, text: &str) -> String {
    let mut words = text.split_whitespace().skip_while(|each| *each != word);
    let found = words.nth(1);
    found
        .unwrap_or_else(|| panic!("no {word} is told: {text}"))
        .to_owned()
}

/// Gives the sizes of the logs in a status, by scope and epoch.
fn sizes(status: &Value) -> BTreeMap<String, u64> {
    logs(status, |_| true)
}

/// Gives the sizes of the logs that the node itself wrote.
fn written(status: &Value) -> BTreeMap<String, u64> {
    logs(status, |log| log["written_here"] == true)
}

fn logs(status: &Value, wanted: impl Fn(&Value) -> bool) -> BTreeMap<String, u64> {
    let logs = status["logs"].as_array().expect("a list of logs");
    let logs = logs.iter().filter(|log| wanted(log)).map(|log| {
        let size = log["size"].as_u64().expect("a size");
        (format!("{} {}", log["scope"], log["epoch"]), size)
    });
    logs.collect()
}

/// Puts another letter or digit in the middle of a line of a proof; none if the
/// line holds neither.
fn flip(proof: &str, line: usize) -> Option<String> {
    let start = proof.split_inclusive('\n').take(line).map(str::len).sum();
    let text = proof.get(start..)?.lines().next()?;
    let candidates: Vec<_> = text
        .char_indices()
        .filter(|(_, c)| c.is_ascii_alphanumeric())
        .collect();
    let (at, old) = *candidates.get(candidates.len() / 2)?;
    let new = if old == '7' { "4" } else { "7" };
    let mut flipped = proof.to_owned();
    flipped.replace_range(start + at..start + at + 1, new);
    Some(flipped)
}

/// Every line of the proof matters: with one character changed in any of them
/// it is refused.
fn refuses_flipped(walk: &Walk) {
    let folder = walk.folder.path();
    let proof = fs::read_to_string(folder.join("proof.txt")).expect("the proof is a text");
    let mut refused = 0;
    for line in 0..proof.lines().count() {
        let Some(flipped) = flip(&proof, line) else {
            continue;
        };
        fs::write(folder.join("flipped.txt"), &flipped).expect("it is written");
        let ended = walk.ends("", "nguon verify flipped.txt --charter charter.json");
        let told = ended.all;
        assert_eq!(ended.code, Some(1), "line {line} of\n{flipped}\n{told}");
        refused += 1;
    }
    assert!(refused > 3, "the proof has few lines: {proof}");
}

/// Returns whether there was a Python to run the second implementation with.
fn second_implementation_agrees(walk: &Walk) -> bool {
    let checked = Command::new("python3")
        .arg(root().join("tests/protocol_check.py"))
        .args(["--proof", "proof.txt", "--charter", "charter.json"])
        .current_dir(walk.folder.path())
        .output();
    match checked {
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        checked => {
            let output = checked.expect("python3 starts");
            let told = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "protocol_check.py: {told}");
            true
        }
    }
}

#[test]
fn the_readmes_two_machines_work_as_printed() {
    let readme = fs::read_to_string(root().join("README.md")).expect("the README");
    let lines = lines(&readme);
    let found = readme
        .split("\n## ")
        .filter(|section| section.starts_with("Two machines\n"))
        .flat_map(str::lines)
        .filter(|line| line.starts_with("nguon "))
        .count();
    assert!(found > 12, "the walk has only {found} commands");

    let mut walk = Walk::new();
    let mut run = 0;
    for line in &lines {
        walk.run(line);
        run += 1;
    }
    assert_eq!(run, found, "commands run, and commands printed");
    assert_eq!(walk.nodes.len(), 2, "both machines run a node");

    let traced = walk.printed("nguon trace");
    assert!(traced.contains("Tỉnh Lâm Đồng log"), "{traced}");
    // What the member's own vocabulary says is shown to programs.
    let trace = lines
        .iter()
        .find(|line| line.text.starts_with("nguon trace "));
    let trace = trace.expect("the walk traces");
    let traced = walk.succeeds(&trace.machine, &format!("{} --json", trace.text));
    let traced: Value = serde_json::from_str(&traced).expect("the answer is JSON");
    let events = traced["events"].as_array().expect("a list of events");
    let harvested = |event: &Value| event.to_string().contains(PLANTING_AREA);
    assert!(events.iter().any(harvested), "{traced:#}");
    let verified = walk.printed("nguon verify");
    assert!(verified.contains("\nVerified."), "{verified}");
    let status = walk.printed("nguon status");
    assert!(status.contains("lam-dong main"), "{status}");
    refuses_flipped(&walk);
    if !second_implementation_agrees(&walk) {
        println!("python3 is absent: the second implementation did not judge the proof");
    }
    for node in std::mem::take(&mut walk.nodes).into_values() {
        node.stop();
    }
}
