//! What is known of one connected peer.

use std::collections::{BTreeMap, BTreeSet};

use record::{CharterRef, LogId, RawKey, ScopeName};

use crate::announce::Exchange;
use crate::credit::Window;
use crate::frontier::Frontier;
use crate::message::Message;
use crate::push::Push;

/// How many logs that we do not hold may be known by a peer's bodies alone.
const CLAIMS_MAX: usize = 1_024;

/// One connected peer.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) scopes: BTreeSet<ScopeName>,
    pub(crate) own_member: bool,
    /// Whether its last frontier named our charter version.
    pub(crate) same_charter: bool,
    pub(crate) exchange: Exchange,
    pub(crate) push: Push,
    pub(crate) window: Window,
    /// How far the peer is known to hold logs beyond what it told: by its
    /// acknowledgements and its bodies. Bounded by our logs of the common
    /// scopes and `CLAIMS_MAX`.
    beyond: BTreeMap<LogId, u64>,
    /// The logs among these that we do not hold.
    claims: BTreeSet<LogId>,
    /// The logs of the common scopes that one side holds further.
    pub(crate) differing: BTreeSet<LogId>,
    /// Logs of the peer that the ledger passed over: not asked for again.
    passed: BTreeSet<LogId>,
    /// Logs that the peer did not serve, each with when it may be asked again.
    /// Bounded by the logs that the peer told of.
    failed: BTreeMap<LogId, u64>,
    /// When the peer may be asked for anything again.
    pub(crate) stalled_until: u64,
    /// When bytes of a body of the peer last arrived, or were judged.
    pub(crate) moved_at: u64,
    /// When a body of the peer last brought a log forward.
    pub(crate) advanced_at: u64,
    /// How many wants the peer left unserved, less the bodies that brought
    /// forward what it was asked for: who has left fewer is asked first.
    pub(crate) unserved: u64,
    /// Logs of which the peer sent us bodies: it is to learn what became of
    /// them. Bounded by our logs.
    supplied: BTreeSet<LogId>,
    /// Acknowledgements to send.
    pub(crate) acks: BTreeSet<LogId>,
    pub(crate) ack_at: Option<u64>,
    pub(crate) in_sync_at: Option<u64>,
}

impl Peer {
    pub(crate) fn new(
        own_key: RawKey,
        scopes: BTreeSet<ScopeName>,
        own_member: bool,
        exchange: Exchange,
    ) -> Self {
        Self {
            scopes,
            own_member,
            same_charter: false,
            exchange,
            push: Push::new(own_key),
            window: Window::default(),
            beyond: BTreeMap::new(),
            claims: BTreeSet::new(),
            differing: BTreeSet::new(),
            passed: BTreeSet::new(),
            failed: BTreeMap::new(),
            stalled_until: 0,
            moved_at: 0,
            advanced_at: 0,
            unserved: 0,
            supplied: BTreeSet::new(),
            acks: BTreeSet::new(),
            ack_at: None,
            in_sync_at: None,
        }
    }

    /// Tells whether both may read the log's scope.
    pub(crate) fn reads(&self, log: &LogId) -> bool {
        self.scopes.contains(&log.scope)
    }

    /// Returns how far the peer is known to hold a log.
    pub(crate) fn held(&self, log: &LogId) -> u64 {
        let beyond = self.beyond.get(log).copied().unwrap_or(0);
        beyond.max(self.exchange.received_size(log))
    }

    /// Takes that the peer holds a log this far.
    pub(crate) fn raise(&mut self, log: &LogId, size: u64, own: &Frontier) {
        if size <= self.held(log) {
            return;
        }
        if own.size(log) == 0 && !self.claims.contains(log) {
            if self.claims.len() >= CLAIMS_MAX {
                return;
            }
            self.claims.insert(log.clone());
        }
        self.beyond.insert(log.clone(), size);
    }

    /// Takes that a log is held here, so that it is no mere claim.
    pub(crate) fn hold(&mut self, log: &LogId) {
        self.claims.remove(log);
    }

    /// Forgets what was known beyond the peer's frontier, which replaces it.
    pub(crate) fn forget_beyond(&mut self) {
        self.beyond.clear();
        self.claims.clear();
    }

    /// Looks again at who holds a log further.
    pub(crate) fn compare(&mut self, log: &LogId, own: &Frontier) {
        let equal = self.held(log) == own.size(log);
        if equal || !self.reads(log) || self.passed.contains(log) {
            self.differing.remove(log);
        } else {
            self.differing.insert(log.clone());
        }
    }

