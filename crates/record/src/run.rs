//! The author's side: one run of a node, from its start to its end.
//!
//! Every start draws a fresh epoch and writes fresh logs, so a disk that was
//! lost, restored or rolled back never makes a node contradict what it signed
//! before. A log begins, at its first write, with an opening that names the
//! earlier logs it follows.
//!
//! The caller owns the order: what [`Run::batch`] signed must be durable
//! before it leaves the process. Where the write fails the run has ended, and
//! signs nothing more.

use std::collections::BTreeMap;

use crate::batch::{BATCH_BYTES_MAX, BATCH_RECORDS_MAX, Batch};
use crate::digest::{Digest, FederationId};
use crate::header::{CharterRef, Flags, Header, Kind};
use crate::key::{RawKey, SecretKey};
use crate::log_id::{Epoch, LogId, ScopeName};
use crate::opening::{Opening, PARENTS_MAX, Parent};
use crate::record::{PAYLOAD_BYTES_MAX, Record, Salt, Sealed};
use crate::stamp::Clock;
use crate::tree::Edge;

/// An earlier log that this node wrote under this key (or under the key that
/// this one replaces), or whose recovery its operator confirmed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PastLog {
    /// The log.
    pub log: LogId,
    /// Its size as this node holds it.
    pub size: u64,
    /// Its root at that size.
    pub root: Digest,
    /// The parents that its own opening names.
    pub parents: Vec<Parent>,
}

/// Something to be recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// Its flags.
    pub flags: Flags,
    /// What its kind adds to the header.
    pub subject: Vec<u8>,
    /// What it says.
    pub payload: Vec<u8>,
}

/// Says why an author's batch was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// The run ended with a failed write: a new run must start.
    #[error("the run has ended with a failed write; it signs nothing more")]
    Ended,
    /// No entries, or more than a batch holds.
    #[error("a batch holds 1 to {BATCH_RECORDS_MAX} records and {BATCH_BYTES_MAX} bytes")]
    Size,
    /// A payload is larger than a record may carry.
    #[error("a payload has more than {PAYLOAD_BYTES_MAX} bytes")]
    Payload,
}

/// One run of an author's node.
#[derive(Debug)]
pub struct Run {
    key: SecretKey,
    author: RawKey,
    federation: FederationId,
    epoch: Epoch,
    parents: BTreeMap<ScopeName, Vec<Parent>>,
    logs: BTreeMap<ScopeName, Edge>,
    clocks: BTreeMap<ScopeName, Clock>,
    ended: bool,
}

impl Run {
    /// Starts a run. `epoch` must be freshly drawn; `past` are all earlier
    /// logs as this node holds them.
    pub fn start(key: SecretKey, federation: FederationId, epoch: Epoch, past: &[PastLog]) -> Self {
        Self {
            author: key.public().raw(),
            key,
            federation,
            epoch,
            parents: heads(past),
            logs: BTreeMap::new(),
            clocks: BTreeMap::new(),
            ended: false,
        }
    }

    /// Returns the name of this run's log in a scope.
    pub fn log(&self, scope: &ScopeName) -> LogId {
        LogId {
            author: self.author,
            scope: scope.clone(),
            epoch: self.epoch,
        }
    }

    /// Returns the scope's clock, to let it take note of others' stamps.
    pub fn clock(&mut self, scope: &ScopeName) -> &mut Clock {
        self.clocks.entry(scope.clone()).or_default()
    }

    /// Signs entries as the scope's next batch; the first batch of a scope
    /// begins with the opening. `salt` draws 16 random bytes at each call.
    ///
    /// Entries must keep to [`BATCH_RECORDS_MAX`] and [`BATCH_BYTES_MAX`];
    /// [`batch_len`] tells how many of a longer list fit.
    ///
    /// # Errors
    ///
    /// When the run has ended, or the entries do not fit.
    pub fn batch(
        &mut self,
        now_ms: u64,
        scope: &ScopeName,
        charter: CharterRef,
        entries: Vec<Entry>,
        mut salt: impl FnMut() -> Salt,
    ) -> Result<Batch, RunError> {
        if self.ended {
            return Err(RunError::Ended);
        }
        if entries.iter().any(|e| e.payload.len() > PAYLOAD_BYTES_MAX) {
            return Err(RunError::Payload);
        }
        if entries.is_empty() || batch_len(entries.iter().map(|e| e.payload.len())) < entries.len()
        {
            return Err(RunError::Size);
        }
        let log = self.log(scope);
        let edge = self.logs.get(scope).cloned().unwrap_or_default();
        let opening = (edge.size() == 0).then(|| self.opening(scope));
        let clock = self.clocks.entry(scope.clone()).or_default();
        let records = opening
            .into_iter()
            .chain(entries)
            .map(|entry| seal(entry, clock, now_ms, charter, salt()))
            .collect();
        let key = &self.key;
        let batch = Batch::author(self.federation, &log, edge, records, |c| c.sign(key));
        self.logs.insert(scope.clone(), batch.edge().clone());
        Ok(batch)
    }

