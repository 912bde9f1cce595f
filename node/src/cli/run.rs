//! `nguon run`.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::console::Console;
use super::{logging, runtime};
use crate::config::Config;
use crate::start::{RunningNode, start};

/// Runs a node until it is told to stop.
///
/// SIGINT (Ctrl-C) and SIGTERM stop it in order. SIGHUP has it read its
/// identities, certificate and key again. It exits with 1 when a write
/// to its database failed: start it again once the disk is mended.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nguon run --config /var/lib/nguon/nguon.toml
  nguon run --config lam-dong/nguon.toml --log info,network=debug")]
pub(crate) struct Run {
    /// The node's configuration, as nguon init writes it.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// What is logged, in place of the configuration's log.filter.
    #[arg(long, value_name = "FILTER")]
    log: Option<String>,
}

impl Run {
    pub(crate) fn run(self, console: &Console) -> Result<()> {
        let mut config = Config::load(&self.config)?;
        if let Some(filter) = self.log {
            config.log.filter = filter;
        }
        logging::start(&config.log)?;
        runtime()?.block_on(serve(config, console))
    }
}

async fn serve(config: Config, console: &Console) -> Result<()> {
    // Before the start, so that a signal during it is not lost.
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot take signals")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot take signals")?;
    let mut hang_up = signal(SignalKind::hangup()).context("cannot take signals")?;
    let mut node = start(config).await?;
    announce(&node, console)?;
    let fatal = loop {
        tokio::select! {
            fatal = node.wait_fatal() => break Some(fatal),
            _ = interrupt.recv() => break None,
            _ = terminate.recv() => break None,
            _ = hang_up.recv() => reload(&node),
        }
    };
    tracing::info!("stopping");
    node.shutdown().await;
    match fatal {
        Some(error) => Err(error),
        None => {
            tracing::info!("stopped");
            Ok(())
        }
    }
}

/// Reads again who may call. What cannot be used changes nothing: a slip in a
/// file does not lock everybody out.
fn reload(node: &RunningNode) {
    match node.reload() {
        Ok(()) => tracing::info!("identities, certificate and key were read again"),
        Err(error) => tracing::error!("all stays as it was: {error:#}"),
    }
}

/// Tells on standard output, once, where the node is reached.
fn announce(node: &RunningNode, console: &Console) -> Result<()> {
    let (member, name) = (node.member(), node.name());
    let (http, listening) = (node.http_url(), node.listen_addresses());
    let value = json!({
        "member": member.as_str(),
        "node": name.as_str(),
        "http": http,
        "listening": listening,
    });
    let text = format!(
        "The node {name} of {member} runs.\n  local systems  {http}\n  members        {}",
        listening.join("\n                 ")
    );
    console.answer(text, &value)
}
