//! The one place that writes: a thread that gathers what waits into one
//! synced write.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use admission::{Contents, Effect, Standing, Verdict};
use epcis::Event;
use record::tree::stored_count;
use record::{
    AnyHeader, Batch, BatchError, CharterRef, ContentId, Entry, Place, Record, Run, Salt,
    ScopeName, batch_len,
};
use store::{JobId, Store, StoredCheckpoint, StoredJob, StoredRecord, Term, WriteSet};
use tokio::sync::{mpsc, oneshot};

use crate::disclose::Disclosed;
use crate::error::{LedgerError, ReceiveError};
use crate::ledger::{Received, RecordAt, Shared};
use crate::logs::{Logs, Named};
use crate::open_jobs::{JobStep, OpenJobs};
use crate::submission::ClaimGuard;

/// How many records one synced write gathers at most, but for a single
/// request that holds more.
const GROUP_RECORDS_MAX: usize = 8_192;

/// What the writer is asked for.
#[derive(Debug)]
pub(crate) enum Request {
    Author(AuthorRequest),
    Open(OpenRequest),
    Receive(ReceiveRequest),
}

/// Records to be signed, all or none.
#[derive(Debug)]
pub(crate) struct AuthorRequest {
    pub(crate) scope: ScopeName,
    pub(crate) entries: Vec<(Entry, Contents)>,
    pub(crate) job: Option<JobStep>,
    pub(crate) disclosed: Vec<Disclosed>,
    /// What ends once the records are durable.
    pub(crate) claims: Option<ClaimGuard>,
    pub(crate) reply: oneshot::Sender<Result<Vec<RecordAt>, LedgerError>>,
}

/// A capture job whose pieces are stored, to be entered.
#[derive(Debug)]
pub(crate) struct OpenRequest {
    pub(crate) id: JobId,
    pub(crate) job: StoredJob,
    pub(crate) reply: oneshot::Sender<Result<(), LedgerError>>,
}

/// A peer's batch, opened.
#[derive(Debug)]
pub(crate) struct ReceiveRequest {
    pub(crate) batch: record::OpenedBatch,
    pub(crate) contents: Vec<Contents>,
    pub(crate) reply: oneshot::Sender<Result<Received, ReceiveError>>,
}

impl Request {
    fn records(&self) -> usize {
        match self {
            Self::Author(request) => request.entries.len(),
            Self::Open(_) => 0,
            Self::Receive(request) => request.batch.records().len(),
        }
    }

    fn refuse(self, error: LedgerError) {
        // Whoever asked may have gone: then nobody is to be told.
        match self {
            Self::Author(request) => drop(request.reply.send(Err(error))),
            Self::Open(request) => drop(request.reply.send(Err(error))),
            Self::Receive(request) => drop(request.reply.send(Err(error.into()))),
        }
    }
}

/// An answer that is given once its write is synced.
enum Answer {
    Authored(Share, Vec<RecordAt>),
    Opened(oneshot::Sender<Result<(), LedgerError>>),
    Received(oneshot::Sender<Result<Received, ReceiveError>>, Received),
}

/// What of a group's records is one request's.
struct Share {
    reply: oneshot::Sender<Result<Vec<RecordAt>, LedgerError>>,
    records: usize,
    job: Option<JobStep>,
    claims: Option<ClaimGuard>,
}

impl Answer {
    fn give(self, written: Result<(), LedgerError>) {
        match self {
            Self::Authored(share, records) => {
                drop(share.claims);
                drop(share.reply.send(written.map(|()| records)));
            }
            Self::Opened(reply) => drop(reply.send(written)),
            Self::Received(reply, received) => {
                drop(reply.send(written.map(|()| received).map_err(Into::into)));
            }
        }
    }
}

pub(crate) struct Writer {
    pub(crate) store: Arc<Store>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) logs: Logs,
    pub(crate) run: Run,
    pub(crate) next_arrival: u64,
    pub(crate) jobs: OpenJobs,
    /// When the newest record was stored.
    pub(crate) stored_ms: u64,
}

