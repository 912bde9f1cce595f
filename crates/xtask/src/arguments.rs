//! What may be asked of `cargo xtask`.

use std::fmt;

/// The help text, also shown after a call that cannot be understood.
pub(crate) const USAGE: &str = "\
Usage: cargo xtask COMMAND

Commands:
  demo [--stay] [-- ARG…]  build, and run a federation of five nodes once; with
                           --stay the nodes stay up. ARG… goes to `nguon demo`
  test [FILTER…]           run every test, the doc tests and the protocol check;
                           with FILTER… only the tests whose names contain one
  check                    formatting, clippy, documentation, dependencies
  bench [ARG…]             run the benches; ARG… goes to criterion
  help                     print this text

What the build needs (libclang, C and C++ compilers, Python 3) is installed with
apt-get when root or sudo allows; otherwise the command to run is printed.

Environment:
  CARGO_TARGET_DIR  where everything is built; by default
                    ${XDG_CACHE_HOME:-$HOME/.cache}/nguon/target
";

/// One call of `cargo xtask`, understood.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// Print the usage.
    Help,
    /// Build and run `nguon demo`.
    Demo {
        /// Leave the nodes running until interrupted.
        stay: bool,
        /// Further arguments of `nguon demo`.
        arguments: Vec<String>,
    },
    /// Run the tests.
    Test {
        /// Parts of test names; empty for every test.
        filters: Vec<String>,
    },
    /// Run the static checks.
    Check,
    /// Run the benches.
    Bench {
        /// Arguments of criterion.
        arguments: Vec<String>,
    },
}

/// A call that cannot be understood.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum UsageError {
    /// No command was named.
    NoCommand,
    /// There is no such command.
    UnknownCommand(String),
    /// The command has no such argument.
    UnexpectedArgument {
        /// The command that was called.
        command: &'static str,
        /// What it was given.
        argument: String,
    },
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UsageError::NoCommand => write!(f, "a command is missing"),
            UsageError::UnknownCommand(name) => write!(f, "there is no command `{name}`"),
            UsageError::UnexpectedArgument { command, argument } => {
                write!(f, "`{command}` does not take `{argument}`")
            }
        }
    }
}

/// Understands the arguments after the program's name.
pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Request, UsageError> {
    let mut arguments = arguments;
    let command = arguments.next().ok_or(UsageError::NoCommand)?;
    let rest: Vec<String> = arguments.collect();
    if asks_for_help(&rest) {
        return Ok(Request::Help);
    }
    match command.as_str() {
        "demo" => Ok(parse_demo(rest)),
        "test" => parse_test(rest),
        "check" => match rest.into_iter().next() {
            None => Ok(Request::Check),
            Some(argument) => Err(unexpected("check", argument)),
        },
        "bench" => Ok(Request::Bench {
            arguments: without_separator(rest),
        }),
        "help" | "--help" | "-h" => Ok(Request::Help),
        _ => Err(UsageError::UnknownCommand(command)),
    }
}

/// Tells whether help is wanted, before any `--`.
fn asks_for_help(arguments: &[String]) -> bool {
    arguments
        .iter()
        .take_while(|argument| *argument != "--")
        .any(|argument| argument == "--help" || argument == "-h")
}

/// `--stay` before the separator is ours; all else belongs to `nguon demo`.
fn parse_demo(rest: Vec<String>) -> Request {
    let mut stay = false;
    let mut ours = true;
    let mut arguments = Vec::new();
    for argument in rest {
        match argument.as_str() {
            "--" if ours => ours = false,
            "--stay" if ours => stay = true,
            _ => arguments.push(argument),
        }
    }
    Request::Demo { stay, arguments }
}

/// Every filter is a part of a test's name; options belong to cargo itself.
fn parse_test(rest: Vec<String>) -> Result<Request, UsageError> {
    let filters = without_separator(rest);
    match filters.iter().find(|filter| filter.starts_with('-')) {
        Some(option) => Err(unexpected("test", option.clone())),
        None => Ok(Request::Test { filters }),
    }
}

fn unexpected(command: &'static str, argument: String) -> UsageError {
    UsageError::UnexpectedArgument { command, argument }
}

/// Drops a leading `--`, which people type out of habit.
fn without_separator(mut arguments: Vec<String>) -> Vec<String> {
    if arguments.first().is_some_and(|first| first == "--") {
        arguments.remove(0);
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expect: Result<Request, UsageError>) {
        let arguments = line.split_whitespace().map(str::to_owned);
        assert_eq!(parse(arguments), expect, "cargo xtask {line}");
    }

    fn owned(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn demo(stay: bool, arguments: &[&str]) -> Result<Request, UsageError> {
        let arguments = owned(arguments);
        Ok(Request::Demo { stay, arguments })
    }

    #[test]
    fn demo_passes_on_what_is_not_its_own() {
        check("demo", demo(false, &[]));
        check("demo --stay", demo(true, &[]));
        check("demo --stay -- --nodes 7", demo(true, &["--nodes", "7"]));
        check("demo --events 9 --stay", demo(true, &["--events", "9"]));
        check("demo -- --stay -- x", demo(false, &["--stay", "--", "x"]));
        check("demo -- --help", demo(false, &["--help"]));
    }

    #[test]
    fn test_takes_filters_and_no_options() {
        let filters = |words: &[&str]| {
            let filters = owned(words);
            Ok(Request::Test { filters })
        };
        check("test", filters(&[]));
        check("test gs1 epcis", filters(&["gs1", "epcis"]));
        check("test -- gs1", filters(&["gs1"]));
        let expect = unexpected("test", "--release".to_owned());
        check("test --release", Err(expect));
    }

    #[test]
    fn bench_passes_everything_on() {
        let arguments = owned(&["verify", "--noplot"]);
        check("bench -- verify --noplot", Ok(Request::Bench { arguments }));
    }

    #[test]
    fn check_takes_nothing() {
        check("check", Ok(Request::Check));
        check("check it", Err(unexpected("check", "it".to_owned())));
    }

    #[test]
    fn help_is_found_everywhere_before_the_separator() {
        for line in ["help", "--help", "-h", "test --help", "demo --stay -h"] {
            check(line, Ok(Request::Help));
        }
    }

    #[test]
    fn what_does_not_exist_is_named() {
        check("", Err(UsageError::NoCommand));
        let name = "deploy".to_owned();
        check("deploy", Err(UsageError::UnknownCommand(name)));
    }
}
