//! `nguon join`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use record::FederationId;
use serde_json::json;

use super::console::Console;
use crate::forming::{self, Joined};
use crate::home::Home;

/// Pins a node to a federation, once and for all.
///
/// The charter must be the one whose hash is given, signed by enough governors,
/// and list this node with both its keys. Take the hash from people you trust,
/// by another way than the file. Doing it again changes nothing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nguon join charter.json --dir lam-dong \\
    --federation 8c1f0e1f5a3d0c5cbe3f1e57b1f3a0f6a1c2d3e4f5061728394a5b6c7d8e9f00")]
pub(crate) struct Join {
    /// The charter's file.
    charter: PathBuf,
    /// The hash of the charter's first version, as its governors tell it.
    #[arg(long, value_name = "HASH")]
    federation: FederationId,
    /// The node's folder.
    #[arg(long)]
    dir: PathBuf,
}

impl Join {
    pub(crate) fn run(self, console: &Console) -> Result<()> {
        let home = Home::new(&self.dir);
        let joined = forming::join(&home, &self.charter, &self.federation)?;
        let Joined {
            charter,
            member,
            node,
            again,
        } = &joined;
        let value = json!({
            "federation": self.federation.to_string(),
            "name": charter.federation_name(),
            "version": charter.version(),
            "member": member.as_str(),
            "node": node.as_str(),
            "again": again,
        });
        let pinned = if *again {
            "is pinned already"
        } else {
            "is now pinned"
        };
        let reads = charter.scopes().keys();
        let reads: Vec<&str> = reads
            .filter(|scope| charter.may_read(member, scope))
            .map(record::ScopeName::as_str)
            .collect();
        let text = format!(
            "The node {node} of {member} {pinned} to the federation {name}\n  {federation}\n\n\
             It holds the scopes {scopes}.\n\nNext\n  nguon run --config {config}",
            name = charter.federation_name(),
            federation = self.federation,
            scopes = reads.join(", "),
            config = home.config_file().display(),
        );
        console.answer(text, &value)
    }
}
