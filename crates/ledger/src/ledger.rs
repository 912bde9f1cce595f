//! The ledger's handle: what can be asked of it, from any thread.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::JoinHandle;

use admission::Contents;
use charter::{Charter, MemberId};
use epcis::Event;
use prometheus_client::registry::Registry;
use record::{
    Digest, Entry, LogId, Place, RawKey, RecordId, ScopeName, SecretKey, TRANSFER_RECORDS_MAX,
    UnverifiedBatch,
};
use store::{Baseline, LogNumber, LogState, Store, View};
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::claims::Claims;
use crate::error::{LedgerError, ReceiveError};
use crate::jobs::{self, Load, Runner, Task};
use crate::logs::{Held, Logs};
use crate::metrics::Metrics;
use crate::open_jobs::OpenJobs;
use crate::scopes::Scopes;
use crate::snapshot::Snapshot;
use crate::submission;
use crate::tips::Tips;
use crate::writer::{AuthorRequest, ReceiveRequest, Request, Writer};
use crate::{author, disclose, writer};

/// How many requests wait for the writer at most; whoever comes next waits.
const QUEUE: usize = 64;
/// How many heads a slow subscriber may lag behind before it must re-read all.
const HEADS_LAG: usize = 4_096;

/// How far the clock may lag behind the newest record before a start says so.
const CLOCK_LAG_MS: u64 = 60_000;

/// What a ledger starts with.
#[derive(Debug)]
pub struct Config {
    /// The node's author key.
    pub key: SecretKey,
    /// The federation's charter, verified.
    pub charter: Charter,
    /// The charter's file, kept beside the records.
    pub charter_file: Vec<u8>,
}

/// How far a log reaches, durably.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The log.
    pub log: LogId,
    /// Its number of records, at least one.
    pub size: u64,
    /// The root of their tree.
    pub root: Digest,
}

/// Which of the two frontiers shared with a peer.
pub type Side = Baseline;

/// A record where it stands, as it was written here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordAt {
    /// The record.
    pub id: RecordId,
    /// Its place.
    pub place: Place,
    /// Its arrival number here.
    pub arrival: u64,
}

/// What a capture wrote, durably.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured {
    /// The events' records, in the order of the events.
    pub records: Vec<RecordAt>,
}

/// What became of a peer's batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// Appended and synced; the log's size now.
    Appended {
        /// The log's size.
        size: u64,
    },
    /// All of it was held already.
    Known {
        /// The log's size.
        size: u64,
    },
    /// No known charter version grants the log's key: neither kept nor held
    /// against the peer.
    PassedOver,
    /// A record in it that is not held, with a header of a known format, comes
    /// without its content: nothing of it is kept, and nobody is blamed.
    Bare,
}

/// Records of a log, up to a checkpoint, in wire form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedBatch {
    /// The index of the first record.
    pub start: u64,
    /// The index after the last.
    pub end: u64,
    /// What [`UnverifiedBatch::decode`] reads.
    pub bytes: Vec<u8>,
}

/// One node's ledger. Cloning it gives another handle to the same.
#[derive(Debug, Clone)]
pub struct Ledger(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) store: Arc<Store>,
    pub(crate) shared: Arc<Shared>,
    requests: Mutex<Option<mpsc::Sender<Request>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    tasks: Mutex<Option<mpsc::Sender<Task>>>,
    runner: Mutex<Option<JoinHandle<()>>>,
}

impl Inner {
    /// Ends the thread that carries jobs out, which needs the writer, and then
    /// the writer; waits for both. A thread that panicked has been reported by
    /// the panic itself.
    fn close(&self) {
        drop(lock(&self.tasks).take());
        let runner = lock(&self.runner).take();
        drop(runner.map(JoinHandle::join));
        drop(lock(&self.requests).take());
        let writer = lock(&self.writer).take();
        drop(writer.map(JoinHandle::join));
    }

    pub(crate) fn requests(&self) -> Option<mpsc::Sender<Request>> {
        lock(&self.requests).clone()
    }

    pub(crate) fn tasks(&self) -> Option<mpsc::Sender<Task>> {
        lock(&self.tasks).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Inner {
    /// Waits for the writer, so that the database is closed when the last
    /// handle is gone: RocksDB aborts a process that ends while it closes.
    fn drop(&mut self) {
        self.close();
    }
}

/// What the writer and all readers share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) charter: Arc<Charter>,
    pub(crate) member: MemberId,
    pub(crate) own_key: RawKey,
    pub(crate) metrics: Metrics,
    pub(crate) claims: Claims,
    pub(crate) load: Load,
    heads: RwLock<BTreeMap<LogId, (LogNumber, Head)>>,
    tips: RwLock<Tips>,
    news: broadcast::Sender<Head>,
    ended: watch::Sender<bool>,
}

impl admission::View for Shared {
    fn charter(&self, version: u32) -> Option<&Charter> {
        (version == self.charter.version()).then_some(&*self.charter)
    }

