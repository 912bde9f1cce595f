//! Bytes and keys: the only crate that knows RocksDB.
