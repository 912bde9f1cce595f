//! The frontier exchange with one peer: what we told it, what it told us.
//!
//! Each side's frontier goes its own way. The first message of a connection
//! says the whole of it: as the root alone or a delta where a baseline was kept
//! from before, else as a full map. Later deltas are relative to the message
//! before; the streams are ordered, so both know it. Now and then a delta asks
//! to be kept, and the acknowledged baseline is where the next connection
//! begins. Whoever lacks a baseline asks for the full map, once, and passes
//! over all until it comes.

use std::collections::{BTreeMap, BTreeSet};

use record::{CharterRef, Digest, LogId, ScopeName};

use crate::Config;
use crate::event::{Fault, Head};
use crate::frontier::{Baseline, Difference, Frontier};
use crate::message::Message;

/// The most logs that one message says in full, and the most changes of one
/// delta: so that no message is beyond `MESSAGE_BYTES_MAX`.
const ENTRIES_PER_MESSAGE: usize = 1 << 14;
const CHANGES_PER_MESSAGE: usize = 1 << 16;

/// How long after a full map the next is sent, however often it is asked for.
const FULL_INTERVAL_MS: u64 = 1_000;

/// How long what a peer holds already, but does not know that we hold too, is
/// left unsaid: mostly something else says it meanwhile.
const OWED_MS: u64 = 1_000;

/// How long after one baseline the next is kept for a peer: each is a synced
/// write.
const KEEP_INTERVAL_MS_MIN: u64 = 1_000;

/// What a frontier message taught.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Learned {
    /// Nothing new.
    Nothing,
    /// These logs reach further at the peer.
    Logs(Vec<LogId>),
    /// Everything known of the peer is replaced.
    Everything,
    /// The peer holds at least these, by its word that it holds what we told.
    Holds(Vec<(LogId, u64)>),
    /// It cannot be read without the full map, which is now to be asked for.
    Mismatch,
}

/// One side's frontier as it stands in the exchange with one peer.
#[derive(Debug)]
pub(crate) struct Exchange {
    scopes: BTreeSet<ScopeName>,
    logs_max: usize,
    /// What we told last on this connection.
    told: Baseline,
    /// Logs that advanced here since, each with how far the peer knows of it
    /// by our acknowledgements and bodies.
    dirty: BTreeMap<LogId, u64>,
    /// What we asked the peer to keep and it has not acknowledged.
    offer: Option<Baseline>,
    /// The root of what the peer acknowledged last.
    kept: Option<Digest>,
    /// The root by which we last said that we hold what the peer told.
    hinted: Option<Digest>,
    pub(crate) announce_at: Option<u64>,
    /// When the peer is told what it holds and does not know that we hold.
    pub(crate) owed_at: Option<u64>,
    pub(crate) keep_at: Option<u64>,
    pub(crate) full_at: Option<u64>,
    full_not_before: u64,
    /// What the peer told last; before its first message, what was kept.
    received: Option<Baseline>,
    received_kept_at: Option<u64>,
    /// Whether `received` was told, or confirmed, on this connection.
    known: bool,
    /// The parts of a full map whose last part has not come.
    parts: Option<Vec<Head>>,
    /// We asked for the full map and pass over all else until it comes.
    awaits_full: bool,
    /// We asked for the full map to see which roots differ.
    asked_for_roots: bool,
}

