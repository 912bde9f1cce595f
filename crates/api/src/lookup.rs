//! Events and records by the names that clients have for them.

use ledger::{EventFilter, HeldEvent, Snapshot};
use record::RecordId;
use trace::Attestation;

use crate::problem::Problem;

/// The most events that are looked at under one `eventID`: the event, its
/// error declarations, and whatever contradicts them.
const NAMESAKES_MAX: usize = 1_000;

/// Returns the events of a name: all that bear it as their `eventID`, or the
/// one that a record of that id states.
pub(crate) fn events(snapshot: &Snapshot<'_>, name: &str) -> Result<Vec<HeldEvent>, Problem> {
    let events = match name.parse::<RecordId>() {
        Ok(record) => Vec::from_iter(snapshot.event_of_record(&record)?),
        Err(_) => {
            let filter = EventFilter {
                event_id: Some(name.to_owned()),
                any_epc: None,
            };
            snapshot.events(&filter, 0, NAMESAKES_MAX)?.events
        }
    };
    if events.is_empty() {
        return Err(Problem::NotFound(format!(
            "No event with the eventID or record id {name:.200} is held here."
        )));
    }
    Ok(events)
}

/// Returns the record of a name: that of its id, or the first that states the
/// only event which bears it as its `eventID`.
pub(crate) fn record(snapshot: &Snapshot<'_>, name: &str) -> Result<RecordId, Problem> {
    if let Ok(record) = name.parse() {
        return Ok(record);
    }
    let events = events(snapshot, name)?;
    match events.as_slice() {
        [event] => first(event, |_| true),
        several => {
            let mut records = Vec::new();
            for event in several {
                records.push(first(event, |_| true)?.to_string());
            }
            let records = records.join(", ");
            Err(Problem::Ambiguous(format!(
                "Several events bear this eventID; name one of the records {records}."
            )))
        }
    }
}

/// Returns the first record that states an event, of those preferred if there
/// is one.
pub(crate) fn first(
    event: &HeldEvent,
    preferred: impl Fn(&Attestation) -> bool,
) -> Result<RecordId, Problem> {
    let all = &event.attestations;
    let chosen = all.iter().find(|each| preferred(each)).or(all.first());
    let none = || Problem::Internal("an event is held that nobody states".into());
    chosen.map(|each| each.record).ok_or_else(none)
}
