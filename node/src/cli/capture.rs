//! `nguon capture`.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use record::ScopeName;
use serde_json::json;

use super::console::Console;
use super::node::Asked;
use super::runtime;
use crate::files;

/// The largest document that is read; the node says how much it takes.
const DOCUMENT_BYTES_MAX: usize = 1 << 30;

/// Captures EPCIS 2.0 documents (JSON-LD) at a running node.
///
/// Each document is taken whole or not at all, and is durable when this
/// returns. It stops at the first that is refused, and says what is wrong with
/// it and where.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nguon capture harvest.jsonld
  nguon capture *.jsonld --scope with-gacc --config lam-dong/nguon.toml")]
pub(crate) struct Capture {
    /// The documents.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The scope [default: the node's capture.default_scope].
    #[arg(long)]
    scope: Option<ScopeName>,
    #[command(flatten)]
    asked: Asked,
}

impl Capture {
    pub(crate) fn run(self, console: &Console) -> Result<()> {
        let client = self.asked.client()?;
        let mut captured = Vec::new();
        let runtime = runtime()?;
        for path in &self.files {
            let document = files::read(path, DOCUMENT_BYTES_MAX)?;
            let taken = runtime.block_on(client.capture(document, self.scope.as_ref()));
            let taken = taken.with_context(|| {
                let before = match captured.len() {
                    0 => String::new(),
                    n => format!(" ({n} before it were captured)"),
                };
                format!("{} was not captured{before}", path.display())
            })?;
            console.say(format_args!(
                "Captured {}: job {}",
                path.display(),
                taken.job
            ))?;
            captured.push(json!({ "file": path, "job": taken.job }));
        }
        let done = match captured.len() {
            1 => "It is durable here, and on its way to the others.".to_owned(),
            n => format!("All {n} are durable here, and on their way to the others."),
        };
        console.answer(done, &captured)
    }
}