    fn newest_charter(&self) -> &Charter {
        &self.charter
    }
}

impl Shared {
    pub(crate) fn publish(&self, held: &Held, tips: &Tips) {
        let head = Head {
            log: held.state.log.clone(),
            size: held.state.size,
            root: held.state.root,
        };
        let mut heads = self.heads.write().unwrap_or_else(PoisonError::into_inner);
        heads.insert(head.log.clone(), (held.number, head.clone()));
        self.metrics
            .logs
            .set(i64::try_from(heads.len()).unwrap_or(i64::MAX));
        drop(heads);
        let group = tips.group(&head.log);
        let mut shown = self.tips.write().unwrap_or_else(PoisonError::into_inner);
        shown.put(&head.log, group);
        drop(shown);
        // Without subscribers there is nobody to tell.
        drop(self.news.send(head));
    }

    /// Returns the index from which on a log's records are *recovered*, if any
    /// are: beyond what later openings name of it, or all of a log that none
    /// names though its author has begun a later one.
    pub(crate) fn recovered_from(&self, state: &LogState) -> Option<u64> {
        match state.named_at {
            Some(named) => (named < state.size).then_some(named),
            None => {
                let tips = self.tips.read().unwrap_or_else(PoisonError::into_inner);
                tips.is_left_behind(&state.log).then_some(0)
            }
        }
    }

    /// Returns the local number of a log that is held durably.
    pub(crate) fn number(&self, log: &LogId) -> Option<LogNumber> {
        let heads = self.heads.read().unwrap_or_else(PoisonError::into_inner);
        heads.get(log).map(|(number, _)| *number)
    }

    pub(crate) fn end(&self) {
        self.ended.send_replace(true);
    }

    pub(crate) fn has_ended(&self) -> bool {
        *self.ended.borrow()
    }
}

impl Ledger {
    /// Starts a run over a store: draws a fresh epoch and begins to serve.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or belongs to another federation, or the
    /// key is no member's.
    pub fn start(
        store: Store,
        config: Config,
        registry: &mut Registry,
    ) -> Result<Self, LedgerError> {
        let own_key = config.key.public().raw();
        let (member, _, _) = config
            .charter
            .author(&own_key)
            .ok_or(LedgerError::NotAMember(own_key))?;
        let member = member.id.clone();
        pin_charter(&store, &config)?;
        let view = store.view();
        let logs = Logs::load(&view)?;
        let run = author::start(&config.key, config.charter.federation(), &logs, &view)?;
        let next_arrival = view.last_arrival()? + 1;
        let jobs = OpenJobs::load(&view)?;
        let stored_ms = last_stored(&view, next_arrival - 1)?;
        drop(view);
        let shared = Arc::new(Shared {
            charter: Arc::new(config.charter),
            member,
            own_key,
            metrics: Metrics::register(registry),
            claims: Claims::default(),
            load: Load::default(),
            heads: RwLock::default(),
            tips: RwLock::default(),
            news: broadcast::channel(HEADS_LAG).0,
            ended: watch::channel(false).0,
        });
        for held in logs.iter() {
            shared.publish(held, logs.tips());
        }
        let left = jobs::take_up(&shared, &store, &jobs)?;
        let store = Arc::new(store);
        let (requests, queue) = mpsc::channel(QUEUE);
        let writer = Writer {
            store: Arc::clone(&store),
            shared: Arc::clone(&shared),
            logs,
            run,
            next_arrival,
            jobs,
            stored_ms,
        };
        let (tasks, waiting) = mpsc::channel(jobs::JOBS_MAX);
        let runner = Runner {
            store: Arc::clone(&store),
            shared: Arc::clone(&shared),
            requests: requests.clone(),
            tasks: left,
        };
        let writer = spawn("ledger-writer", move || writer.serve(queue))?;
        let runner = spawn("ledger-jobs", move || runner.serve(waiting))?;
        Ok(Self(Arc::new(Inner {
            store,
            shared,
            requests: Mutex::new(Some(requests)),
            writer: Mutex::new(Some(writer)),
            tasks: Mutex::new(Some(tasks)),
            runner: Mutex::new(Some(runner)),
        })))
    }

