//! What a peer's messages and bodies do.

use record::{CharterRef, LogId, RawKey};

use crate::announce::Learned;
use crate::credit::BODY_BYTES_MAX;
use crate::event::{Counter, Discarded, Fault, Head, Outcome, Output, Side, Token};
use crate::judging::Body;
use crate::message::Message;
use crate::{Change, Replica};

impl Replica {
    /// Takes a message.
    pub(crate) fn message(&mut self, now_ms: u64, key: RawKey, message: Message) {
        if !self.peers.contains_key(&key) {
            return;
        }
        let done = match message {
            Message::InSync { charter, root } => {
                self.note_charter(key, charter);
                let peer = self.peers.get_mut(&key).expect("looked up above");
                let learned = peer.exchange.receive_root(&mut self.own, root);
                learned.map(|learned| self.learn(now_ms, key, learned))
            }
            Message::Full {
                charter,
                entries,
                root,
            } => {
                self.note_charter(key, charter);
                self.full(now_ms, key, entries, root)
            }
            Message::Delta {
                charter,
                keep,
                baseline,
                root,
                changed,
                new,
            } => {
                self.note_charter(key, charter);
                self.delta(now_ms, key, (baseline, root, keep), (&changed, &new))
            }
            Message::NeedFull => {
                let peer = self.peers.get_mut(&key).expect("looked up above");
                peer.exchange.need_full(now_ms);
                Ok(())
            }
            Message::BaselineAck { root } => {
                self.baseline_ack(key, root);
                Ok(())
            }
            Message::Want { log, from } => {
                self.want(key, log, from);
                Ok(())
            }
            Message::Credit { bytes } => {
                let peer = self.peers.get_mut(&key).expect("looked up above");
                peer.push.grant(bytes)
            }
            Message::Ack { log, size } => {
                // It speaks of what we sent or wrote, so never of more.
                let size = size.min(self.own.size(&log));
                self.raise(now_ms, key, &log, size);
                Ok(())
            }
        };
        if let Err(fault) = done {
            self.fault(now_ms, key, fault);
        }
    }

    fn note_charter(&mut self, key: RawKey, charter: CharterRef) {
        let differs = charter != self.charter;
        let peer = self.peers.get_mut(&key).expect("looked up by the caller");
        peer.same_charter = !differs;
        if differs {
            self.count(Counter::CharterMismatches, 1);
        }
    }

    fn full(
        &mut self,
        now_ms: u64,
        key: RawKey,
        entries: Vec<Head>,
        root: Option<record::Digest>,
    ) -> Result<(), Fault> {
        let peer = self.peers.get_mut(&key).expect("looked up by the caller");
        let known = peer.exchange.is_known();
        let Some(entries) = peer.exchange.receive_full(entries, root)? else {
            return Ok(());
        };
        // A body may overtake the first map, which then says less than it did.
        if known {
            peer.forget_beyond();
        }
        let diverged = entries.iter().filter(|entry| {
            let ours = peer
                .scopes
                .contains(&entry.log.scope)
                .then(|| self.own.entry(&entry.log));
            let ours = ours.flatten();
            ours.is_some_and(|ours| ours.size == entry.size && ours.root != entry.root)
        });
        let diverged = diverged.count();
        self.count(Counter::DivergedLogs, diverged as u64);
        self.learn(now_ms, key, Learned::Everything);
        self.keep_received(now_ms, key);
        Ok(())
    }

    fn delta(
        &mut self,
        now_ms: u64,
        key: RawKey,
        (baseline, root, keep): (record::Digest, record::Digest, bool),
        (changed, new): (&[Change], &[Head]),
    ) -> Result<(), Fault> {
        let peer = self.peers.get_mut(&key).expect("looked up by the caller");
        let learned = peer.exchange.receive_delta(baseline, root, changed, new)?;
        let applied = matches!(learned, Learned::Logs(_) | Learned::Everything);
        self.learn(now_ms, key, learned);
        if keep && applied {
            self.keep_received(now_ms, key);
        }
        Ok(())
    }

    /// Keeps what the peer told and says so, in this order.
    fn keep_received(&mut self, now_ms: u64, peer: RawKey) {
        let exchange = &mut self.peers.get_mut(&peer).expect("connected").exchange;
        if let Some((bytes, root)) = exchange.keep_received(now_ms) {
            let side = Side::Received;
            self.out.push(Output::SaveBaseline { peer, side, bytes });
            self.send(peer, Message::BaselineAck { root });
        }
    }

    fn baseline_ack(&mut self, peer: RawKey, root: record::Digest) {
        let exchange = &mut self.peers.get_mut(&peer).expect("connected").exchange;
        match exchange.acknowledged(root) {
            Some(bytes) => {
                let side = Side::Sent;
                self.out.push(Output::SaveBaseline { peer, side, bytes });
            }
            None => self.count(Counter::StaleBaselineAcks, 1),
        }
    }

