//! Frontiers: how far each log reaches at a node.
//!
//! A frontier is ordered by author key, then scope, then epoch, each compared
//! as bytes. A [`Baseline`] is what remains of a frontier that was said: the
//! sizes, which positions and increments refer to, and the root, which names
//! it. Tree roots are left out, since a delta does not carry them.

use std::collections::{BTreeMap, BTreeSet};

use minicbor::{Decoder, Encoder};
use record::{Digest, LogId, RawKey, ScopeName, frontier_root};

use crate::event::Head;
use crate::message::{MessageError, decode_scopes, encode_scopes};
use crate::packed::{pack_logs, put_varint, scope_table, unpack_logs};

/// The most logs that a frontier may have; a peer that names more is at fault,
/// and what we hold beyond is not told.
pub const FRONTIER_LOGS_MAX: usize = 1 << 18;

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

/// The frontier of this node over all scopes, and what of it is told to peers
/// by the scopes that they share with us.
#[derive(Debug)]
pub(crate) struct Frontier {
    heads: BTreeMap<LogId, (u64, Digest)>,
    logs_max: usize,
    /// By common scopes. Bounded by the sets of them that one charter makes.
    views: BTreeMap<BTreeSet<ScopeName>, View>,
    /// Logs that found no room in a view since that was last asked.
    untold: u64,
}

/// What is told to the peers that share some scopes with us. It depends on the
/// logs of these scopes alone.
#[derive(Debug, Default)]
struct View {
    /// How many logs are told.
    told: usize,
    /// Logs that came when there was no room any more: they stay untold as long
    /// as the view lasts, since no delta can take a log back.
    untold: BTreeSet<LogId>,
    /// The root of what is told, while it is right.
    root: Option<Digest>,
}

impl Frontier {
    /// Makes the frontier of a node that holds these logs and tells nobody of
    /// more than `logs_max`.
    pub(crate) fn new(heads: Vec<Head>, logs_max: usize) -> Self {
        let mut frontier = Self {
            heads: BTreeMap::new(),
            logs_max,
            views: BTreeMap::new(),
            untold: 0,
        };
        for head in heads {
            frontier.set(head);
        }
        frontier
    }

    /// Returns how many logs one frontier may have.
    pub(crate) fn logs_max(&self) -> usize {
        self.logs_max
    }

    /// Begins to tell of the logs of these scopes.
    pub(crate) fn tell(&mut self, scopes: &BTreeSet<ScopeName>) {
        if self.views.contains_key(scopes) {
            return;
        }
        let mut view = View::default();
        for log in self.heads.keys().filter(|log| scopes.contains(&log.scope)) {
            self.untold += u64::from(!view.take(log, self.logs_max));
        }
        self.views.insert(scopes.clone(), view);
    }

    /// Tells whether peers that share these scopes are told of a log.
    pub(crate) fn is_told(&self, log: &LogId, scopes: &BTreeSet<ScopeName>) -> bool {
        let view = self.views.get(scopes);
        let untold = view.is_some_and(|view| view.untold.contains(log));
        !untold && scopes.contains(&log.scope) && self.heads.contains_key(log)
    }

    /// Returns how many logs found no room since this was last asked, counted
    /// once for each set of common scopes.
    pub(crate) fn take_untold(&mut self) -> u64 {
        std::mem::take(&mut self.untold)
    }

    /// Takes over where a log stands now; tells whether that is news.
    pub(crate) fn set(&mut self, head: Head) -> bool {
        assert!(head.size > 0, "a log that is held has a record");
        let Head { log, size, root } = head;
        if self.heads.get(&log) == Some(&(size, root)) {
            return false;
        }
        let is_new = !self.heads.contains_key(&log);
        for (scopes, view) in &mut self.views {
            if !scopes.contains(&log.scope) {
                continue;
            }
            if is_new && !view.take(&log, self.logs_max) {
                self.untold += 1;
            } else if !view.untold.contains(&log) {
                view.root = None;
            }
        }
        self.heads.insert(log, (size, root));
        true
    }

    /// Returns a log's size; 0 where it is not held.
    pub(crate) fn size(&self, log: &LogId) -> u64 {
        self.heads.get(log).map_or(0, |(size, _)| *size)
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

    /// Returns the logs held of some scopes, ascending.
    pub(crate) fn held(&self, scopes: &BTreeSet<ScopeName>) -> impl Iterator<Item = &LogId> {
        let logs = self.heads.keys();
        logs.filter(|log| scopes.contains(&log.scope))
    }

    /// Returns the logs of some scopes that are told, ascending.
    pub(crate) fn within<'a>(
        &'a self,
        scopes: &'a BTreeSet<ScopeName>,
    ) -> impl Iterator<Item = (&'a LogId, u64, &'a Digest)> {
        let untold = self.views.get(scopes).map(|view| &view.untold);
        let untold = untold.filter(|untold| !untold.is_empty());
        self.heads
            .iter()
            .filter(|(log, _)| scopes.contains(&log.scope))
            .filter(move |(log, _)| untold.is_none_or(|untold| !untold.contains(*log)))
            .map(|(log, (size, root))| (log, *size, root))
    }

    /// Returns the root of what is told of some scopes.
    pub(crate) fn root(&mut self, scopes: &BTreeSet<ScopeName>) -> Digest {
        self.tell(scopes);
        if let Some(root) = self.views[scopes].root {
            return root;
        }
        let root = frontier_root(self.within(scopes));
        if let Some(view) = self.views.get_mut(scopes) {
            view.root = Some(root);
        }
        root
    }

