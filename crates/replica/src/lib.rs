//! Replication as a pure state machine: what a node says to its peers, asks of
//! them and accepts from them.
//!
//! Make a [`Replica`] with [`Replica::new`] and drive it with
//! [`Replica::handle`]: time and an [`Input`] go in, [`Output`]s come out, to be
//! carried out in their order. [`Message`] is what peers say to each other.
//!
//! Read in this order: `event` (inputs and outputs), `message` (what is said,
//! and its one encoding), `frontier` (how far logs reach, roots, baselines),
//! `announce` (the frontier exchange with one peer), `push`, `pull`, `credit`
//! and `judging` (bodies), `peer` (what is known of one peer), and then
//! `receive` and `settle`, which join them.
//!
//! Invariants:
//!
//! - No I/O, no clock, no randomness, no order that differs from run to run, no
//!   payload: a body is a [`Token`] here.
//! - Only [`Input::Durable`] makes acknowledgements and announcements.
//! - Towards a peer, nothing outside the scopes that both may read influences a
//!   byte; unknown and forbidden look alike.
//! - Everything is bounded: what a peer can make us hold by
//!   [`FRONTIER_LOGS_MAX`], [`CREDIT_WINDOW`] and [`WANTS_SERVED_MAX`], the rest
//!   by the logs that we hold.
//! - A peer's fault ends its connection; a broken invariant of ours panics.

mod event;
mod message;

mod frontier;
mod packed;

mod announce;
mod credit;
mod judging;
mod pull;
mod push;

mod peer;
mod receive;
mod settle;
mod status;

use std::collections::{BTreeMap, BTreeSet};

use record::{CharterRef, LogId, RawKey, ScopeName};

pub use credit::{BODY_BYTES_MAX, CREDIT_MAX, CREDIT_WINDOW};
pub use event::{Counter, Discarded, Fault, Head, Input, Outcome, Output, Side, Token};
pub use frontier::{Change, FRONTIER_LOGS_MAX};
pub use message::{MESSAGE_BYTES_MAX, Message, MessageError};
pub use push::WANTS_SERVED_MAX;
pub use record::frontier_root;
pub use status::{PeerStatus, Status};

use announce::Exchange;
use frontier::Frontier;
use judging::Judging;
use peer::Peer;
use pull::Pulls;

/// The machine's settings: times in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// How long news is gathered before it is announced.
    pub announce_delay_ms: u64,
    /// How long acknowledgements are gathered.
    pub ack_delay_ms: u64,
    /// How often, at most, a peer is asked to keep our frontier.
    pub keep_interval_ms: u64,
    /// How long a peer may leave our wants without a byte before others are
    /// asked.
    pub pull_timeout_ms: u64,
    /// How long it may do so without a body that brings a log forward, however
    /// many bytes it moves: what the largest body takes on a slow line.
    pub pull_fruitless_ms_max: u64,
    /// How long a want may be out, or wait behind others that the peer serves,
    /// without a body of its own log that brings it forward.
    pub want_age_ms_max: u64,
    /// How long the author's own push is waited for before a log is asked for.
    pub push_wait_ms: u64,
    /// How long a peer that did not serve is not asked again.
    pub retry_ms: u64,
    /// How many logs are asked for of one peer at one time; at most
    /// [`WANTS_SERVED_MAX`].
    pub wants_per_peer_max: usize,
    /// How many logs one frontier may have, told or taken:
    /// [`FRONTIER_LOGS_MAX`] in every federation, fewer in tests.
    pub frontier_logs_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            announce_delay_ms: 150,
            ack_delay_ms: 20,
            keep_interval_ms: 60_000,
            pull_timeout_ms: 5_000,
            pull_fruitless_ms_max: 120_000,
            want_age_ms_max: 600_000,
            push_wait_ms: 1_000,
            retry_ms: 30_000,
            wants_per_peer_max: 16,
            frontier_logs_max: FRONTIER_LOGS_MAX,
        }
    }
}

