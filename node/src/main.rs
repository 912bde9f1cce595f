//! The `nguon` command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    node::cli::main()
}