    /// Returns the charter that records are judged by.
    pub fn charter(&self) -> Arc<Charter> {
        Arc::clone(&self.0.shared.charter)
    }

    /// Returns this node's author key.
    pub fn own_key(&self) -> RawKey {
        self.0.shared.own_key
    }

    /// Returns the member whose node this is.
    pub fn member(&self) -> &MemberId {
        &self.0.shared.member
    }

    /// Returns the heads of all logs held, in the order of the logs.
    pub fn heads(&self) -> Vec<Head> {
        let heads = self.0.shared.heads.read();
        let heads = heads.unwrap_or_else(PoisonError::into_inner);
        heads.values().map(|(_, head)| head.clone()).collect()
    }

    /// Subscribes to heads that advance. A subscriber that lags behind re-reads
    /// [`Ledger::heads`].
    pub fn subscribe(&self) -> broadcast::Receiver<Head> {
        self.0.shared.news.subscribe()
    }

    /// Waits until a write has failed and the run has ended.
    pub async fn ended(&self) {
        let mut ended = self.0.shared.ended.subscribe();
        // The sender lives as long as this handle: an error cannot come.
        drop(ended.wait_for(|ended| *ended).await);
    }

    /// Tells whether a write has failed and the run has ended.
    pub fn has_ended(&self) -> bool {
        self.0.shared.has_ended()
    }

    /// Returns a consistent snapshot to read from.
    pub fn snapshot(&self) -> Snapshot<'_> {
        Snapshot::new(&self.0.shared, self.0.store.view())
    }