    fn want(&mut self, key: RawKey, log: LogId, from: u64) {
        let peer = self.peers.get_mut(&key).expect("looked up by the caller");
        let own_size = if peer.reads(&log) {
            self.own.size(&log)
        } else {
            0
        };
        if !peer.push.want(log, from, own_size) {
            self.count(Counter::UnservedWants, 1);
        }
    }

    /// Acts on what a frontier message taught.
    fn learn(&mut self, now_ms: u64, key: RawKey, learned: Learned) {
        let peer = self.peers.get_mut(&key).expect("looked up by the caller");
        match learned {
            Learned::Nothing => return,
            Learned::Mismatch => {
                self.count(Counter::BaselineMismatches, 1);
                return self.send(key, Message::NeedFull);
            }
            Learned::Logs(logs) => {
                for log in logs {
                    let turn = self.turn(&log, now_ms);
                    self.touched(key, &log, turn);
                }
            }
            Learned::Holds(sizes) => {
                for (log, size) in sizes {
                    self.raise(now_ms, key, &log, size);
                }
            }
            Learned::Everything => {
                for log in peer.compare_all(&self.own) {
                    // What the author told at first, it does not push.
                    let turn = if log.author == key {
                        now_ms
                    } else {
                        self.turn(&log, now_ms)
                    };
                    self.touched(key, &log, turn);
                }
                self.publish_all();
            }
        }
        let peer = self.peers.get_mut(&key).expect("nothing above ends it");
        peer.exchange.answer(now_ms, &self.config);
        if peer.exchange.diverged(&mut self.own) {
            self.send(key, Message::NeedFull);
        }
    }

    /// Takes that a peer holds a log at least this far.
    fn raise(&mut self, now_ms: u64, key: RawKey, log: &LogId, size: u64) {
        let peer = self.peers.get_mut(&key).expect("looked up by the caller");
        if peer.reads(log) && size > peer.held(log) {
            peer.raise(log, size, &self.own);
            let turn = self.turn(log, now_ms);
            self.touched(key, log, turn);
        }
    }

    /// Acts on it that a peer was found to hold a log further, or less far.
    fn touched(&mut self, key: RawKey, log: &LogId, turn: u64) {
        let peer = self.peers.get_mut(&key).expect("looked up by the caller");
        peer.compare(log, &self.own);
        let held = peer.held(log);
        peer.push.held(log, held);
        peer.consider_push(log, &self.own_key);
        self.publish(log);
        self.reconsider(log, turn);
    }

    /// Takes a body that arrived.
    pub(crate) fn body(&mut self, now_ms: u64, token: Token, body: Body) {
        let key = body.peer;
        let taken = self.take_body(now_ms, token, body);
        if let Err((reason, fault)) = taken {
            self.out.push(Output::Discard {
                peer: key,
                token,
                reason,
            });
            if let Some(fault) = fault {
                self.fault(now_ms, key, fault);
            }
        }
    }

    fn take_body(
        &mut self,
        now_ms: u64,
        token: Token,
        body: Body,
    ) -> Result<(), (Discarded, Option<Fault>)> {
        let Body {
            peer: key,
            ref log,
            start,
            end,
            bytes,
        } = body;
        let Some(peer) = self.peers.get_mut(&key) else {
            return Err((Discarded::NotConnected, None));
        };
        if start >= end || bytes == 0 || bytes > BODY_BYTES_MAX {
            let fault = Fault::BadBody { bytes, start, end };
            return Err((Discarded::NotConnected, Some(fault)));
        }
        let received = peer.window.receive(bytes);
        received.map_err(|fault| (Discarded::NotConnected, Some(fault)))?;
        peer.moved_at = now_ms;
        if !peer.reads(log) {
            // With another charter version, the peer may well be right.
            let fault = peer
                .same_charter
                .then(|| Fault::OutOfScope(log.scope.clone()));
            self.count(Counter::OutOfScopeBodies, 1);
            self.give_back(key, bytes);
            return Err((Discarded::OutOfScope, fault));
        }
        for passed in self.pulls.passed_over_for(log, &key, start) {
            self.unserved(now_ms, &passed);
        }
        let size = self.own.size(log);
        self.count(
            Counter::DuplicateRecords,
            end.min(size).saturating_sub(start),
        );
        if end <= size {
            self.give_back(key, bytes);
            self.supplied(now_ms, key, log, end);
            return Err((Discarded::Duplicate, None));
        }
        if start > self.reach(log) {
            self.give_back(key, bytes);
            self.gap(now_ms, key, log, end);
            return Err((Discarded::Gap, None));
        }
        if log.author == key {
            let later = now_ms + self.config.push_wait_ms;
            self.pulls.put_off(log, later);
        }
        self.judging.insert(token, body);
        self.count(Counter::BodiesAppended, 1);
        self.out.push(Output::Append { peer: key, token });
        Ok(())
    }

