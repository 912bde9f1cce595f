//! `nguon demo`.

use anyhow::Result;
use clap::Args;

use super::console::Console;
use super::{logging, page_width, runtime};
use crate::config::LogConfig;
use crate::demo::{self, NODES_MAX, NODES_MIN, Options};

/// Plays the main job on this machine, with nothing prepared.
///
/// It forms a federation of real nodes on loopback, captures the story of a
/// container of durian and a generated load, waits until every entitled node
/// holds every record, asks where the container came from, and proves a record.
/// It exits with 0 only if all of that held. Its folder is temporary.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nguon demo
  nguon demo --once
  nguon demo --once --nodes 9 --events 100000 --json")]
pub(crate) struct Demo {
    /// Ends after the questions; else the nodes stay up.
    #[arg(long)]
    once: bool,
    /// How many nodes take part; those beyond five are further provinces.
    #[arg(long, value_name = "N", default_value_t = NODES_MIN,
          value_parser = clap::value_parser!(u32).range(i64::from(NODES_MIN)..=i64::from(NODES_MAX)))]
    nodes: u32,
    /// How many events are generated beside the container's 48.
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    events: usize,
    /// What is logged to standard error.
    #[arg(long, value_name = "FILTER", default_value = "warn,yamux=error")]
    log: String,
}

impl Demo {
    pub(crate) fn run(self, console: &Console) -> Result<()> {
        logging::start(&LogConfig {
            filter: self.log,
            ..LogConfig::default()
        })?;
        let options = Options {
            once: self.once,
            nodes: self.nodes,
            events: self.events,
            width: page_width(),
        };
        runtime()?.block_on(demo::play(&options, console))
    }
}
