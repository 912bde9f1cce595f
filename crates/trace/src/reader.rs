//! Where events come from.

use std::collections::BTreeSet;
use std::sync::Arc;

use charter::MemberId;
use gs1::Key;
use record::{Digest, LogId, RecordId};

use crate::step::Step;

/// A reader's own number of an event: one number for one content, whoever
/// recorded it and however often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub u64);

/// An event with what proves it.
#[derive(Clone, Debug)]
pub struct Held {
    /// The event.
    pub event: Arc<epcis::Event>,
    /// One for each record that says it, of one member or of several.
    pub attestations: Vec<Attestation>,
}

/// What proves that a member stated an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attestation {
    /// The record.
    pub record: RecordId,
    /// The log it stands in.
    pub log: LogId,
    /// Its place there, counted from 0.
    pub index: u64,
    /// The member whose key signs that log.
    pub author: MemberId,
    /// The size of the checkpoint that covers it.
    pub checkpoint_size: u64,
    /// The root of that checkpoint.
    pub checkpoint_root: Digest,
    /// It lies in a tail that came back after its author's disk was restored.
    pub recovered: bool,
    /// How many witnesses cosigned a checkpoint that covers it.
    pub witnesses: u32,
    /// Who disclosed it, where it came here by a disclosure.
    pub disclosed_by: Option<MemberId>,
}

/// Reads events by the things that they name.
///
/// One trace reads one state: an implementation stands for a snapshot.
pub trait EventReader {
    /// Why reading failed.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Returns all events that [`names`] lists under `key`, at most `limit`.
    ///
    /// # Errors
    ///
    /// Whatever keeps the reader from answering.
    fn events_naming(&self, key: &Key, limit: usize) -> Result<Vec<EventId>, Self::Error>;

    /// Returns one of the events that [`EventReader::events_naming`] gave.
    ///
    /// # Errors
    ///
    /// Whatever keeps the reader from answering, its absence included.
    fn event(&self, id: EventId) -> Result<Held, Self::Error>;
}

/// Returns the keys under which a reader finds an event.
///
/// They are the identities ([`Key::identity`]) of every object that the event
/// names in any role, of the lots to which it ties its items by ILMD or by a
/// Digital Link, and of its `transformationID`.
pub fn names(event: &epcis::Event) -> BTreeSet<Key> {
    let step = Step::of(event);
    let parts = step.parts.into_iter().map(|part| part.key);
    parts.chain(step.transformation).collect()
}