impl Writer {
    /// Serves requests until the queue is closed.
    pub(crate) fn serve(mut self, mut requests: mpsc::Receiver<Request>) {
        while let Some(first) = requests.blocking_recv() {
            let mut records = first.records();
            let mut group = vec![first];
            while records < GROUP_RECORDS_MAX {
                let Ok(next) = requests.try_recv() else { break };
                records += next.records();
                group.push(next);
            }
            self.commit(group);
        }
    }

    /// Writes a group of requests as one synced write, then answers.
    fn commit(&mut self, group: Vec<Request>) {
        if self.run.has_ended() {
            for request in group {
                request.refuse(LedgerError::Ended);
            }
            return;
        }
        let store = Arc::clone(&self.store);
        let mut set = store.write();
        let mut answers = Vec::with_capacity(group.len());
        let mut touched = Vec::new();
        let failed = self.gather(group, &mut set, &mut answers, &mut touched);
        let written = match failed {
            Some(error) => Err(error),
            None if set.is_empty() => Ok(()),
            None => self.sync(&store, set),
        };
        match written {
            Ok(()) => {
                self.logs.stored();
                self.publish(touched);
                for answer in answers {
                    answer.give(Ok(()));
                }
            }
            Err(error) => {
                // What was signed may or may not be on disk: never go on in it.
                self.run.end();
                let reason: &dyn std::error::Error = &error;
                tracing::error!(reason, "a write failed: the run has ended");
                for answer in answers {
                    answer.give(Err(LedgerError::Ended));
                }
                self.shared.end();
            }
        }
    }

    fn sync(&self, store: &Store, set: WriteSet<'_>) -> Result<(), LedgerError> {
        let begun = Instant::now();
        store.commit(set)?;
        let metrics = &self.shared.metrics;
        metrics.commits.inc();
        let syncs = i64::try_from(store.syncs()).unwrap_or(i64::MAX);
        metrics.syncs.set(syncs);
        metrics
            .commit_seconds
            .observe(begun.elapsed().as_secs_f64());
        Ok(())
    }

    /// Puts all requests into the set. Returns the fault of this node, if one
    /// keeps it from going on; a request's own fault is answered at once.
    fn gather(
        &mut self,
        group: Vec<Request>,
        set: &mut WriteSet<'_>,
        answers: &mut Vec<Answer>,
        touched: &mut Vec<record::LogId>,
    ) -> Option<LedgerError> {
        let mut authored: BTreeMap<ScopeName, Vec<AuthorRequest>> = BTreeMap::new();
        for request in group {
            match request {
                Request::Author(request) => {
                    let scope = request.scope.clone();
                    authored.entry(scope).or_default().push(request);
                }
                Request::Open(request) => {
                    self.jobs.enter(request.id, request.job, set);
                    answers.push(Answer::Opened(request.reply));
                }
                Request::Receive(request) => {
                    match self.receive(request.batch, request.contents, set) {
                        Ok((received, log)) => {
                            touched.extend(log);
                            answers.push(Answer::Received(request.reply, received));
                        }
                        Err(ReceiveError::Batch(error)) => {
                            drop(request.reply.send(Err(error.into())));
                        }
                        Err(ReceiveError::Ledger(error)) => {
                            drop(request.reply.send(Err(LedgerError::Ended.into())));
                            return Some(error);
                        }
                    }
                }
            }
        }
        for (scope, requests) in authored {
            let log = self.run.log(&scope);
            if !self.has_room_for(&log) {
                for request in requests {
                    let error = LedgerError::TooManyLogs(scope.clone());
                    drop(request.reply.send(Err(error)));
                }
                continue;
            }
            touched.push(log);
            if let Err(error) = self.author(&scope, requests, set, answers) {
                return Some(error);
            }
        }
        None
    }

