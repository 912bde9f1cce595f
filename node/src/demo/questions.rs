//! What is asked once everything has arrived: where the goods came from, and
//! the proof.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use api::{Client, TraceQuery};
use charter::{Charter, FILE_BYTES_MAX, MemberId};
use serde::Serialize;
use serde_json::Value;
use trace::{Answer, Direction, Names, Style};

use super::cast::{AGENCY, BORDER, INLAND};
use super::federation::{Federation, Member};
use super::goods::{self, CONTAINER};
use crate::files;
use crate::verify::{self, Report};

/// What a node answered.
#[derive(Debug, Serialize)]
pub(super) struct Traced {
    /// The member whose node was asked.
    pub(super) member: String,
    /// How many events the answer tells of.
    pub(super) events: usize,
    /// How many objects, counted one by one.
    pub(super) objects: usize,
    /// The planting areas that the goods came from.
    pub(super) planting_areas: BTreeSet<String>,
    /// The members under whose checkpoints the events stand.
    pub(super) signed_by: BTreeSet<String>,
    /// The answer itself.
    #[serde(skip)]
    pub(super) answer: Answer,
}

/// A record that was proven.
#[derive(Debug, Serialize)]
pub(super) struct Proven {
    /// The record's id.
    pub(super) record: String,
    /// The member whose key signed its checkpoint.
    pub(super) signed_by: String,
    /// Everything that was checked.
    pub(super) report: Report,
}

/// Returns a client of a member's node.
pub(super) fn client(member: &Member) -> Result<Client> {
    let address = member.node.http_address();
    Ok(Client::new(&format!("http://{address}"))?)
}

/// Asks a member's node where the container came from, and checks that the
/// answer is whole.
pub(super) async fn trace(federation: &Federation, id: &'static str) -> Result<Traced> {
    let member = federation.member(id)?;
    let query = TraceQuery::new(CONTAINER, Direction::Upstream);
    let answer = client(member)?.trace(&query).await?;
    let traced = Traced {
        member: id.to_owned(),
        events: answer.events.len(),
        objects: answer.objects.iter().map(|object| object.count).sum(),
        planting_areas: planting_areas(&answer),
        signed_by: answer.logs.iter().map(|log| log.member.clone()).collect(),
        answer,
    };
    let (events, areas) = (traced.events, traced.planting_areas.len());
    ensure!(
        traced.answer.complete && events == goods::EVENTS && areas == goods::GARDENS,
        "{id} tells of {events} events and {areas} planting areas where there are {} and {}",
        goods::EVENTS,
        goods::GARDENS
    );
    ensure!(
        traced.answer.findings.is_empty(),
        "{id} finds something doubtful about an honest chain: {:?}",
        traced.answer.findings
    );
    let provinces = goods::STORIES.map(|story| story.member.to_owned());
    ensure!(
        traced.signed_by == BTreeSet::from(provinces),
        "{id} holds the events under the checkpoints of {:?}",
        traced.signed_by
    );
    Ok(traced)
}

/// Collects the records of the container's chain, as the border province holds
/// them.
pub(super) async fn chain(federation: &Federation) -> Result<Vec<String>> {
    let traced = trace(federation, BORDER).await?;
    let events = traced.answer.events.iter();
    let records = events.flat_map(|event| event.evidence.iter());
    Ok(records.map(|evidence| evidence.record.clone()).collect())
}

/// Takes the proof of a harvest from the agency's node, and judges it by the
/// charter alone.
pub(super) async fn prove(federation: &Federation, traced: &Traced) -> Result<Proven> {
    let answer = &traced.answer;
    let harvest = answer.events.iter().find(|event| {
        let by_inland = event.evidence.first().is_some_and(|evidence| {
            let log = answer.logs.get(evidence.log);
            log.is_some_and(|log| log.member == INLAND)
        });
        by_inland && event.action.as_deref() == Some("ADD")
    });
    let harvest = harvest.context("no harvest of the inland province is told of")?;
    let record = &harvest.evidence[0].record;
    let proof = client(federation.member(AGENCY)?)?.prove(record).await?;
    let charter = files::read(&federation.charter_file, FILE_BYTES_MAX)?;
    let report = verify::examine(&proof, Some(&charter));
    ensure!(
        report.verified,
        "the proof of {record} does not hold:\n{report}"
    );
    let proves = report.proves.as_ref();
    let proven = proves.filter(|proven| proven.record == *record);
    let signed_by = proven.and_then(|proven| proven.member.clone());
    Ok(Proven {
        record: record.clone(),
        signed_by: signed_by.context("the proof is of another record")?,
        report,
    })
}

fn planting_areas(answer: &Answer) -> BTreeSet<String> {
    let name = format!("{}plantingAreaCode", goods::NAMESPACE);
    let events = answer.events.iter();
    let texts = events.filter_map(|event| event.ilmd.get(&name).and_then(Value::as_str));
    texts.map(str::to_owned).collect()
}

/// Writes a trace as a tree, with the names of members and places.
pub(super) fn tree(federation: &Federation, answer: &Answer, width: usize) -> String {
    let names = Named(&federation.charter());
    let term = |name: &str| format!("{}{name}", goods::NAMESPACE);
    let (activity, place) = (term("activity"), term("place"));
    let shown = [
        (term("plantingAreaCode"), "planting area"),
        (term("plantingAreaName"), "garden"),
        (term("variety"), "variety"),
        (term("packingHouseCode"), "packing house"),
    ];
    let shown: Vec<(&str, &str)> = shown
        .iter()
        .map(|(term, label)| (term.as_str(), *label))
        .collect();
    let style = Style {
        width,
        activity: Some(&activity),
        place: Some(&place),
        shown: Some(&shown),
    };
    trace::render(answer, &names, &style)
}

/// Knows the members by the charter, and the places of the story.
struct Named<'a>(&'a Charter);

impl Names for Named<'_> {
    fn member(&self, id: &str) -> Option<String> {
        let id = MemberId::new(id).ok()?;
        self.0.member(&id).map(|member| member.names.vi.clone())
    }

    fn place(&self, id: &str) -> Option<String> {
        goods::place_name(id).map(str::to_owned)
    }
}
