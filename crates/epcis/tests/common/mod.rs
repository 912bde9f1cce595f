//! What several tests read alike.

use std::path::Path;

use serde_json::Value;

pub(crate) fn read_json(path: &Path) -> Value {
    let bytes = std::fs::read(path).expect("the file is readable");
    serde_json::from_slice(&bytes).expect("the file is JSON")
}
