//! Reads of the store, off the threads that serve connections.

use std::sync::Arc;
use std::time::Duration;

use ledger::{Job, JobId, Ledger, Scopes, Snapshot};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::problem::Problem;

/// How many reads run at a time; whoever comes next waits.
const READS_MAX: usize = 8;
/// How long a request may wait for its turn and its answer together.
const PATIENCE: Duration = Duration::from_secs(30);

const TOO_LONG: &str = "The answer took too long; ask for less, or again later.";

/// Reads a ledger, a bounded number of times at once.
#[derive(Debug)]
pub(crate) struct Reading {
    ledger: Ledger,
    workers: Workers,
}

impl Reading {
    pub(crate) fn new(ledger: Ledger) -> Self {
        Self {
            ledger,
            workers: Workers::new(READS_MAX),
        }
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Reads from one snapshot, in which is what some scopes hold.
    pub(crate) async fn snapshot<T, F>(&self, scopes: &Scopes, read: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&Snapshot<'_>) -> Result<T, Problem> + Send + 'static,
    {
        let (ledger, scopes) = (self.ledger.clone(), scopes.clone());
        let read = move || read(&ledger.snapshot_for(&scopes)?);
        self.workers.run(read).await
    }

    /// Reads how far a capture job is.
    pub(crate) async fn job(&self, id: JobId) -> Result<Option<Job>, Problem> {
        let ledger = self.ledger.clone();
        let read = move || ledger.job(id).map_err(Problem::from);
        self.workers.run(read).await
    }

    /// Reads the newest capture jobs made before another one, or of all.
    pub(crate) async fn jobs(
        &self,
        before: Option<JobId>,
        limit: usize,
    ) -> Result<Vec<(JobId, Job)>, Problem> {
        let ledger = self.ledger.clone();
        let read = move || ledger.jobs(before, limit).map_err(Problem::from);
        self.workers.run(read).await
    }
}

/// Does work that takes a thread for a while, a bounded number of pieces at
/// once.
#[derive(Debug)]
pub(crate) struct Workers(Arc<Semaphore>);

impl Workers {
    pub(crate) fn new(most: usize) -> Self {
        Self(Arc::new(Semaphore::new(most)))
    }

    /// Does a piece of work. One that is given up goes on to its own end, and
    /// counts as running until then.
    pub(crate) async fn run<T, F>(&self, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T, Problem> + Send + 'static,
    {
        let permits = Arc::clone(&self.0);
        let run = async {
            let permit = permits.acquire_owned().await;
            let running = tokio::task::spawn_blocking(move || {
                let _running = permit;
                work()
            });
            running
                .await
                .unwrap_or_else(|panicked| Err(Problem::Internal(Box::new(panicked))))
        };
        let done = timeout(PATIENCE, run).await;
        done.unwrap_or(Err(Problem::Busy(TOO_LONG)))
    }
}