impl Exchange {
    /// Begins with what was kept, and returns our first messages.
    pub(crate) fn open(
        own: &mut Frontier,
        charter: CharterRef,
        scopes: BTreeSet<ScopeName>,
        [sent, received]: [Option<Vec<u8>>; 2],
        now_ms: u64,
    ) -> (Self, Vec<Message>) {
        let kept = |bytes: Option<Vec<u8>>| {
            let baseline = Baseline::from_bytes(&bytes?)?;
            baseline.is_within(&scopes).then_some(baseline)
        };
        let (sent, received) = (kept(sent), kept(received));
        own.tell(&scopes);
        let nothing = Baseline::of_entries(Vec::new(), Digest::of(&[]));
        let mut exchange = Self {
            told: nothing,
            dirty: BTreeMap::new(),
            offer: None,
            kept: sent.as_ref().map(Baseline::root),
            hinted: None,
            announce_at: None,
            owed_at: None,
            keep_at: None,
            full_at: None,
            full_not_before: now_ms,
            received,
            received_kept_at: None,
            known: false,
            parts: None,
            awaits_full: false,
            asked_for_roots: false,
            logs_max: own.logs_max(),
            scopes,
        };
        let messages = exchange.first(own, charter, sent, now_ms);
        (exchange, messages)
    }

    fn first(
        &mut self,
        own: &mut Frontier,
        charter: CharterRef,
        sent: Option<Baseline>,
        now_ms: u64,
    ) -> Vec<Message> {
        let Some(sent) = sent.filter(|sent| !sent.is_beyond(own, &self.scopes)) else {
            return self.full(own, charter, now_ms);
        };
        self.told = sent;
        let root = own.root(&self.scopes);
        if self.told.root() == root {
            return vec![Message::InSync { charter, root }];
        }
        self.dirty = own
            .within(&self.scopes)
            .map(|(log, ..)| (log.clone(), 0))
            .collect();
        self.delta(own, charter, true, now_ms)
    }

    /// Takes that a log of which the peer is told advanced here.
    pub(crate) fn advanced(&mut self, log: &LogId, now_ms: u64, config: &Config) {
        self.dirty.entry(log.clone()).or_default();
        self.announce_at
            .get_or_insert(now_ms + config.announce_delay_ms);
        self.keep_at.get_or_insert(now_ms + config.keep_interval_ms);
    }

    /// Takes that the peer told something: it may be owed an answer.
    pub(crate) fn answer(&mut self, now_ms: u64, config: &Config) {
        self.announce_at
            .get_or_insert(now_ms + config.announce_delay_ms);
        if !self.dirty.is_empty() {
            self.keep_at.get_or_insert(now_ms + config.keep_interval_ms);
        }
    }

    /// Returns the logs that advanced here since we told of our frontier.
    pub(crate) fn dirty(&self) -> impl Iterator<Item = &LogId> {
        self.dirty.keys()
    }

    /// Takes that the peer learns by an acknowledgement or a body that we hold
    /// a log this far.
    pub(crate) fn shown(&mut self, log: &LogId, size: u64) {
        if let Some(shown) = self.dirty.get_mut(log) {
            *shown = size.max(*shown);
        }
    }

    /// Returns the logs that we hold further than the peer knows.
    pub(crate) fn unknown<'a>(&'a self, own: &'a Frontier) -> impl Iterator<Item = &'a LogId> {
        let dirty = self.dirty.iter();
        let unknown = dirty.filter(|(log, shown)| own.size(log) > **shown);
        unknown.map(|(log, _)| log)
    }

    /// Sees to it that what the peer does not know is told, if nothing else
    /// says it meanwhile: in sync does, where both told the same.
    pub(crate) fn owe(&mut self, own: &mut Frontier, now_ms: u64) {
        let root = own.root(&self.scopes);
        let theirs = self.received.as_ref().map(Baseline::root);
        let said = self.hinted == Some(root) && theirs == Some(root);
        if !said && self.unknown(own).next().is_some() {
            self.owed_at.get_or_insert(now_ms + OWED_MS);
        }
    }

    /// Returns what is to be announced now: the `news` if there is any that the
    /// peer may lack, else that we hold what it told us, else nothing.
    pub(crate) fn announcement(
        &mut self,
        own: &mut Frontier,
        charter: CharterRef,
        news: bool,
        now_ms: u64,
    ) -> Vec<Message> {
        if news {
            return self.delta(own, charter, false, now_ms);
        }
        let root = own.root(&self.scopes);
        let theirs = self.received.as_ref().map(Baseline::root);
        if root != self.told.root() && theirs == Some(root) && self.hinted != Some(root) {
            self.hinted = Some(root);
            return vec![Message::InSync { charter, root }];
        }
        Vec::new()
    }

