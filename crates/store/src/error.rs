//! What can go wrong between this node and its disk.

use std::path::PathBuf;

/// Says what was attempted, and what the disk or the database answered.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be opened.
    #[error("cannot open the database in {}; is another nguon process using this folder?", path.display())]
    Open {
        /// The database's folder.
        path: PathBuf,
        /// RocksDB's word.
        #[source]
        source: rocksdb::Error,
    },
    /// The folder holds a database of another format or another product.
    #[error("the database in {} has format {found:?}; this build reads format {expected}", path.display())]
    Format {
        /// The database's folder.
        path: PathBuf,
        /// What it says of itself.
        found: String,
        /// What this build reads.
        expected: &'static str,
    },
    /// A write did not reach the disk. Nothing of it may be considered written.
    #[error("a write to the database failed")]
    Write(#[source] rocksdb::Error),
    /// A read failed.
    #[error("a read from the database failed")]
    Read(#[source] rocksdb::Error),
    /// What was read is not in its form: the disk or someone on it changed it.
    #[error(
        "the database is damaged: {what} is not in its form; restore a backup or fetch the records from peers into a new folder"
    )]
    Damaged {
        /// Which entry.
        what: &'static str,
    },
}