/// The replication of one node with all its peers.
#[derive(Debug)]
pub struct Replica {
    config: Config,
    own_key: RawKey,
    charter: CharterRef,
    own: Frontier,
    peers: BTreeMap<RawKey, Peer>,
    pulls: Pulls,
    judging: Judging,
    /// How far logs of ours are durable at another member.
    published: BTreeMap<LogId, u64>,
    /// The newest `WakeAt` whose time has not come.
    wake_at: Option<u64>,
    /// When the queue of wants was last gone through.
    planned_at: u64,
    /// Whether there was more in it than one planning looks at.
    unplanned: bool,
    out: Vec<Output>,
}

impl Replica {
    /// Makes the machine of a node with this author key, which holds these logs
    /// durably and judges by this charter version.
    ///
    /// A change of the charter takes a new machine and new connections.
    pub fn new(config: Config, own_key: RawKey, charter: CharterRef, heads: Vec<Head>) -> Self {
        Self {
            own: Frontier::new(heads, config.frontier_logs_max),
            config,
            own_key,
            charter,
            peers: BTreeMap::new(),
            pulls: Pulls::default(),
            judging: Judging::default(),
            published: BTreeMap::new(),
            wake_at: None,
            planned_at: 0,
            unplanned: false,
            out: Vec::new(),
        }
    }

    /// Takes what happened and returns what is to be done, in order.
    ///
    /// `now_ms` is a monotonic time of any origin. Inputs about a peer that is
    /// not connected change nothing.
    ///
    /// # Panics
    ///
    /// When the shell breaks its side: a token drawn twice, a log that shrinks
    /// to nothing, a body sent without having been ordered to an end that is
    /// not beyond its start or beyond [`BODY_BYTES_MAX`].
    pub fn handle(&mut self, now_ms: u64, input: Input) -> Vec<Output> {
        match input {
            Input::Connected {
                peer,
                scopes,
                own_member,
                sent,
                received,
            } => {
                self.connected(now_ms, peer, (scopes, own_member), [sent, received]);
            }
            Input::Disconnected { peer } => self.forget(now_ms, &peer),
            Input::Message { peer, message } => self.message(now_ms, peer, message),
            Input::Durable { head } => self.durable(now_ms, head),
            Input::Arriving { peer } => self.moved(now_ms, &peer),
            Input::Body {
                peer,
                token,
                log,
                start,
                end,
                bytes,
            } => {
                let body = judging::Body {
                    peer,
                    log,
                    start,
                    end,
                    bytes,
                };
                self.body(now_ms, token, body);
            }
            Input::Judged { token, outcome, .. } => self.judged(now_ms, token, outcome),
            Input::Sent {
                peer,
                log,
                from,
                to,
                bytes,
            } => self.sent(&peer, &log, [from, to], bytes),
            Input::NotSent { peer, log, from } => self.not_sent(&peer, &log, from),
            Input::Tick => {}
        }
        self.settle(now_ms);
        std::mem::take(&mut self.out)
    }

    fn connected(
        &mut self,
        now_ms: u64,
        key: RawKey,
        (scopes, own_member): (BTreeSet<ScopeName>, bool),
        kept: [Option<Vec<u8>>; 2],
    ) {
        self.forget(now_ms, &key);
        let (exchange, messages) =
            Exchange::open(&mut self.own, self.charter, scopes.clone(), kept, now_ms);
        let peer = Peer::new(self.own_key, scopes, own_member, exchange);
        self.peers.insert(key, peer);
        self.send_all(key, messages);
    }

    /// Forgets a peer; what was asked of it is asked of others.
    fn forget(&mut self, now_ms: u64, key: &RawKey) {
        if self.peers.remove(key).is_none() {
            return;
        }
        self.judging.forget(key);
        self.pulls.hurry(key, now_ms);
        for log in self.pulls.asked_of(key) {
            self.pulls.end(&log);
            self.reconsider(&log, now_ms);
        }
    }