    /// Returns what is to be told so that the peer keeps it, unless it has.
    pub(crate) fn keep(
        &mut self,
        own: &mut Frontier,
        charter: CharterRef,
        now_ms: u64,
    ) -> Vec<Message> {
        self.keep_at = None;
        if !self.known || self.kept == Some(own.root(&self.scopes)) {
            return Vec::new();
        }
        self.delta(own, charter, true, now_ms)
    }

    fn delta(
        &mut self,
        own: &mut Frontier,
        charter: CharterRef,
        keep: bool,
        now_ms: u64,
    ) -> Vec<Message> {
        let dirty = std::mem::take(&mut self.dirty);
        self.owed_at = None;
        let difference = self.told.difference(own, dirty.keys());
        let Some(Difference { changed, new }) = difference.filter(|difference| {
            difference.new.len() <= ENTRIES_PER_MESSAGE
                && difference.changed.len() <= CHANGES_PER_MESSAGE
        }) else {
            return self.full(own, charter, now_ms);
        };
        let (baseline, root) = (self.told.root(), own.root(&self.scopes));
        // What was told and what is new are within what there is room for.
        if let Err(what) = self.told.apply(&changed, &new, root, self.logs_max) {
            unreachable!("our own delta applies to its own baseline: {what}");
        }
        if keep {
            self.offer = Some(self.told.clone());
        }
        vec![Message::Delta {
            charter,
            keep,
            baseline,
            root,
            changed,
            new,
        }]
    }

    /// Takes that the peer asks for the full map; it comes at `full_at`.
    pub(crate) fn need_full(&mut self, now_ms: u64) {
        self.full_at.get_or_insert(self.full_not_before.max(now_ms));
    }

    /// Returns the full map, in as many parts as it takes.
    pub(crate) fn full(
        &mut self,
        own: &mut Frontier,
        charter: CharterRef,
        now_ms: u64,
    ) -> Vec<Message> {
        self.full_at = None;
        self.full_not_before = now_ms + FULL_INTERVAL_MS;
        self.dirty.clear();
        self.owed_at = None;
        self.told = own.baseline(&self.scopes);
        self.offer = Some(self.told.clone());
        let mut entries = own.within(&self.scopes).map(|(log, size, root)| Head {
            log: log.clone(),
            size,
            root: *root,
        });
        let mut messages = Vec::new();
        loop {
            let part: Vec<Head> = entries.by_ref().take(ENTRIES_PER_MESSAGE).collect();
            let whole = part.len() < ENTRIES_PER_MESSAGE;
            let root = whole.then(|| self.told.root());
            messages.push(Message::Full {
                charter,
                entries: part,
                root,
            });
            if whole {
                return messages;
            }
        }
    }

    /// Takes that the peer keeps a baseline; returns the bytes to keep here.
    pub(crate) fn acknowledged(&mut self, root: Digest) -> Option<Vec<u8>> {
        let offer = self.offer.take_if(|offer| offer.root() == root)?;
        self.kept = Some(root);
        Some(offer.to_bytes())
    }

    /// Takes the root alone.
    pub(crate) fn receive_root(
        &mut self,
        own: &mut Frontier,
        root: Digest,
    ) -> Result<Learned, Fault> {
        self.refuse_between_parts()?;
        Ok(self.learn_root(own, root))
    }

