//! `nguon status`.

use std::fmt::Write as _;

use anyhow::Result;
use api::{PeerReport, StatusReport};
use clap::Args;

use super::console::Console;
use super::node::Asked;
use super::runtime;

/// Asks a running node how it stands: its logs, its peers, what is missing.
///
/// Exits with 1 when the node's run has ended with a failed write.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nguon status
  nguon status --config lam-dong/nguon.toml --json")]
pub(crate) struct Status {
    #[command(flatten)]
    asked: Asked,
}

impl Status {
    pub(crate) fn run(self, console: &Console) -> Result<bool> {
        let client = self.asked.client()?;
        let report = runtime()?.block_on(client.status())?;
        console.answer(told(&report), &report)?;
        Ok(!report.ended)
    }
}

fn told(report: &StatusReport) -> String {
    let mut text = String::new();
    // Writing to a String does not fail.
    let _ = write(&mut text, report);
    text
}

fn write(out: &mut String, report: &StatusReport) -> std::fmt::Result {
    let own = report
        .members
        .iter()
        .find(|member| member.id == report.member);
    let name = own.map_or("", |member| member.names.vi.as_str());
    writeln!(out, "{} {name}, nguon {}", report.member, report.version)?;
    writeln!(
        out,
        "  federation  {} {}",
        report.federation_name, report.federation
    )?;
    writeln!(out, "  charter     version {}", report.charter_version)?;
    writeln!(out, "  author key  {}", report.author)?;
    writeln!(out, "  records     {}", report.records)?;
    if report.ended {
        writeln!(
            out,
            "\n  ! A write to the disk failed and the run has ended: start the node again."
        )?;
    }
    let network = &report.network;
    writeln!(out, "\nPeers: {}", network.peers.len())?;
    for each in &network.peers {
        peer(out, each)?;
    }
    if network.logs_wanted > 0 {
        writeln!(out, "  {} logs are being fetched", network.logs_wanted)?;
    }
    writeln!(out, "\nLogs: {}", report.logs.len())?;
    for log in &report.logs {
        let member = log.member.as_deref().unwrap_or("nobody's");
        let epoch = log.epoch.get(..8).unwrap_or(&log.epoch);
        let own = if log.written_here {
            ", written here"
        } else {
            ""
        };
        write!(
            out,
            "  {member}  {}  {epoch}…  {} records{own}",
            log.scope, log.size
        )?;
        match log.recovered_from {
            Some(from) => writeln!(out, ", recovered from {from} on")?,
            None => writeln!(out)?,
        }
    }
    Ok(())
}

fn peer(out: &mut String, peer: &PeerReport) -> std::fmt::Result {
    write!(out, "  {} {}  ", peer.member, peer.node)?;
    if !peer.connected {
        return writeln!(out, "not connected");
    }
    let transport = peer.transport.as_deref().unwrap_or("connected");
    write!(out, "{transport} ")?;
    if peer.in_sync {
        write!(out, "in sync")?;
    } else {
        write!(
            out,
            "{} logs behind, {} ahead",
            peer.logs_behind, peer.logs_ahead
        )?;
    }
    writeln!(out, ", {} bytes in, {} out", peer.bytes_in, peer.bytes_out)
}
