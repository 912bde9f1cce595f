//! Bodies that the ledger is judging.

use std::collections::BTreeMap;

use record::{LogId, RawKey};

use crate::event::Token;

/// A body that the ledger is judging.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Body {
    pub(crate) peer: RawKey,
    pub(crate) log: LogId,
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) bytes: u64,
}

/// The bodies in judgement. Bounded by the credit of all peers.
#[derive(Debug, Default)]
pub(crate) struct Judging {
    bodies: BTreeMap<Token, Body>,
    /// For each log of these: how many, and how far the furthest reaches.
    logs: BTreeMap<LogId, (usize, u64)>,
    /// What the ledger appended before we were told that it is durable.
    appended: BTreeMap<LogId, u64>,
}

impl Judging {
    /// Takes a body that goes to the ledger.
    pub(crate) fn insert(&mut self, token: Token, body: Body) {
        let (count, end) = self.logs.entry(body.log.clone()).or_default();
        *count += 1;
        *end = body.end.max(*end);
        let known = self.bodies.insert(token, body);
        assert!(known.is_none(), "a token names one body");
    }

    /// Takes that a body is judged; `None` where its peer is gone.
    pub(crate) fn remove(&mut self, token: Token) -> Option<Body> {
        let body = self.bodies.remove(&token)?;
        let (count, _) = self.logs.get_mut(&body.log).expect("counted when it came");
        *count -= 1;
        if *count == 0 {
            self.logs.remove(&body.log);
        }
        Some(body)
    }

    /// Forgets the bodies of a peer.
    pub(crate) fn forget(&mut self, peer: &RawKey) {
        let of = self.bodies.iter().filter(|(_, body)| body.peer == *peer);
        let tokens: Vec<Token> = of.map(|(token, _)| *token).collect();
        for token in tokens {
            self.remove(token);
        }
    }

    /// Takes that the ledger appended up to this size.
    pub(crate) fn appended(&mut self, log: &LogId, size: u64) {
        let known = self.appended.entry(log.clone()).or_default();
        *known = size.max(*known);
    }

    /// Takes that a log is durable up to this size.
    pub(crate) fn durable(&mut self, log: &LogId, size: u64) {
        if self.appended.get(log).is_some_and(|known| *known <= size) {
            self.appended.remove(log);
        }
    }

    /// Returns how far a log will reach if all in judgement is good; 0 where
    /// nothing of it is.
    pub(crate) fn reach(&self, log: &LogId) -> u64 {
        let judging = self.logs.get(log).map_or(0, |(_, end)| *end);
        judging.max(self.appended.get(log).copied().unwrap_or(0))
    }

    /// Returns how many bodies are in judgement.
    pub(crate) fn len(&self) -> usize {
        self.bodies.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use record::{Epoch, ScopeName};

    #[test]
    fn reach_lasts_as_long_as_a_body_of_the_log() {
        let scope = ScopeName::new("public").expect("a good name");
        let log = LogId {
            author: RawKey([1; 32]),
            scope,
            epoch: Epoch([0; 16]),
        };
        let body = |peer, start, end| Body {
            peer: RawKey([peer; 32]),
            log: log.clone(),
            start,
            end,
            bytes: 1,
        };
        let mut judging = Judging::default();
        judging.insert(Token(1), body(1, 0, 5));
        judging.insert(Token(2), body(2, 5, 9));
        assert_eq!(judging.reach(&log), 9);
        judging.forget(&RawKey([2; 32]));
        assert_eq!(judging.remove(Token(2)), None);
        assert!(judging.remove(Token(1)).is_some());
        assert_eq!((judging.reach(&log), judging.len()), (0, 0));
        judging.appended(&log, 5);
        judging.durable(&log, 4);
        assert_eq!(judging.reach(&log), 5);
        judging.durable(&log, 5);
        assert_eq!(judging.reach(&log), 0);
    }
}