    fn learn_root(&mut self, own: &mut Frontier, root: Digest) -> Learned {
        if self.awaits_full {
            return Learned::Nothing;
        }
        if self
            .received
            .as_ref()
            .is_some_and(|received| received.root() == root)
        {
            return self.now_known();
        }
        // Equal roots are equal frontiers, whoever's.
        let same = if self.told.root() == root {
            self.told.clone()
        } else if own.root(&self.scopes) == root {
            own.baseline(&self.scopes)
        } else if self.known {
            // Said of what we told a while ago; what we told since is answered
            // in its turn.
            return Learned::Nothing;
        } else {
            return self.mismatch();
        };
        if self.known {
            return Learned::Holds(same.sizes().to_vec());
        }
        self.received = Some(same);
        self.now_known()
    }

    /// Takes a delta.
    pub(crate) fn receive_delta(
        &mut self,
        baseline: Digest,
        root: Digest,
        changed: &[crate::Change],
        new: &[Head],
    ) -> Result<Learned, Fault> {
        self.refuse_between_parts()?;
        if self.awaits_full {
            return Ok(Learned::Nothing);
        }
        let received = self.received.as_mut();
        let Some(received) = received.filter(|received| received.root() == baseline) else {
            return Ok(self.mismatch());
        };
        let logs = received.apply(changed, new, root, self.logs_max);
        let logs = logs.map_err(|what| Fault::BadMessage(format!("a delta with {what}")))?;
        Ok(match self.now_known() {
            Learned::Nothing => Learned::Logs(logs),
            everything => everything,
        })
    }

    /// Takes a full map or a part of it. The entries come back with the last
    /// part, so that their roots can be compared.
    pub(crate) fn receive_full(
        &mut self,
        entries: Vec<Head>,
        root: Option<Digest>,
    ) -> Result<Option<Vec<Head>>, Fault> {
        let bad = |what: &str| Err(Fault::BadMessage(format!("a full map with {what}")));
        let parts = self.parts.get_or_insert_default();
        let continues = match (parts.last(), entries.first()) {
            (Some(last), Some(first)) => last.log < first.log,
            _ => true,
        };
        if !continues {
            return bad("parts out of order");
        }
        parts.extend(entries);
        if parts.len() > self.logs_max {
            return bad("too many logs");
        }
        let Some(root) = root else {
            return Ok(None);
        };
        let parts = self.parts.take().unwrap_or_default();
        let sum = parts
            .iter()
            .map(|entry| (&entry.log, entry.size, &entry.root));
        if record::frontier_root(sum) != root {
            return bad("another root than its own");
        }
        self.received = Some(Baseline::of_entries(parts.clone(), root));
        self.known = true;
        self.awaits_full = false;
        Ok(Some(parts))
    }

    /// Returns what to keep of what the peer told, and its root, unless it was
    /// kept just now.
    pub(crate) fn keep_received(&mut self, now_ms: u64) -> Option<(Vec<u8>, Digest)> {
        let early = |at: u64| now_ms < at + KEEP_INTERVAL_MS_MIN;
        if !self.known || self.received_kept_at.is_some_and(early) {
            return None;
        }
        self.received_kept_at = Some(now_ms);
        let received = self.received.as_ref()?;
        Some((received.to_bytes(), received.root()))
    }

    /// Tells whether both hold the same sizes and yet the roots differ, which
    /// only the full map can explain; true once in a connection.
    pub(crate) fn diverged(&mut self, own: &mut Frontier) -> bool {
        let Some(received) = self.received.as_ref().filter(|_| self.known) else {
            return false;
        };
        if self.asked_for_roots || received.root() == own.root(&self.scopes) {
            return false;
        }
        let ours = own.within(&self.scopes).map(|(log, size, _)| (log, size));
        let theirs = received.sizes().iter().map(|(log, size)| (log, *size));
        self.asked_for_roots = ours.eq(theirs);
        self.awaits_full = self.asked_for_roots;
        self.asked_for_roots
    }

    /// Tells whether the peer's frontier is known.
    pub(crate) fn is_known(&self) -> bool {
        self.known
    }

