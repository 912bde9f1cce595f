//! What this node itself has stated in a scope.

use epcis::{Event, LogicalKey};
use record::{AnyHeader, ContentId, Kind, Place, Record, ScopeName};
use store::View;

use crate::error::LedgerError;
use crate::ledger::{RecordAt, Shared};

/// A record under this node's own key.
pub(crate) struct Own {
    pub(crate) at: RecordAt,
    pub(crate) content: ContentId,
    payload: Vec<u8>,
}

impl Own {
    /// Returns the logical key of the event that it states.
    pub(crate) fn key(&self) -> Result<Option<LogicalKey>, LedgerError> {
        let damaged = LedgerError::Damaged("an event of this node's own is none");
        let event = Event::from_payload(&self.payload).map_err(|_| damaged)?;
        Ok(event.logical_key())
    }
}

/// Returns the event record with an arrival number, where this node's key
/// states it in a scope. Records of unfinished jobs are no exception.
pub(crate) fn stated(
    shared: &Shared,
    view: &View<'_>,
    scope: &ScopeName,
    arrival: u64,
) -> Result<Option<Own>, LedgerError> {
    let Some((number, index)) = view.arrival(arrival)? else {
        return Ok(None);
    };
    let log = view.log(number)?;
    let log = log
        .ok_or(LedgerError::Damaged("a log's state is missing"))?
        .log;
    if log.author != shared.own_key || log.scope != *scope {
        return Ok(None);
    }
    let Some(stored) = view.record(number, index)? else {
        return Ok(None);
    };
    let Some(content) = view.content(number, index)? else {
        return Ok(None);
    };
    let record = Record::check(stored.header, Some(content))
        .map_err(|_| LedgerError::Damaged("a record is not what its header commits to"))?;
    let is_event = matches!(record.header(), AnyHeader::V1(h) if h.kind == Kind::EVENT);
    let id = record.id_at(&log.digest(), index);
    let (_, _, content) = record.into_parts();
    Ok(content.filter(|_| is_event).map(|sealed| Own {
        at: RecordAt {
            id,
            place: Place { log, index },
            arrival,
        },
        content: ContentId::of(&sealed.payload),
        payload: sealed.payload,
    }))
}
