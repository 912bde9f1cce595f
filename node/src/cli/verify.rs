//! `nguon verify`.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use charter::FILE_BYTES_MAX;
use clap::Args;
use record::PROOF_TEXT_BYTES_MAX;

use super::console::Console;
use crate::files;
use crate::verify;

/// Judges a proof file, with no node and no network.
///
/// Exits with 0 when everything that was checked holds, and with 1 otherwise.
/// Without a charter it cannot tell whose key signed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nguon verify proof.txt --charter charter.json
  nguon verify proof.txt --json")]
pub(crate) struct Verify {
    /// The proof's file, as nguon prove writes it (C2SP tlog-proof).
    proof: PathBuf,
    /// The federation's charter, which says whose the keys are.
    #[arg(long, value_name = "FILE")]
    charter: Option<PathBuf>,
}

impl Verify {
    pub(crate) fn run(self, console: &Console) -> Result<bool> {
        let bytes = files::read(&self.proof, PROOF_TEXT_BYTES_MAX)?;
        let path = self.proof.display();
        let text = String::from_utf8(bytes).with_context(|| format!("{path} is no proof"))?;
        let charter = self.charter.as_deref();
        let charter = charter
            .map(|path| files::read(path, FILE_BYTES_MAX))
            .transpose()?;
        let report = verify::examine(&text, charter.as_deref());
        let verdict = match (report.verified, &charter) {
            (false, _) => "REFUSED: this file proves nothing.",
            (true, Some(_)) => "Verified.",
            (true, None) => "Verified, for a key that is bound to no member.",
        };
        console.answer(format_args!("{path}\n\n{report}\n{verdict}"), &report)?;
        Ok(report.verified)
    }
}
