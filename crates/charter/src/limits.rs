//! Limits and periods that the whole federation shares.

use crate::form::{Cursor, FormError};
use crate::json::Json;

/// The limits and periods of a charter version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest payload of a record, in bytes.
    pub record_payload_bytes_max: u32,
    /// The most operations that one change of a document may hold.
    pub change_operations_max: u32,
    /// How many branches of a forked log are replicated.
    pub fork_branches_max: u32,
    /// How far a stamp may lie beyond a node's own time, in milliseconds.
    pub clock_skew_ms_max: u32,
    /// How often an author says that it is there, in seconds.
    pub heartbeat_interval_s: u32,
    /// How many members witness each log.
    pub log_witnesses: u32,
    /// How many witnesses' cosignatures a disclosure carries (all there are,
    /// where there are fewer).
    pub disclosure_cosignatures: u32,
    /// How many days an erased payload is kept from everybody before it is
    /// destroyed.
    pub erasure_waiting_days: u32,
}

/// A limit: its name in files, its default, its range and its place.
pub(crate) struct Limit {
    pub(crate) name: &'static str,
    default: u32,
    min: u32,
    max: u32,
    field: fn(&mut Limits) -> &mut u32,
}

/// The table that the reader, the writer, the summary and the specification
/// share.
pub(crate) const LIMITS: [Limit; 8] = [
    Limit {
        name: "record_payload_bytes_max",
        default: 1_048_576,
        min: 1_024,
        max: 1_048_576,
        field: |limits| &mut limits.record_payload_bytes_max,
    },
    Limit {
        name: "change_operations_max",
        default: 10_000,
        min: 1,
        max: 1_000_000,
        field: |limits| &mut limits.change_operations_max,
    },
    Limit {
        name: "fork_branches_max",
        default: 8,
        min: 2,
        max: 64,
        field: |limits| &mut limits.fork_branches_max,
    },
    Limit {
        name: "clock_skew_ms_max",
        default: 300_000,
        min: 0,
        max: 86_400_000,
        field: |limits| &mut limits.clock_skew_ms_max,
    },
    Limit {
        name: "heartbeat_interval_s",
        default: 60,
        min: 1,
        max: 86_400,
        field: |limits| &mut limits.heartbeat_interval_s,
    },
    Limit {
        name: "log_witnesses",
        default: 5,
        min: 0,
        max: 100,
        field: |limits| &mut limits.log_witnesses,
    },
    Limit {
        name: "disclosure_cosignatures",
        default: 3,
        min: 0,
        max: 100,
        field: |limits| &mut limits.disclosure_cosignatures,
    },
    Limit {
        name: "erasure_waiting_days",
        default: 30,
        min: 1,
        max: 3_650,
        field: |limits| &mut limits.erasure_waiting_days,
    },
];

impl Default for Limits {
    fn default() -> Self {
        let mut limits = Self {
            record_payload_bytes_max: 0,
            change_operations_max: 0,
            fork_branches_max: 0,
            clock_skew_ms_max: 0,
            heartbeat_interval_s: 0,
            log_witnesses: 0,
            disclosure_cosignatures: 0,
            erasure_waiting_days: 0,
        };
        for limit in &LIMITS {
            *(limit.field)(&mut limits) = limit.default;
        }
        limits
    }
}

impl Limits {
    /// Returns each limit's name and value.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, u32)> {
        let mut limits = self.clone();
        LIMITS
            .iter()
            .map(move |limit| (limit.name, *(limit.field)(&mut limits)))
    }

    pub(crate) fn read(at: Option<Cursor<'_>>) -> Result<Self, FormError> {
        let mut limits = Self::default();
        let Some(at) = at else { return Ok(limits) };
        let mut members = at.members()?;
        for limit in &LIMITS {
            if let Some(at) = members.optional(limit.name) {
                *(limit.field)(&mut limits) = at.whole32(limit.min..=limit.max)?;
            }
        }
        members.finish()?;
        Ok(limits)
    }

    /// Writes what differs from the defaults.
    pub(crate) fn to_json(&self) -> Option<Json> {
        let mut members = Vec::new();
        for ((name, value), (_, default)) in self.named().zip(Self::default().named()) {
            if value != default {
                members.push((name.to_owned(), Json::Whole(i64::from(value))));
            }
        }
        (!members.is_empty()).then_some(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_lie_in_their_ranges() {
        for limit in &LIMITS {
            assert!(
                (limit.min..=limit.max).contains(&limit.default),
                "{}",
                limit.name
            );
        }
        let payload = u32::try_from(record::PAYLOAD_BYTES_MAX).expect("1 MiB");
        assert_eq!(Limits::default().record_payload_bytes_max, payload);
    }

    #[test]
    fn only_what_differs_is_written() {
        assert_eq!(Limits::default().to_json(), None);
        let limits = Limits {
            log_witnesses: 7,
            ..Limits::default()
        };
        let json = limits.to_json().expect("something differs");
        assert_eq!(json.canonical(), br#"{"log_witnesses":7}"#);
        assert_eq!(Limits::read(Some(Cursor::file(&json))), Ok(limits));
    }
}
