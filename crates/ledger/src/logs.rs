//! The logs held, in memory: number, state and edge of each.

use std::collections::BTreeMap;

use record::tree::Edge;
use record::{Batch, LogId};
use store::{LogNumber, LogState, View};

use crate::error::LedgerError;

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
    next: u32,
}

impl Logs {
    pub(crate) fn load(view: &View<'_>) -> Result<Self, LedgerError> {
        let mut logs = Self::default();
        for (number, state) in view.logs()? {
            logs.next = logs.next.max(number.0 + 1);
            let log = state.log.clone();
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

    /// Returns the edge of a log as held; that of an empty log where it is not.
    pub(crate) fn edge(&mut self, log: &LogId, view: &View<'_>) -> Result<Edge, LedgerError> {
        let Some(held) = self.held.get_mut(log) else {
            return Ok(Edge::default());
        };
        if let Some(edge) = &held.edge {
            return Ok(edge.clone());
        }
        let edge = Edge::load(held.state.size, &view.hashes(held.number))?;
        if held.state.size > 0 && edge.root() != held.state.root {
            return Err(LedgerError::Damaged(
                "a log's tree does not lead to its root",
            ));
        }
        held.edge = Some(edge.clone());
        Ok(edge)
    }

    /// Takes a batch's state over.
    pub(crate) fn append(&mut self, batch: &Batch, written_here: bool) -> &Held {
        let held = self.entry(batch.log(), written_here);
        held.state.size = batch.edge().size();
        held.state.root = batch.edge().root();
        held.edge = Some(batch.edge().clone());
        held
    }

    /// Notes that an opening names a log at a size. A log that is not held yet
    /// is entered with size 0, so that the note is there when it comes.
    pub(crate) fn name(&mut self, log: &LogId, size: u64) -> &Held {
        let held = self.entry(log, false);
        held.state.named_at = Some(held.state.named_at.unwrap_or(0).max(size));
        held
    }

    fn entry(&mut self, log: &LogId, written_here: bool) -> &mut Held {
        let next = &mut self.next;
        self.held.entry(log.clone()).or_insert_with(|| {
            let number = LogNumber(*next);
            *next += 1;
            let edge = Edge::default();
            Held {
                number,
                state: LogState {
                    log: log.clone(),
                    size: 0,
                    root: edge.root(),
                    written_here,
                    named_at: None,
                },
                edge: Some(edge),
            }
        })
    }
}
