//! The folder of published examples, and the counts that are reported.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Returns the folder of published examples, unless there is none.
pub(crate) fn conformance() -> Option<PathBuf> {
    let folder = match std::env::var_os("NGUON_CONFORMANCE") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"),
    };
    folder.is_dir().then_some(folder)
}

#[allow(
    clippy::print_stdout,
    reason = "continuous integration counts the cases"
)]
pub(crate) fn say(text: &str) {
    println!("{text}");
}

/// Says how many cases ran, and appends the counts to the file from which
/// continuous integration sums up.
pub(crate) fn report(part: &str, passed: usize, failed: usize) {
    say(&format!(
        "conformance: {part}: {passed} passed, {failed} failed"
    ));
    let Some(path) = std::env::var_os("NGUON_CONFORMANCE_REPORT") else {
        return;
    };
    let appended = OpenOptions::new().create(true).append(true).open(path);
    let mut appended = appended.expect("the report can be opened");
    let line = format!("{part} {passed} {failed}\n");
    appended
        .write_all(line.as_bytes())
        .expect("the report can be written");
}

pub(crate) fn read_json(path: &Path) -> Value {
    let bytes = std::fs::read(path).expect("the file is readable");
    serde_json::from_slice(&bytes).expect("the file is JSON")
}
