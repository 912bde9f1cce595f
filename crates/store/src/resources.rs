//! What the databases of one process share.

use rocksdb::{Cache, Env, WriteBufferManager};

use crate::error::StoreError;

/// One block cache, one budget for write buffers and one small pool of
/// background threads, shared by all databases opened with it.
#[derive(Clone)]
pub struct Resources {
    pub(crate) cache: Cache,
    pub(crate) write_buffers: WriteBufferManager,
    pub(crate) env: Env,
}

impl Resources {
    /// Makes shared resources: `cache_bytes` of block cache and
    /// `write_buffer_bytes` of write buffers, in all databases together.
    ///
    /// # Errors
    ///
    /// When the environment of background threads cannot be made.
    pub fn new(cache_bytes: usize, write_buffer_bytes: usize) -> Result<Self, StoreError> {
        let mut env = Env::new().map_err(StoreError::Read)?;
        env.set_low_priority_background_threads(2);
        env.set_high_priority_background_threads(1);
        Ok(Self {
            cache: Cache::new_lru_cache(cache_bytes),
            write_buffers: WriteBufferManager::new_write_buffer_manager(write_buffer_bytes, false),
            env,
        })
    }

    /// Makes the resources of an ordinary node: 32 MiB of cache, 64 MiB of
    /// write buffers.
    ///
    /// # Errors
    ///
    /// As [`Resources::new`].
    pub fn for_one_node() -> Result<Self, StoreError> {
        Self::new(32 << 20, 64 << 20)
    }
}

impl std::fmt::Debug for Resources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resources").finish_non_exhaustive()
    }
}