    /// Signs what several requests want recorded in one scope.
    fn author(
        &mut self,
        scope: &ScopeName,
        requests: Vec<AuthorRequest>,
        set: &mut WriteSet<'_>,
        answers: &mut Vec<Answer>,
    ) -> Result<(), LedgerError> {
        let mut entries = Vec::new();
        let mut contents = Vec::new();
        let mut shares = Vec::new();
        for request in requests {
            shares.push(Share {
                reply: request.reply,
                records: request.entries.len(),
                job: request.job,
                claims: request.claims,
            });
            for (entry, read) in request.entries {
                entries.push(entry);
                contents.push(read);
            }
            for disclosed in request.disclosed {
                disclosed.note(set, scope);
            }
        }
        let written = self.sign(scope, entries, contents, set);
        let mut records = match written {
            Ok(records) => records.into_iter(),
            Err(error) => {
                for share in shares {
                    drop(share.reply.send(Err(LedgerError::Ended)));
                }
                return Err(error);
            }
        };
        for mut share in shares {
            let records: Vec<_> = records.by_ref().take(share.records).collect();
            if let Some(step) = share.job.take() {
                let arrivals: Vec<u64> = records.iter().map(|each| each.arrival).collect();
                self.jobs.step(step, &arrivals, now_ms(), set);
            }
            answers.push(Answer::Authored(share, records));
        }
        Ok(())
    }

    /// Signs entries, in as many batches as they need; the records of openings
    /// are not among those returned.
    fn sign(
        &mut self,
        scope: &ScopeName,
        mut entries: Vec<Entry>,
        mut contents: Vec<Contents>,
        set: &mut WriteSet<'_>,
    ) -> Result<Vec<RecordAt>, LedgerError> {
        let charter = self.charter();
        let mut salts = Salts::draw(entries.len() + 1)?;
        let mut written = Vec::with_capacity(entries.len());
        while !entries.is_empty() {
            let fit = batch_len(entries.iter().map(|e| e.payload.len()));
            let rest = entries.split_off(fit);
            let rest_contents = contents.split_off(fit);
            let batch = self
                .run
                .batch(now_ms(), scope, charter, entries, || salts.next())?;
            let opening = batch.records().len() - fit;
            let opening = batch.records()[..opening]
                .iter()
                .map(|(_, record)| admission::read(record, self.shared.charter.federation()));
            let contents_of_batch: Vec<_> = opening.chain(contents).collect();
            let skipped = contents_of_batch.len() - fit;
            let records = self.apply(&batch, contents_of_batch, true, set)?;
            written.extend(records.into_iter().skip(skipped));
            self.shared
                .metrics
                .authored
                .inc_by(batch.records().len() as u64);
            (entries, contents) = (rest, rest_contents);
        }
        Ok(written)
    }

    fn has_room_for(&self, log: &record::LogId) -> bool {
        let members = self.shared.charter.members().iter();
        let keys = members.map(|member| member.nodes.len()).sum();
        self.logs.has_room_for(log, keys)
    }

    fn charter(&self) -> CharterRef {
        self.shared.charter.reference()
    }

