//! What is sent to one peer: our own logs as they grow, and what it wants.
//!
//! Two ways lead here. A log of ours is *live* towards a peer that holds, or
//! has been sent, everything up to what we told it: then its new records go out
//! at once. A *want* asks for one log from an index on, and is served in the
//! order of asking, up to where we held the log when it came; a want of a log
//! of ours makes it live again. Bodies of live logs go first.

use std::collections::{BTreeMap, VecDeque};

use record::{LogId, RawKey};

use crate::credit::Allowance;
use crate::event::Fault;
use crate::frontier::Frontier;

/// The most wants of one peer that are kept; what is beyond is not served, and
/// the peer asks someone else.
pub const WANTS_SERVED_MAX: usize = 256;

/// About how large a body is asked for.
pub(crate) const BODY_BYTES_AIM: u64 = 256 << 10;

/// A body to read and send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) log: LogId,
    pub(crate) from: u64,
    pub(crate) bytes_max: u64,
}

#[derive(Debug)]
struct Served {
    /// Which want of this connection it is: one that replaces another of the
    /// same log is not served by the other's body.
    number: u64,
    log: LogId,
    next: u64,
    until: u64,
}

/// The body that the shell is reading or writing.
#[derive(Debug)]
struct Writing {
    log: LogId,
    from: u64,
    /// The number of the want that it serves; `None` for a live log.
    want: Option<u64>,
}

/// What is being sent to one peer.
#[derive(Debug)]
pub(crate) struct Push {
    own_key: RawKey,
    allowance: Allowance,
    /// Logs of ours, each with the index that goes out next.
    live: BTreeMap<LogId, u64>,
    wants: VecDeque<Served>,
    wants_taken: u64,
    writing: Option<Writing>,
}

impl Push {
    pub(crate) fn new(own_key: RawKey) -> Self {
        Self {
            own_key,
            allowance: Allowance::new(),
            live: BTreeMap::new(),
            wants: VecDeque::new(),
            wants_taken: 0,
            writing: None,
        }
    }

    /// Makes a log of ours live from this index on, unless it is being sent.
    pub(crate) fn go_live(&mut self, log: &LogId, from: u64) {
        assert_eq!(log.author, self.own_key, "only its author pushes a log");
        if !self.wants.iter().any(|want| want.log == *log) {
            self.live.entry(log.clone()).or_insert(from);
        }
    }

    /// Returns how far the peer holds the log once all that is live went out;
    /// 0 where nothing will be pushed.
    pub(crate) fn reaches(&self, log: &LogId, own: &Frontier) -> u64 {
        if self.live.contains_key(log) && self.allowance.left() > 0 {
            own.size(log)
        } else {
            self.live.get(log).copied().unwrap_or(0)
        }
    }

    /// Takes that the peer holds this much of a log, so it is not sent again.
    pub(crate) fn held(&mut self, log: &LogId, size: u64) {
        if let Some(next) = self.live.get_mut(log) {
            *next = size.max(*next);
        }
        if let Some(at) = self.wants.iter().position(|want| want.log == *log) {
            self.wants[at].next = size.max(self.wants[at].next);
            self.finish(at);
        }
    }

    /// Takes a want; false where it is not served.
    pub(crate) fn want(&mut self, log: LogId, from: u64, own_size: u64) -> bool {
        if from >= own_size {
            return false;
        }
        self.live.remove(&log);
        // Asked again, it goes to the end: wants are served in their order.
        self.wants.retain(|want| want.log != log);
        let room = self.wants.len() < WANTS_SERVED_MAX;
        if room {
            self.wants_taken += 1;
            self.wants.push_back(Served {
                number: self.wants_taken,
                next: from,
                until: own_size,
                log,
            });
        }
        room
    }

    /// Takes a grant of credit.
    pub(crate) fn grant(&mut self, bytes: u64) -> Result<(), Fault> {
        self.allowance.grant(bytes)
    }

    /// Returns the body to send now, which is then under way.
    pub(crate) fn next(&mut self, own: &Frontier) -> Option<Order> {
        if self.writing.is_some() || self.allowance.left() == 0 {
            return None;
        }
        let mut live = self.live.iter();
        let live = live.find(|(log, next)| own.size(log) > **next);
        let (log, from, want) = match live {
            Some((log, next)) => (log.clone(), *next, None),
            None => {
                let want = self.wants.front()?;
                (want.log.clone(), want.next, Some(want.number))
            }
        };
        self.writing = Some(Writing {
            log: log.clone(),
            from,
            want,
        });
        let bytes_max = self.allowance.left().min(BODY_BYTES_AIM);
        Some(Order {
            log,
            from,
            bytes_max,
        })
    }

