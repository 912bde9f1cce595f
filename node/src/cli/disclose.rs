//! `nguon disclose`.

use anyhow::Result;
use clap::Args;
use record::ScopeName;

use super::console::Console;
use super::node::Asked;
use super::runtime;

/// Discloses events to the readers of a partner's scope, each with its proof.
///
/// A disclosure cannot be taken back. It shows the event, its author's log and
/// that log's size. What the scope's readers were shown before is passed over.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nguon disclose urn:uuid:2b5e71c0-2ae0-5291-bad7-9261f56acf66 --scope with-gacc")]
pub(crate) struct Disclose {
    /// The events, by eventID or by the id of their record.
    #[arg(required = true)]
    events: Vec<String>,
    /// The scope whose readers shall see them.
    #[arg(long)]
    scope: ScopeName,
    #[command(flatten)]
    asked: Asked,
}

impl Disclose {
    pub(crate) fn run(self, console: &Console) -> Result<()> {
        let client = self.asked.client()?;
        let report = runtime()?.block_on(client.disclose(&self.scope, self.events))?;
        let text = match report.records.len() {
            0 => format!("The readers of {} know them already.", self.scope),
            n => format!("Disclosed {n} events to the readers of {}.", self.scope),
        };
        console.answer(text, &report)
    }
}
