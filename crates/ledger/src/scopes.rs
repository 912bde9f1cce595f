//! Which scopes whoever asks may see.

use std::collections::BTreeSet;

use record::{RecordId, ScopeName};
use store::LogNumber;

use crate::error::LedgerError;
use crate::snapshot::Snapshot;

/// A set of scopes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scopes {
    /// Every scope, those that come later included.
    All,
    /// These alone.
    Only(BTreeSet<ScopeName>),
}

impl Scopes {
    /// No scope at all.
    pub const NONE: Self = Self::Only(BTreeSet::new());

    /// Tells whether a scope is among them.
    pub fn contains(&self, scope: &ScopeName) -> bool {
        match self {
            Self::All => true,
            Self::Only(scopes) => scopes.contains(scope),
        }
    }
}

/// The logs of scopes that a snapshot does not show. What stands in them is
/// passed over as if it had never come here.
#[derive(Debug)]
pub(crate) struct Hidden(BTreeSet<LogNumber>);

impl Hidden {
    pub(crate) fn none() -> Self {
        Self(BTreeSet::new())
    }

    pub(crate) fn contains(&self, log: LogNumber) -> bool {
        self.0.contains(&log)
    }
}

impl Snapshot<'_> {
    /// Returns this snapshot with nothing in it but what the scopes hold.
    pub(crate) fn restricted(mut self, scopes: &Scopes) -> Result<Self, LedgerError> {
        if *scopes == Scopes::All {
            return Ok(self);
        }
        let logs = self.view().logs()?.into_iter();
        let hidden = logs.filter(|(_, state)| !scopes.contains(&state.log.scope));
        self.hidden = Hidden(hidden.map(|(number, _)| number).collect());
        Ok(self)
    }

    /// Tells whether a record stands in a log that is shown.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or is damaged.
    pub fn holds(&self, record: &RecordId) -> Result<bool, LedgerError> {
        Ok(self.find(record)?.is_some())
    }

    /// Tells whether what came with an arrival number is shown.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or is damaged.
    pub fn shows(&self, arrival: u64) -> Result<bool, LedgerError> {
        if self.hidden.0.is_empty() {
            return Ok(true);
        }
        let place = self.view().arrival(arrival)?;
        Ok(place.is_some_and(|(log, _)| !self.hidden.contains(log)))
    }
}
