//! Frontiers: how far each log reaches at a node.
//!
//! A frontier is ordered by author key, then scope, then epoch, each compared
//! as bytes. A [`Baseline`] is what remains of a frontier that was said: the
//! sizes, which positions and increments refer to, and the root, which names
//! it. Tree roots are left out, since a delta does not carry them.

use std::collections::{BTreeMap, BTreeSet};

use minicbor::{Decoder, Encoder};
use record::{Digest, LogId, RawKey, ScopeName};

use crate::event::Head;
use crate::message::{MessageError, decode_scopes, encode_scopes};
use crate::packed::{pack_logs, put_varint, scope_table, unpack_logs};

/// The most logs that a frontier may have; a peer that names more is at fault.
pub const FRONTIER_LOGS_MAX: usize = 1 << 18;

/// The prefix of what is hashed for a frontier's root.
const ROOT_DOMAIN: &[u8] = b"nguon/frontier/1\n";

/// The format of [`Baseline::to_bytes`].
const BASELINE_FORMAT: u8 = 1;

/// A log of a baseline that grew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The log's position in the baseline's order, from 0.
    pub position: u32,
    /// By how many records it grew; at least one.
    pub by: u64,
}

/// Returns the root that names a frontier: SHA-256 of the domain
/// `nguon/frontier/1\n` and, for each log, the length of its byte form (one
/// byte), the byte form, the size (8 bytes, big-endian) and the tree's root.
/// The entries ascend strictly.
pub fn frontier_root<'a>(entries: impl Iterator<Item = (&'a LogId, u64, &'a Digest)>) -> Digest {
    let mut bytes = ROOT_DOMAIN.to_vec();
    for (log, size, root) in entries {
        let name = log.to_bytes();
        bytes.push(u8::try_from(name.len()).expect("a log's name has at most 111 bytes"));
        bytes.extend_from_slice(&name);
        bytes.extend_from_slice(&size.to_be_bytes());
        bytes.extend_from_slice(root.as_bytes());
    }
    Digest::of(&[&bytes])
}

/// The frontier of this node over all scopes, with the root of every set of
/// scopes that is asked for.
#[derive(Debug, Default)]
pub(crate) struct Frontier {
    heads: BTreeMap<LogId, (u64, Digest)>,
    /// Roots that are still right.
    roots: BTreeMap<BTreeSet<ScopeName>, Digest>,
}

impl Frontier {
    pub(crate) fn new(heads: Vec<Head>) -> Self {
        let mut frontier = Self::default();
        for head in heads {
            frontier.set(head);
        }
        frontier
    }

    /// Takes over where a log stands now; tells whether that is news.
    pub(crate) fn set(&mut self, head: Head) -> bool {
        assert!(head.size > 0, "a log that is held has a record");
        let Head { log, size, root } = head;
        if self.heads.get(&log) == Some(&(size, root)) {
            return false;
        }
        self.roots.retain(|scopes, _| !scopes.contains(&log.scope));
        self.heads.insert(log, (size, root));
        true
    }

    /// Returns a log's size; 0 where it is not held.
    pub(crate) fn size(&self, log: &LogId) -> u64 {
        self.heads.get(log).map_or(0, |(size, _)| *size)
    }

    /// Returns how many logs are held, over all scopes.
    pub(crate) fn len(&self) -> usize {
        self.heads.len()
    }

    /// Returns the logs that a key wrote.
    pub(crate) fn of_author(&self, author: &RawKey) -> impl Iterator<Item = &LogId> {
        self.heads.keys().filter(|log| log.author == *author)
    }

    /// Returns what is said of one log.
    pub(crate) fn entry(&self, log: &LogId) -> Option<Head> {
        let (size, root) = *self.heads.get(log)?;
        let log = log.clone();
        Some(Head { log, size, root })
    }

    /// Returns the logs of some scopes, ascending.
    pub(crate) fn within<'a>(
        &'a self,
        scopes: &'a BTreeSet<ScopeName>,
    ) -> impl Iterator<Item = (&'a LogId, u64, &'a Digest)> {
        self.heads
            .iter()
            .filter(|(log, _)| scopes.contains(&log.scope))
            .map(|(log, (size, root))| (log, *size, root))
    }

    /// Returns the root over some scopes.
    pub(crate) fn root(&mut self, scopes: &BTreeSet<ScopeName>) -> Digest {
        if let Some(root) = self.roots.get(scopes) {
            return *root;
        }
        let root = frontier_root(self.within(scopes));
        self.roots.insert(scopes.clone(), root);
        root
    }

    /// Forgets the roots of sets of scopes that nobody shares any more.
    pub(crate) fn forget_roots(&mut self) {
        self.roots.clear();
    }

    /// Returns the frontier over some scopes as a baseline.
    pub(crate) fn baseline(&mut self, scopes: &BTreeSet<ScopeName>) -> Baseline {
        let root = self.root(scopes);
        let sizes = self.within(scopes);
        let sizes = sizes.map(|(log, size, _)| (log.clone(), size)).collect();
        Baseline { sizes, root }
    }
}

