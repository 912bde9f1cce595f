//! What is done after every input: timers, wants, bodies, and when to wake.

use std::cmp::Reverse;

use record::{LogId, RawKey};

use crate::Replica;
use crate::event::{Counter, Output};
use crate::message::Message;
use crate::pull::Active;

/// How far into the queue of wants one planning looks: what is beyond waits
/// until those in front are asked for or put off.
const LOGS_PLANNED_MAX: usize = 256;

/// How long a log waits at most behind a busy peer before it is looked at again:
/// another that offers it may have room.
const BEHIND_MS_MAX: u64 = 10_000;

impl Replica {
    /// Does all that is due.
    pub(crate) fn settle(&mut self, now_ms: u64) {
        self.stop_stalled(now_ms);
        let keys: Vec<RawKey> = self.peers.keys().copied().collect();
        for key in &keys {
            self.speak(now_ms, *key);
        }
        self.plan(now_ms);
        for key in keys {
            self.pump(now_ms, key);
        }
        self.wake(now_ms);
        let untold = self.own.take_untold();
        self.count(Counter::UntoldLogs, untold);
    }

    /// Says what a peer's timers ask for.
    fn speak(&mut self, now_ms: u64, key: RawKey) {
        let peer = self.peers.get_mut(&key).expect("listed just now");
        let due = |at: Option<u64>| at.is_some_and(|at| at <= now_ms);
        let mut messages = Vec::new();
        if due(peer.exchange.full_at) {
            messages.append(&mut peer.exchange.full(&mut self.own, self.charter, now_ms));
        }
        if due(peer.exchange.keep_at) {
            messages.append(&mut peer.exchange.keep(&mut self.own, self.charter, now_ms));
        }
        if due(peer.exchange.announce_at) || due(peer.exchange.owed_at) {
            messages.append(&mut peer.announce(&mut self.own, self.charter, now_ms));
        }
        if due(peer.ack_at) {
            messages.append(&mut peer.acknowledgements(&self.own));
        }
        self.send_all(key, messages);
    }

    /// Takes the wants away from peers that do not serve them.
    fn stop_stalled(&mut self, now_ms: u64) {
        let overdue = self.pulls.all_active().filter_map(|(log, active)| {
            let [stalls, ages] = self.deadlines(log, active)?;
            let stalled = stalls.is_some_and(|at| at <= now_ms);
            (stalled || ages? <= now_ms).then(|| (log.clone(), active.peer, stalled))
        });
        let overdue: Vec<(LogId, RawKey, bool)> = overdue.collect();
        let until = now_ms + self.config.retry_ms;
        for (log, key, stalled) in overdue {
            if let Some(peer) = self.peers.get_mut(&key).filter(|_| stalled) {
                peer.stalled_until = until;
            }
            self.unserved(now_ms, &log);
        }
    }

    /// Returns when a want is given up: because its peer stalls, not while our
    /// ledger is at work on what it sent, and because the want is too old; not
    /// where our ledger is all that it waits for.
    fn deadlines(&self, log: &LogId, active: &Active) -> Option<[Option<u64>; 2]> {
        let peer = self.peers.get(&active.peer)?;
        if self.reach(log) >= active.target {
            return None;
        }
        let silent = active.asked_at.max(peer.moved_at) + self.config.pull_timeout_ms;
        let fruitless = active.asked_at.max(peer.advanced_at) + self.config.pull_fruitless_ms_max;
        let stalls = (peer.window.in_judgement() == 0).then_some(silent.min(fruitless));
        let ages = active.advanced_at + self.config.want_age_ms_max;
        Some([stalls, Some(ages)])
    }

    /// Asks for the logs whose turn has come.
    fn plan(&mut self, now_ms: u64) {
        let turn = self.pulls.next_turn(self.planned_at);
        if !self.pulls.stirred && turn.is_none_or(|turn| turn > now_ms) {
            return;
        }
        self.pulls.stirred = false;
        self.planned_at = now_ms;
        for key in self.peers.keys() {
            self.pulls.release(key, self.room(key));
        }
        let due = self.pulls.due(now_ms, LOGS_PLANNED_MAX);
        for log in &due {
            self.ask(now_ms, log);
        }
        let released = |key: &RawKey| self.room(key) > 0 && self.pulls.is_waited_for(key);
        self.unplanned = due.len() == LOGS_PLANNED_MAX || self.peers.keys().any(released);
        self.pulls.stirred |= self.unplanned;
    }

    /// Returns how many more logs may be asked of a peer.
    fn room(&self, key: &RawKey) -> usize {
        let asked = self.pulls.count_of(key);
        self.config.wants_per_peer_max.saturating_sub(asked)
    }

    /// Asks one peer for a log: of those that left fewest wants unserved its
    /// author, else the one of whom least is asked.
    fn ask(&mut self, now_ms: u64, log: &LogId) {
        let from = self.reach(log);
        let offers = self.peers.iter().filter_map(|(key, peer)| {
            let target = peer.offers(log, from)?;
            Some((peer.may_be_asked_at(log), *key, target))
        });
        let offers: Vec<(u64, RawKey, u64)> = offers.collect();
        let Some(soonest) = offers.iter().map(|(at, ..)| *at).min() else {
            return self.pulls.forget(log);
        };
        if soonest > now_ms {
            return self.pulls.put_off(log, soonest);
        }
        let ready = offers.into_iter().filter(|(at, ..)| *at <= now_ms);
        let best = ready.min_by_key(|(_, key, _)| {
            let peer = &self.peers[key];
            let busy = self.room(key) == 0;
            // Of busy peers, the one that gets on.
            let idle = Reverse(if busy { peer.advanced_at } else { 0 });
            let is_other = *key != log.author;
            (
                busy,
                peer.unserved,
                idle,
                is_other,
                self.pulls.count_of(key),
            )
        });
        let (_, peer, target) = best.expect("the soonest is ready");
        if self.room(&peer) == 0 {
            let at = now_ms + BEHIND_MS_MAX;
            return self.pulls.wait_behind(log, peer, at);
        }
        self.pulls.ask(log, peer, [from, target], now_ms);
        let log = log.clone();
        self.send(peer, Message::Want { log, from });
    }

    /// Orders the next body for a peer.
    fn pump(&mut self, now_ms: u64, key: RawKey) {
        let peer = self.peers.get_mut(&key).expect("nothing here ends a peer");
        if peer.in_sync() {
            peer.in_sync_at = Some(now_ms);
        }
        if let Some(order) = peer.push.next(&self.own) {
            self.out.push(Output::SendBody {
                peer: key,
                log: order.log,
                from: order.from,
                bytes_max: order.bytes_max,
            });
        }
    }

    /// Says when to come back, if that changed.
    fn wake(&mut self, now_ms: u64) {
        if self.wake_at.is_some_and(|at| at <= now_ms) {
            self.wake_at = None;
        }
        let peers = self.peers.values().flat_map(|peer| {
            let exchange = &peer.exchange;
            [
                exchange.announce_at,
                exchange.owed_at,
                exchange.keep_at,
                exchange.full_at,
                peer.ack_at,
            ]
        });
        let wants = self.pulls.all_active();
        let wants = wants.filter_map(|(log, active)| self.deadlines(log, active));
        let queue = [
            self.pulls.next_turn(now_ms),
            self.unplanned.then_some(now_ms + 1),
        ];
        let next = peers.chain(wants.flatten()).chain(queue).flatten().min();
        if let Some(ms) = next.filter(|_| next != self.wake_at) {
            self.wake_at = next;
            self.out.push(Output::WakeAt { ms });
        }
    }
}
