//! What a node says of its ledger.

use charter::MemberId;
use record::{Digest, FederationId, LogId, RawKey};

use crate::error::LedgerError;
use crate::snapshot::Snapshot;

/// A node's ledger at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The federation.
    pub federation: FederationId,
    /// The charter version that records are judged by.
    pub charter_version: u32,
    /// The member whose node this is.
    pub member: MemberId,
    /// The node's author key.
    pub author: RawKey,
    /// How many records are held, in all logs that are shown.
    pub records: u64,
    /// The logs held, in the order in which they came.
    pub logs: Vec<LogStatus>,
    /// Whether a failed write has ended the run.
    pub ended: bool,
}

/// One log held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogStatus {
    /// The log.
    pub log: LogId,
    /// The member whose key signs it.
    pub member: Option<MemberId>,
    /// The number of records held.
    pub size: u64,
    /// Whether this node wrote it, or a part of it, as it remembers.
    pub written_here: bool,
    /// From which index on its records are *recovered*: later logs of the same
    /// key name it only up to there, or not at all.
    pub recovered_from: Option<u64>,
}

impl Snapshot<'_> {
    /// Returns the root of the frontier that an answer from this snapshot rests
    /// on: of all logs held, each with its size and the root of its tree
    /// (`docs/protocol.md`, *Frontiers*).
    ///
    /// # Errors
    ///
    /// When the store cannot be read or is damaged.
    pub fn frontier(&self) -> Result<Digest, LedgerError> {
        let mut logs: Vec<_> = self.view().logs()?;
        logs.retain(|(_, state)| state.size > 0);
        logs.sort_unstable_by(|(_, left), (_, right)| left.log.cmp(&right.log));
        let entries = logs
            .iter()
            .map(|(_, state)| (&state.log, state.size, &state.root));
        Ok(record::frontier_root(entries))
    }

    /// Returns the ledger's status.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or is damaged.
    pub fn status(&self) -> Result<Status, LedgerError> {
        let shared = self.shared();
        let mut logs = Vec::new();
        let mut records = 0;
        for (number, state) in self.view().logs()? {
            if self.hidden.contains(number) {
                continue;
            }
            records += state.size;
            let member = self.charter().author(&state.log.author);
            logs.push(LogStatus {
                member: member.map(|(member, _, _)| member.id.clone()),
                size: state.size,
                written_here: state.written > 0,
                recovered_from: shared.recovered_from(&state),
                log: state.log,
            });
        }
        Ok(Status {
            federation: self.charter().federation(),
            charter_version: self.charter().version(),
            member: shared.member.clone(),
            author: shared.own_key,
            records,
            logs,
            ended: shared.has_ended(),
        })
    }
}
