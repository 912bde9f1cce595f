//! Runs one step after another: echoed, timed, and named when it fails.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::workspace::Workspace;

/// Why a run ended early.
#[derive(Debug)]
pub(crate) enum StepError {
    /// A command could not be started.
    NotStarted {
        /// The step's name.
        step: String,
        /// What the system said.
        source: io::Error,
    },
    /// A command ended with another status than 0.
    Failed {
        /// The step's name.
        step: String,
        /// The status it ended with.
        status: ExitStatus,
    },
    /// The machine lacks something, and only its user can provide it.
    Missing(String),
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StepError::NotStarted { step, source } => {
                write!(f, "step `{step}` could not be started: {source}")
            }
            StepError::Failed { step, status } => write!(f, "step `{step}` failed: {status}"),
            StepError::Missing(what) => write!(f, "{what}"),
        }
    }
}

/// The steps of one run, and what came of them.
#[derive(Debug)]
pub(crate) struct Steps<'a> {
    /// Where every command runs.
    pub(crate) workspace: &'a Workspace,
    done: Vec<Done>,
    target_told: bool,
}

#[derive(Debug)]
struct Done {
    step: String,
    took: Duration,
    outcome: Outcome,
}

#[derive(Debug, Clone, Copy)]
enum Outcome {
    Passed,
    Failed,
    Skipped,
}

impl<'a> Steps<'a> {
    /// Starts a run in which nothing was done yet.
    pub(crate) fn new(workspace: &'a Workspace) -> Self {
        Steps {
            workspace,
            done: Vec::new(),
            target_told: false,
        }
    }

    /// Runs cargo with `arguments` as the step `step`.
    pub(crate) fn cargo<S: AsRef<OsStr>>(
        &mut self,
        step: &str,
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<(), StepError> {
        self.cargo_with(step, arguments, &[])
    }

    /// Runs cargo with `arguments` and further environment variables.
    pub(crate) fn cargo_with<S: AsRef<OsStr>>(
        &mut self,
        step: &str,
        arguments: impl IntoIterator<Item = S>,
        variables: &[(&str, &str)],
    ) -> Result<(), StepError> {
        self.tell_target();
        let mut command = cargo();
        command
            .args(arguments)
            .env("CARGO_TARGET_DIR", &self.workspace.target)
            .envs(variables.iter().copied());
        self.run_prefixed(step, &mut command, variables)
    }

    /// Runs a command in the repository's root as the step `step`.
    pub(crate) fn run(&mut self, step: &str, command: &mut Command) -> Result<(), StepError> {
        self.run_prefixed(step, command, &[])
    }

    /// Notes that a step is left out, and says why.
    pub(crate) fn skip(&mut self, step: &str, why: &str) {
        eprintln!("\n==> {step}: skipped, {why}");
        self.finish(step, Duration::ZERO, Outcome::Skipped);
    }

    /// Prints what each step came to and how long it took.
    pub(crate) fn print_summary(&self) {
        if self.done.is_empty() {
            return;
        }
        let total: Duration = self.done.iter().map(|done| done.took).sum();
        eprintln!("\n==> summary");
        for done in &self.done {
            eprintln!("{}", summary_line(done));
        }
        eprintln!("    {:<28} {:>9}", "in all", readable(total));
    }

    fn run_prefixed(
        &mut self,
        step: &str,
        command: &mut Command,
        variables: &[(&str, &str)],
    ) -> Result<(), StepError> {
        eprintln!("\n==> {step}\n    $ {}", command_line(command, variables));
        let start = Instant::now();
        let ended = command.current_dir(&self.workspace.root).status();
        let took = start.elapsed();
        let status = match ended {
            Ok(status) => status,
            Err(source) => {
                self.finish(step, took, Outcome::Failed);
                let step = step.to_owned();
                return Err(StepError::NotStarted { step, source });
            }
        };
        if status.success() {
            self.finish(step, took, Outcome::Passed);
            eprintln!("    {step}: done in {}", readable(took));
            Ok(())
        } else {
            self.finish(step, took, Outcome::Failed);
            let step = step.to_owned();
            Err(StepError::Failed { step, status })
        }
    }

    fn finish(&mut self, step: &str, took: Duration, outcome: Outcome) {
        self.done.push(Done {
            step: step.to_owned(),
            took,
            outcome,
        });
    }

    /// Says once per run where things are built.
    fn tell_target(&mut self) {
        if !self.target_told {
            eprintln!("target folder: {}", self.workspace.target.display());
            self.target_told = true;
        }
    }
}

/// Tells whether a command exists and ends well, without showing its output.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Tells whether cargo has the subcommand `name`.
pub(crate) fn cargo_has(name: &str) -> bool {
    succeeds(cargo().args([name, "--version"]))
}

/// Returns the cargo that called us, in an environment free of what it set for
/// us alone: build scripts of dependencies watch variables such as
/// `CARGO_MANIFEST_DIR`, and would run again at each change between a call
/// through xtask and one by hand.
fn cargo() -> Command {
    let program = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(is_ours_alone) {
            command.env_remove(name);
        }
    }
    command
}

