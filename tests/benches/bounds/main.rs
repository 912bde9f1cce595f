//! What the node does, measured beside what its parts can do at best.
//!
//! Each area hands its figures to criterion, which follows them from run to
//! run, and to a table at the end, in which both sides were measured in turn,
//! in this very run. `docs/benchmarks.md` says what is compared with what.
//!
//! Words on the command line choose areas: `sign`, `verify`, `hash`, `append`,
//! `capture`, `replicate`, `query`, `footprint`; without any, all are run. Other
//! words and options are criterion's.

#![allow(
    clippy::print_stdout,
    reason = "a bench reports on the standard output"
)]

mod report;
mod workload;

mod federation;
mod load;
mod raw;

mod append;
mod capture;
mod footprint;
mod hash;
mod query;
mod replicate;
mod seal;

use criterion::Criterion;

use report::Report;

type Area = fn(&mut Criterion, &mut Report);

/// In the order in which they are run: what is quick first.
const AREAS: [(&str, Area); 8] = [
    ("sign", seal::sign),
    ("verify", seal::verify),
    ("hash", hash::run),
    ("append", append::run),
    ("capture", capture::run),
    ("replicate", replicate::run),
    ("query", query::run),
    ("footprint", footprint::run),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // Cargo's test runner asks what there is to be tested: nothing.
    if arguments.iter().any(|a| a == "--list" || a == "--test") {
        return;
    }
    let named = |name: &str| arguments.iter().any(|a| a == name);
    let all = !AREAS.iter().any(|(name, _)| named(name));
    let mut criterion = report::criterion();
    if all {
        criterion = criterion.configure_from_args();
    }
    let mut report = Report::default();
    for (name, run) in AREAS {
        if all || named(name) {
            run(&mut criterion, &mut report);
        }
    }
    criterion.final_summary();
    println!("{report}");
}