/// A frontier that one side told the other: sizes and root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Baseline {
    /// Strictly ascending by log.
    sizes: Vec<(LogId, u64)>,
    root: Digest,
}

/// What a frontier has beyond a baseline.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) changed: Vec<Change>,
    pub(crate) new: Vec<Head>,
}

impl Baseline {
    /// Makes a baseline of entries that ascend strictly and have this root.
    pub(crate) fn of_entries(entries: Vec<Head>, root: Digest) -> Self {
        let sizes = entries.into_iter().map(|e| (e.log, e.size)).collect();
        Self { sizes, root }
    }

    pub(crate) fn root(&self) -> Digest {
        self.root
    }

    /// Returns the logs with their sizes, ascending.
    pub(crate) fn sizes(&self) -> &[(LogId, u64)] {
        &self.sizes
    }

    /// Returns a log's size; 0 where the baseline lacks it.
    pub(crate) fn size(&self, log: &LogId) -> u64 {
        self.position(log).map_or(0, |at| self.sizes[at].1)
    }

    /// Tells whether every log is of one of these scopes.
    pub(crate) fn is_within(&self, scopes: &BTreeSet<ScopeName>) -> bool {
        self.sizes
            .iter()
            .all(|(log, _)| scopes.contains(&log.scope))
    }

    /// Tells whether some log reaches less far in the frontier than here: then
    /// no delta can say the difference.
    pub(crate) fn is_beyond(&self, frontier: &Frontier) -> bool {
        self.sizes
            .iter()
            .any(|(log, size)| frontier.size(log) < *size)
    }