    /// Judges a peer's batch. The log is returned where it grew.
    fn receive(
        &mut self,
        batch: record::OpenedBatch,
        mut contents: Vec<Contents>,
        set: &mut WriteSet<'_>,
    ) -> Result<(Received, Option<record::LogId>), ReceiveError> {
        let shared = Arc::clone(&self.shared);
        let own = batch.log().author == shared.own_key;
        let Standing::Granted { key, .. } = admission::standing(&*shared, batch.log()) else {
            shared.metrics.passed_over.inc();
            tracing::debug!(log = %batch.log(), "passed over: no known charter version grants its key");
            return Ok((Received::PassedOver, None));
        };
        if *batch.log() == self.run.log(&batch.log().scope) {
            // Nobody but this run writes its logs; what claims more of them
            // is the work of another holder of the key.
            tracing::error!(log = %batch.log(), "a peer offers records of this very run: the author key is in other hands");
            shared.metrics.unknown_own.inc();
            return Ok((Received::PassedOver, None));
        }
        if !self.has_room_for(batch.log()) {
            shared.metrics.no_room.inc();
            tracing::error!(log = %batch.log(), "passed over: its key has opened more logs than there is room for");
            return Ok((Received::PassedOver, None));
        }
        let store = Arc::clone(&self.store);
        let edge = self.logs.edge(batch.log(), &store.view())?;
        let held = edge.size();
        let start = batch.start();
        let batch = match batch.verify(shared.charter.federation(), key, edge) {
            Ok(batch) => batch,
            Err(BatchError::Known { held, .. }) => {
                return Ok((Received::Known { size: held }, None));
            }
            Err(error) => return Err(error.into()),
        };
        if batch.records().iter().any(|(_, record)| is_bare(record)) {
            return Ok((Received::Bare, None));
        }
        let known = usize::try_from(held - start).expect("below the batch's length");
        let contents = contents.split_off(known);
        let count = batch.records().len() as u64;
        shared.metrics.received.inc_by(count);
        if own {
            shared.metrics.unknown_own.inc_by(count);
            tracing::warn!(log = %batch.log(), from = held, to = batch.edge().size(),
                "a peer holds records under this node's key that it does not remember: \
                 its own lost past, or another holder of the key");
        }
        self.apply(&batch, contents, false, set)?;
        self.observe(&batch);
        let size = batch.edge().size();
        Ok((Received::Appended { size }, Some(batch.log().clone())))
    }

    /// Lets the scope's clock take note of the newest stamp of a batch.
    fn observe(&mut self, batch: &Batch) {
        let skew = u64::from(self.shared.charter.limits().clock_skew_ms_max);
        let last = batch.records().last().map(|(_, record)| record.header());
        if let Some(AnyHeader::V1(header)) = last {
            let clock = self.run.clock(&batch.log().scope);
            clock.observe(header.time, now_ms(), skew);
        }
    }

    /// Puts a checked batch into the set: records, tree, checkpoint, and what
    /// admission says that they do.
    fn apply(
        &mut self,
        batch: &Batch,
        contents: Vec<Contents>,
        own: bool,
        set: &mut WriteSet<'_>,
    ) -> Result<Vec<RecordAt>, LedgerError> {
        assert_eq!(contents.len(), batch.records().len(), "one for each record");
        let held = self.logs.append(batch, own, &self.store)?;
        let number = held.number;
        set.log(number, &held.state);
        set.hashes(number, stored_count(batch.start()), batch.hashes());
        let signed = batch.checkpoint();
        let checkpoint = StoredCheckpoint {
            size: signed.checkpoint().size,
            root: signed.checkpoint().root,
            signature: signed.signature(),
        };
        set.checkpoint(number, &checkpoint);
        // The order of arrivals is that of record times, whatever the clock does.
        self.stored_ms = self.stored_ms.max(now_ms());
        let stored_ms = self.stored_ms;
        let shared = Arc::clone(&self.shared);
        let mut placed = Vec::with_capacity(contents.len());
        let records = batch.records().iter().zip(contents);
        for (((id, record), contents), index) in records.zip(batch.start()..) {
            let arrival = self.next_arrival;
            self.next_arrival += 1;
            let log = batch.log().clone();
            let place = Place { log, index };
            let decision = admission::admit(&*shared, &place, record, contents);
            let stored = StoredRecord {
                arrival,
                stored_ms,
                verdict: shared.count(&decision, &place),
                header: record.header_bytes().to_vec(),
            };
            set.record(number, index, &stored, record.content());
            set.index(Term::Record(id), arrival);
            if let Some(effect) = decision.effect {
                self.effect(effect, &place, arrival, set)?;
            }
            placed.push(RecordAt {
                id: *id,
                place,
                arrival,
            });
        }
        Ok(placed)
    }

