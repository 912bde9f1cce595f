//! `nguon trace`.

use std::collections::BTreeMap;

use ::trace::{Direction, Names, Style};
use anyhow::Result;
use api::TraceQuery;
use clap::Args;

use super::console::Console;
use super::node::Asked;
use super::{page_width, runtime};

/// Asks a running node where a thing came from, and what came of it.
///
/// The node answers from its own disk. Exits with 1 when it holds nothing about
/// the thing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nguon trace urn:epc:id:sscc:8934999.3261012001 --upstream
  nguon trace https://id.gs1.org/01/98934999001012/10/CL-261012 --downstream
  nguon trace '(00)389349992610120013' --json")]
pub(crate) struct Trace {
    /// The thing or lot: an EPC URI, a GS1 Digital Link, or an element string.
    id: String,
    /// Only back to the origins.
    #[arg(long, conflicts_with = "downstream")]
    upstream: bool,
    /// Only on to what came of it.
    #[arg(long)]
    downstream: bool,
    /// The most links to follow.
    #[arg(long, value_name = "N")]
    depth: Option<u32>,
    /// Leaves out what the thing went through before this date-time.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Leaves out what the thing went through after this date-time.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    #[command(flatten)]
    asked: Asked,
}

impl Trace {
    pub(crate) fn run(self, console: &Console) -> Result<bool> {
        let client = self.asked.client()?;
        let direction = match (self.upstream, self.downstream) {
            (true, _) => Direction::Upstream,
            (_, true) => Direction::Downstream,
            _ => Direction::Both,
        };
        let query = TraceQuery {
            depth: self.depth,
            since: self.since,
            until: self.until,
            ..TraceQuery::new(self.id, direction)
        };
        let (answer, members) = runtime()?.block_on(async {
            let answer = client.trace(&query).await?;
            let members = client.status().await?.members;
            Ok::<_, api::ClientError>((answer, members))
        })?;
        let names = members
            .into_iter()
            .map(|member| (member.id, member.names.vi));
        let style = Style {
            width: page_width(),
            ..Style::default()
        };
        let text = ::trace::render(&answer, &Members(names.collect()), &style);
        console.answer(text, &answer)?;
        Ok(!answer.events.is_empty())
    }
}

/// Knows the federation's members by their Vietnamese names.
struct Members(BTreeMap<String, String>);

impl Names for Members {
    fn member(&self, id: &str) -> Option<String> {
        self.0.get(id).cloned()
    }
}