    /// Returns how far the peer told that it holds a log.
    pub(crate) fn received_size(&self, log: &LogId) -> u64 {
        let received = self.received.as_ref().filter(|_| self.known);
        received.map_or(0, |received| received.size(log))
    }

    /// Returns the logs that the peer told of.
    pub(crate) fn received_logs(&self) -> impl Iterator<Item = &LogId> {
        let received = self.received.as_ref().filter(|_| self.known);
        received
            .into_iter()
            .flat_map(|r| r.sizes().iter().map(|(log, _)| log))
    }

    /// Returns how far we told that we hold a log.
    pub(crate) fn told_size(&self, log: &LogId) -> u64 {
        self.told.size(log)
    }

    fn now_known(&mut self) -> Learned {
        if std::mem::replace(&mut self.known, true) {
            Learned::Nothing
        } else {
            Learned::Everything
        }
    }

    fn refuse_between_parts(&self) -> Result<(), Fault> {
        match self.parts {
            Some(_) => Err(Fault::BadMessage("a full map cut off".to_owned())),
            None => Ok(()),
        }
    }

    fn mismatch(&mut self) -> Learned {
        self.awaits_full = true;
        Learned::Mismatch
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frontier::FRONTIER_LOGS_MAX;
    use record::{Epoch, RawKey};

    const CHARTER: CharterRef = CharterRef {
        version: 1,
        hash: [1; 8],
    };

    fn head(epoch: u8, size: u64) -> Head {
        let scope = ScopeName::new("public").expect("a good name");
        let log = LogId {
            author: RawKey([1; 32]),
            scope,
            epoch: Epoch([epoch; 16]),
        };
        Head {
            log,
            size,
            root: Digest::of(&[&size.to_be_bytes()]),
        }
    }

    /// One side of an exchange.
    struct Side {
        own: Frontier,
        exchange: Exchange,
    }

    impl Side {
        fn open(heads: &[Head], kept: [Option<Vec<u8>>; 2]) -> (Self, Vec<Message>) {
            let scopes = [ScopeName::new("public").expect("a good name")].into();
            let mut own = Frontier::new(heads.to_vec(), FRONTIER_LOGS_MAX);
            let (exchange, said) = Exchange::open(&mut own, CHARTER, scopes, kept, 0);
            (Self { own, exchange }, said)
        }

        fn hear(&mut self, message: &Message) -> Learned {
            match message.clone() {
                Message::InSync { root, .. } => {
                    let learned = self.exchange.receive_root(&mut self.own, root);
                    learned.expect("not between parts")
                }
                Message::Full { entries, root, .. } => {
                    let whole = self.exchange.receive_full(entries, root).expect("in order");
                    whole.map_or(Learned::Nothing, |_| Learned::Everything)
                }
                Message::Delta {
                    baseline,
                    root,
                    changed,
                    new,
                    ..
                } => {
                    let learned = self.exchange.receive_delta(baseline, root, &changed, &new);
                    learned.expect("it applies")
                }
                other => panic!("no frontier: {other:?}"),
            }
        }

        fn advance(&mut self, head: &Head) {
            self.own.set(head.clone());
            self.exchange.advanced(&head.log, 0, &Config::default());
        }

        fn announce(&mut self) -> Vec<Message> {
            self.exchange.announcement(&mut self.own, CHARTER, true, 0)
        }
    }

    #[test]
    fn without_a_baseline_the_full_map_and_then_deltas() {
        let (mut ours, said) = Side::open(&[head(1, 5)], [None, None]);
        let (mut theirs, _) = Side::open(&[], [None, None]);
        assert!(matches!(said[..], [Message::Full { .. }]));
        assert_eq!(theirs.hear(&said[0]), Learned::Everything);
        for size in 6..9 {
            ours.advance(&head(1, size));
            let said = ours.announce();
            assert_eq!(
                theirs.hear(&said[0]),
                Learned::Logs(vec![head(1, size).log])
            );
            assert_eq!(theirs.exchange.received_size(&head(1, size).log), size);
        }
    }

    #[test]
    fn only_the_offer_can_be_acknowledged() {
        let (mut ours, said) = Side::open(&[head(1, 5)], [None, None]);
        let Message::Full {
            root: Some(root), ..
        } = said[0]
        else {
            panic!("a full map: {said:?}");
        };
        assert_eq!(ours.exchange.acknowledged(Digest::of(&[])), None);
        let kept = ours.exchange.acknowledged(root).expect("the offer");
        assert_eq!(ours.exchange.acknowledged(root), None, "once");
        let (_, said) = Side::open(&[head(1, 5)], [Some(kept.clone()), None]);
        assert!(matches!(said[..], [Message::InSync { .. }]));
        let (_, said) = Side::open(&[head(1, 4)], [Some(kept.clone()), None]);
        assert!(matches!(said[..], [Message::Full { .. }]), "a log shrank");
        let (_, said) = Side::open(&[head(2, 1)], [Some(kept.clone()), None]);
        assert!(matches!(said[..], [Message::Full { .. }]), "a log is gone");
        let (_, said) = Side::open(&[head(1, 5), head(2, 1)], [Some(kept), None]);
        assert!(matches!(said[..], [Message::Delta { keep: true, .. }]));
    }

    #[test]
    fn a_mismatch_is_said_once_and_ends_with_the_full_map() {
        let (mut ours, said) = Side::open(&[head(1, 5)], [None, None]);
        let (mut theirs, _) = Side::open(&[], [None, None]);
        ours.advance(&head(1, 6));
        let delta = ours.announce();
        assert_eq!(
            theirs.hear(&delta[0]),
            Learned::Mismatch,
            "it lost the full map"
        );
        ours.advance(&head(1, 7));
        assert_eq!(theirs.hear(&ours.announce()[0]), Learned::Nothing);
        assert_eq!(theirs.hear(&said[0]), Learned::Everything);
        ours.exchange.need_full(5);
        assert_eq!(
            ours.exchange.full_at,
            Some(FULL_INTERVAL_MS),
            "not so soon after the first"
        );
    }

    #[test]
    fn whoever_holds_what_was_told_says_so_once() {
        let (mut ours, our_first) = Side::open(&[head(1, 5)], [None, None]);
        let (mut theirs, their_first) = Side::open(&[], [None, None]);
        ours.hear(&their_first[0]);
        theirs.hear(&our_first[0]);
        theirs.advance(&head(1, 5));
        let hint = theirs
            .exchange
            .announcement(&mut theirs.own, CHARTER, false, 0);
        assert!(matches!(hint[..], [Message::InSync { .. }]));
        assert_eq!(
            ours.hear(&hint[0]),
            Learned::Holds(vec![(head(1, 5).log, 5)])
        );
        assert_eq!(
            theirs
                .exchange
                .announcement(&mut theirs.own, CHARTER, false, 0),
            []
        );
    }

    #[test]
    fn equal_sizes_under_different_roots_ask_for_the_map_once() {
        let forked = Head {
            root: Digest::of(&[b"fork"]),
            ..head(1, 6)
        };
        let (mut ours, said) = Side::open(&[head(1, 5)], [None, None]);
        let (mut theirs, _) = Side::open(&[forked], [None, None]);
        theirs.hear(&said[0]);
        assert!(!theirs.exchange.diverged(&mut theirs.own), "sizes differ");
        ours.advance(&head(1, 6));
        theirs.hear(&ours.announce()[0]);
        assert!(theirs.exchange.diverged(&mut theirs.own));
        let full = ours.exchange.full(&mut ours.own, CHARTER, 0);
        theirs.hear(&full[0]);
        assert!(!theirs.exchange.diverged(&mut theirs.own), "once");
    }
}
