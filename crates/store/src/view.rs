//! A consistent snapshot, through which everything is read.

use record::tree::{StoredHashes, TreeError};
use record::{Digest, LogId, RawKey, Sealed};
use rocksdb::{DB, Direction, IteratorMode, ReadOptions, Snapshot};

use crate::column::Column;
use crate::error::StoreError;
use crate::job::{JobId, OpenJob, StoredJob};
use crate::key::{self, Baseline, LogNumber, Term};
use crate::log_state::LogState;
use crate::scan::{Way, arrival_of};
use crate::value::{StoredCheckpoint, StoredRecord, decode_sealed};

/// The store as it stood at one moment.
pub struct View<'a> {
    db: &'a DB,
    snapshot: Snapshot<'a>,
}

pub(crate) fn damaged(what: &'static str) -> StoreError {
    StoreError::Damaged { what }
}

type Pair = (Box<[u8]>, Box<[u8]>);

impl<'a> View<'a> {
    pub(crate) fn new(db: &'a DB) -> Self {
        Self {
            db,
            snapshot: db.snapshot(),
        }
    }

    fn handle(&self, column: Column) -> &rocksdb::ColumnFamily {
        self.db.cf_handle(column.name()).expect("opened with it")
    }

    fn get(&self, column: Column, key: impl AsRef<[u8]>) -> Result<Option<Vec<u8>>, StoreError> {
        let found = self.snapshot.get_cf(self.handle(column), key);
        found.map_err(StoreError::Read)
    }

