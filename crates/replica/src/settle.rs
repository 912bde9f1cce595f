//! What is done after every input: timers, wants, bodies, and when to wake.

use record::{LogId, RawKey};

use crate::Replica;
use crate::event::{Counter, Output};
use crate::message::Message;
use crate::pull::Active;

/// How far into the queue of wants one planning looks: what is beyond waits
/// until those in front are asked for or put off.
const LOGS_PLANNED_MAX: usize = 256;

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
        if due(peer.exchange.announce_at) {
            messages.append(&mut peer.announce(&mut self.own, self.charter, now_ms));
        }
        if due(peer.ack_at) {
            messages.append(&mut peer.acknowledgements(&self.own));
        }
        self.send_all(key, messages);
    }

    /// Takes the wants away from peers that left them without a byte.
    fn stop_stalled(&mut self, now_ms: u64) {
        let stalled = self.pulls.all_active().filter(|(log, active)| {
            let deadline = self.deadline(log, active);
            deadline.is_some_and(|deadline| deadline <= now_ms)
        });
        let stalled: Vec<LogId> = stalled.map(|(log, _)| log.clone()).collect();
        for log in stalled {
            let Some(active) = self.pulls.active(&log) else {
                continue;
            };
            let until = now_ms + self.config.retry_ms;
            if let Some(peer) = self.peers.get_mut(&active.peer) {
                peer.stalled_until = until;
            }
            self.unserved(now_ms, &log);
        }
    }

    /// Returns when a want is given up; never while our ledger is what it
    /// waits for.
    fn deadline(&self, log: &LogId, active: &Active) -> Option<u64> {
        let peer = self.peers.get(&active.peer)?;
        let ours = peer.window.in_judgement() > 0 || self.reach(log) >= active.target;
        let since = active.asked_at.max(peer.progress_at);
        (!ours).then_some(since + self.config.pull_timeout_ms)
    }

    /// Asks for the logs whose turn has come.
    fn plan(&mut self, now_ms: u64) {
        let turn = self.pulls.next_turn(self.planned_at);
        if !self.pulls.stirred && turn.is_none_or(|turn| turn > now_ms) {
            return;
        }
        self.pulls.stirred = false;
        self.planned_at = now_ms;
        for log in self.pulls.due(now_ms, LOGS_PLANNED_MAX) {
            if self.pulls.active_len() >= self.config.wants_max {
                return;
            }
            self.ask(now_ms, &log);
        }
    }

    /// Asks one peer for a log: its author if it may be asked, else the one of
    /// whom least is asked.
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
        let busy = |key: &RawKey| self.pulls.count_of(key) >= self.config.wants_per_peer_max;
        let ready = offers
            .into_iter()
            .filter(|(at, key, _)| *at <= now_ms && !busy(key));
        let best = ready.min_by_key(|(_, key, _)| (*key != log.author, self.pulls.count_of(key)));
        if let Some((_, peer, target)) = best {
            self.pulls.ask(log, peer, [from, target], now_ms);
            let log = log.clone();
            self.send(peer, Message::Want { log, from });
        }
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
                exchange.keep_at,
                exchange.full_at,
                peer.ack_at,
            ]
        });
        let wants = self.pulls.all_active();
        let wants = wants.map(|(log, active)| self.deadline(log, active));
        let queue = self.pulls.next_turn(now_ms);
        let next = peers.chain(wants).flatten().chain(queue).min();
        if let Some(ms) = next.filter(|_| next != self.wake_at) {
            self.wake_at = next;
            self.out.push(Output::WakeAt { ms });
        }
    }
}
