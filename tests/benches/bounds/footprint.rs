//! A whole node as a process: how much memory it takes while idle, and how long
//! it needs until it serves, with an empty folder and with many events.
//!
//! Filling the folder takes the longest of all: about a minute for a million
//! events. `NGUON_BENCH_EVENTS` sets another number.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use criterion::Criterion;
use ledger::Ledger;
use node::{Config, Home};
use prometheus_client::registry::Registry;
use store::{Resources, Store};

use crate::federation::{folder, runtime};
use crate::load::{self, Load};
use crate::report::Report;

/// How many captures the folder holds, unless the environment says otherwise.
const CAPTURES: u32 = 1_000;
const EVENTS_VARIABLE: &str = "NGUON_BENCH_EVENTS";
/// How long a node is left alone before its memory is read.
const IDLE: Duration = Duration::from_secs(6);
/// How often a start is timed.
const STARTS: usize = 3;

const START_TARGET_S: f64 = 2.0;
const MEMORY_TARGET_MB: f64 = 100.0;

/// Measures start and memory. Each figure is told beside its target, and none
/// has a bound.
pub(crate) fn run(_: &mut Criterion, report: &mut Report) {
    let Some(nguon) = binary() else {
        report.note("footprint: skipped, `cargo build --workspace --bin nguon` comes first".into());
        return;
    };
    let desk = folder();
    let config = form(&nguon, desk.path());
    enter(report, "an empty folder", &measure(&nguon, &config));
    let captures = captures();
    fill(&Config::load(&config).expect("a configuration"), captures);
    let what = format!("{} events", load::events(captures));
    enter(report, &what, &measure(&nguon, &config));
}

fn captures() -> u32 {
    let events = std::env::var(EVENTS_VARIABLE).ok();
    let events = events.map(|text| text.parse::<u32>().expect("a number of events"));
    events.map_or(CAPTURES, |events| events.div_ceil(crate::workload::CAPTURE))
}

struct Footprint {
    start: Duration,
    memory_mb: f64,
}

fn enter(report: &mut Report, what: &str, footprint: &Footprint) {
    let start = footprint.start.as_secs_f64();
    report.limit(&format!("start with {what}"), start, "s", START_TARGET_S);
    let memory = footprint.memory_mb;
    report.limit(
        &format!("idle memory with {what}"),
        memory,
        "MB",
        MEMORY_TARGET_MB,
    );
}

/// Returns `nguon`, which lies two folders above this bench.
fn binary() -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?;
    let nguon = own.parent()?.parent()?.join("nguon");
    nguon.is_file().then_some(nguon)
}

/// Forms a federation of one node and returns the node's configuration.
fn form(nguon: &Path, desk: &Path) -> PathBuf {
    let run = |line: &str| -> serde_json::Value {
        let mut command = Command::new(nguon);
        command.args(line.split_whitespace()).arg("--json");
        let output = command.current_dir(desk).output().expect("nguon starts");
        assert!(output.status.success(), "nguon {line}: {output:?}");
        serde_json::from_slice(&output.stdout).expect("one JSON object")
    };
    let text = |answer: &serde_json::Value, name: &str| -> String {
        answer[name].as_str().expect("a text").to_owned()
    };
    let governor = text(
        &run("charter keygen --out governor.key --holder G"),
        "public",
    );
    run(
        "init --dir node --member-id province-1 --kind province --name-vi T --name-en P \
         --address /ip4/127.0.0.1/tcp/4001",
    );
    run(&format!(
        "charter new --name Bench --governor {governor}=G --threshold 1 --out charter.json"
    ));
    run("member add node/enrolment.json --charter charter.json");
    let signed = run("charter sign charter.json --key governor.key --yes");
    let federation = text(&signed, "hash");
    run(&format!(
        "join charter.json --federation {federation} --dir node"
    ));
    let home = Home::new(desk.join("node"));
    let settings = format!(
        "dir = {:?}\ndata = {:?}\n[network]\nlisten = [\"/ip4/127.0.0.1/tcp/0\"]\n\
         [http]\nlisten = \"127.0.0.1:0\"\n",
        home.dir(),
        home.dir().join("data")
    );
    let config = home.config_file();
    std::fs::write(&config, settings).expect("writes");
    config
}

/// Captures events into the node's folder while the node does not run.
fn fill(config: &Config, captures: u32) {
    let home = config.home();
    let runtime = runtime();
    let resources = Resources::for_one_node().expect("resources");
    let store = Store::open(&config.data, &resources).expect("a store");
    let ledger_config = ledger::Config {
        key: home.author_key().expect("a key"),
        charter: home.charter().expect("a charter"),
        charter_file: std::fs::read(home.charter_file()).expect("a charter"),
    };
    let ledger = Ledger::start(store, ledger_config, &mut Registry::default());
    let ledger = ledger.expect("a ledger");
    for first in (0..captures).step_by(10) {
        let load = Load::prepare_from(first, 10.min(captures - first));
        runtime.block_on(load.capture(&ledger, 4));
        if first % 100 == 0 {
            println!("footprint: {} events captured", load::events(first));
        }
    }
    runtime.block_on(ledger.stop());
}

/// Starts the node a few times; the median start counts, and the most memory:
/// after the first start RocksDB still tidies up what was captured, and what
/// that takes is not given back.
fn measure(nguon: &Path, config: &Path) -> Footprint {
    let mut starts = Vec::new();
    let mut memory_mb: f64 = 0.0;
    for _ in 0..STARTS {
        let (mut child, took) = start(nguon, config);
        starts.push(took);
        std::thread::sleep(IDLE);
        memory_mb = resident_mb(&child).max(memory_mb);
        stop(&mut child);
    }
    Footprint {
        start: crate::report::median(&mut starts),
        memory_mb,
    }
}

/// Starts the node and waits until it says that it serves.
fn start(nguon: &Path, config: &Path) -> (Child, Duration) {
    let begun = Instant::now();
    let mut command = Command::new(nguon);
    command.arg("run").arg("--config").arg(config).arg("--json");
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("nguon starts");
    let told = child.stdout.take().expect("is piped");
    let mut line = String::new();
    let read = BufReader::new(told).read_line(&mut line);
    assert!(read.is_ok_and(|bytes| bytes > 0), "the node did not start");
    (child, begun.elapsed())
}

/// Stops the node in order.
fn stop(child: &mut Child) {
    let told = Command::new("kill").arg(child.id().to_string()).status();
    assert!(told.is_ok_and(|status| status.success()), "is told to stop");
    let ended = child.wait().expect("ends");
    assert!(ended.success(), "{ended}");
}

/// Returns the resident memory of a process in MB.
fn resident_mb(child: &Child) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()));
    let status = status.expect("this system has /proc");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|rest| rest.trim().strip_suffix(" kB"));
    let kib: f64 = kib.expect("a size in kB").trim().parse().expect("a number");
    kib * 1_024.0 / 1e6
}
