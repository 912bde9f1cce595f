//! What is asked of peers: one peer for each log, few logs at a time.
//!
//! A log that some peer holds further than we do waits in the queue, asked for
//! at its turn; where its author's push is probably under way, its turn comes
//! later. A peer serves wants in the order of asking, so a body for a later
//! want says that the earlier ones will not be served.

use std::collections::{BTreeMap, BTreeSet};

use record::{LogId, RawKey};

/// A want that a peer is serving.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Active {
    pub(crate) peer: RawKey,
    /// The index asked for.
    pub(crate) from: u64,
    /// The size at which it is done.
    pub(crate) target: u64,
    pub(crate) asked_at: u64,
    /// When the peer last brought the log forward; at first, when it was asked.
    pub(crate) advanced_at: u64,
    turn: u64,
}

/// A log whose turn is to come.
#[derive(Debug)]
struct Waiting {
    not_before: u64,
    turn: u64,
    /// The busy peer that it waits behind.
    behind: Option<RawKey>,
}

/// The wants that are out and the logs whose turn is to come.
#[derive(Debug, Default)]
pub(crate) struct Pulls {
    active: BTreeMap<LogId, Active>,
    /// How many wants are out at each peer.
    asked: BTreeMap<RawKey, usize>,
    waiting: BTreeMap<LogId, Waiting>,
    /// The same by (not before, turn).
    queue: BTreeMap<(u64, u64), LogId>,
    /// The logs that wait behind a busy peer, by turn.
    behind: BTreeMap<RawKey, BTreeSet<(u64, LogId)>>,
    turns: u64,
    /// Whether anything changed since the queue was gone through.
    pub(crate) stirred: bool,
}

impl Pulls {
    /// Takes that a log is to be asked for, not before this time. Where it
    /// waits already, the earlier time holds.
    pub(crate) fn note(&mut self, log: &LogId, not_before: u64) {
        if self.active.contains_key(log) {
            return;
        }
        if self
            .waiting
            .get(log)
            .is_some_and(|waiting| waiting.not_before <= not_before)
        {
            return;
        }
        self.place(log, not_before);
    }

    /// Takes that a log's turn comes at this time, however it was.
    pub(crate) fn put_off(&mut self, log: &LogId, not_before: u64) {
        if self.waiting.contains_key(log) {
            self.place(log, not_before);
        }
    }

    /// Takes that a log waits until a busy peer has room, and is looked at
    /// again at this time at the latest.
    pub(crate) fn wait_behind(&mut self, log: &LogId, peer: RawKey, not_before: u64) {
        if let Some(Waiting { turn, .. }) = self.take(log) {
            self.insert(log, not_before, turn, Some(peer));
        }
    }

    /// Looks again at the first logs that wait behind a peer, which has room
    /// for so many.
    pub(crate) fn release(&mut self, peer: &RawKey, room: usize) {
        let behind = self.behind.get(peer).into_iter().flatten();
        let first: Vec<(u64, LogId)> = behind.take(room).cloned().collect();
        for (turn, log) in first {
            self.take(&log);
            self.insert(&log, 0, turn, None);
        }
    }

    /// Tells whether a log waits behind a peer.
    pub(crate) fn is_waited_for(&self, peer: &RawKey) -> bool {
        self.behind.contains_key(peer)
    }

    fn place(&mut self, log: &LogId, not_before: u64) {
        self.forget(log);
        self.turns += 1;
        self.insert(log, not_before, self.turns, None);
        self.stirred = true;
    }

    fn insert(&mut self, log: &LogId, not_before: u64, turn: u64, behind: Option<RawKey>) {
        if let Some(peer) = behind {
            let logs = self.behind.entry(peer).or_default();
            logs.insert((turn, log.clone()));
        }
        let waiting = Waiting {
            not_before,
            turn,
            behind,
        };
        self.waiting.insert(log.clone(), waiting);
        self.queue.insert((not_before, turn), log.clone());
    }

    /// Takes a log out of the queue.
    pub(crate) fn forget(&mut self, log: &LogId) {
        self.take(log);
    }

