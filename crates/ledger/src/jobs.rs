//! Large captures: jobs that are durable before they are answered, and are
//! carried out piece by piece, across crashes.
//!
//! A job's pieces go into the store first, then the job itself; from then on it
//! will be recorded. A thread of its own reads the pieces and has the writer
//! record them, one after another; each is gone with the write that holds its
//! records. What a crash leaves is found at the next start, and goes on there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use admission::Contents;
use epcis::Event;
use record::{Entry, Flags, Kind, ScopeName};
use store::{JobId, Store, StoredJob};
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{mpsc, oneshot};

use crate::claims::Claim;
use crate::error::LedgerError;
use crate::ledger::{RecordAt, Shared};
use crate::open_jobs::{JobStep, OpenJobs};
use crate::piece;
use crate::writer::{AuthorRequest, Request};

/// How many jobs may be unfinished at a time.
pub(crate) const JOBS_MAX: usize = 16;
/// How many bytes of pieces may wait at a time.
pub(crate) const JOB_BYTES_MAX: usize = 256 << 20;

/// What the jobs that are not finished take up.
#[derive(Debug, Default)]
pub(crate) struct Load(Mutex<(usize, usize)>);

/// Room for one job, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Room {
    shared: Arc<Shared>,
    bytes: usize,
}

impl Room {
    /// Takes room for a job of so many bytes.
    pub(crate) fn take(shared: &Arc<Shared>, bytes: usize) -> Result<Self, LedgerError> {
        let mut load = shared.load.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (jobs, held) = &mut *load;
        if *jobs >= JOBS_MAX || *held + bytes > JOB_BYTES_MAX && *held > 0 {
            return Err(LedgerError::Full);
        }
        *jobs += 1;
        *held += bytes;
        drop(load);
        let shared = Arc::clone(shared);
        Ok(Self { shared, bytes })
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let load = self.shared.load.0.lock();
        let mut load = load.unwrap_or_else(PoisonError::into_inner);
        load.0 -= 1;
        load.1 -= self.bytes;
    }
}

/// A job to be carried out.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) id: JobId,
    pub(crate) scope: ScopeName,
    /// The next piece.
    pub(crate) next: u32,
    pub(crate) pieces: u32,
    pub(crate) claims: Vec<Claim>,
    /// Held until the job is finished.
    _room: Room,
}

impl Task {
    pub(crate) fn new(id: JobId, job: &StoredJob, claims: Vec<Claim>, room: Room) -> Self {
        Self {
            id,
            scope: job.scope.clone(),
            next: job.pieces_done,
            pieces: job.pieces,
            claims,
            _room: room,
        }
    }
}

/// Takes up the jobs that an earlier run left, and clears away pieces of jobs
/// that never came to be.
pub(crate) fn take_up(
    shared: &Arc<Shared>,
    store: &Store,
    open: &OpenJobs,
) -> Result<Vec<Task>, LedgerError> {
    let view = store.view();
    let jobs: BTreeMap<JobId, &StoredJob> = open.iter().collect();
    let mut claims: BTreeMap<JobId, Vec<Claim>> = BTreeMap::new();
    let mut bytes: BTreeMap<JobId, usize> = BTreeMap::new();
    let mut stray = BTreeSet::new();
    for found in view.pieces() {
        let (id, number, piece) = found?;
        if !jobs.contains_key(&id) {
            stray.insert((id, number));
            continue;
        }
        let statements = piece::decode(&piece).ok_or(DAMAGED)?;
        let of_job = claims.entry(id).or_default();
        for statement in statements {
            shared.claims.keep(statement.claim, statement.claimed);
            of_job.push(statement.claim);
        }
        *bytes.entry(id).or_default() += piece.len();
    }
    if !stray.is_empty() {
        let mut set = store.write();
        for (id, number) in stray {
            set.remove_piece(id, number);
        }
        store.commit(set)?;
    }
    let mut tasks = Vec::new();
    for (id, job) in jobs {
        let room = Room::take(shared, bytes.remove(&id).unwrap_or_default())?;
        let claims = claims.remove(&id).unwrap_or_default();
        tracing::info!(job = %id, done = job.records_done, of = job.records, "a capture goes on");
        tasks.push(Task::new(id, job, claims, room));
    }
    Ok(tasks)
}