    /// Ends the run: a write failed, and what it held must never be continued.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// Tells whether the run has ended.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    fn opening(&self, scope: &ScopeName) -> Entry {
        let parents = self.parents.get(scope).cloned().unwrap_or_default();
        Entry {
            kind: Kind::OPENING,
            flags: Flags::NONE,
            subject: Vec::new(),
            payload: Opening::new(parents).encode(),
        }
    }
}

/// Tells how many of a list of payloads, given by their lengths, fit in one
/// batch: at least one.
pub fn batch_len(payloads: impl IntoIterator<Item = usize>) -> usize {
    let mut bytes = 0;
    let mut count = 0;
    for payload in payloads.into_iter().take(BATCH_RECORDS_MAX) {
        bytes += payload;
        if count > 0 && bytes > BATCH_BYTES_MAX {
            break;
        }
        count += 1;
    }
    count
}

fn seal(entry: Entry, clock: &mut Clock, now_ms: u64, charter: CharterRef, salt: Salt) -> Record {
    let sealed = Sealed {
        salt,
        payload: entry.payload,
    };
    let header = Header {
        kind: entry.kind,
        flags: entry.flags,
        time: clock.tick(now_ms),
        charter,
        payload_len: u32::try_from(sealed.payload.len()).expect("at most 2^20 bytes"),
        commitment: sealed.commitment(),
        subject: entry.subject,
    };
    Record::author(header, sealed)
}