    pub(crate) fn scan<'s>(
        &'s self,
        column: Column,
        mode: IteratorMode<'_>,
        options: ReadOptions,
    ) -> impl Iterator<Item = Result<Pair, StoreError>> + use<'s, 'a> {
        let pairs = self
            .snapshot
            .iterator_cf_opt(self.handle(column), options, mode);
        pairs.map(|pair| pair.map_err(StoreError::Read))
    }

    /// Returns all logs with their numbers, in the order of the numbers.
    ///
    /// # Errors
    ///
    /// When the disk fails or an entry is damaged.
    pub fn logs(&self) -> Result<Vec<(LogNumber, LogState)>, StoreError> {
        let pairs = self.scan(Column::Logs, IteratorMode::Start, ReadOptions::default());
        pairs
            .map(|pair| {
                let (key, value) = pair?;
                let number = key.as_ref().try_into().map(u32::from_be_bytes);
                let number = number.map_err(|_| damaged("a log's number"))?;
                let state = LogState::decode(&value).ok_or_else(|| damaged("a log's state"))?;
                Ok((LogNumber(number), state))
            })
            .collect()
    }

    /// Returns a log's state.
    ///
    /// # Errors
    ///
    /// When the disk fails or the entry is damaged.
    pub fn log(&self, number: LogNumber) -> Result<Option<LogState>, StoreError> {
        let value = self.get(Column::Logs, number.0.to_be_bytes())?;
        let decode = |v: Vec<u8>| LogState::decode(&v).ok_or_else(|| damaged("a log's state"));
        value.map(decode).transpose()
    }

    /// Returns a record's header and notes.
    ///
    /// # Errors
    ///
    /// When the disk fails or the entry is damaged.
    pub fn record(&self, log: LogNumber, index: u64) -> Result<Option<StoredRecord>, StoreError> {
        let value = self.get(Column::Records, key::position(log, index))?;
        let decode = |v: Vec<u8>| StoredRecord::decode(&v).ok_or_else(|| damaged("a record"));
        value.map(decode).transpose()
    }

    /// Returns a record's salt and payload, where they are here.
    ///
    /// # Errors
    ///
    /// When the disk fails or the entry is damaged.
    pub fn content(&self, log: LogNumber, index: u64) -> Result<Option<Sealed>, StoreError> {
        let value = self.get(Column::Payloads, key::position(log, index))?;
        let decode = |v: Vec<u8>| decode_sealed(&v).ok_or_else(|| damaged("a payload"));
        value.map(decode).transpose()
    }

    /// Returns up to `limit` records of a log with their content, from `from` on.
    ///
    /// # Errors
    ///
    /// When the disk fails or an entry is damaged.
    pub fn records(
        &self,
        log: LogNumber,
        from: u64,
        limit: usize,
    ) -> impl Iterator<Item = Result<(StoredRecord, Option<Sealed>), StoreError>> + '_ {
        let start = key::position(log, from);
        let mode = IteratorMode::From(&start, Direction::Forward);
        let headers = self.scan(Column::Records, mode, upper_bound(log));
        let mode = IteratorMode::From(&start, Direction::Forward);
        let mut contents = self
            .scan(Column::Payloads, mode, upper_bound(log))
            .peekable();
        headers.take(limit).map(move |header| {
            let (position, value) = header?;
            let record = StoredRecord::decode(&value).ok_or_else(|| damaged("a record"))?;
            // Both columns run in the order of positions; a record without
            // content simply has no partner.
            let content = contents
                .next_if(|c| c.as_ref().map_or(true, |(found, _)| *found == position))
                .transpose()?;
            let content = content
                .map(|(_, value)| decode_sealed(&value).ok_or_else(|| damaged("a payload")))
                .transpose()?;
            Ok((record, content))
        })
    }

    /// Returns the largest checkpoint of a log with a size in `from..=to`.
    ///
    /// # Errors
    ///
    /// When the disk fails or the entry is damaged.
    pub fn checkpoint_between(
        &self,
        log: LogNumber,
        from: u64,
        to: u64,
    ) -> Result<Option<StoredCheckpoint>, StoreError> {
        self.checkpoint(log, from, to, Direction::Reverse)
    }

    /// Returns the smallest checkpoint of a log with a size of at least `from`.
    ///
    /// # Errors
    ///
    /// When the disk fails or the entry is damaged.
    pub fn checkpoint_from(
        &self,
        log: LogNumber,
        from: u64,
    ) -> Result<Option<StoredCheckpoint>, StoreError> {
        self.checkpoint(log, from, u64::MAX, Direction::Forward)
    }

    fn checkpoint(
        &self,
        log: LogNumber,
        from: u64,
        to: u64,
        direction: Direction,
    ) -> Result<Option<StoredCheckpoint>, StoreError> {
        let at = match direction {
            Direction::Forward => from,
            Direction::Reverse => to,
        };
        let start = key::position(log, at);
        let mode = IteratorMode::From(&start, direction);
        let mut pairs = self.scan(Column::Checkpoints, mode, ReadOptions::default());
        let Some(pair) = pairs.next() else {
            return Ok(None);
        };
        let (position, value) = pair?;
        match key::read_position(&position) {
            Some((found, size)) if found == log && (from..=to).contains(&size) => {
                let checkpoint = StoredCheckpoint::decode(size, &value);
                checkpoint.map(Some).ok_or_else(|| damaged("a checkpoint"))
            }
            Some(_) => Ok(None),
            None => Err(damaged("a checkpoint's key")),
        }
    }

    /// Returns where the record with an arrival number stands.
    ///
    /// # Errors
    ///
    /// When the disk fails or the entry is damaged.
    pub fn arrival(&self, arrival: u64) -> Result<Option<(LogNumber, u64)>, StoreError> {
        let value = self.get(Column::Arrivals, arrival.to_be_bytes())?;
        let decode = |v: Vec<u8>| key::read_position(&v).ok_or_else(|| damaged("an arrival"));
        value.map(decode).transpose()
    }

    /// Returns the arrival number given last; 0 where nothing has arrived.
    ///
    /// # Errors
    ///
    /// When the disk fails or the entry is damaged.
    pub fn last_arrival(&self) -> Result<u64, StoreError> {
        let mut pairs = self.scan(Column::Arrivals, IteratorMode::End, ReadOptions::default());
        let Some(pair) = pairs.next() else {
            return Ok(0);
        };
        let (key, _) = pair?;
        key::read_u64(&key).ok_or_else(|| damaged("an arrival"))
    }

    /// Returns the arrivals filed under a term, after `after`, in their order.
    ///
    /// Terms are filed by eight bytes of their hash: whoever asks checks that
    /// what is found is what was meant.
    ///
    /// # Errors
    ///
    /// When the disk fails.
    pub fn find(
        &self,
        term: Term<'_>,
        after: u64,
    ) -> impl Iterator<Item = Result<u64, StoreError>> + '_ {
        self.filed(term, after.saturating_add(1), u64::MAX, Way::Forward)
    }

    /// Returns a charter version's file.
    ///
    /// # Errors
    ///
    /// When the disk fails.
    pub fn charter(&self, version: u32) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(Column::Meta, key::charter(version))
    }

    /// Returns a frontier baseline shared with a peer.
    ///
    /// # Errors
    ///
    /// When the disk fails.
    pub fn baseline(&self, peer: &RawKey, side: Baseline) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(Column::Peers, key::peer(peer, side))
    }

    /// Returns how far a capture job is.
    ///
    /// # Errors
    ///
    /// When the disk fails or the entry is damaged.
    pub fn job(&self, id: JobId) -> Result<Option<StoredJob>, StoreError> {
        let value = self.get(Column::Jobs, key::job(id))?;
        let decode = |v: Vec<u8>| StoredJob::decode(&v).ok_or_else(|| damaged("a capture job"));
        value.map(decode).transpose()
    }

    /// Returns the capture jobs made before another, or all, newest first.
    ///
    /// # Errors
    ///
    /// When the disk fails or an entry is damaged.
    pub fn jobs_before(
        &self,
        before: Option<JobId>,
    ) -> impl Iterator<Item = Result<(JobId, StoredJob), StoreError>> + '_ {
        let start = key::job(before.unwrap_or(JobId([0xff; 16])));
        let mut options = ReadOptions::default();
        options.set_iterate_lower_bound(key::job(JobId([0; 16])));
        let mode = IteratorMode::From(&start, Direction::Reverse);
        let pairs = self.scan(Column::Jobs, mode, options);
        let read = |pair: Result<Pair, StoreError>| {
            let (key, value) = pair?;
            let id = key.get(1..).and_then(|id| id.try_into().ok()).map(JobId);
            let id = id.ok_or_else(|| damaged("a capture job's key"))?;
            let job = StoredJob::decode(&value).ok_or_else(|| damaged("a capture job"))?;
            Ok((id, job))
        };
        pairs
            .map(read)
            .filter(move |read| !matches!(read, Ok((id, _)) if before == Some(*id)))
    }

    /// Returns the capture jobs that are not finished.
    ///
    /// # Errors
    ///
    /// When the disk fails or the entry is damaged.
    pub fn open_jobs(&self) -> Result<Vec<OpenJob>, StoreError> {
        let value = self.get(Column::Jobs, key::OPEN_JOBS)?;
        let jobs = OpenJob::decode_all(&value.unwrap_or_default());
        jobs.ok_or_else(|| damaged("the list of open capture jobs"))
    }

    /// Returns a piece of a capture job.
    ///
    /// # Errors
    ///
    /// When the disk fails.
    pub fn piece(&self, id: JobId, number: u32) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(Column::Jobs, key::piece(id, number))
    }

    /// Returns the pieces of all capture jobs, by job and number.
    ///
    /// # Errors
    ///
    /// When the disk fails or a key is damaged.
    pub fn pieces(&self) -> impl Iterator<Item = Result<(JobId, u32, Vec<u8>), StoreError>> + '_ {
        let start = key::piece(JobId([0; 16]), 0);
        let mode = IteratorMode::From(&start, Direction::Forward);
        let pairs = self.scan(Column::Jobs, mode, ReadOptions::default());
        pairs.map(|pair| {
            let (key, value) = pair?;
            let (id, number) = key::read_piece(&key).ok_or_else(|| damaged("a piece's key"))?;
            Ok((id, number, value.into_vec()))
        })
    }

    /// Returns, for each of many terms, the arrivals filed under it, at most
    /// `limit` each, in their order.
    ///
    /// One pass in the order of the keys: for many terms that mostly find
    /// nothing this takes a small part of as many [`View::find`].
    ///
    /// # Errors
    ///
    /// When the disk fails or an entry is damaged.
    pub fn find_each(&self, terms: &[Term<'_>], limit: usize) -> Result<Vec<Vec<u64>>, StoreError> {
        let mut order: Vec<usize> = (0..terms.len()).collect();
        let prefixes: Vec<[u8; 9]> = terms.iter().map(Term::prefix).collect();
        order.sort_unstable_by_key(|place| prefixes[*place]);
        let mut options = ReadOptions::default();
        options.set_prefix_same_as_start(true);
        let index = self.handle(Column::Index);
        let mut scan = self.snapshot.raw_iterator_cf_opt(index, options);
        let mut found = vec![Vec::new(); terms.len()];
        for place in order {
            scan.seek(prefixes[place]);
            while found[place].len() < limit
                && let Some(key) = scan.key().filter(|key| key.starts_with(&prefixes[place]))
            {
                found[place].push(arrival_of(key)?);
                scan.next();
            }
            scan.status().map_err(StoreError::Read)?;
        }
        Ok(found)
    }

    /// Returns the checkpoint of a log that was disclosed last to a scope.
    ///
    /// # Errors
    ///
    /// When the disk fails or the entry is damaged.
    pub fn disclosed(
        &self,
        log: LogNumber,
        scope: &str,
    ) -> Result<Option<StoredCheckpoint>, StoreError> {
        let value = self.get(Column::Meta, key::disclosed(log, scope))?;
        let decode = |v: Vec<u8>| {
            let (size, rest) = v.split_first_chunk::<8>()?;
            StoredCheckpoint::decode(u64::from_be_bytes(*size), rest)
        };
        value
            .map(|v| decode(v).ok_or_else(|| damaged("a disclosed checkpoint")))
            .transpose()
    }

    /// Returns the largest size at which openings name a log that was not held
    /// when they came; 0 where none does.
    ///
    /// # Errors
    ///
    /// When the disk fails or the entry is damaged.
    pub fn named(&self, log: &LogId) -> Result<u64, StoreError> {
        let value = self.get(Column::Meta, key::named(log))?;
        let size = |v: Vec<u8>| key::read_u64(&v).ok_or_else(|| damaged("a named size"));
        Ok(value.map(size).transpose()?.unwrap_or(0))
    }

    /// Returns a log's stored tree hashes.
    pub fn hashes(&self, log: LogNumber) -> LogHashes<'_> {
        LogHashes { view: self, log }
    }
}