    fn take(&mut self, log: &LogId) -> Option<Waiting> {
        let waiting = self.waiting.remove(log)?;
        self.queue.remove(&(waiting.not_before, waiting.turn));
        if let Some(peer) = waiting.behind {
            let logs = self.behind.entry(peer).or_default();
            logs.remove(&(waiting.turn, log.clone()));
            if logs.is_empty() {
                self.behind.remove(&peer);
            }
        }
        Some(waiting)
    }

    /// Returns the first logs of the queue whose turn has come.
    pub(crate) fn due(&self, now_ms: u64, count: usize) -> Vec<LogId> {
        let due = self.queue.range(..=(now_ms, u64::MAX));
        due.take(count).map(|(_, log)| log.clone()).collect()
    }

    /// Returns when the first turn after this time comes.
    pub(crate) fn next_turn(&self, after_ms: u64) -> Option<u64> {
        let mut later = self.queue.range((after_ms + 1, 0)..);
        later.next().map(|((at, _), _)| *at)
    }

    /// Takes that no push of this author is to be waited for any more.
    pub(crate) fn hurry(&mut self, author: &RawKey, now_ms: u64) {
        let of = self.waiting.keys().filter(|log| log.author == *author);
        for log in of.cloned().collect::<Vec<_>>() {
            self.note(&log, now_ms);
        }
    }

    /// Takes that a log was asked for.
    pub(crate) fn ask(&mut self, log: &LogId, peer: RawKey, [from, target]: [u64; 2], now_ms: u64) {
        assert!(from < target, "there is something to ask for");
        self.forget(log);
        self.turns += 1;
        let turn = self.turns;
        let active = Active {
            peer,
            from,
            target,
            asked_at: now_ms,
            advanced_at: now_ms,
            turn,
        };
        *self.asked.entry(peer).or_default() += 1;
        let before = self.active.insert(log.clone(), active);
        assert_eq!(before, None, "one peer is asked for a log");
    }

    /// Takes that a peer brought a log forward; tells whether it was asked to.
    pub(crate) fn advanced(&mut self, log: &LogId, peer: &RawKey, now_ms: u64) -> bool {
        let active = self.active.get_mut(log);
        let Some(active) = active.filter(|active| active.peer == *peer) else {
            return false;
        };
        active.advanced_at = now_ms;
        true
    }

    /// Takes that a log reaches this size here; tells whether a want is done.
    pub(crate) fn reached(&mut self, log: &LogId, size: u64) -> bool {
        let done = self
            .active
            .get(log)
            .is_some_and(|active| size >= active.target);
        done && self.end(log).is_some()
    }

    /// Ends a want.
    pub(crate) fn end(&mut self, log: &LogId) -> Option<Active> {
        let ended = self.active.remove(log)?;
        let asked = self.asked.get_mut(&ended.peer).expect("counted when asked");
        *asked -= 1;
        if *asked == 0 {
            self.asked.remove(&ended.peer);
        }
        self.stirred = true;
        Some(ended)
    }

    /// Returns the want that is out for a log.
    pub(crate) fn active(&self, log: &LogId) -> Option<&Active> {
        self.active.get(log)
    }

    /// Returns the wants that are out.
    pub(crate) fn all_active(&self) -> impl Iterator<Item = (&LogId, &Active)> {
        self.active.iter()
    }

    /// Returns the logs asked of a peer.
    pub(crate) fn asked_of(&self, peer: &RawKey) -> Vec<LogId> {
        let of = self
            .active
            .iter()
            .filter(|(_, active)| active.peer == *peer);
        of.map(|(log, _)| log.clone()).collect()
    }

    /// Returns how many logs are asked of a peer.
    pub(crate) fn count_of(&self, peer: &RawKey) -> usize {
        self.asked.get(peer).copied().unwrap_or(0)
    }

    /// Returns the logs that the peer has passed over, since it begins to serve
    /// this one, asked for later, with a body that starts here.
    pub(crate) fn passed_over_for(&self, log: &LogId, peer: &RawKey, start: u64) -> Vec<LogId> {
        let served = self.active.get(log);
        let served = served.filter(|active| active.peer == *peer && active.from == start);
        let Some(served) = served else {
            return Vec::new();
        };
        let earlier = |active: &Active| active.peer == *peer && active.turn < served.turn;
        let passed = self.active.iter().filter(|(_, active)| earlier(active));
        passed.map(|(log, _)| log.clone()).collect()
    }