/// Returns, for each scope, what an opening must name: every past log that no
/// other past log's opening names at its present size.
///
/// Beyond [`PARENTS_MAX`] the rest is left to later openings: the logs named
/// here are named by this run's, so the next run has that many fewer to name.
fn heads(past: &[PastLog]) -> BTreeMap<ScopeName, Vec<Parent>> {
    let named: std::collections::BTreeSet<(LogId, u64)> = past
        .iter()
        .flat_map(|child| child.parents.iter().map(|p| (p.log(&child.log), p.size)))
        .collect();
    let mut heads = BTreeMap::<_, Vec<Parent>>::new();
    for log in past {
        if log.size == 0 || named.contains(&(log.log.clone(), log.size)) {
            continue;
        }
        let parents = heads.entry(log.log.scope.clone()).or_default();
        if parents.len() < PARENTS_MAX {
            parents.push(Parent {
                author: log.log.author,
                epoch: log.log.epoch,
                size: log.size,
                root: log.root,
            });
        }
    }
    heads
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::{BatchError, UnverifiedBatch};
    use proptest::prelude::*;

    fn scope() -> ScopeName {
        ScopeName::new("national").expect("a name")
    }

    fn federation() -> FederationId {
        FederationId(Digest::of(&[b"federation"]))
    }

    fn event(text: &str) -> Entry {
        Entry {
            kind: Kind::EVENT,
            flags: Flags::NONE,
            subject: Vec::new(),
            payload: text.as_bytes().to_vec(),
        }
    }

    const CHARTER: CharterRef = CharterRef {
        version: 1,
        hash: [0; 8],
    };

    fn run(epoch: u8, past: &[PastLog]) -> Run {
        let key = SecretKey::from_seed(&[1; 32]);
        Run::start(key, federation(), Epoch([epoch; 16]), past)
    }

    fn write(run: &mut Run, texts: &[&str]) -> Batch {
        let entries = texts.iter().map(|t| event(t)).collect();
        run.batch(1_000, &scope(), CHARTER, entries, || Salt([4; 16]))
            .expect("the run goes on")
    }

    fn past(batch: &Batch, parents: Vec<Parent>) -> PastLog {
        PastLog {
            log: batch.log().clone(),
            size: batch.edge().size(),
            root: batch.edge().root(),
            parents,
        }
    }

    fn parents_of(batch: &Batch) -> Vec<Parent> {
        let content = batch.records()[0].1.content().expect("an opening");
        let opening = Opening::decode(&content.payload).expect("an opening");
        opening.parents().to_vec()
    }

    fn travel(batch: &Batch) -> UnverifiedBatch {
        let records = batch.records().iter().map(|(_, r)| r.clone()).collect();
        let sent = UnverifiedBatch::from_stored(batch.start(), records, batch.checkpoint());
        UnverifiedBatch::decode(&sent.encode()).expect("what was encoded decodes")
    }

    #[test]
    fn a_run_opens_its_log_and_continues_it() {
        let mut run = run(1, &[]);
        let first = write(&mut run, &["a", "b"]);
        let second = write(&mut run, &["c"]);
        assert_eq!((first.start(), first.records().len()), (0, 3));
        assert_eq!((second.start(), second.records().len()), (3, 1));
        assert!(parents_of(&first).is_empty());

        let author = run.key.public();
        let held = travel(&first)
            .verify(federation(), &author, Edge::default())
            .expect("an honest batch");
        assert_eq!(held, first);
        let held = travel(&second).verify(federation(), &author, held.edge().clone());
        assert_eq!(held.expect("an honest batch"), second);
    }

    #[test]
    fn records_held_already_are_passed_over() {
        let mut run = run(1, &[]);
        let (first, second) = (write(&mut run, &["a"]), write(&mut run, &["b", "c"]));
        let author = run.key.public();
        let all = first.records().iter().chain(second.records());
        let all = all.map(|(_, r)| r.clone()).collect();
        let both = UnverifiedBatch::from_stored(0, all, second.checkpoint());
        let fresh = both
            .clone()
            .verify(federation(), &author, first.edge().clone())
            .expect("an honest batch");
        assert_eq!(fresh, second);
        let known = both.verify(federation(), &author, second.edge().clone());
        assert_eq!(known, Err(BatchError::Known { end: 4, held: 4 }));
        let gap = travel(&second).verify(federation(), &author, Edge::default());
        assert_eq!(gap, Err(BatchError::Gap { start: 2, held: 0 }));
    }

    #[test]
    fn openings_name_what_no_opening_names_yet() {
        let first = write(&mut run(1, &[]), &["a"]);
        let mut logs = vec![past(&first, vec![])];
        let second = write(&mut run(2, &logs), &["b"]);
        assert_eq!(parents_of(&second).len(), 1);
        logs.push(past(&second, parents_of(&second)));
        let third = write(&mut run(3, &logs), &["c"]);
        assert_eq!(parents_of(&third)[0].epoch, Epoch([2; 16]));
        // The disk as it was before the second run, put back: a branch.
        let branch = write(&mut run(4, &logs[..1]), &["d"]);
        assert_eq!(parents_of(&branch)[0].epoch, Epoch([1; 16]));
    }

    #[test]
    fn an_ended_run_signs_nothing() {
        let mut run = run(1, &[]);
        write(&mut run, &["a"]);
        run.end();
        let refused = run.batch(2, &scope(), CHARTER, vec![event("b")], || Salt([0; 16]));
        assert_eq!(refused, Err(RunError::Ended));
    }

    #[test]
    fn batches_keep_to_their_limits() {
        assert_eq!(batch_len([BATCH_BYTES_MAX * 2, 1]), 1);
        assert_eq!(batch_len(vec![1; 5_000]), BATCH_RECORDS_MAX);
        assert_eq!(batch_len([BATCH_BYTES_MAX / 2; 5]), 2);
        let too_many = vec![event("x"); BATCH_RECORDS_MAX + 1];
        let refused = run(1, &[]).batch(1, &scope(), CHARTER, too_many, || Salt([0; 16]));
        assert_eq!(refused, Err(RunError::Size));
    }

    proptest! {
        /// Whatever bit is flipped on the road, nothing but the truth is accepted.
        #[test]
        fn no_flipped_bit_is_accepted(at: prop::sample::Index, bit in 0u8..8) {
            let mut author = run(1, &[]);
            let batch = write(&mut author, &["durian", "mango", "rice"]);
            let mut bytes = {
                let records = batch.records().iter().map(|(_, r)| r.clone()).collect();
                UnverifiedBatch::from_stored(0, records, batch.checkpoint()).encode()
            };
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            if let Ok(read) = UnverifiedBatch::decode(&bytes) {
                let key = author.key.public();
                prop_assert!(read.verify(federation(), &key, Edge::default()).is_err());
            }
        }

        #[test]
        fn decoding_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = UnverifiedBatch::decode(&bytes);
            let _ = Opening::decode(&bytes);
        }
    }
}
