//! The capture jobs that are not finished, as the writer keeps them: what of
//! each is stored, in the same write as the records themselves.

use std::collections::BTreeMap;

use store::{JobId, OpenJob, StoredJob, View, WriteSet};

use crate::error::LedgerError;

/// All jobs that are not finished.
#[derive(Debug, Default)]
pub(crate) struct OpenJobs(BTreeMap<JobId, (StoredJob, OpenJob)>);

/// What a request of the writer does to a job.
#[derive(Debug)]
pub(crate) enum JobStep {
    /// All records of the job are in the request.
    Whole(JobId, StoredJob),
    /// The request holds the records of its next piece.
    Piece(JobId),
}

impl OpenJobs {
    pub(crate) fn load(view: &View<'_>) -> Result<Self, LedgerError> {
        let mut jobs = BTreeMap::new();
        for open in view.open_jobs()? {
            let job = view.job(open.id)?;
            let job = job.ok_or(LedgerError::Damaged("an open capture job is missing"))?;
            jobs.insert(open.id, (job, open));
        }
        Ok(Self(jobs))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (JobId, &StoredJob)> {
        self.0.iter().map(|(id, (job, _))| (*id, job))
    }

    /// Enters a job whose pieces are in the store.
    pub(crate) fn enter(&mut self, id: JobId, job: StoredJob, set: &mut WriteSet<'_>) {
        set.job(id, &job);
        let open = OpenJob {
            id,
            hidden: job.hidden,
            arrivals: Vec::new(),
        };
        self.0.insert(id, (job, open));
        self.list(set);
    }

    /// Notes a step whose records have these arrival numbers.
    pub(crate) fn step(
        &mut self,
        step: JobStep,
        arrivals: &[u64],
        now_ms: u64,
        set: &mut WriteSet<'_>,
    ) {
        let records = arrivals.len() as u64;
        match step {
            JobStep::Whole(id, mut job) => {
                job.records_done = records;
                job.finished_ms = Some(now_ms);
                set.job(id, &job);
            }
            JobStep::Piece(id) => {
                let (job, open) = self.0.get_mut(&id).expect("it was entered");
                set.remove_piece(id, job.pieces_done);
                job.pieces_done += 1;
                job.records_done += records;
                if let (Some(first), Some(last)) = (arrivals.first(), arrivals.last()) {
                    open.add(*first, *last);
                }
                let finished = job.pieces_done == job.pieces;
                job.finished_ms = finished.then_some(now_ms);
                set.job(id, job);
                if finished {
                    self.0.remove(&id);
                }
                self.list(set);
            }
        }
    }

    fn list(&self, set: &mut WriteSet<'_>) {
        let open: Vec<OpenJob> = self.0.values().map(|(_, open)| open.clone()).collect();
        set.open_jobs(&open);
    }
}
