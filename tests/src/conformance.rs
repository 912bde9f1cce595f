//! Where published test cases lie, and how many of them ran.
//!
//! The folder is no part of the repository, so a test that finds none says so
//! and passes. Continuous integration counts what ran, since a test that looks
//! in the wrong place would pass as well.

use std::env;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Names the conformance folder.
const FOLDER: &str = "NGUON_CONFORMANCE";
/// Names the file to which counts are appended, as `part passed failed`.
const REPORT: &str = "NGUON_CONFORMANCE_REPORT";

/// Returns the folder `part` of the conformance folder, or says that it is
/// absent and returns nothing.
pub fn folder(part: &str) -> Option<PathBuf> {
    let named = env::var_os(FOLDER).map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance");
    let folder = named.unwrap_or_else(beside).join(part);
    if folder.is_dir() {
        return Some(folder);
    }
    say(&format!("conformance folder absent: {part} skipped"));
    None
}

/// Says how many cases of `part` passed and failed, and appends the counts to
/// the report, if one is asked for. Call it before the test may fail.
///
/// # Panics
///
/// When `part` holds white space, or the report cannot be written.
pub fn report(part: &str, passed: usize, failed: usize) {
    assert!(
        !part.contains(char::is_whitespace),
        "`{part}` would break a line of the report"
    );
    say(&format!(
        "conformance: {part}: {passed} passed, {failed} failed"
    ));
    let Some(path) = env::var_os(REPORT) else {
        return;
    };
    let appended = OpenOptions::new().create(true).append(true).open(path);
    let mut appended = appended.expect("the report can be opened");
    // One write, so that lines of tests running side by side stay whole.
    let line = format!("{part} {passed} {failed}\n");
    appended
        .write_all(line.as_bytes())
        .expect("the report can be written");
}

#[allow(
    clippy::print_stdout,
    reason = "whoever runs the tests reads how many cases ran"
)]
fn say(text: &str) {
    println!("{text}");
}