    /// Returns what is told of some scopes as a baseline.
    pub(crate) fn baseline(&mut self, scopes: &BTreeSet<ScopeName>) -> Baseline {
        let root = self.root(scopes);
        let sizes = self.within(scopes);
        let sizes = sizes.map(|(log, size, _)| (log.clone(), size)).collect();
        Baseline { sizes, root }
    }
}

impl View {
    /// Takes a log that is new; tells whether there is room for it.
    fn take(&mut self, log: &LogId, logs_max: usize) -> bool {
        let room = self.told < logs_max;
        if room {
            self.told += 1;
            self.root = None;
        } else {
            self.untold.insert(log.clone());
        }
        room
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

    /// Tells whether some log reaches less far in what is told of these scopes
    /// than here, or is not told: then no delta can say the difference.
    pub(crate) fn is_beyond(&self, frontier: &Frontier, scopes: &BTreeSet<ScopeName>) -> bool {
        self.sizes
            .iter()
            .any(|(log, size)| frontier.size(log) < *size || !frontier.is_told(log, scopes))
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

    /// Goes on to the frontier with this root, of at most `logs_max` logs, and
    /// returns the logs that did.
    ///
    /// # Errors
    ///
    /// Refuses, unchanged, what cannot be said of this baseline.
    pub(crate) fn apply(
        &mut self,
        changed: &[Change],
        new: &[Head],
        root: Digest,
        logs_max: usize,
    ) -> Result<Vec<LogId>, &'static str> {
        if self.sizes.len() + new.len() > logs_max {
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

    fn frontier(heads: Vec<Head>) -> Frontier {
        Frontier::new(heads, FRONTIER_LOGS_MAX)
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
            let mut frontier = frontier(heads);
            frontier.root(&scopes());
            for head in grown {
                frontier.set(head);
                let fresh = frontier_root(frontier.within(&scopes()));
                prop_assert_eq!(frontier.root(&scopes()), fresh);
            }
        }

        #[test]
        fn a_difference_applied_is_the_frontier(heads in any_frontier(), grown in any_frontier()) {
            let mut frontier = frontier(heads);
            let mut baseline = frontier.baseline(&scopes());
            for mut head in grown {
                head.size += frontier.size(&head.log);
                frontier.set(head);
            }
            let logs: Vec<LogId> = frontier.within(&scopes()).map(|(log, ..)| log.clone()).collect();
            let difference = baseline.difference(&frontier, logs.iter()).expect("nothing shrank");
            let root = frontier.root(&scopes());
            let touched = baseline.apply(&difference.changed, &difference.new, root, FRONTIER_LOGS_MAX);
            prop_assert_eq!(touched.map(|logs| logs.len()), Ok(difference.changed.len() + difference.new.len()));
            prop_assert_eq!(baseline, frontier.baseline(&scopes()));
        }

        #[test]
        fn a_kept_baseline_comes_back(heads in any_frontier(), cut in any::<prop::sample::Index>()) {
            let baseline = frontier(heads).baseline(&scopes());
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
        let baseline = frontier(vec![before.clone()]).baseline(&scopes());
        let shrunk = frontier(vec![after]);
        assert_eq!(
            baseline.difference(&shrunk, [&before.log].into_iter()),
            None
        );
        assert!(baseline.is_beyond(&shrunk, &scopes()));
        assert!(
            baseline.is_beyond(&frontier(Vec::new()), &scopes()),
            "or is not there"
        );
        assert!(!baseline.is_beyond(&frontier(vec![before]), &scopes()));
    }

    #[test]
    fn a_baseline_beyond_the_rights_is_seen() {
        let foreign = head((1, 2, 1), 9);
        let all = [ScopeName::new("with-gacc").expect("a good name")].into();
        let baseline = frontier(vec![foreign]).baseline(&all);
        assert!(baseline.is_within(&all));
        assert!(!baseline.is_within(&scopes()));
    }

    #[test]
    fn what_has_no_room_is_held_and_not_told() {
        let public: BTreeSet<ScopeName> = [ScopeName::new("public").expect("a good name")].into();
        let mut frontier = Frontier::new(vec![head((1, 0, 1), 1), head((1, 1, 1), 1)], 2);
        let before = frontier.root(&public);
        assert_eq!(frontier.take_untold(), 0);
        frontier.set(head((1, 0, 2), 1));
        assert_ne!(frontier.root(&public), before, "room for two of the scope");
        let late = head((1, 0, 0), 1);
        frontier.set(late.clone());
        assert!(!frontier.is_told(&late.log, &public));
        assert_eq!((frontier.take_untold(), frontier.take_untold()), (1, 0));
        assert_eq!(frontier.within(&public).count(), 2);
        assert_eq!(frontier.held(&public).count(), 3);
        let told = frontier.root(&public);
        frontier.set(head((1, 0, 0), 9));
        assert_eq!(frontier.root(&public), told, "as it grows, too");
        assert_eq!(frontier.size(&late.log), 9);
        frontier.tell(&scopes());
        assert_eq!(frontier.take_untold(), 2, "of four for wider rights");
        let kept = Frontier::new(vec![late], 2).baseline(&public);
        assert!(kept.is_beyond(&frontier, &public), "it was told once");
    }
}
