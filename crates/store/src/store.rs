//! Opening a database and committing to it.

use std::path::{Path, PathBuf};

use rocksdb::statistics::{StatsLevel, Ticker};
use rocksdb::{DB, Options, WriteOptions};

use crate::column::Column;
use crate::error::StoreError;
use crate::key;
use crate::resources::Resources;
use crate::view::View;
use crate::write::WriteSet;

/// The storage format that this build reads and writes.
const FORMAT: &str = "nguon-store/3";

/// One node's database.
pub struct Store {
    db: DB,
    /// Through them RocksDB tells what it counts.
    options: Options,
    path: PathBuf,
}

impl Store {
    /// Opens the database in a folder, making it where there is none.
    ///
    /// # Errors
    ///
    /// When the folder cannot be used, is in use by another process, or holds
    /// a database of another format.
    pub fn open(path: &Path, resources: &Resources) -> Result<Self, StoreError> {
        let mut options = Options::default();
        options.create_if_missing(true);
        options.create_missing_column_families(true);
        options.set_env(&resources.env);
        options.set_write_buffer_manager(&resources.write_buffers);
        options.set_max_background_jobs(3);
        options.set_max_total_wal_size(64 << 20);
        options.set_keep_log_file_num(4);
        options.set_max_log_file_size(1 << 20);
        options.enable_statistics();
        options.set_statistics_level(StatsLevel::ExceptHistogramOrTimers);
        let columns = Column::ALL.map(|column| column.descriptor(resources));
        let db = DB::open_cf_descriptors(&options, path, columns).map_err(|source| {
            let path = path.to_owned();
            StoreError::Open { path, source }
        })?;
        let store = Self {
            db,
            options,
            path: path.to_owned(),
        };
        store.check_format()?;
        Ok(store)
    }

    fn check_format(&self) -> Result<(), StoreError> {
        let meta = self.db.cf_handle(Column::Meta.name());
        let meta = meta.expect("opened with it");
        match self.db.get_cf(meta, key::FORMAT) {
            Ok(Some(found)) if found == FORMAT.as_bytes() => Ok(()),
            Ok(Some(found)) => Err(StoreError::Format {
                path: self.path.clone(),
                found: String::from_utf8_lossy(&found).into_owned(),
                expected: FORMAT,
            }),
            Ok(None) => self
                .db
                .put_cf_opt(meta, key::FORMAT, FORMAT, &synced())
                .map_err(StoreError::Write),
            Err(e) => Err(StoreError::Read(e)),
        }
    }

    /// Returns the database's folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns how often the write-ahead log was synced to disk since the
    /// database was opened.
    pub fn syncs(&self) -> u64 {
        self.options.get_ticker_count(Ticker::WalFileSynced)
    }

    /// Begins a set of writes.
    pub fn write(&self) -> WriteSet<'_> {
        WriteSet::new(self)
    }

    /// Writes a set whole, and syncs it, before it returns.
    ///
    /// # Errors
    ///
    /// When the disk is full or fails. Whether anything of the set is on disk
    /// is then unknown: the caller must not continue what it had signed.
    pub fn commit(&self, set: WriteSet<'_>) -> Result<(), StoreError> {
        let written = self.db.write_opt(set.into_batch(), &synced());
        written.map_err(StoreError::Write)
    }

    /// Returns a consistent snapshot.
    pub fn view(&self) -> View<'_> {
        View::new(&self.db)
    }

    pub(crate) fn db(&self) -> &DB {
        &self.db
    }
}

fn synced() -> WriteOptions {
    let mut options = WriteOptions::default();
    options.set_sync(true);
    options
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Store({})", self.path.display())
    }
}