/// Ends a scan with the last entry of a log.
fn upper_bound(log: LogNumber) -> ReadOptions {
    let mut options = ReadOptions::default();
    if let Some(next) = log.0.checked_add(1) {
        options.set_iterate_upper_bound(next.to_be_bytes());
    }
    options
}

/// Reads one log's tree hashes.
pub struct LogHashes<'a> {
    view: &'a View<'a>,
    log: LogNumber,
}

impl StoredHashes for LogHashes<'_> {
    fn read(&self, indexes: &[u64]) -> Result<Vec<Digest>, TreeError> {
        // The hashes of a proof lie close together: the run read last often
        // holds the next one too.
        let mut run: Option<(u64, Vec<u8>)> = None;
        indexes
            .iter()
            .map(|&index| {
                let held = run
                    .as_ref()
                    .and_then(|(first, bytes)| pick(*first, bytes, index));
                if let Some(hash) = held {
                    return Ok(hash);
                }
                let (first, bytes) = self.run(index)?;
                let hash = pick(first, &bytes, index).ok_or(TreeError::Missing(index))?;
                run = Some((first, bytes));
                Ok(hash)
            })
            .collect()
    }
}

impl LogHashes<'_> {
    /// Returns the run that holds an index, with the index it begins at.
    fn run(&self, index: u64) -> Result<(u64, Vec<u8>), TreeError> {
        let start = key::position(self.log, index);
        let mode = IteratorMode::From(&start, Direction::Reverse);
        let mut pairs = self.view.scan(Column::Hashes, mode, ReadOptions::default());
        let pair = pairs.next().ok_or(TreeError::Missing(index))?;
        let (position, bytes) = pair.map_err(|e| TreeError::Read(e.to_string()))?;
        match key::read_position(&position) {
            Some((log, first)) if log == self.log => Ok((first, bytes.into_vec())),
            _ => Err(TreeError::Missing(index)),
        }
    }
}

/// Returns the hash at `index` of a run that begins at `first`.
fn pick(first: u64, run: &[u8], index: u64) -> Option<Digest> {
    let at = usize::try_from(index.checked_sub(first)?).ok()?;
    let start = at.checked_mul(32)?;
    run.get(start..start.checked_add(32)?)
        .and_then(Digest::from_slice)
}

impl std::fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("View").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for LogHashes<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LogHashes({:?})", self.log)
    }
}