    fn effect(
        &mut self,
        effect: Effect,
        place: &Place,
        arrival: u64,
        set: &mut WriteSet<'_>,
    ) -> Result<(), LedgerError> {
        match effect {
            Effect::Names(parents) => {
                // An opening speaks of its own key's logs; a replaced key's
                // logs join when keys can be rotated.
                for parent in parents {
                    let log = parent.log(&place.log);
                    if log.author == place.log.author && log != place.log {
                        match self.logs.name(&log, parent.size, &self.store)? {
                            Named::Held(held) => set.log(held.number, &held.state),
                            Named::Awaited(size) => set.named(&log, size),
                        }
                    }
                }
            }
            Effect::Event(event) => index_event(set, &event, arrival),
            Effect::Disclosed { proof, event, .. } => {
                set.index(Term::Record(&proof.id()), arrival);
                if let Some(event) = event {
                    index_event(set, &event, arrival);
                }
            }
        }
        Ok(())
    }

    /// Tells readers and peers of the logs that grew, now that they are synced.
    fn publish(&self, touched: Vec<record::LogId>) {
        for log in touched {
            if let Some(held) = self.logs.get(&log) {
                self.shared.publish(held, self.logs.tips());
            }
        }
    }
}

impl Shared {
    /// Counts a decision, logs what is odd, and returns the stored code.
    fn count(&self, decision: &admission::Decision, place: &Place) -> u8 {
        if let Some(reason) = &decision.without_effect {
            self.metrics.without_effect.inc();
            tracing::warn!(log = %place.log, index = place.index, reason, "a valid record has no effect");
        }
        match &decision.verdict {
            Verdict::Valid => 0,
            Verdict::PayloadMissing => 1,
            Verdict::Invalid(fault) => {
                self.metrics.invalid.inc();
                tracing::warn!(log = %place.log, index = place.index, %fault, "an invalid record is kept");
                2
            }
            Verdict::Pending(wait) => {
                self.metrics.pending.inc();
                tracing::info!(log = %place.log, index = place.index, %wait, "a record is pending");
                3
            }
        }
    }
}

/// Tells whether a record lacks what it must come with: nothing may be withheld
/// as yet, and what was stored without its content would never be asked for
/// again.
fn is_bare(record: &Record) -> bool {
    matches!(record.header(), AnyHeader::V1(_)) && record.content().is_none()
}

/// Makes an event findable by whatever it names.
fn index_event(set: &mut WriteSet<'_>, event: &Event, arrival: u64) {
    let content = ContentId::of(event.payload().as_bytes());
    set.index(Term::Content(&content), arrival);
    for key in trace::names(event) {
        set.index(Term::Object(key.as_str()), arrival);
    }
    set.index(Term::EventTime(event.event_time().instant_ms), arrival);
    if let Some(id) = event.id() {
        set.index(Term::EventId(&id), arrival);
    }
    if let Some(step) = event.biz_step() {
        set.index(Term::BizStep(step), arrival);
    }
    if let Some(disposition) = event.disposition() {
        set.index(Term::Disposition(disposition), arrival);
    }
    if let Some(place) = event.biz_location() {
        set.index(Term::BizLocation(place.key.identity().as_str()), arrival);
    }
    if let Some(place) = event.read_point() {
        set.index(Term::ReadPoint(place.key.identity().as_str()), arrival);
    }
    for term in epcis::query::index_terms(event) {
        set.index(Term::Field(&term), arrival);
    }
}

/// Salts for a batch, drawn in one call to the system.
struct Salts(std::vec::IntoIter<u8>);

impl Salts {
    fn draw(count: usize) -> Result<Self, LedgerError> {
        let mut bytes = vec![0; 16 * count];
        getrandom::fill(&mut bytes).map_err(LedgerError::Randomness)?;
        Ok(Self(bytes.into_iter()))
    }

    fn next(&mut self) -> Salt {
        Salt(std::array::from_fn(|_| {
            self.0.next().expect("one salt for each record and opening")
        }))
    }
}

/// Returns the wall clock in milliseconds since 1970; 0 before that.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}
