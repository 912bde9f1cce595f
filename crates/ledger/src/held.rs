//! An event as it is held: with all that attests it.

use std::sync::Arc;

use epcis::Event;
use trace::Attestation;

/// An event with what proves it. The same content recorded twice is one event
/// with two attestations.
#[derive(Debug, Clone)]
pub struct HeldEvent {
    /// The event's local number: the arrival of its first record here.
    pub number: u64,
    /// The event.
    pub event: Arc<Event>,
    /// When this node durably stored it first, in milliseconds since 1970: its
    /// `recordTime` here.
    pub stored_ms: u64,
    /// What proves it, in order of arrival.
    pub attestations: Vec<Attestation>,
}
