//! The steps of the demo, one after the other.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

use super::cast::{self, AGENCY, BORDER, INLAND, agency_scope};
use super::federation::{self, Federation};
use super::goods::{self, STORIES};
use super::load::{self, Load};
use super::questions::{self, Proven, Traced};
use super::report::{self, ChainReport, LoadReport, Report, Spread};
use super::watch::{self, Watch};
use crate::cli::Console;
use crate::text::wrap;

/// How many documents a province sends at a time.
const CLIENTS: usize = 4;
/// How long the nodes may take to find each other.
const MEETING: Duration = Duration::from_secs(60);

/// How the demo is played.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Whether it ends after the questions; else the nodes stay up.
    pub(crate) once: bool,
    /// How many nodes take part.
    pub(crate) nodes: u32,
    /// How many events are generated.
    pub(crate) events: usize,
    /// How wide the page is, in columns.
    pub(crate) width: usize,
}

/// Plays the demo in a temporary folder, which is gone afterwards.
///
/// # Errors
///
/// When a step did not hold, and says which.
pub(crate) async fn play(options: &Options, console: &Console) -> Result<()> {
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot take signals")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot take signals")?;
    let folder = tempfile::Builder::new()
        .prefix("nguon-demo-")
        .tempdir()
        .context("there is no place for temporary files")?;
    let formed = federation::form(folder.path(), &cast::cast(options.nodes))
        .context("the federation cannot be formed")?;
    let mut federation = federation::start(formed)
        .await
        .context("the federation cannot be started")?;
    let played = tokio::select! {
        played = steps(&federation, options, console) => played,
        _ = interrupt.recv() => Err(anyhow::anyhow!("interrupted")),
        _ = terminate.recv() => Err(anyhow::anyhow!("interrupted")),
    };
    let mut outcome = played.and_then(|report| told(&report, options, console));
    if outcome.is_ok() && !options.once {
        outcome = tokio::select! {
            error = federation.wait_fatal() => Err(error),
            _ = interrupt.recv() => Ok(()),
            _ = terminate.recv() => Ok(()),
        };
    }
    federation.shutdown().await;
    folder
        .close()
        .context("the temporary folder cannot be removed")?;
    outcome
}

async fn steps(federation: &Federation, options: &Options, console: &Console) -> Result<Report> {
    introduce(federation, console)?;
    met(federation).await?;
    console.say("\nThe nodes found each other. The goods move:")?;
    let chain = goods(federation, console).await?;
    let load = match options.events {
        0 => None,
        events => Some(generated(federation, events, console).await?),
    };

    let mut traces = Vec::new();
    for id in [AGENCY, INLAND] {
        traces.push(questions::trace(federation, id).await?);
    }
    let [agency, inland] = &traces[..] else {
        unreachable!("two nodes were asked");
    };
    let tree = questions::tree(federation, &agency.answer, options.width);
    console.say(format_args!(
        "\n{AGENCY} asks its own node where the container came from:\n\n{}\n\n{}",
        tree.trim_end(),
        same(agency, inland)
    ))?;
    let proof = questions::prove(federation, agency).await?;
    console.say(proved(&proof))?;
    Ok(Report {
        ok: true,
        federation: federation.id.to_string(),
        nodes: report::nodes(federation),
        chain,
        load,
        traces,
        proof,
    })
}

fn introduce(federation: &Federation, console: &Console) -> Result<()> {
    let charter = federation.charter();
    console.say(format_args!(
        "A federation of {} nodes on this machine, each with its own database and keys,\n\
         bound by a charter that {} governors signed: {}\n",
        federation.nodes.len(),
        charter.tally().signed.len(),
        federation.id
    ))?;
    for member in &federation.nodes {
        let names = charter.member(member.id()).map(|member| &member.names);
        let name = names.map_or("", |names| names.vi.as_str());
        let http = member.node.http_address();
        let members = member.node.listen_addresses().join("  ");
        console.say(format_args!(
            "  {:<11} {name}\n              http://{http}  {members}",
            member.id().as_str(),
        ))?;
    }
    Ok(())
}

/// Waits until every two nodes are linked.
async fn met(federation: &Federation) -> Result<()> {
    let everyone = federation.nodes.iter().map(|member| async {
        let mut status = member.node.network_status();
        let linked = status.wait_for(|status| {
            !status.peers.is_empty() && status.peers.iter().all(|peer| peer.link.is_some())
        });
        linked.await.map(drop)
    });
    let everyone = futures::future::try_join_all(everyone);
    tokio::time::timeout(MEETING, everyone)
        .await
        .with_context(|| {
            format!(
                "the nodes did not find each other in {} s",
                MEETING.as_secs()
            )
        })?
        .context("a node's network ended")?;
    Ok(())
}

