//! Column families: what lies in which, and how each is tuned.

use rocksdb::{
    BlockBasedOptions, ColumnFamilyDescriptor, DBCompressionType, Options, SliceTransform,
};

use crate::resources::Resources;

/// A column family.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Column {
    /// Format, charter versions, and other entries that stand alone.
    Meta,
    /// Log number → [`LogState`](crate::LogState).
    Logs,
    /// (log, index) → header with arrival and verdict.
    Records,
    /// (log, index) → salt and payload, in blob files.
    Payloads,
    /// (log, first stored-hash index) → a run of tree hashes.
    Hashes,
    /// (log, size) → root and signature.
    Checkpoints,
    /// Arrival → (log, index).
    Arrivals,
    /// Term ‖ arrival → nothing.
    Index,
    /// (peer, side) → frontier baseline.
    Peers,
    /// Capture jobs, pieces of those that are not finished, and their list.
    Jobs,
}

impl Column {
    pub(crate) const ALL: [Self; 10] = [
        Self::Meta,
        Self::Logs,
        Self::Records,
        Self::Payloads,
        Self::Hashes,
        Self::Checkpoints,
        Self::Arrivals,
        Self::Index,
        Self::Peers,
        Self::Jobs,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Logs => "logs",
            Self::Records => "records",
            Self::Payloads => "payloads",
            Self::Hashes => "hashes",
            Self::Checkpoints => "checkpoints",
            Self::Arrivals => "arrivals",
            Self::Index => "index",
            Self::Peers => "peers",
            Self::Jobs => "jobs",
        }
    }

    pub(crate) fn descriptor(self, resources: &Resources) -> ColumnFamilyDescriptor {
        let mut options = Options::default();
        let mut blocks = BlockBasedOptions::default();
        blocks.set_block_cache(&resources.cache);
        blocks.set_cache_index_and_filter_blocks(true);
        blocks.set_pin_l0_filter_and_index_blocks_in_cache(true);
        blocks.set_format_version(6);
        options.set_compression_type(DBCompressionType::Lz4);
        options.set_write_buffer_size(8 << 20);
        match self {
            Self::Payloads => {
                // Values never change and are read one at a time: kept out of
                // the sorted files, they are written once and not compacted.
                options.set_enable_blob_files(true);
                options.set_min_blob_size(256);
                options.set_blob_compression_type(DBCompressionType::Lz4);
                options.set_enable_blob_gc(true);
                options.set_write_buffer_size(16 << 20);
            }
            Self::Hashes => options.set_compression_type(DBCompressionType::None),
            Self::Index => {
                // Scans go over one term: tag and hash, nine bytes. Only terms
                // are looked for in vain, so only they have a filter. While a
                // file is written, its filter takes eight bytes a key: small
                // files bound that.
                options.set_prefix_extractor(SliceTransform::create_fixed_prefix(9));
                blocks.set_bloom_filter(10.0, false);
                blocks.set_whole_key_filtering(false);
                options.set_target_file_size_base(16 << 20);
                options.set_write_buffer_size(16 << 20);
            }
            _ => {}
        }
        options.set_block_based_table_factory(&blocks);
        ColumnFamilyDescriptor::new(self.name(), options)
    }
}
