//! Everything that one commit writes.

use record::{Digest, LogId, RawKey, Sealed};
use rocksdb::{DB, WriteBatch};

use crate::column::Column;
use crate::job::{JobId, OpenJob, StoredJob};
use crate::key::{self, Baseline, INDEX_KEY_LEN, LogNumber, Term};
use crate::log_state::LogState;
use crate::store::Store;
use crate::value::{StoredCheckpoint, StoredRecord, encode_sealed};

/// A set of writes that reaches the disk whole or not at all.
pub struct WriteSet<'a> {
    batch: WriteBatch,
    /// Keys of the index, put into the batch at last: see
    /// [`WriteSet::into_batch`].
    index: Vec<[u8; INDEX_KEY_LEN]>,
    db: &'a DB,
}

impl<'a> WriteSet<'a> {
    pub(crate) fn new(store: &'a Store) -> Self {
        Self {
            batch: WriteBatch::default(),
            index: Vec::new(),
            db: store.db(),
        }
    }

    fn put(&mut self, column: Column, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        let handle = self.db.cf_handle(column.name()).expect("opened with it");
        self.batch.put_cf(handle, key, value);
    }

    /// Tells whether nothing is to be written.
    pub fn is_empty(&self) -> bool {
        self.batch.is_empty() && self.index.is_empty()
    }

    /// Returns what RocksDB is to write.
    ///
    /// Index keys go in sorted: they are hashes, most of a commit's entries,
    /// and RocksDB finds each one's place in its memory table from the place of
    /// the one before. Sorted, a commit takes about half the time.
    pub(crate) fn into_batch(self) -> WriteBatch {
        let Self {
            mut batch,
            mut index,
            db,
        } = self;
        index.sort_unstable();
        let handle = db.cf_handle(Column::Index.name()).expect("opened with it");
        for key in &index {
            batch.put_cf(handle, key, []);
        }
        batch
    }

    /// Writes a log's state.
    pub fn log(&mut self, number: LogNumber, state: &LogState) {
        self.put(Column::Logs, number.0.to_be_bytes(), state.encode());
    }

    /// Writes a record: its header and notes, its content if it is here, and
    /// its arrival.
    pub fn record(
        &mut self,
        log: LogNumber,
        index: u64,
        record: &StoredRecord,
        content: Option<&Sealed>,
    ) {
        let position = key::position(log, index);
        self.put(Column::Records, position, record.encode());
        if let Some(sealed) = content {
            self.put(Column::Payloads, position, encode_sealed(sealed));
        }
        self.put(Column::Arrivals, record.arrival.to_be_bytes(), position);
    }

    /// Writes a run of tree hashes, the first at stored-hash index `first`.
    pub fn hashes(&mut self, log: LogNumber, first: u64, hashes: &[Digest]) {
        let mut run = Vec::with_capacity(32 * hashes.len());
        for hash in hashes {
            run.extend(hash.as_bytes());
        }
        self.put(Column::Hashes, key::position(log, first), run);
    }

    /// Writes a checkpoint.
    pub fn checkpoint(&mut self, log: LogNumber, checkpoint: &StoredCheckpoint) {
        let position = key::position(log, checkpoint.size);
        self.put(Column::Checkpoints, position, checkpoint.encode());
    }

    /// Makes a record findable by a term.
    pub fn index(&mut self, term: Term<'_>, arrival: u64) {
        self.index.push(term.key(arrival));
    }

    /// Writes a charter version's file.
    pub fn charter(&mut self, version: u32, file: &[u8]) {
        self.put(Column::Meta, key::charter(version), file);
    }

    /// Writes a frontier baseline shared with a peer.
    pub fn baseline(&mut self, peer: &RawKey, side: Baseline, frontier: &[u8]) {
        self.put(Column::Peers, key::peer(peer, side), frontier);
    }

    /// Writes how far a capture job is.
    pub fn job(&mut self, id: JobId, job: &StoredJob) {
        self.put(Column::Jobs, key::job(id), job.encode());
    }

    /// Writes the list of the capture jobs that are not finished.
    pub fn open_jobs(&mut self, jobs: &[OpenJob]) {
        self.put(Column::Jobs, key::OPEN_JOBS, OpenJob::encode_all(jobs));
    }

    /// Writes a piece of a capture job; opaque here.
    pub fn piece(&mut self, id: JobId, number: u32, piece: &[u8]) {
        self.put(Column::Jobs, key::piece(id, number), piece);
    }

    /// Removes a piece of a capture job.
    pub fn remove_piece(&mut self, id: JobId, number: u32) {
        let handle = self.db.cf_handle(Column::Jobs.name());
        let handle = handle.expect("opened with it");
        self.batch.delete_cf(handle, key::piece(id, number));
    }

    /// Notes at what size an opening names a log that is not held.
    pub fn named(&mut self, log: &LogId, size: u64) {
        self.put(Column::Meta, key::named(log), size.to_be_bytes());
    }

    /// Notes the checkpoint of a log that was disclosed last to a scope.
    pub fn disclosed(&mut self, log: LogNumber, scope: &str, checkpoint: &StoredCheckpoint) {
        let value = [&checkpoint.size.to_be_bytes()[..], &checkpoint.encode()].concat();
        self.put(Column::Meta, key::disclosed(log, scope), value);
    }
}

impl std::fmt::Debug for WriteSet<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (entries, terms) = (self.batch.len(), self.index.len());
        write!(f, "WriteSet({entries} entries, {terms} terms)")
    }
}
