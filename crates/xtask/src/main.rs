//! `cargo xtask`: builds, demo, tests, checks and benches of this repository.
//!
//! It makes sure of what the build needs on a bare machine, then runs the
//! tools that everybody knows, each echoed before it starts, so that any step
//! can be repeated by hand. It depends on nothing, so it builds in seconds.
//!
//! Reading order: [`arguments`] (what may be asked), [`tasks`] (which steps
//! answer it), [`steps`] (how a step is run, timed and reported), [`needs`]
//! (what the machine must have), [`workspace`] (where things lie).
//!
//! Invariants:
//! - decisions are pure functions over values that were looked up before, so
//!   tests reach every branch without touching the machine;
//! - the first step that fails ends the run, and is named with its status;
//! - every child cargo gets the same target folder and the same set of
//!   features, so that RocksDB compiles once.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool speaks on its standard streams"
)]

mod arguments;
mod tasks;

mod needs;
mod steps;
mod workspace;

use std::env;
use std::process::ExitCode;

use arguments::{Request, USAGE};
use steps::Steps;
use workspace::Workspace;

/// Exit status of a call that asks for what does not exist.
const EXIT_USAGE: u8 = 2;

fn main() -> ExitCode {
    let request = match arguments::parse(env::args().skip(1)) {
        Ok(request) => request,
        Err(error) => {
            eprintln!("xtask: {error}\n\n{USAGE}");
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let workspace = Workspace::find();
    let mut steps = Steps::new(&workspace);
    let outcome = match request {
        Request::Help => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Request::Demo { stay, arguments } => tasks::demo(&mut steps, stay, &arguments),
        Request::Test { filters } => tasks::test(&mut steps, &filters),
        Request::Check => tasks::check(&mut steps),
        Request::Bench { arguments } => tasks::bench(&mut steps, &arguments),
    };
    steps.print_summary();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
