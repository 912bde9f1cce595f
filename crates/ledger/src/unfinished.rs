//! What a snapshot hides: the records of jobs that show all or nothing, until
//! all of them are stored.

use std::cell::OnceCell;

use crate::error::LedgerError;
use crate::snapshot::Snapshot;

/// Stretches of arrivals that are hidden, read at the first need: by number,
/// and bounded by the pieces of the jobs that may be unfinished.
#[derive(Debug, Default)]
pub(crate) struct Unfinished(OnceCell<Vec<(u64, u64)>>);

impl Snapshot<'_> {
    /// Tells whether an arrival belongs to a job that is not finished and that
    /// shows its events all at once.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or is damaged.
    pub fn is_unfinished(&self, arrival: u64) -> Result<bool, LedgerError> {
        let hidden = self.hidden_arrivals()?;
        let after = hidden.partition_point(|(_, last)| *last < arrival);
        Ok(hidden
            .get(after)
            .is_some_and(|(first, _)| *first <= arrival))
    }

    /// Returns the first arrival that is hidden, if any: whoever reads on by
    /// arrival numbers and must not miss what is shown later stops before it.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or is damaged.
    pub fn first_unfinished(&self) -> Result<Option<u64>, LedgerError> {
        Ok(self.hidden_arrivals()?.first().map(|(first, _)| *first))
    }

    fn hidden_arrivals(&self) -> Result<&[(u64, u64)], LedgerError> {
        if let Some(hidden) = self.unfinished().0.get() {
            return Ok(hidden);
        }
        let jobs = self.view().open_jobs()?;
        let hidden = jobs.into_iter().filter(|job| job.hidden);
        let mut hidden: Vec<(u64, u64)> = hidden.flat_map(|job| job.arrivals).collect();
        hidden.sort_unstable();
        Ok(self.unfinished().0.get_or_init(|| hidden))
    }
}