    /// Takes that the body under way was written. An answer for another body
    /// belongs to an earlier connection and says nothing; false then.
    pub(crate) fn sent(&mut self, log: &LogId, from: u64, to: u64, bytes: u64) -> bool {
        let Some(writing) = self.written(log, from) else {
            return false;
        };
        assert!(to > from, "a body has a record");
        self.allowance.spend(bytes);
        let Some(number) = writing.want else {
            let live = self.live.get_mut(log);
            if let Some(next) = live.filter(|next| **next == from) {
                *next = to;
            }
            return true;
        };
        if let Some(at) = self.wants.iter().position(|want| want.number == number) {
            self.wants[at].next = to.max(self.wants[at].next);
            self.finish(at);
        }
        true
    }

    /// Takes that there was nothing to send: the log is not live, or the want
    /// not served, any more; a want that came since stands. False as for `sent`.
    pub(crate) fn not_sent(&mut self, log: &LogId, from: u64) -> bool {
        let Some(writing) = self.written(log, from) else {
            return false;
        };
        match writing.want {
            Some(number) => self.wants.retain(|want| want.number != number),
            None if self.live.get(log) == Some(&from) => drop(self.live.remove(log)),
            None => {}
        }
        true
    }

    /// Returns how many wants wait or are served.
    pub(crate) fn wants_len(&self) -> usize {
        self.wants.len()
    }

    /// Returns the credit that is left, in bytes.
    pub(crate) fn credit_left(&self) -> u64 {
        self.allowance.left()
    }

    fn written(&mut self, log: &LogId, from: u64) -> Option<Writing> {
        let same = |writing: &mut Writing| writing.log == *log && writing.from == from;
        self.writing.take_if(same)
    }