    /// Looks again at all logs; returns those that differ.
    pub(crate) fn compare_all(&mut self, own: &Frontier) -> Vec<LogId> {
        let scopes = std::mem::take(&mut self.scopes);
        let mut logs: BTreeSet<LogId> = own.held(&scopes).cloned().collect();
        self.scopes = scopes;
        logs.extend(self.exchange.received_logs().cloned());
        logs.extend(self.beyond.keys().cloned());
        self.differing.clear();
        for log in &logs {
            self.compare(log, own);
        }
        self.differing.iter().cloned().collect()
    }

    /// Takes that the ledger passes over a log.
    pub(crate) fn pass_over(&mut self, log: &LogId) {
        if self.held(log) > 0 {
            self.passed.insert(log.clone());
        }
        self.differing.remove(log);
    }

    /// Returns how far the peer could serve a log of which more is wanted than
    /// this; `None` where it has nothing for us.
    pub(crate) fn offers(&self, log: &LogId, beyond: u64) -> Option<u64> {
        let held = self.held(log);
        let known = self.exchange.is_known() && self.reads(log) && !self.passed.contains(log);
        (known && held > beyond).then_some(held)
    }

    /// Returns when the peer may be asked for a log.
    pub(crate) fn may_be_asked_at(&self, log: &LogId) -> u64 {
        let failed = self.failed.get(log).copied().unwrap_or(0);
        failed.max(self.stalled_until)
    }

    /// Takes that the peer did not serve a log.
    pub(crate) fn fail(&mut self, log: &LogId, until_ms: u64) {
        self.failed.insert(log.clone(), until_ms);
    }

    /// Takes that the peer sent a good body of a log that we hold.
    pub(crate) fn supply(&mut self, log: &LogId) {
        self.failed.remove(log);
        self.supplied.insert(log.clone());
    }

    /// Takes that a log is durable here; an acknowledgement may be due.
    pub(crate) fn acknowledge(&mut self, log: &LogId, is_author: bool, at_ms: u64) {
        if self.reads(log) && (is_author || self.supplied.contains(log)) {
            self.acks.insert(log.clone());
            self.ack_at.get_or_insert(at_ms);
        }
    }

    /// Tells whether both hold the same of every common log that can be held.
    pub(crate) fn in_sync(&self) -> bool {
        self.exchange.is_known() && self.differing.is_empty()
    }

    /// Tells whether the peer may lack what we hold of a log, and nothing is
    /// on its way that brings it.
    pub(crate) fn lacks(&self, log: &LogId, own: &Frontier) -> bool {
        own.size(log) > self.held(log).max(self.push.reaches(log, own))
    }

    /// Makes a log of ours live, if the peer holds all that we told of it.
    pub(crate) fn consider_push(&mut self, log: &LogId, own_key: &RawKey) {
        if log.author != *own_key || !self.reads(log) || !self.exchange.is_known() {
            return;
        }
        let held = self.held(log);
        if held >= self.exchange.told_size(log) {
            self.push.go_live(log, held);
        }
    }

    /// Returns what is to be announced. Nothing is, before the peer's frontier
    /// is known: what it says of our first frontier tells where pushing begins.
    pub(crate) fn announce(
        &mut self,
        own: &mut Frontier,
        charter: CharterRef,
        now_ms: u64,
    ) -> Vec<Message> {
        let exchange = &mut self.exchange;
        exchange.announce_at = None;
        let overdue = exchange.owed_at.take_if(|at| *at <= now_ms).is_some();
        if !exchange.is_known() {
            return Vec::new();
        }
        // What is being pushed is no debt: the body will say it.
        let owed = |log: &LogId| self.held(log) >= own.size(log);
        let news = self.exchange.dirty().any(|log| self.lacks(log, own))
            || overdue && self.exchange.unknown(own).any(owed);
        let said = self.exchange.announcement(own, charter, news, now_ms);
        self.exchange.owe(own, now_ms);
        said
    }

    /// Returns the acknowledgements that are due, without those that our
    /// frontier has said already.
    pub(crate) fn acknowledgements(&mut self, own: &Frontier) -> Vec<Message> {
        self.ack_at = None;
        let due = std::mem::take(&mut self.acks).into_iter();
        let due = due.map(|log| (own.size(&log), log));
        let unsaid = due.filter(|(size, log)| *size > self.exchange.told_size(log));
        let unsaid: Vec<(u64, LogId)> = unsaid.collect();
        for (size, log) in &unsaid {
            // Whoever holds less takes our word no further than that.
            let taken = (*size).min(self.held(log));
            self.exchange.shown(log, taken);
        }
        let acks = unsaid.into_iter();
        acks.map(|(size, log)| Message::Ack { log, size }).collect()
    }
}