    /// Takes the ledger's answer.
    pub(crate) fn judged(&mut self, now_ms: u64, token: Token, outcome: Outcome) {
        let Some(body) = self.judging.remove(token) else {
            return;
        };
        let Body {
            peer: key,
            log,
            start,
            end,
            bytes,
        } = body;
        self.moved(now_ms, &key);
        self.give_back(key, bytes);
        match outcome {
            Outcome::Appended { size } => {
                if size > self.own.size(&log) {
                    self.judging.appended(&log, size);
                }
                self.advanced(now_ms, key, &log);
                self.supplied(now_ms, key, &log, end);
            }
            Outcome::Duplicate => {
                self.count(Counter::DuplicateRecords, end - start);
                self.supplied(now_ms, key, &log, end);
            }
            Outcome::Gap { .. } => self.gap(now_ms, key, &log, end),
            Outcome::PassedOver => {
                self.count(Counter::PassedOverBodies, 1);
                let peer = self.peers.get_mut(&key).expect("its bodies go with it");
                peer.pass_over(&log);
                if self
                    .pulls
                    .active(&log)
                    .is_some_and(|active| active.peer == key)
                {
                    self.pulls.end(&log);
                }
            }
            Outcome::Bare => self.bare(now_ms, key, &log),
            Outcome::Refused { reason } => {
                self.count(Counter::RefusedBodies, 1);
                self.fault(now_ms, key, Fault::Refused(reason));
            }
        }
        let turn = self.turn(&log, now_ms);
        self.reconsider(&log, turn);
    }

    /// Takes that a body of a peer brought a log forward.
    fn advanced(&mut self, now_ms: u64, key: RawKey, log: &LogId) {
        let peer = self.peers.get_mut(&key).expect("its bodies go with it");
        peer.advanced_at = now_ms;
        if self.pulls.advanced(log, &key, now_ms) {
            peer.unserved = peer.unserved.saturating_sub(1);
        }
    }

    /// Takes that a peer sent a good body of a log: it holds it that far, and
    /// is to learn how far we do.
    fn supplied(&mut self, now_ms: u64, key: RawKey, log: &LogId, end: u64) {
        let peer = self.peers.get_mut(&key).expect("its bodies go with it");
        peer.supply(log);
        if self.own.size(log) > 0 {
            let at = now_ms + self.config.ack_delay_ms;
            peer.acknowledge(log, log.author == key, at);
        }
        self.raise(now_ms, key, log, end);
    }

    /// Takes that a body begins beyond what we hold: what lies between is
    /// asked for.
    fn gap(&mut self, now_ms: u64, key: RawKey, log: &LogId, end: u64) {
        self.count(Counter::GapBodies, 1);
        self.raise(now_ms, key, log, end);
        let reach = self.reach(log);
        match self.pulls.active(log) {
            // It is asked for from just there, or of another peer.
            Some(active) if active.peer != key || active.from == reach => {}
            Some(_) => {
                self.pulls.end(log);
                self.reconsider(log, now_ms);
            }
            None => self.reconsider(log, now_ms),
        }
    }

    /// Takes that a peer sent headers without their content, which it may not
    /// have: whoever else offers the log is asked for all of it.
    fn bare(&mut self, now_ms: u64, key: RawKey, log: &LogId) {
        self.count(Counter::BareBodies, 1);
        let active = self.pulls.active(log);
        if active.is_some_and(|active| active.peer == key) {
            self.unserved(now_ms, log);
        }
        let peer = self.peers.get_mut(&key).expect("its bodies go with it");
        peer.fail(log, now_ms + self.config.retry_ms);
    }

    /// Takes that a peer does not serve a want: another is asked.
    pub(crate) fn unserved(&mut self, now_ms: u64, log: &LogId) {
        let done = self
            .pulls
            .active(log)
            .is_some_and(|active| self.reach(log) >= active.target);
        if done {
            return;
        }
        if let Some(active) = self.pulls.end(log) {
            self.count(Counter::StalledWants, 1);
            if let Some(peer) = self.peers.get_mut(&active.peer) {
                peer.fail(log, now_ms + self.config.retry_ms);
                peer.unserved += 1;
            }
            self.reconsider(log, now_ms);
        }
    }

    /// Gives the credit of a body back, once it is enough to be worth saying.
    fn give_back(&mut self, key: RawKey, bytes: u64) {
        let peer = self.peers.get_mut(&key).expect("its bodies go with it");
        if let Some(bytes) = peer.window.judge(bytes) {
            self.send(key, Message::Credit { bytes });
        }
    }

    fn publish_all(&mut self) {
        let ours: Vec<LogId> = self.own.of_author(&self.own_key).cloned().collect();
        for log in ours {
            self.publish(&log);
        }
    }
}