const DAMAGED: LedgerError = LedgerError::Damaged("a piece of a capture job");

/// Carries jobs out, in turns.
pub(crate) struct Runner {
    pub(crate) store: Arc<Store>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) requests: mpsc::Sender<Request>,
    pub(crate) tasks: Vec<Task>,
}

/// A piece that the writer was asked to record.
struct Sent {
    id: JobId,
    answer: oneshot::Receiver<Result<Vec<RecordAt>, LedgerError>>,
}

impl Runner {
    /// Runs until the queue is closed: a job that is not finished then goes on
    /// at the next start.
    pub(crate) fn serve(mut self, mut queue: mpsc::Receiver<Task>) {
        let mut sent: Option<Sent> = None;
        let mut turn = 0;
        loop {
            if self.tasks.is_empty() {
                match queue.blocking_recv() {
                    Some(task) => self.tasks.push(task),
                    None => return,
                }
            }
            match queue.try_recv() {
                Ok(task) => self.tasks.push(task),
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => break,
            }
            turn = (turn + 1) % self.tasks.len();
            // The next piece is read while the writer records the one before.
            let next = self.read(turn);
            if let Some(sent) = sent.take()
                && !self.settle(sent)
            {
                break;
            }
            match next {
                Ok(None) => {}
                Ok(Some((id, request, answer))) => {
                    if self.requests.blocking_send(request).is_err() {
                        break;
                    }
                    sent = Some(Sent { id, answer });
                }
                Err((id, error)) => self.give_up(id, &error),
            }
        }
        if let Some(sent) = sent {
            self.settle(sent);
        }
    }
}

type Next = (
    JobId,
    Request,
    oneshot::Receiver<Result<Vec<RecordAt>, LedgerError>>,
);

impl Runner {
    /// Reads the next piece of a job; `None` where all are on their way.
    fn read(&mut self, turn: usize) -> Result<Option<Next>, (JobId, LedgerError)> {
        let task = &mut self.tasks[turn];
        if task.next == task.pieces {
            return Ok(None);
        }
        let id = task.id;
        let piece = self.store.view().piece(id, task.next);
        let piece = piece.map_err(|error| (id, error.into()))?;
        let entries = piece.as_deref().and_then(entries);
        let entries = entries.ok_or((id, DAMAGED))?;
        task.next += 1;
        let (reply, answer) = oneshot::channel();
        let request = Request::Author(AuthorRequest {
            scope: task.scope.clone(),
            entries,
            job: Some(JobStep::Piece(id)),
            disclosed: Vec::new(),
            claims: None,
            reply,
        });
        Ok(Some((id, request, answer)))
    }

    /// Waits until a piece is recorded. Tells whether to go on.
    fn settle(&mut self, sent: Sent) -> bool {
        match sent.answer.blocking_recv() {
            Ok(Ok(_)) => {}
            // The job goes on at the next start.
            Ok(Err(LedgerError::Ended)) | Err(_) => return false,
            Ok(Err(error)) => {
                self.give_up(sent.id, &error);
                return true;
            }
        }
        let done = |task: &Task| task.id == sent.id && task.next == task.pieces;
        if let Some(place) = self.tasks.iter().position(done) {
            let task = self.tasks.remove(place);
            self.shared.claims.release(&task.claims);
        }
        true
    }

    /// Leaves a job that cannot go on: what is stored of it stays hidden or
    /// shown as it is, and the next start tries it again.
    fn give_up(&mut self, id: JobId, error: &LedgerError) {
        let reason: &dyn std::error::Error = error;
        tracing::error!(job = %id, reason, "a capture job cannot go on");
        self.tasks.retain(|task| task.id != id);
    }
}

/// Reads what a piece has the writer sign.
fn entries(piece: &[u8]) -> Option<Vec<(Entry, Contents)>> {
    let statements = piece::decode(piece)?;
    let read = |kept: &piece::Kept<'_>| {
        let contents = match kept.kind {
            Kind::EVENT => Contents::Event(Box::new(Event::from_payload(kept.payload).ok()?)),
            _ => return None,
        };
        let entry = Entry {
            kind: kept.kind,
            flags: Flags::NONE,
            subject: Vec::new(),
            payload: kept.payload.to_vec(),
        };
        Some((entry, contents))
    };
    statements.iter().map(read).collect()
}
