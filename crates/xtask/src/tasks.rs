//! The steps that answer each request.

use std::process::Command;

use crate::needs;
use crate::steps::{StepError, Steps, cargo_has};

/// The second implementation of the protocol, held against the vectors.
const PROTOCOL_CHECK: &str = "tests/protocol_check.py";

/// A test target without dependencies of its own. Where cargo builds no test,
/// it leaves the features out that development dependencies ask for, and then
/// a good part of the network stack compiles a second time for the tests. One
/// test that rides along keeps the demo's build and the tests' build the same.
const RIDER: &str = "xtask_usage";

/// Builds `nguon` and runs its demo: once, unless the nodes are to stay up.
pub(crate) fn demo(
    steps: &mut Steps<'_>,
    stay: bool,
    arguments: &[String],
) -> Result<(), StepError> {
    needs::ensure(steps)?;
    build_nguon(steps)?;
    let mut command = Command::new(steps.workspace.binary("nguon"));
    command.args(demo_arguments(stay, arguments));
    steps.run("demo", &mut command)
}

/// Builds `nguon` with the features that the tests are built with.
fn build_nguon(steps: &mut Steps<'_>) -> Result<(), StepError> {
    steps.cargo(
        "build",
        ["build", "--workspace", "--bin", "nguon", "--test", RIDER],
    )
}

/// Runs every test, or those whose names contain a filter.
pub(crate) fn test(steps: &mut Steps<'_>, filters: &[String]) -> Result<(), StepError> {
    needs::ensure(steps)?;
    // Tests of whole nodes start the binary, which lies in another package
    // than they do: cargo would not build it for them.
    steps.cargo("build", ["build", "--workspace", "--bins", "--tests"])?;
    let runner: &[&str] = if cargo_has("nextest") {
        &["nextest", "run", "--workspace", "--no-fail-fast"]
    } else {
        &["test", "--workspace", "--tests", "--no-fail-fast", "--"]
    };
    let filters = filters.iter().map(String::as_str);
    let filtered = filters.len() > 0;
    steps.cargo("tests", runner.iter().copied().chain(filters))?;
    if filtered {
        let why = "only tests that match the filter were asked for";
        steps.skip("doc tests", why);
        steps.skip("protocol check", why);
        return Ok(());
    }
    steps.cargo("doc tests", ["test", "--workspace", "--doc"])?;
    protocol_check(steps)
}

/// Runs the static checks, the cheapest first.
pub(crate) fn check(steps: &mut Steps<'_>) -> Result<(), StepError> {
    needs::ensure_components()?;
    steps.cargo("formatting", ["fmt", "--all", "--check"])?;
    needs::ensure(steps)?;
    steps.cargo(
        "clippy",
        [
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ],
    )?;
    // `--examples` documents none, but unifies features as clippy did.
    steps.cargo_with(
        "documentation",
        [
            "doc",
            "--workspace",
            "--no-deps",
            "--lib",
            "--bins",
            "--examples",
        ],
        &[("RUSTDOCFLAGS", "-D warnings")],
    )?;
    if cargo_has("deny") {
        steps.cargo(
            "dependencies",
            ["deny", "check", "licenses", "bans", "sources"],
        )
    } else {
        let why = "cargo-deny is absent (cargo install --locked cargo-deny)";
        steps.skip("dependencies", why);
        Ok(())
    }
}

/// Runs the benches, one of which starts `nguon` itself.
///
/// They use the dev profile, which optimises dependencies fully and our code
/// nearly so: a profile of their own would compile RocksDB once more.
pub(crate) fn bench(steps: &mut Steps<'_>, arguments: &[String]) -> Result<(), StepError> {
    needs::ensure(steps)?;
    build_nguon(steps)?;
    // The whole workspace is selected, since fewer packages would ask for fewer
    // features of RocksDB and the network stack, and compile them once more.
    let cargo = ["bench", "--profile", "dev", "--workspace", "--bench", "*"];
    let separator = (!arguments.is_empty()).then_some("--");
    let arguments = arguments.iter().map(String::as_str);
    steps.cargo(
        "benches",
        cargo.into_iter().chain(separator).chain(arguments),
    )
}

/// Checks the vectors with the second implementation.
fn protocol_check(steps: &mut Steps<'_>) -> Result<(), StepError> {
    steps.run(
        "protocol check",
        Command::new("python3").arg(PROTOCOL_CHECK),
    )
}

/// Returns the arguments of `nguon` for a demo.
fn demo_arguments(stay: bool, arguments: &[String]) -> Vec<&str> {
    let mut all = vec!["demo"];
    let asked = arguments.iter().any(|argument| argument == "--once");
    if !stay && !asked {
        all.push("--once");
    }
    all.extend(arguments.iter().map(String::as_str));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demo_runs_once_unless_it_shall_stay() {
        let more = ["--nodes", "3"].map(str::to_owned);
        let once = ["--once"].map(str::to_owned);
        assert_eq!(demo_arguments(false, &[]), ["demo", "--once"]);
        assert_eq!(demo_arguments(true, &[]), ["demo"]);
        assert_eq!(
            demo_arguments(false, &more),
            ["demo", "--once", "--nodes", "3"]
        );
        assert_eq!(demo_arguments(false, &once), ["demo", "--once"]);
    }
}
