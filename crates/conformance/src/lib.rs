//! For tests: where published test cases lie, and proof that they were read.
//!
//! The cases are no part of the repository, so a test that finds none says so
//! and passes. A test that looks in the wrong place would pass as well:
//! therefore every suite is named in the file `suites`, and where the folder is
//! there, continuous integration fails unless each of them has reported.

use std::env;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Names the folder of published cases.
const FOLDER: &str = "NGUON_CONFORMANCE";
/// Names the file to which counts are appended, as `suite passed failed`.
const REPORT: &str = "NGUON_CONFORMANCE_REPORT";
/// The suites that must report, one a line.
const SUITES: &str = include_str!("../suites");

/// Returns the folder of published cases, or says that it is absent and that
/// `suite` is skipped.
///
/// # Panics
///
/// When the file `suites` does not know `suite`.
pub fn folder(suite: &str) -> Option<PathBuf> {
    check(suite);
    let named = env::var_os(FOLDER).map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance");
    let folder = named.unwrap_or_else(beside);
    if folder.is_dir() {
        return Some(folder);
    }
    say(&format!("conformance folder absent: {suite} skipped"));
    None
}

/// Says how many cases of `suite` passed, appends the counts to the report, if
/// one is asked for, and fails the test with the failed cases.
///
/// # Panics
///
/// When a case failed, none passed, the file `suites` does not know `suite`, or
/// the report cannot be written.
pub fn report(suite: &str, passed: usize, failures: &[String]) {
    check(suite);
    let failed = failures.len();
    say(&format!(
        "conformance: {suite}: {passed} passed, {failed} failed"
    ));
    if let Some(path) = env::var_os(REPORT) {
        let appended = OpenOptions::new().create(true).append(true).open(path);
        let mut appended = appended.expect("the report can be opened");
        // One write, so that lines of tests running side by side stay whole.
        let line = format!("{suite} {passed} {failed}\n");
        appended
            .write_all(line.as_bytes())
            .expect("the report can be written");
    }
    assert!(failures.is_empty(), "{suite}:\n{}", failures.join("\n"));
    assert!(passed > 0, "{suite}: no case was found");
}

fn check(suite: &str) {
    assert!(
        SUITES.lines().any(|known| known == suite),
        "`{suite}` is not named in crates/conformance/suites"
    );
}

#[allow(
    clippy::print_stdout,
    reason = "whoever runs the tests reads how many cases ran"
)]
fn say(text: &str) {
    println!("{text}");
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_suite_stands_in_one_line_of_the_report() {
        let suites: Vec<&str> = super::SUITES.lines().collect();
        assert!(suites.is_sorted());
        for suite in suites {
            assert!(!suite.is_empty() && !suite.contains(char::is_whitespace));
        }
    }

    #[test]
    #[should_panic(expected = "`documents` is not named")]
    fn a_suite_that_is_not_named_is_refused() {
        super::report("documents", 1, &[]);
    }
}