    /// Returns a consistent snapshot of what some scopes hold: whatever is read
    /// from it is as if this node had never held anything else.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or is damaged.
    pub fn snapshot_for(&self, scopes: &Scopes) -> Result<Snapshot<'_>, LedgerError> {
        self.snapshot().restricted(scopes)
    }

    /// Records events in a scope, all or none, and returns once they are
    /// durable. What this node stated before is stated again; a client's
    /// capture goes through [`Ledger::prepare`].
    ///
    /// # Errors
    ///
    /// When the member may not write the scope, an event is too long for the
    /// charter, there is none, or the write fails.
    pub async fn capture(
        &self,
        scope: &ScopeName,
        events: Vec<Event>,
    ) -> Result<Captured, LedgerError> {
        let shared = &self.0.shared;
        self.may_write(scope)?;
        if events.is_empty() {
            return Err(LedgerError::Nothing);
        }
        let max = shared.charter.limits().record_payload_bytes_max;
        let mut entries = Vec::with_capacity(events.len());
        for (event, index) in events.into_iter().zip(0..) {
            let bytes = event.payload().as_bytes().len();
            if bytes > max as usize {
                return Err(LedgerError::PayloadTooLong {
                    event: index,
                    bytes,
                    max,
                });
            }
            entries.push(submission::entry(Box::new(event)));
        }
        let records = self.author(scope, entries, Vec::new()).await?;
        Ok(Captured { records })
    }

    /// Discloses events to a scope, each with its proof, and returns the
    /// disclosures once they are durable. What the scope's readers were shown
    /// before is passed over.
    ///
    /// # Errors
    ///
    /// When a record is not held or is no event of another scope, the member
    /// may not write the scope, or the write fails.
    pub async fn disclose(
        &self,
        records: &[RecordId],
        scope: &ScopeName,
    ) -> Result<Vec<RecordAt>, LedgerError> {
        self.may_write(scope)?;
        let (entries, notes) = disclose::prepare(&self.snapshot(), records, scope)?;
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        self.author(scope, entries, notes).await
    }

    pub(crate) fn may_write(&self, scope: &ScopeName) -> Result<(), LedgerError> {
        let shared = &self.0.shared;
        if shared.charter.may_write(&shared.member, scope) {
            return Ok(());
        }
        Err(LedgerError::NoRight {
            member: shared.member.clone(),
            scope: scope.clone(),
            version: shared.charter.version(),
        })
    }

    async fn author(
        &self,
        scope: &ScopeName,
        entries: Vec<(Entry, Contents)>,
        disclosed: Vec<disclose::Disclosed>,
    ) -> Result<Vec<RecordAt>, LedgerError> {
        let (reply, answer) = oneshot::channel();
        let request = AuthorRequest {
            scope: scope.clone(),
            entries,
            job: None,
            disclosed,
            claims: None,
            reply,
        };
        self.ask(Request::Author(request)).await?;
        answer.await.map_err(|_| LedgerError::Stopping)?
    }

    /// Verifies a peer's batch, judges its records and returns once they are
    /// durable.
    ///
    /// # Errors
    ///
    /// [`ReceiveError::Batch`] where the batch is at fault, with nothing of it
    /// stored; [`ReceiveError::Ledger`] where this node is.
    pub async fn receive(&self, batch: UnverifiedBatch) -> Result<Received, ReceiveError> {
        let federation = self.0.shared.charter.federation();
        let opened = tokio::task::spawn_blocking(move || {
            let batch = batch.open()?;
            let read = |record| admission::read(record, federation);
            let contents = batch.records().iter().map(read).collect();
            Ok::<_, record::BatchError>((batch, contents))
        });
        let (batch, contents) = opened.await.map_err(|_| LedgerError::Stopping)??;
        let (reply, answer) = oneshot::channel();
        let request = ReceiveRequest {
            batch,
            contents,
            reply,
        };
        self.ask(Request::Receive(request)).await?;
        answer.await.map_err(|_| LedgerError::Stopping)?
    }

    pub(crate) async fn ask(&self, request: Request) -> Result<(), LedgerError> {
        let requests = self.0.requests().ok_or(LedgerError::Stopping)?;
        requests
            .send(request)
            .await
            .map_err(|_| LedgerError::Stopping)
    }

    /// Reads records of a log from `from` on, up to a checkpoint: about
    /// `bytes_max` at most, but at least one step between two checkpoints.
    /// `None` where nothing is held beyond `from`.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or is damaged.
    pub fn read_batch(
        &self,
        log: &LogId,
        from: u64,
        bytes_max: usize,
    ) -> Result<Option<EncodedBatch>, LedgerError> {
        let snapshot = self.snapshot();
        let limit = TRANSFER_RECORDS_MAX;
        let Some((records, checkpoint)) = snapshot.transfer(log, from, limit, bytes_max)? else {
            return Ok(None);
        };
        let batch = UnverifiedBatch::from_stored(from, records, &checkpoint);
        Ok(Some(EncodedBatch {
            start: from,
            end: batch.end(),
            bytes: batch.encode(),
        }))
    }

    /// Returns a frontier baseline shared with a peer; opaque here.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn baseline(&self, peer: &RawKey, side: Side) -> Result<Option<Vec<u8>>, LedgerError> {
        Ok(self.0.store.view().baseline(peer, side)?)
    }

    /// Stores a frontier baseline shared with a peer, synced.
    ///
    /// # Errors
    ///
    /// When the write fails.
    pub fn save_baseline(
        &self,
        peer: &RawKey,
        side: Side,
        frontier: &[u8],
    ) -> Result<(), LedgerError> {
        let mut set = self.0.store.write();
        set.baseline(peer, side, frontier);
        Ok(self.0.store.commit(set)?)
    }

    /// Takes no further writes, lets those that wait finish, and returns when
    /// the writer has ended. Jobs that are not finished go on at the next start.
    pub async fn stop(&self) {
        let inner = Arc::clone(&self.0);
        drop(tokio::task::spawn_blocking(move || inner.close()).await);
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, LedgerError> {
    let thread = std::thread::Builder::new().name(name.into());
    thread.spawn(work).map_err(LedgerError::Thread)
}

/// Returns when the newest record was stored.
fn last_stored(view: &View<'_>, last: u64) -> Result<u64, LedgerError> {
    let place = view.arrival(last)?;
    let record = place
        .map(|(log, index)| view.record(log, index))
        .transpose()?;
    let stored_ms = record.flatten().map_or(0, |record| record.stored_ms);
    if stored_ms > writer::now_ms().saturating_add(CLOCK_LAG_MS) {
        tracing::warn!(
            stored_ms,
            "the clock is behind what was stored last: record times stand still until it is past that"
        );
    }
    Ok(stored_ms)
}

/// Keeps the charter with the records, and refuses a store of another one.
fn pin_charter(store: &Store, config: &Config) -> Result<(), LedgerError> {
    let version = config.charter.version();
    match store.view().charter(version)? {
        Some(held) if Charter::first(&held, &config.charter.federation()).is_ok() => Ok(()),
        Some(_) => Err(LedgerError::Damaged(
            "it belongs to another federation than the charter given",
        )),
        None => {
            let mut set = store.write();
            set.charter(version, &config.charter_file);
            Ok(store.commit(set)?)
        }
    }
}
