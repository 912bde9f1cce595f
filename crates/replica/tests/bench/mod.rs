//! One machine on the bench: a clock, inputs by hand, outputs to look at.

use record::{CharterRef, Digest, Epoch, LogId, RawKey, ScopeName};
use replica::{Config, Head, Input, Message, Output, Replica, Token, frontier_root};

pub(crate) const OWN: RawKey = RawKey([1; 32]);
pub(crate) const PEER: RawKey = RawKey([2; 32]);
pub(crate) const CHARTER: CharterRef = CharterRef {
    version: 1,
    hash: [1; 8],
};

pub(crate) fn scope(name: &str) -> ScopeName {
    ScopeName::new(name).expect("a good name")
}

pub(crate) fn log(author: RawKey, scope_name: &str) -> LogId {
    LogId {
        author,
        scope: scope(scope_name),
        epoch: Epoch([7; 16]),
    }
}

pub(crate) fn head(log: &LogId, size: u64) -> Head {
    Head {
        log: log.clone(),
        size,
        root: Digest::of(&[&log.to_bytes(), &size.to_be_bytes()]),
    }
}

/// A machine with a clock, and what it puts out.
pub(crate) struct Bench {
    pub(crate) replica: Replica,
    pub(crate) now: u64,
    pub(crate) tokens: u64,
}

impl Bench {
    pub(crate) fn new(heads: Vec<Head>) -> Self {
        let replica = Replica::new(Config::default(), OWN, CHARTER, heads);
        Self {
            replica,
            now: 1_000,
            tokens: 0,
        }
    }

    pub(crate) fn give(&mut self, input: Input) -> Vec<Output> {
        self.replica.handle(self.now, input)
    }

    pub(crate) fn connect(&mut self, peer: RawKey) -> Vec<Output> {
        self.give(Input::Connected {
            peer,
            scopes: ["public", "national"].map(scope).into(),
            own_member: false,
            sent: None,
            received: None,
        })
    }

    pub(crate) fn say(&mut self, peer: RawKey, message: Message) -> Vec<Output> {
        let decoded = Message::decode(&message.encode());
        self.give(Input::Message {
            peer,
            message: decoded.expect("its own encoding"),
        })
    }

    pub(crate) fn tick_after(&mut self, ms: u64) -> Vec<Output> {
        self.now += ms;
        self.give(Input::Tick)
    }

    pub(crate) fn body(
        &mut self,
        peer: RawKey,
        log: &LogId,
        range: [u64; 2],
        bytes: u64,
    ) -> Vec<Output> {
        self.tokens += 1;
        let [start, end] = range;
        let (token, log) = (Token(self.tokens), log.clone());
        self.give(Input::Body {
            peer,
            token,
            log,
            start,
            end,
            bytes,
        })
    }
}

pub(crate) fn full(frontier: &[Head]) -> Message {
    let mut entries = frontier.to_vec();
    entries.sort_by(|a, b| a.log.cmp(&b.log));
    let sum = entries.iter().map(|e| (&e.log, e.size, &e.root));
    let root = Some(frontier_root(sum));
    Message::Full {
        charter: CHARTER,
        entries,
        root,
    }
}
