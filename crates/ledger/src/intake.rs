//! Captures as clients make them: judged, idempotent, and with a job.

use std::sync::Arc;

use epcis::Event;
use record::ScopeName;
use store::{JobId, StoredJob};
use tokio::sync::oneshot;

use crate::author::random;
use crate::error::LedgerError;
use crate::jobs::{Room, Task};
use crate::ledger::{Inner, Ledger, RecordAt};
use crate::open_jobs::JobStep;
use crate::submission::{self, Prepared, Recorded, Stated};
use crate::writer::{AuthorRequest, OpenRequest, Request, now_ms};

/// What a new job is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobDraft {
    /// Names it.
    pub id: JobId,
    /// This node's own answers hide its events until all of them are stored.
    pub hidden: bool,
    /// What is kept with it; opaque here.
    pub note: Vec<u8>,
}

impl Ledger {
    /// Judges a capture: what of it is new, what this node has stated before in
    /// the scope, and what it cannot state. What is new is claimed, so that no
    /// other capture states something else of it meanwhile.
    ///
    /// Reads the store: call it where blocking is allowed.
    ///
    /// # Errors
    ///
    /// When the member may not write the scope, or the store cannot be read.
    pub fn prepare(&self, scope: &ScopeName, events: Vec<Event>) -> Result<Prepared, LedgerError> {
        self.may_write(scope)?;
        submission::prepare(&self.0.shared, &self.0.store, scope, events)
    }

    /// Records what is new of a capture, but for what is at fault in it, and
    /// returns once that is durable. The answer has one entry for each event
    /// without fault, in their order.
    ///
    /// # Errors
    ///
    /// When the write fails.
    pub async fn record(&self, prepared: Prepared) -> Result<Vec<Recorded>, LedgerError> {
        self.write(prepared, None).await
    }

    /// Makes a job of what is new of a capture, but for what is at fault in it.
    /// When this returns the job is durable and will be carried out: small ones
    /// in the same write, others piece by piece afterwards.
    ///
    /// # Errors
    ///
    /// When too many jobs are unfinished ([`LedgerError::Full`]), or the write
    /// fails.
    pub async fn submit(&self, prepared: Prepared, draft: JobDraft) -> Result<(), LedgerError> {
        let job = StoredJob {
            created_ms: now_ms(),
            finished_ms: None,
            hidden: draft.hidden,
            pieces: 0,
            pieces_done: 0,
            records: prepared.new_records() as u64,
            records_done: 0,
            scope: prepared.scope.clone(),
            note: draft.note,
        };
        if prepared.is_one_piece() {
            let step = JobStep::Whole(draft.id, job);
            return self.write(prepared, Some(step)).await.map(drop);
        }
        // Once begun it is brought to an end, whether or not who asked waits.
        let inner = Arc::clone(&self.0);
        let kept = tokio::task::spawn_blocking(move || inner.keep(&draft.id, job, prepared));
        kept.await.map_err(|_| LedgerError::Stopping)?
    }

    async fn write(
        &self,
        prepared: Prepared,
        job: Option<JobStep>,
    ) -> Result<Vec<Recorded>, LedgerError> {
        let mut entries = Vec::with_capacity(prepared.events.len());
        let mut order = Vec::with_capacity(prepared.events.len());
        for stated in prepared.events {
            match stated {
                Stated::New { event, .. } => {
                    entries.push(submission::entry(event));
                    order.push(None);
                }
                Stated::Before(at) => order.push(Some(Recorded::Before(at))),
                Stated::Awaited => order.push(Some(Recorded::Awaited)),
                Stated::At(_) => {}
            }
        }
        let written = if entries.is_empty() && job.is_none() {
            Vec::new()
        } else {
            let (reply, answer) = oneshot::channel();
            let request = AuthorRequest {
                scope: prepared.scope,
                entries,
                job,
                disclosed: Vec::new(),
                claims: Some(prepared.claims),
                reply,
            };
            self.ask(Request::Author(request)).await?;
            answer.await.map_err(|_| LedgerError::Stopping)??
        };
        let mut written = written.into_iter();
        let new = |written: &mut std::vec::IntoIter<RecordAt>| {
            Recorded::New(written.next().expect("a record for each entry"))
        };
        let each = order.into_iter();
        Ok(each
            .map(|known| known.unwrap_or_else(|| new(&mut written)))
            .collect())
    }

    /// Returns how far a capture job is.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or is damaged.
    pub fn job(&self, id: JobId) -> Result<Option<StoredJob>, LedgerError> {
        Ok(self.0.store.view().job(id)?)
    }

    /// Returns the newest capture jobs made before another one, or of all,
    /// newest first.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or is damaged.
    pub fn jobs(
        &self,
        before: Option<JobId>,
        limit: usize,
    ) -> Result<Vec<(JobId, StoredJob)>, LedgerError> {
        let view = self.0.store.view();
        let jobs = view.jobs_before(before).take(limit);
        Ok(jobs.collect::<Result<_, _>>()?)
    }

    /// Draws an id for a new capture job.
    ///
    /// # Errors
    ///
    /// When the system gives no randomness.
    pub fn new_job_id(&self) -> Result<JobId, LedgerError> {
        let mut id: [u8; 16] = random()?;
        id[..6].copy_from_slice(&now_ms().to_be_bytes()[2..]);
        Ok(JobId(id))
    }
}

impl Inner {
    /// Stores a job's pieces, then the job, and has it carried out.
    fn keep(&self, id: &JobId, mut job: StoredJob, prepared: Prepared) -> Result<(), LedgerError> {
        let pieces = prepared.pieces();
        let room = Room::take(&self.shared, pieces.iter().map(Vec::len).sum())?;
        job.pieces = u32::try_from(pieces.len()).expect("bounded by the room there is");
        let entered = self.enter(id, &job, &pieces);
        drop(pieces);
        if let Err(error) = entered {
            self.clear(id, job.pieces);
            return Err(error);
        }
        let claims: Vec<_> = prepared.kept().collect();
        for (claim, claimed) in &claims {
            self.shared.claims.keep(*claim, *claimed);
        }
        let claims = claims.into_iter().map(|(claim, _)| claim).collect();
        prepared.claims.give_away();
        let task = Task::new(*id, &job, claims, room);
        // Where the ledger stops meanwhile, the next start takes it up.
        if let Some(tasks) = self.tasks() {
            drop(tasks.blocking_send(task));
        }
        Ok(())
    }

    fn enter(&self, id: &JobId, job: &StoredJob, pieces: &[Vec<u8>]) -> Result<(), LedgerError> {
        for (number, piece) in (0..).zip(pieces) {
            let mut set = self.store.write();
            set.piece(*id, number, piece);
            self.store.commit(set)?;
        }
        let (reply, answer) = oneshot::channel();
        let request = Request::Open(OpenRequest {
            id: *id,
            job: job.clone(),
            reply,
        });
        let requests = self.requests().ok_or(LedgerError::Stopping)?;
        let sent = requests.blocking_send(request);
        sent.map_err(|_| LedgerError::Stopping)?;
        answer.blocking_recv().map_err(|_| LedgerError::Stopping)?
    }

    /// Removes the pieces of a job that did not come to be. Where that fails
    /// too, the next start does it.
    fn clear(&self, id: &JobId, pieces: u32) {
        let mut set = self.store.write();
        for number in 0..pieces {
            set.remove_piece(*id, number);
        }
        if let Err(error) = self.store.commit(set) {
            let reason: &dyn std::error::Error = &error;
            tracing::warn!(job = %id, reason, "pieces of a refused job are left behind");
        }
    }
}