/// Captures the goods' story where it happened, and discloses it.
async fn goods(federation: &Federation, console: &Console) -> Result<ChainReport> {
    let watch = Watch::start(federation);
    let mut events = 0;
    for story in STORIES {
        let client = questions::client(federation.member(story.member)?)?;
        client
            .capture(story.document.into(), None)
            .await
            .with_context(|| format!("{} cannot capture the goods", story.member))?;
        console.say(format_args!(
            "  {:<11} captured {} events",
            story.member, story.events
        ))?;
        events += story.events;
    }
    everywhere(federation, "the goods' events").await?;
    let records = questions::chain(federation).await?;
    let client = questions::client(federation.member(BORDER)?)?;
    let disclosed = client.disclose(&agency_scope(), records).await?;
    let disclosed = disclosed.records.len();
    console.say(format_args!(
        "  {BORDER:<11} disclosed {disclosed} of them to {AGENCY}"
    ))?;
    ensure!(
        disclosed == goods::EVENTS,
        "{disclosed} of the container's {} events were disclosed",
        goods::EVENTS
    );
    everywhere(federation, "the disclosures").await?;
    Ok(ChainReport {
        events,
        disclosed,
        latency: watch.latencies(federation).await,
    })
}

/// Captures generated events in all provinces at once.
async fn generated(
    federation: &Federation,
    events: usize,
    console: &Console,
) -> Result<LoadReport> {
    let provinces: Vec<_> = federation
        .nodes
        .iter()
        .filter(|member| member.kind == charter::MemberKind::Province)
        .collect();
    console.say(format_args!(
        "\n{} provinces capture {events} generated harvests:",
        provinces.len()
    ))?;
    let bytes_before = watch::bytes_on_the_wire(federation).await;
    let watch = Watch::start(federation);
    let bar = bar(events as u64, "captured");
    let mut tasks = JoinSet::new();
    let begun = Instant::now();
    for (load, member) in load::share(events, provinces.len())
        .into_iter()
        .zip(&provinces)
    {
        let client = questions::client(member)?;
        for first in 0..CLIENTS {
            tasks.spawn(send(client.clone(), load, first, bar.clone()));
        }
    }
    while let Some(sent) = tasks.join_next().await {
        sent.context("a client ended")??;
    }
    let captured = begun.elapsed();
    bar.finish_and_clear();
    everywhere(federation, "the generated events").await?;
    let replicated = begun.elapsed();
    let bytes = watch::bytes_on_the_wire(federation).await - bytes_before;
    let charter = federation.charter();
    let scope = record::ScopeName::new("national").context("a name")?;
    let readers = federation.nodes.iter();
    let readers = readers.filter(|member| charter.may_read(member.id(), &scope));
    let further = readers.count().saturating_sub(1);
    let spread = Spread {
        events,
        provinces: provinces.len(),
        readers: further,
    };
    let latency = watch.latencies(federation).await;
    Ok(LoadReport::new(
        spread, captured, replicated, bytes, latency,
    ))
}

/// Sends every `CLIENTS`th document of a province's load.
async fn send(client: api::Client, load: Load, first: usize, bar: ProgressBar) -> Result<()> {
    for document in (first..load.documents()).step_by(CLIENTS) {
        let text = load.document(document);
        client.capture(text.into_bytes(), None).await?;
        bar.inc(load.events_in(document) as u64);
    }
    Ok(())
}

/// Waits until every entitled node holds every record.
async fn everywhere(federation: &Federation, what: &str) -> Result<()> {
    let bar = bar(0, "to arrive");
    let waited = watch::everywhere(federation, |missing| {
        if missing > bar.length().unwrap_or(0) {
            bar.set_length(missing);
        }
        bar.set_position(bar.length().unwrap_or(0) - missing);
    });
    let arrived = waited.await;
    bar.finish_and_clear();
    arrived.with_context(|| format!("{what} did not arrive everywhere"))
}

/// Shows progress on standard error, where that is a terminal.
fn bar(length: u64, what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("  {bar:40} {pos}/{len} {msg} {elapsed}");
    let bar = ProgressBar::new(length).with_message(what);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn same(agency: &Traced, inland: &Traced) -> String {
    let areas: Vec<&str> = inland.planting_areas.iter().map(String::as_str).collect();
    let text = format!(
        "{INLAND} asks its own: the same {} events and {} objects, back to the planting areas {}. \
         {AGENCY} reads no national log: it holds {} events as they were disclosed to it, each \
         under the checkpoint of the province that captured it.",
        inland.events,
        inland.objects,
        areas.join(", "),
        agency.events,
    );
    wrap(&text, 100, "")
}

fn proved(proof: &Proven) -> String {
    format!(
        "\n{AGENCY} takes the proof of a harvest out of its node; by the charter alone it holds:\n\n{}",
        proof.report
    )
}

/// Prints the result.
fn told(report: &Report, options: &Options, console: &Console) -> Result<()> {
    let mut text = format!("Figures\n{report}\n");
    text.push_str("Everything held.");
    if !options.once {
        text.push_str("\n\nThe nodes stay up until Ctrl-C. Try\n");
        for node in &report.nodes {
            text.push_str(&format!(
                "  curl {}/status   # {}\n",
                node.http, node.member
            ));
        }
        let agency = report.nodes.iter().find(|node| node.member == AGENCY);
        let http = agency.map_or("", |node| node.http.as_str());
        text.push_str(&format!(
            "  nguon trace {} --node {http} --upstream",
            goods::CONTAINER
        ));
    }
    console.answer(text, report)
}