    /// Returns how many wants are out.
    pub(crate) fn active_len(&self) -> usize {
        self.active.len()
    }

    /// Returns how many logs wait.
    pub(crate) fn waiting_len(&self) -> usize {
        self.queue.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use record::{Epoch, ScopeName};

    fn log(author: u8, epoch: u8) -> LogId {
        let scope = ScopeName::new("public").expect("a good name");
        LogId {
            author: RawKey([author; 32]),
            scope,
            epoch: Epoch([epoch; 16]),
        }
    }

    const PEER: RawKey = RawKey([7; 32]);

    #[test]
    fn turns_come_in_order_and_the_earlier_time_holds() {
        let mut pulls = Pulls::default();
        pulls.note(&log(1, 1), 100);
        pulls.note(&log(1, 2), 50);
        pulls.note(&log(2, 1), 50);
        pulls.note(&log(1, 1), 200);
        assert_eq!(pulls.due(49, 9), []);
        assert_eq!(pulls.due(100, 9), [log(1, 2), log(2, 1), log(1, 1)]);
        assert_eq!(pulls.due(100, 2), [log(1, 2), log(2, 1)]);
        assert_eq!(
            (pulls.next_turn(0), pulls.next_turn(50)),
            (Some(50), Some(100))
        );
        pulls.put_off(&log(1, 2), 300);
        pulls.hurry(&RawKey([1; 32]), 60);
        assert_eq!(pulls.due(60, 9), [log(2, 1), log(1, 1), log(1, 2)]);
        pulls.forget(&log(2, 1));
        assert_eq!(pulls.waiting_len(), 2);
    }

    #[test]
    fn what_waits_behind_a_peer_comes_in_turn_when_it_has_room() {
        let mut pulls = Pulls::default();
        for epoch in 1..=3 {
            pulls.note(&log(1, epoch), 10);
            pulls.wait_behind(&log(1, epoch), PEER, 5_000);
        }
        assert_eq!(pulls.due(20, 9), []);
        pulls.forget(&log(1, 1));
        pulls.release(&PEER, 1);
        assert_eq!(pulls.due(20, 9), [log(1, 2)]);
        assert_eq!(pulls.due(5_000, 9), [log(1, 2), log(1, 3)], "or then");
        pulls.note(&log(1, 3), 20);
        assert!(!pulls.is_waited_for(&PEER));
        assert_eq!(pulls.waiting_len(), 2);
    }

    #[test]
    fn one_want_a_log_until_it_is_reached() {
        let mut pulls = Pulls::default();
        pulls.note(&log(1, 1), 0);
        pulls.ask(&log(1, 1), PEER, [3, 9], 10);
        pulls.note(&log(1, 1), 0);
        assert_eq!((pulls.active_len(), pulls.waiting_len()), (1, 0));
        assert!(!pulls.reached(&log(1, 1), 8));
        assert!(pulls.reached(&log(1, 1), 9));
        assert_eq!((pulls.active_len(), pulls.count_of(&PEER)), (0, 0));
    }

    #[test]
    fn serving_a_later_want_passes_over_the_earlier() {
        let mut pulls = Pulls::default();
        pulls.ask(&log(1, 1), PEER, [0, 9], 10);
        pulls.ask(&log(1, 2), PEER, [4, 9], 10);
        pulls.ask(&log(1, 3), RawKey([8; 32]), [0, 9], 10);
        assert_eq!(pulls.passed_over_for(&log(1, 1), &PEER, 0), []);
        assert_eq!(pulls.passed_over_for(&log(1, 2), &PEER, 4), [log(1, 1)]);
        assert_eq!(
            pulls.passed_over_for(&log(1, 2), &PEER, 5),
            [],
            "an older body"
        );
        assert_eq!(
            pulls.passed_over_for(&log(1, 3), &PEER, 0),
            [],
            "asked of another"
        );
    }
}