/// Tells whether `cargo run` sets this variable for the package that it runs.
fn is_ours_alone(name: &str) -> bool {
    name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") || name == "OUT_DIR"
}

/// Returns the command as a line for a shell.
fn command_line(command: &Command, variables: &[(&str, &str)]) -> String {
    let variables = variables
        .iter()
        .map(|(name, value)| format!("{name}={}", quoted(value)));
    let program = command.get_program().to_string_lossy();
    // Cargo's full path, as it calls itself, would tell the reader nothing.
    let program = match env::var_os("CARGO") {
        Some(cargo) if cargo == command.get_program() => "cargo".to_owned(),
        _ => quoted(&program),
    };
    let arguments = command
        .get_args()
        .map(|argument| quoted(&argument.to_string_lossy()));
    variables
        .chain([program])
        .chain(arguments)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Quotes a word for a shell where it needs it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn summary_line(done: &Done) -> String {
    let outcome = match done.outcome {
        Outcome::Passed => "passed",
        Outcome::Failed => "FAILED",
        Outcome::Skipped => "skipped",
    };
    format!(
        "    {:<28} {:>9}  {outcome}",
        done.step,
        readable(done.took)
    )
}

/// Returns a duration in minutes and seconds, or seconds with one decimal.
fn readable(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        assert_eq!(readable(Duration::from_millis(1_240)), "1.2 s");
        assert_eq!(readable(Duration::from_secs(725)), "12 min 05 s");
    }

    #[test]
    fn echoed_commands_can_be_pasted() {
        let mut command = Command::new("python3");
        command.args(["a b.py", "--x=1", "it's", ""]);
        assert_eq!(
            command_line(&command, &[("RUSTDOCFLAGS", "-D warnings")]),
            r"RUSTDOCFLAGS='-D warnings' python3 'a b.py' --x=1 'it'\''s' ''"
        );
    }

    #[test]
    fn only_our_own_package_variables_are_dropped() {
        for name in ["CARGO_PKG_NAME", "CARGO_MANIFEST_DIR", "OUT_DIR"] {
            assert!(is_ours_alone(name), "{name}");
        }
        for name in ["CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_TERM_COLOR", "PATH"] {
            assert!(!is_ours_alone(name), "{name}");
        }
    }

    #[test]
    fn a_failed_step_is_named_with_its_status() {
        let workspace = Workspace {
            root: env::temp_dir(),
            target: env::temp_dir(),
        };
        let mut steps = Steps::new(&workspace);
        let error = steps
            .run("format", Command::new("sh").args(["-c", "exit 3"]))
            .expect_err("the command fails");
        assert_eq!(error.to_string(), "step `format` failed: exit status: 3");
        let error = steps
            .run("ghost", &mut Command::new("/nonexistent/program"))
            .expect_err("there is no such program");
        assert!(
            error
                .to_string()
                .contains("step `ghost` could not be started")
        );
        let lines: Vec<String> = steps.done.iter().map(summary_line).collect();
        assert!(
            lines.iter().all(|line| line.ends_with("FAILED")),
            "{lines:?}"
        );
    }
}