    /// Ends a want that reached its end; one of our own logs is then live.
    fn finish(&mut self, at: usize) {
        if self.wants[at].next < self.wants[at].until {
            return;
        }
        let done = self.wants.remove(at).expect("the position was just found");
        if done.log.author == self.own_key {
            self.live.insert(done.log, done.next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credit::{BODY_BYTES_MAX, CREDIT_WINDOW};
    use crate::event::Head;
    use record::{Digest, Epoch, ScopeName};

    const OWN: RawKey = RawKey([1; 32]);

    fn log(author: RawKey, epoch: u8) -> LogId {
        let scope = ScopeName::new("public").expect("a good name");
        LogId {
            author,
            scope,
            epoch: Epoch([epoch; 16]),
        }
    }

    fn holding(sizes: &[(&LogId, u64)]) -> Frontier {
        let root = Digest::of(&[]);
        let heads = sizes.iter().map(|(log, size)| Head {
            log: (*log).clone(),
            size: *size,
            root,
        });
        Frontier::new(heads.collect(), crate::FRONTIER_LOGS_MAX)
    }

    fn order(push: &mut Push, own: &Frontier) -> Option<(LogId, u64)> {
        push.next(own).map(|order| (order.log, order.from))
    }

    #[test]
    fn live_bodies_go_before_wants_and_one_at_a_time() {
        let (ours, theirs) = (log(OWN, 1), log(RawKey([2; 32]), 1));
        let own = holding(&[(&ours, 10), (&theirs, 20)]);
        let mut push = Push::new(OWN);
        assert!(push.want(theirs.clone(), 5, 20));
        push.go_live(&ours, 4);
        assert_eq!(order(&mut push, &own), Some((ours.clone(), 4)));
        assert_eq!(push.next(&own), None, "one is under way");
        assert!(!push.sent(&ours, 3, 10, 99), "of an earlier connection");
        assert!(push.sent(&ours, 4, 10, 99));
        assert_eq!(order(&mut push, &own), Some((theirs.clone(), 5)));
        assert!(push.sent(&theirs, 5, 12, 99));
        assert_eq!(order(&mut push, &own), Some((theirs.clone(), 12)));
        assert!(push.sent(&theirs, 12, 20, 99));
        assert_eq!(push.next(&own), None, "the want is served and ends");
        let grown = holding(&[(&ours, 10), (&theirs, 30)]);
        assert_eq!(push.next(&grown), None, "a relay does not push");
    }

    #[test]
    fn a_want_of_our_own_log_makes_it_live() {
        let ours = log(OWN, 1);
        let mut push = Push::new(OWN);
        assert!(push.want(ours.clone(), 0, 10));
        let own = holding(&[(&ours, 12)]);
        assert_eq!(order(&mut push, &own), Some((ours.clone(), 0)));
        assert!(push.sent(&ours, 0, 10, 1));
        assert_eq!(
            order(&mut push, &own),
            Some((ours.clone(), 10)),
            "and so goes on"
        );
        assert!(push.not_sent(&ours, 10));
        assert_eq!(push.next(&own), None, "until there is nothing to read");
    }

    #[test]
    fn what_is_held_is_not_sent() {
        let (ours, theirs) = (log(OWN, 1), log(RawKey([2; 32]), 1));
        let own = holding(&[(&ours, 10), (&theirs, 20)]);
        let mut push = Push::new(OWN);
        push.go_live(&ours, 0);
        push.held(&ours, 10);
        assert!(push.want(theirs.clone(), 0, 20));
        push.held(&theirs, 15);
        assert_eq!(order(&mut push, &own), Some((theirs.clone(), 15)));
        assert!(push.sent(&theirs, 15, 18, 1));
        push.held(&theirs, 20);
        assert_eq!(push.next(&own), None);
        assert!(!push.want(theirs, 20, 20), "nothing beyond");
    }

    #[test]
    fn a_body_under_way_serves_no_want_that_came_after_it() {
        let (first, second) = (log(RawKey([2; 32]), 1), log(RawKey([2; 32]), 2));
        let own = holding(&[(&first, 20), (&second, 20)]);
        for there in [true, false] {
            let mut push = Push::new(OWN);
            assert!(push.want(first.clone(), 5, 20));
            assert!(push.want(second.clone(), 0, 20));
            assert_eq!(order(&mut push, &own), Some((first.clone(), 5)));
            assert!(push.want(first.clone(), 5, 20), "asked again meanwhile");
            let answered = match there {
                true => push.sent(&first, 5, 20, 1),
                false => push.not_sent(&first, 5),
            };
            assert!(answered);
            assert_eq!(order(&mut push, &own), Some((second.clone(), 0)));
            assert!(push.sent(&second, 0, 20, 1));
            assert_eq!(order(&mut push, &own), Some((first.clone(), 5)), "in turn");
        }
        let ours = log(OWN, 1);
        let own = holding(&[(&ours, 20), (&second, 20)]);
        for there in [true, false] {
            let mut push = Push::new(OWN);
            push.go_live(&ours, 5);
            assert_eq!(order(&mut push, &own), Some((ours.clone(), 5)));
            assert!(push.want(second.clone(), 0, 20));
            assert!(
                push.want(ours.clone(), 5, 20),
                "while its push is under way"
            );
            let answered = match there {
                true => push.sent(&ours, 5, 20, 1),
                false => push.not_sent(&ours, 5),
            };
            assert!(answered);
            assert_eq!(order(&mut push, &own), Some((second.clone(), 0)));
            assert!(push.sent(&second, 0, 20, 1));
            assert_eq!(order(&mut push, &own), Some((ours.clone(), 5)));
        }
    }

    #[test]
    fn nothing_goes_out_in_debt_and_wants_are_bounded() {
        let ours = log(OWN, 1);
        let own = holding(&[(&ours, 10)]);
        let mut push = Push::new(OWN);
        push.go_live(&ours, 0);
        for from in 0..2 {
            assert_eq!(
                order(&mut push, &own),
                (from == 0).then(|| (ours.clone(), 0))
            );
            push.sent(&ours, 0, 1, BODY_BYTES_MAX);
        }
        assert_eq!(BODY_BYTES_MAX, CREDIT_WINDOW, "so that one body was all");
        assert_eq!(push.grant(1), Ok(()));
        assert_eq!(push.next(&own).map(|order| order.bytes_max), Some(1));
        for number in 0..=u8::MAX {
            assert!(push.want(log(RawKey([9; 32]), number), 0, 1));
        }
        assert!(!push.want(log(RawKey([8; 32]), 0), 0, 1), "one too many");
        assert_eq!(push.wants_len(), WANTS_SERVED_MAX);
    }
}
