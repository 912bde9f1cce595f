//! The logs held, in memory: number, state and edge of each.

use std::collections::BTreeMap;

use record::tree::Edge;
use record::{AnyHeader, Batch, LogId, Stamp};
use store::{LogNumber, LogState, Store, View};

use crate::error::LedgerError;
use crate::room::Room;
use crate::tips::Tips;

/// A log as the writer sees it: what is committed and what is about to be.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) number: LogNumber,
    pub(crate) state: LogState,
    /// The tree's edge, read from the store at the first need.
    edge: Option<Edge>,
}

/// All logs held.
#[derive(Debug, Default)]
pub(crate) struct Logs {
    held: BTreeMap<LogId, Held>,
    tips: Tips,
    room: Room,
    /// What openings of the write being gathered name of logs not held: not
    /// yet in the store.
    named: BTreeMap<LogId, u64>,
    next: u32,
}

/// Where it is noted that an opening names a log.
#[derive(Debug)]
pub(crate) enum Named<'a> {
    /// In the state of the log.
    Held(&'a Held),
    /// Apart, until the log comes: the largest size at which it is named.
    Awaited(u64),
}

impl Logs {
    pub(crate) fn load(view: &View<'_>) -> Result<Self, LedgerError> {
        let mut logs = Self::default();
        for (number, state) in view.logs()? {
            logs.next = logs.next.max(number.0 + 1);
            let log = state.log.clone();
            if state.named_at.is_none() {
                logs.tips.enter(&log, stored_stamp(view, number, 0)?);
            }
            logs.room.take(&log);
            let edge = None;
            let held = Held {
                number,
                state,
                edge,
            };
            logs.held.insert(log, held);
        }
        Ok(logs)
    }

    pub(crate) fn get(&self, log: &LogId) -> Option<&Held> {
        self.held.get(log)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Held> {
        self.held.values()
    }

    /// Tells whether a log is held, or may be taken in where the charter lists
    /// so many author keys.
    pub(crate) fn has_room_for(&self, log: &LogId, keys: usize) -> bool {
        self.held.contains_key(log) || self.room.is_there_for(&log.author, keys)
    }

    /// Returns which logs no opening names.
    pub(crate) fn tips(&self) -> &Tips {
        &self.tips
    }

    /// Returns the edge of a log as held; that of an empty log where it is not.
    pub(crate) fn edge(&mut self, log: &LogId, view: &View<'_>) -> Result<Edge, LedgerError> {
        let Some(held) = self.held.get_mut(log) else {
            return Ok(Edge::default());
        };
        if let Some(edge) = &held.edge {
            return Ok(edge.clone());
        }
        let edge = Edge::load(held.state.size, &view.hashes(held.number))?;
        if edge.root() != held.state.root {
            return Err(LedgerError::Damaged(
                "a log's tree does not lead to its root",
            ));
        }
        held.edge = Some(edge.clone());
        Ok(edge)
    }

    /// Takes a batch's state over; `own` where this node wrote it.
    pub(crate) fn append(
        &mut self,
        batch: &Batch,
        own: bool,
        store: &Store,
    ) -> Result<&Held, LedgerError> {
        let log = batch.log();
        if !self.held.contains_key(log) {
            let named_at = self.named_at(log, store)?;
            if named_at.is_none() {
                let (_, opening) = batch.records().first().expect("a batch has a record");
                self.tips.enter(log, stamp(opening.header()));
            }
            self.enter(log, named_at);
        }
        let held = self.held.get_mut(log).expect("entered if it was not there");
        held.state.size = batch.edge().size();
        held.state.root = batch.edge().root();
        held.edge = Some(batch.edge().clone());
        if own {
            held.state.written = held.state.size;
        }
        Ok(held)
    }

    /// Notes that an opening names a log at a size.
    pub(crate) fn name(
        &mut self,
        log: &LogId,
        size: u64,
        store: &Store,
    ) -> Result<Named<'_>, LedgerError> {
        if self.held.contains_key(log) {
            self.tips.leave(log);
            let held = self.held.get_mut(log).expect("just found");
            held.state.named_at = held.state.named_at.max(Some(size));
            return Ok(Named::Held(held));
        }
        let size = self.named_at(log, store)?.max(Some(size)).unwrap_or(size);
        self.named.insert(log.clone(), size);
        Ok(Named::Awaited(size))
    }

    /// Takes that what was gathered is in the store.
    pub(crate) fn stored(&mut self) {
        self.named.clear();
    }

    /// Returns the largest size at which openings named a log before it came.
    fn named_at(&self, log: &LogId, store: &Store) -> Result<Option<u64>, LedgerError> {
        let size = match self.named.get(log) {
            Some(size) => *size,
            None => store.view().named(log)?,
        };
        Ok((size > 0).then_some(size))
    }

    fn enter(&mut self, log: &LogId, named_at: Option<u64>) {
        let edge = Edge::default();
        let held = Held {
            number: LogNumber(self.next),
            state: LogState {
                log: log.clone(),
                size: 0,
                root: edge.root(),
                written: 0,
                named_at,
            },
            edge: Some(edge),
        };
        self.next += 1;
        self.room.take(log);
        self.held.insert(log.clone(), held);
    }
}

/// Returns the stamp of a stored record.
pub(crate) fn stored_stamp(
    view: &View<'_>,
    log: LogNumber,
    index: u64,
) -> Result<Stamp, LedgerError> {
    let record = view.record(log, index)?;
    let record = record.ok_or(LedgerError::Damaged("a log lacks a record"))?;
    let header = AnyHeader::decode(&record.header)
        .map_err(|_| LedgerError::Damaged("a record's header is not in its form"))?;
    Ok(stamp(&header))
}

/// Returns a header's stamp; the earliest of all where this build cannot read
/// it.
fn stamp(header: &AnyHeader) -> Stamp {
    match header {
        AnyHeader::V1(header) => header.time,
        AnyHeader::Unknown { .. } => Stamp::default(),
    }
}
