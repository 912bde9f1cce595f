//! `docs/vectors/record.json` says what this build does.
//!
//! The vectors are made anew from fixed seeds and compared with the file. To
//! write the file after a deliberate change, run this test with
//! `NGUON_WRITE_VECTORS=1`.

mod batches;
mod headers;
mod history;
mod keys;
mod proofs;
mod trees;

use serde_json::{Value, json};

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../docs/vectors/record.json"
);

#[test]
fn the_vectors_are_reproduced() {
    let made = json!({
        "about": "Keys, logs, headers, trees, checkpoints, batches, proofs and disclosures, as \
                  docs/protocol.md tells them. Bytes are hexadecimal; a seed is an Ed25519 secret \
                  key (RFC 8032). Everything belongs to one federation; the logs are `author`'s.",
        "federation": history::federation().to_string(),
        "author": history::author().public().to_string(),
        "keys": keys::keys(),
        "signatures": keys::signatures(),
        "logs": keys::logs(),
        "headers": headers::headers(),
        "contents": headers::contents(),
        "leaves": trees::leaves(),
        "tree": trees::tree(),
        "checkpoint": trees::checkpoint(),
        "openings": batches::openings(),
        "batches": batches::batches(),
        "proofs": proofs::proofs(),
        "disclosures": proofs::disclosures(),
    });
    if std::env::var_os("NGUON_WRITE_VECTORS").is_some() {
        std::fs::write(FILE, format!("{made:#}\n")).expect("the vectors' file can be written");
    }
    let kept = std::fs::read_to_string(FILE).expect("the vectors' file is there");
    let kept: Value = serde_json::from_str(&kept).expect("the vectors' file is JSON");
    assert!(
        kept == made,
        "docs/vectors/record.json differs from what this build makes"
    );
}

/// Replaces bytes that stand in `of` exactly once.
fn replaced(of: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at: Vec<usize> = (0..=of.len() - from.len())
        .filter(|&at| of[at..].starts_with(from))
        .collect();
    assert_eq!(at.len(), 1, "found {} times", at.len());
    [&of[..at[0]], to, &of[at[0] + from.len()..]].concat()
}

/// Flips the lowest bit of the byte at `at`.
fn flipped(of: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = of.to_vec();
    bytes[at] ^= 1;
    bytes
}