    /// Takes that a log is durable here.
    fn durable(&mut self, now_ms: u64, head: Head) {
        let (log, size) = (head.log.clone(), head.size);
        if !self.own.set(head) {
            return;
        }
        self.judging.durable(&log, size);
        for (key, peer) in &mut self.peers {
            if !peer.reads(&log) {
                continue;
            }
            if self.own.is_told(&log, &peer.scopes) {
                peer.exchange.advanced(&log, now_ms, &self.config);
            }
            peer.hold(&log);
            peer.compare(&log, &self.own);
            peer.acknowledge(&log, log.author == *key, now_ms + self.config.ack_delay_ms);
            peer.consider_push(&log, &self.own_key);
        }
        self.publish(&log);
        let asked = self.pulls.reached(&log, size);
        let turn = if asked {
            now_ms
        } else {
            self.turn(&log, now_ms)
        };
        self.reconsider(&log, turn);
    }

    fn moved(&mut self, now_ms: u64, key: &RawKey) {
        if let Some(peer) = self.peers.get_mut(key) {
            peer.moved_at = now_ms;
        }
    }

    fn sent(&mut self, key: &RawKey, log: &LogId, [from, to]: [u64; 2], bytes: u64) {
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        if peer.push.sent(log, from, to, bytes) {
            peer.exchange.shown(log, to);
            self.count(Counter::BodiesSent, 1);
        }
    }

    fn not_sent(&mut self, key: &RawKey, log: &LogId, from: u64) {
        let peer = self.peers.get_mut(key);
        if peer.is_some_and(|peer| peer.push.not_sent(log, from)) {
            self.count(Counter::BodiesNotSent, 1);
        }
    }

    /// Sees to it that a log is asked for at its turn, if a peer holds it
    /// beyond what we hold or are about to.
    fn reconsider(&mut self, log: &LogId, not_before: u64) {
        let reach = self.reach(log);
        if self
            .peers
            .values()
            .any(|peer| peer.offers(log, reach).is_some())
        {
            self.pulls.note(log, not_before);
        } else {
            self.pulls.forget(log);
        }
    }

    /// Returns when a log's turn to be asked for comes: later where its author
    /// is connected, and so is probably pushing it.
    fn turn(&self, log: &LogId, now_ms: u64) -> u64 {
        let author = self.peers.get(&log.author);
        if author.is_some_and(|author| author.exchange.is_known() && author.reads(log)) {
            now_ms + self.config.push_wait_ms
        } else {
            now_ms
        }
    }

    /// Returns how far we hold a log, or will once the ledger has judged.
    fn reach(&self, log: &LogId) -> u64 {
        self.own.size(log).max(self.judging.reach(log))
    }

    /// Says how far a log of ours is durable at another member, if that grew.
    fn publish(&mut self, log: &LogId) {
        if log.author != self.own_key {
            return;
        }
        let others = self
            .peers
            .values()
            .filter(|peer| !peer.own_member && peer.reads(log));
        let held = others.map(|peer| peer.held(log)).max().unwrap_or(0);
        let size = held.min(self.own.size(log));
        if size > self.published.get(log).copied().unwrap_or(0) {
            self.published.insert(log.clone(), size);
            let log = log.clone();
            self.out.push(Output::Published { log, size });
        }
    }

    /// Ends the connection to a peer that is at fault.
    fn fault(&mut self, now_ms: u64, peer: RawKey, reason: Fault) {
        self.forget(now_ms, &peer);
        self.out.push(Output::Disconnect { peer, reason });
    }

    fn send(&mut self, peer: RawKey, message: Message) {
        let counter = match message {
            Message::InSync { .. } => Some(Counter::RootFrontiers),
            Message::Full { root: Some(_), .. } => Some(Counter::FullFrontiers),
            Message::Delta { .. } => Some(Counter::DeltaFrontiers),
            Message::Want { .. } => Some(Counter::WantsSent),
            _ => None,
        };
        self.out.push(Output::Send { peer, message });
        if let Some(counter) = counter {
            self.count(counter, 1);
        }
    }

    fn send_all(&mut self, peer: RawKey, messages: Vec<Message>) {
        for message in messages {
            self.send(peer, message);
        }
    }

    fn count(&mut self, counter: Counter, by: u64) {
        if by > 0 {
            self.out.push(Output::Count { counter, by });
        }
    }
}
