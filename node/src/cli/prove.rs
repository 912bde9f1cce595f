//! `nguon prove`.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::json;

use super::console::Console;
use super::node::Asked;
use super::runtime;
use crate::files::{self, Eyes};
use crate::verify;

/// Takes the proof of a record out of a running node.
///
/// The proof is a text (C2SP tlog-proof) that anyone judges with nguon verify,
/// without a node: the record, its place in its author's log, and the author's
/// signed checkpoint. It shows the record's payload to whoever gets it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nguon prove urn:uuid:2b5e71c0-2ae0-5291-bad7-9261f56acf66 --out proof.txt
  nguon prove 2f9f1b1c6a0d4e5f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f > proof.txt")]
pub(crate) struct Prove {
    /// The record's id, or the eventID of its event.
    record: String,
    /// The file for the proof, never replaced [default: standard output].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    asked: Asked,
}

impl Prove {
    pub(crate) fn run(self, console: &Console) -> Result<()> {
        let client = self.asked.client()?;
        let proof = runtime()?.block_on(client.prove(&self.record))?;
        let report = verify::examine(&proof, None);
        let proves = report
            .proves
            .as_ref()
            .filter(|_| report.verified)
            .with_context(|| format!("the node gave a proof that does not hold:\n{report}"))?;
        let Some(out) = &self.out else {
            return console.answer(&proof, &json!({ "record": proves.record, "proof": proof }));
        };
        files::create(out, proof.as_bytes(), Eyes::Anyone)?;
        let text = format!(
            "Wrote the proof of the record {} to {out}\n\nAnyone can judge it:\n  nguon verify {out} \
             --charter charter.json",
            proves.record,
            out = out.display()
        );
        console.answer(text, &json!({ "record": proves.record, "file": out }))
    }
}