    /// Returns the difference that these logs of the frontier make, which
    /// ascend; `None` where one of them shrank.
    pub(crate) fn difference<'a>(
        &self,
        frontier: &Frontier,
        logs: impl Iterator<Item = &'a LogId>,
    ) -> Option<Difference> {
        let mut difference = Difference::default();
        for entry in logs.filter_map(|log| frontier.entry(log)) {
            match self.position(&entry.log) {
                None => difference.new.push(entry),
                Some(at) => {
                    let by = entry.size.checked_sub(self.sizes[at].1)?;
                    let position = u32::try_from(at).expect("bounded by FRONTIER_LOGS_MAX");
                    if by > 0 {
                        difference.changed.push(Change { position, by });
                    }
                }
            }
        }
        Some(difference)
    }

    /// Goes on to the frontier with this root, and returns the logs that did.
    ///
    /// # Errors
    ///
    /// Refuses, unchanged, what cannot be said of this baseline.
    pub(crate) fn apply(
        &mut self,
        changed: &[Change],
        new: &[Head],
        root: Digest,
    ) -> Result<Vec<LogId>, &'static str> {
        if self.sizes.len() + new.len() > FRONTIER_LOGS_MAX {
            return Err("a frontier of too many logs");
        }
        if new.iter().any(|entry| self.position(&entry.log).is_some()) {
            return Err("a new log that the baseline has");
        }
        let mut grown = Vec::with_capacity(changed.len());
        for change in changed {
            let at = change.position as usize;
            let (_, size) = self
                .sizes
                .get(at)
                .ok_or("a position outside the baseline")?;
            let size = size.checked_add(change.by).ok_or("a size beyond 64 bits")?;
            grown.push((at, size));
        }
        let mut touched = Vec::with_capacity(grown.len() + new.len());
        for (at, size) in grown {
            self.sizes[at].1 = size;
            touched.push(self.sizes[at].0.clone());
        }
        touched.extend(new.iter().map(|entry| entry.log.clone()));
        if !new.is_empty() {
            let new = new.iter().map(|entry| (entry.log.clone(), entry.size));
            self.sizes.extend(new);
            self.sizes.sort_unstable();
        }
        self.root = root;
        Ok(touched)
    }

    /// Returns the bytes to keep: the CBOR array [1, root, table of scopes,
    /// packed logs with varint sizes].
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let packed = pack_logs(
            &self.sizes,
            |(log, _)| log,
            |(_, size), out| put_varint(out, *size),
        );
        let table = scope_table(self.sizes.iter().map(|(log, _)| log));
        let mut encoder = Encoder::new(Vec::with_capacity(packed.len() + 128));
        encoder
            .array(4)
            .and_then(|e| e.u8(BASELINE_FORMAT))
            .and_then(|e| e.bytes(self.root.as_bytes()))
            .and_then(|e| encode_scopes(e, &table))
            .and_then(|e| e.bytes(&packed))
            .expect("memory takes every write");
        encoder.into_writer()
    }

    /// Reads kept bytes; `None` where they are of another format, which only
    /// costs a full map.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut decoder = Decoder::new(bytes);
        if decoder.array().ok()? != Some(4) || decoder.u8().ok()? != BASELINE_FORMAT {
            return None;
        }
        let root = Digest::from_slice(decoder.bytes().ok()?)?;
        let table = decode_scopes(&mut decoder).ok()?;
        let tail = |log, reader: &mut crate::packed::Reader<'_>| match reader.varint()? {
            0 => Err(MessageError::Malformed("an empty log")),
            size => Ok((log, size)),
        };
        let sizes = unpack_logs(decoder.bytes().ok()?, &table, tail, |(log, _)| log).ok()?;
        let whole = decoder.position() == bytes.len() && sizes.len() <= FRONTIER_LOGS_MAX;
        whole.then_some(Self { sizes, root })
    }

    fn position(&self, log: &LogId) -> Option<usize> {
        self.sizes.binary_search_by(|(held, _)| held.cmp(log)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use record::Epoch;

    fn head((author, scope, epoch): (u8, u8, u8), size: u64) -> Head {
        let scope = ["public", "national", "with-gacc"][usize::from(scope % 3)];
        let log = LogId {
            author: RawKey([author; 32]),
            scope: ScopeName::new(scope).expect("a good name"),
            epoch: Epoch([epoch; 16]),
        };
        let root = Digest::of(&[&size.to_be_bytes()]);
        Head { log, size, root }
    }

    fn any_frontier() -> impl Strategy<Value = Vec<Head>> {
        let names = (0u8..6, 0u8..3, 0u8..6);
        let logs = prop::collection::btree_map(names, 1u64..100_000, 0..60);
        logs.prop_map(|logs| {
            let heads: Vec<Head> = logs
                .into_iter()
                .map(|(name, size)| head(name, size))
                .collect();
            let sorted: BTreeMap<LogId, Head> = heads
                .into_iter()
                .map(|head| (head.log.clone(), head))
                .collect();
            sorted.into_values().collect()
        })
    }

    fn scopes() -> BTreeSet<ScopeName> {
        let names = ["public", "national"];
        names
            .map(|name| ScopeName::new(name).expect("a good name"))
            .into()
    }

    proptest! {
        #[test]
        fn a_kept_root_is_the_right_one(heads in any_frontier(), grown in any_frontier()) {
            let mut frontier = Frontier::new(heads);
            frontier.root(&scopes());
            for head in grown {
                frontier.set(head);
                let fresh = frontier_root(frontier.within(&scopes()));
                prop_assert_eq!(frontier.root(&scopes()), fresh);
            }
        }

        #[test]
        fn a_difference_applied_is_the_frontier(heads in any_frontier(), grown in any_frontier()) {
            let mut frontier = Frontier::new(heads);
            let mut baseline = frontier.baseline(&scopes());
            for mut head in grown {
                head.size += frontier.size(&head.log);
                frontier.set(head);
            }
            let logs: Vec<LogId> = frontier.within(&scopes()).map(|(log, ..)| log.clone()).collect();
            let difference = baseline.difference(&frontier, logs.iter()).expect("nothing shrank");
            let root = frontier.root(&scopes());
            let touched = baseline.apply(&difference.changed, &difference.new, root);
            prop_assert_eq!(touched.map(|logs| logs.len()), Ok(difference.changed.len() + difference.new.len()));
            prop_assert_eq!(baseline, frontier.baseline(&scopes()));
        }

        #[test]
        fn a_kept_baseline_comes_back(heads in any_frontier(), cut in any::<prop::sample::Index>()) {
            let baseline = Frontier::new(heads).baseline(&scopes());
            let bytes = baseline.to_bytes();
            prop_assert_eq!(Baseline::from_bytes(&bytes), Some(baseline));
            prop_assert_eq!(Baseline::from_bytes(&bytes[..cut.index(bytes.len())]), None);
        }

        #[test]
        fn kept_bytes_of_any_kind_are_read_without_panic(bytes: Vec<u8>) {
            let _ = Baseline::from_bytes(&bytes);
        }
    }

    #[test]
    fn a_log_that_shrank_has_no_difference() {
        let (before, after) = (head((1, 0, 1), 9), head((1, 0, 1), 8));
        let baseline = Frontier::new(vec![before.clone()]).baseline(&scopes());
        let shrunk = Frontier::new(vec![after]);
        assert_eq!(
            baseline.difference(&shrunk, [&before.log].into_iter()),
            None
        );
        assert!(baseline.is_beyond(&shrunk));
        assert!(baseline.is_beyond(&Frontier::default()), "or is not there");
        assert!(!baseline.is_beyond(&Frontier::new(vec![before])));
    }

    #[test]
    fn a_baseline_beyond_the_rights_is_seen() {
        let foreign = head((1, 2, 1), 9);
        let all = [ScopeName::new("with-gacc").expect("a good name")].into();
        let baseline = Frontier::new(vec![foreign]).baseline(&all);
        assert!(baseline.is_within(&all));
        assert!(!baseline.is_within(&scopes()));
    }
}
