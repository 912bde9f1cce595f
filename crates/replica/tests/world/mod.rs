//! A small world for the machine: nodes with modelled ledgers, joined by
//! streams with seeded delays; connections break, disks are put back. One seed
//! gives one history. Whatever must hold at every moment is asserted here.

use std::collections::{BTreeMap, BTreeSet};

use record::{CharterRef, Digest, Epoch, LogId, RawKey, ScopeName};
use replica::{
    BODY_BYTES_MAX, CREDIT_WINDOW, Config, Counter, Fault, Head, Input, Message, Outcome, Output,
    Replica, Side, Token,
};

pub(crate) const CHARTER: CharterRef = CharterRef {
    version: 1,
    hash: [1; 8],
};

/// Where numbers that are drawn begin: above those of what is postponed.
const DRAWN_FIRST: u64 = 1 << 32;

/// The generator of all that happens (SplitMix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Draws a number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(crate) fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).expect("an index")
    }
}

pub(crate) fn key(node: usize) -> RawKey {
    RawKey([u8::try_from(node + 1).expect("few nodes"); 32])
}

pub(crate) fn scope(name: &str) -> ScopeName {
    ScopeName::new(name).expect("a good name")
}

/// Every log has one history, so its root is a function of its size.
pub(crate) fn head(log: &LogId, size: u64) -> Head {
    let root = Digest::of(&[&log.to_bytes(), &size.to_be_bytes()]);
    Head {
        log: log.clone(),
        size,
        root,
    }
}

/// What a record weighs: mostly little, now and then a third of a megabyte.
fn record_bytes(log: &LogId, index: u64) -> u64 {
    let digest = Digest::of(&[&log.to_bytes(), &index.to_le_bytes()]);
    let [a, b, ..] = *digest.as_bytes();
    match a {
        0..4 => 300_000 + u64::from(b) * 100,
        _ => 200 + u64::from(b) * 8,
    }
}

#[derive(Clone)]
pub(crate) struct Body {
    pub(crate) log: LogId,
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) bytes: u64,
}

/// Messages, each with the time at which it was sent.
type Said = Vec<(u64, Vec<u8>)>;

type Disk = (BTreeMap<LogId, u64>, BTreeMap<(RawKey, Side), Vec<u8>>);

pub(crate) struct Node {
    pub(crate) scopes: BTreeSet<ScopeName>,
    pub(crate) replica: Replica,
    /// The ledger and the kept baselines.
    pub(crate) disk: Disk,
    pub(crate) snapshot: Option<Disk>,
    /// Which run this is; what an earlier run began is dropped.
    run: u64,
    tokens: BTreeMap<Token, (RawKey, Body)>,
    ledger_free_at: u64,
    /// When the ledger is done with the last body of each log, where each log
    /// is judged for itself.
    logs_free_at: BTreeMap<LogId, u64>,
    wake_at: Option<u64>,
}

pub(crate) enum Event {
    Control(usize, usize, u64, Vec<u8>),
    Bulk(usize, usize, u64, Body),
    /// Some bytes of a body arrive, at these times until the last.
    Arriving(usize, usize, u64, u64),
    Written(usize, usize, u64, Body),
    Judge(usize, u64, RawKey, Token),
    Wake(usize, u64, u64),
    Write(usize, ScopeName, u64),
    Cut(usize, usize),
    /// The first of two loses the connection now, the other after so long.
    Break(usize, usize, u64),
    /// A node hears that a connection is over, unless there is a new one.
    Down(usize, usize),
    Join(usize, usize),
    /// A new connection takes the place of what there is: the first of two has
    /// its end now, the other after so long, without having lost the old one
    /// first where that is at once.
    Rejoin(usize, usize, u64),
    /// A node has its end of a connection.
    Up(usize, usize, u64),
    Snapshot(usize),
    Restore(usize),
    /// A node's machine has no time for it until then.
    Freeze(usize, u64),
}

impl Event {
    /// Returns the node that sees to this itself.
    fn node(&self) -> Option<usize> {
        match self {
            Self::Control(_, node, ..)
            | Self::Bulk(_, node, ..)
            | Self::Arriving(_, node, ..)
            | Self::Written(node, ..)
            | Self::Judge(node, ..)
            | Self::Wake(node, ..)
            | Self::Write(node, ..)
            | Self::Down(node, _)
            | Self::Up(node, ..) => Some(*node),
            _ => None,
        }
    }
}

/// What was seen of one direction of a connection.
#[derive(Default)]
struct Flow {
    control_free_at: u64,
    bulk_free_at: u64,
    sent: u64,
    granted: u64,
}

pub(crate) struct World {
    pub(crate) config: Config,
    pub(crate) now: u64,
    pub(crate) nodes: Vec<Node>,
    pub(crate) random: Random,
    pub(crate) delay_ms_max: u64,
    /// How long the ledger takes over one body at most, if each log is judged
    /// for itself; else bodies are judged one by one, as fast as messages.
    pub(crate) sync_ms_max: Option<u64>,
    pub(crate) last_message_at: u64,
    /// Nodes whose bodies never come to an end, while bytes of them do arrive.
    pub(crate) dripping: BTreeSet<usize>,
    /// How many bytes of bodies a node's line carries in a second.
    pub(crate) bytes_per_s: BTreeMap<usize, u64>,
    pub(crate) counts: BTreeMap<(usize, Counter), u64>,
    pub(crate) published: BTreeMap<LogId, u64>,
    /// Every message's time and bytes, by direction.
    pub(crate) transcript: BTreeMap<(usize, usize), Said>,
    events: BTreeMap<(u64, u64), Event>,
    frozen: BTreeMap<usize, u64>,
    drawn: u64,
    postponed: u64,
    connections: BTreeMap<(usize, usize), u64>,
    flows: BTreeMap<(u64, usize), Flow>,
}

impl World {
    pub(crate) fn new(seed: u64, scopes: Vec<BTreeSet<ScopeName>>, delay_ms_max: u64) -> Self {
        Self::with(Config::default(), seed, scopes, delay_ms_max)
    }

    /// Makes a world whose machines have these settings.
    pub(crate) fn with(
        config: Config,
        seed: u64,
        scopes: Vec<BTreeSet<ScopeName>>,
        delay_ms_max: u64,
    ) -> Self {
        let nodes = scopes.into_iter().enumerate().map(|(node, scopes)| Node {
            scopes,
            replica: Replica::new(config.clone(), key(node), CHARTER, Vec::new()),
            disk: Disk::default(),
            snapshot: None,
            run: 1,
            tokens: BTreeMap::new(),
            ledger_free_at: 0,
            logs_free_at: BTreeMap::new(),
            wake_at: None,
        });
        Self {
            now: 1,
            nodes: nodes.collect(),
            config,
            random: Random(seed),
            delay_ms_max,
            sync_ms_max: None,
            last_message_at: 0,
            dripping: BTreeSet::new(),
            bytes_per_s: BTreeMap::new(),
            counts: BTreeMap::new(),
            published: BTreeMap::new(),
            transcript: BTreeMap::new(),
            events: BTreeMap::new(),
            frozen: BTreeMap::new(),
            drawn: DRAWN_FIRST,
            postponed: 0,
            connections: BTreeMap::new(),
            flows: BTreeMap::new(),
        }
    }

    fn draw(&mut self) -> u64 {
        self.drawn += 1;
        self.drawn
    }

    fn delay(&mut self) -> u64 {
        1 + self.random.below(self.delay_ms_max)
    }

    pub(crate) fn at(&mut self, time: u64, event: Event) {
        let turn = self.draw();
        self.events.insert((time, turn), event);
    }

    pub(crate) fn count(&self, counter: Counter) -> u64 {
        let of = self.counts.iter().filter(|((_, c), _)| *c == counter);
        of.map(|(_, by)| *by).sum()
    }

    /// Lets everything happen up to a time.
    pub(crate) fn run_until(&mut self, time: u64) {
        while let Some(entry) = self.events.first_entry() {
            if entry.key().0 > time {
                break;
            }
            self.now = self.now.max(entry.key().0);
            let event = entry.remove();
            let frozen = event.node().and_then(|node| self.frozen.get(&node));
            match frozen.copied().filter(|until| *until > self.now) {
                Some(until) => {
                    // In its order, and before what comes just then.
                    self.postponed += 1;
                    self.events.insert((until, self.postponed), event);
                }
                None => self.happen(event),
            }
        }
        self.now = time;
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Control(from, to, connection, bytes) => {
                if self.is_open(from, to, connection) {
                    let message = Message::decode(&bytes).expect("its own encoding");
                    let peer = key(from);
                    self.handle(to, Input::Message { peer, message });
                }
            }
            Event::Bulk(from, to, connection, body) => {
                if self.is_open(from, to, connection) {
                    self.arrive(from, to, body);
                }
            }
            Event::Arriving(from, to, connection, until) => {
                if self.is_open(from, to, connection) {
                    self.handle(to, Input::Arriving { peer: key(from) });
                    if self.now + 1_000 < until {
                        let at = self.now + 1_000;
                        self.at(at, Event::Arriving(from, to, connection, until));
                    }
                }
            }
            Event::Written(from, to, connection, body) => {
                if self.is_open(from, to, connection) {
                    let Body {
                        log,
                        start,
                        end,
                        bytes,
                    } = body;
                    let peer = key(to);
                    let (from_index, to_index) = (start, end);
                    let sent = Input::Sent {
                        peer,
                        log,
                        from: from_index,
                        to: to_index,
                        bytes,
                    };
                    self.handle(from, sent);
                }
            }
            Event::Judge(node, run, peer, token) => {
                if self.nodes[node].run == run {
                    self.judge(node, peer, token);
                }
            }
            Event::Wake(node, run, ms) => {
                if self.nodes[node].run == run && self.nodes[node].wake_at == Some(ms) {
                    self.handle(node, Input::Tick);
                }
            }
            Event::Write(node, scope, records) => self.write(node, scope, records),
            Event::Cut(a, b) => self.cut(a, b),
            Event::Break(a, b, later) => self.break_off(a, b, later),
            Event::Down(node, other) => {
                if !self.is_joined(node, other) {
                    self.handle(node, Input::Disconnected { peer: key(other) });
                }
            }
            Event::Join(a, b) => self.join(a, b),
            Event::Rejoin(a, b, later) => self.rejoin(a, b, later),
            Event::Up(node, other, connection) => {
                if self.is_open(node, other, connection) {
                    self.up(node, other);
                }
            }
            Event::Snapshot(node) => {
                self.nodes[node].snapshot = Some(self.nodes[node].disk.clone());
            }
            Event::Restore(node) => self.restore(node),
            Event::Freeze(node, until) => {
                let frozen = self.frozen.entry(node).or_default();
                *frozen = until.max(*frozen);
            }
        }
    }

    fn is_open(&self, a: usize, b: usize, connection: u64) -> bool {
        self.connections.get(&(a.min(b), a.max(b))) == Some(&connection)
    }

    pub(crate) fn common(&self, a: usize, b: usize) -> BTreeSet<ScopeName> {
        let (a, b) = (&self.nodes[a].scopes, &self.nodes[b].scopes);
        a.intersection(b).cloned().collect()
    }

    pub(crate) fn join(&mut self, a: usize, b: usize) {
        if !self.is_joined(a, b) {
            self.rejoin(a, b, 0);
        }
    }

    fn is_joined(&self, a: usize, b: usize) -> bool {
        self.connections.contains_key(&(a.min(b), a.max(b)))
    }

    fn rejoin(&mut self, a: usize, b: usize, later: u64) {
        let connection = self.draw();
        self.connections.insert((a.min(b), a.max(b)), connection);
        if later > 0 {
            self.handle(b, Input::Disconnected { peer: key(a) });
            // What is sent to it meanwhile waits in its socket.
            let flow = self.flows.entry((connection, a)).or_default();
            (flow.control_free_at, flow.bulk_free_at) = (self.now + later, self.now + later);
            self.at(self.now + later, Event::Up(b, a, connection));
        }
        self.up(a, b);
        if later == 0 {
            self.up(b, a);
        }
    }

    fn up(&mut self, node: usize, other: usize) {
        let kept = &self.nodes[node].disk.1;
        let kept = |side| kept.get(&(key(other), side)).cloned();
        let connected = Input::Connected {
            peer: key(other),
            scopes: self.common(node, other),
            own_member: false,
            sent: kept(Side::Sent),
            received: kept(Side::Received),
        };
        self.handle(node, connected);
    }

    fn break_off(&mut self, a: usize, b: usize, later: u64) {
        if self.connections.remove(&(a.min(b), a.max(b))).is_some() {
            self.handle(a, Input::Disconnected { peer: key(b) });
            self.at(self.now + later, Event::Down(b, a));
        }
    }

    pub(crate) fn cut(&mut self, a: usize, b: usize) {
        if self.connections.remove(&(a.min(b), a.max(b))).is_some() {
            self.handle(a, Input::Disconnected { peer: key(b) });
            self.handle(b, Input::Disconnected { peer: key(a) });
        }
    }

    fn write(&mut self, node: usize, scope: ScopeName, records: u64) {
        let author = key(node);
        let mut epoch = [0; 16];
        epoch[..8].copy_from_slice(&self.nodes[node].run.to_be_bytes());
        let log = LogId {
            author,
            scope,
            epoch: Epoch(epoch),
        };
        let size = self.nodes[node].disk.0.entry(log.clone()).or_default();
        *size += records;
        let head = head(&log, *size);
        self.handle(node, Input::Durable { head });
    }

    /// Ends a node's run, puts an earlier copy of its disk back if there is
    /// one, and starts it again.
    fn restore(&mut self, node: usize) {
        for other in 0..self.nodes.len() {
            self.cut(node, other);
        }
        let run = self.draw();
        let n = &mut self.nodes[node];
        n.disk = n.snapshot.clone().unwrap_or_default();
        n.run = run;
        n.tokens.clear();
        n.wake_at = None;
        n.ledger_free_at = 0;
        n.logs_free_at.clear();
        let heads = n.disk.0.iter().map(|(log, size)| head(log, *size));
        n.replica = Replica::new(self.config.clone(), key(node), CHARTER, heads.collect());
    }

    /// Lets a node hold this much of a log, wherever it has it from.
    pub(crate) fn hold(&mut self, node: usize, log: &LogId, size: u64) {
        self.nodes[node].disk.0.insert(log.clone(), size);
        let head = head(log, size);
        self.handle(node, Input::Durable { head });
    }

    fn arrive(&mut self, from: usize, to: usize, body: Body) {
        let token = Token(self.draw());
        let Body {
            log,
            start,
            end,
            bytes,
        } = body.clone();
        let peer = key(from);
        self.nodes[to].tokens.insert(token, (peer, body));
        self.handle(
            to,
            Input::Body {
                peer,
                token,
                log,
                start,
                end,
                bytes,
            },
        );
        let known = self.nodes[to].tokens.contains_key(&token);
        let answered = !known || self.nodes[to].ledger_free_at > 0;
        assert!(answered, "a body is appended or discarded at once");
    }

    fn judge(&mut self, node: usize, peer: RawKey, token: Token) {
        let (_, body) = self.nodes[node]
            .tokens
            .remove(&token)
            .expect("kept until judged");
        let Body {
            log, start, end, ..
        } = body;
        let have = self.nodes[node].disk.0.get(&log).copied().unwrap_or(0);
        let mut inputs = Vec::new();
        let outcome = if start > have {
            Outcome::Gap { have }
        } else if end <= have {
            Outcome::Duplicate
        } else {
            self.nodes[node].disk.0.insert(log.clone(), end);
            inputs.push(Input::Durable {
                head: head(&log, end),
            });
            Outcome::Appended { size: end }
        };
        inputs.push(Input::Judged {
            peer,
            token,
            log,
            outcome,
        });
        if self.random.below(2) == 0 && self.delay_ms_max > 1 {
            inputs.reverse();
        }
        for input in inputs {
            self.handle(node, input);
        }
    }

    pub(crate) fn handle(&mut self, node: usize, input: Input) {
        let outputs = self.nodes[node].replica.handle(self.now, input);
        for output in outputs {
            self.carry_out(node, output);
        }
        self.check_bounds(node);
    }

    fn carry_out(&mut self, node: usize, output: Output) {
        match output {
            Output::Send { peer, message } => self.send(node, other(&peer), message),
            Output::SendBody {
                peer,
                log,
                from,
                bytes_max,
            } => {
                self.send_body(node, other(&peer), (log, from), bytes_max);
            }
            Output::Append { peer, token } => {
                let run = self.nodes[node].run;
                let at = self.judged_at(node, token);
                self.nodes[node].ledger_free_at = at;
                self.at(at, Event::Judge(node, run, peer, token));
            }
            Output::Discard { token, .. } => {
                self.nodes[node]
                    .tokens
                    .remove(&token)
                    .expect("kept until discarded");
            }
            Output::SaveBaseline { peer, side, bytes } => {
                self.nodes[node].disk.1.insert((peer, side), bytes);
            }
            Output::Disconnect { peer, reason } => self.blame(node, other(&peer), &reason),
            Output::WakeAt { ms } => {
                assert!(ms > self.now, "due at {ms}, but it is {}", self.now);
                self.nodes[node].wake_at = Some(ms);
                let run = self.nodes[node].run;
                self.at(ms, Event::Wake(node, run, ms));
            }
            Output::Count { counter, by } => {
                *self.counts.entry((node, counter)).or_default() += by;
            }
            Output::Published { log, size } => {
                assert_eq!(log.author, key(node));
                let elsewhere = self.nodes.iter().enumerate().filter(|(n, _)| *n != node);
                let held = elsewhere.map(|(_, n)| n.disk.0.get(&log).copied().unwrap_or(0));
                assert!(held.max() >= Some(size), "published, but nobody holds it");
                let known = self.published.entry(log).or_default();
                *known = size.max(*known);
            }
        }
    }

    /// Returns when the ledger is done with a body that it is given now.
    fn judged_at(&mut self, node: usize, token: Token) -> u64 {
        let Some(bound) = self.sync_ms_max else {
            let delay = self.delay();
            return self.nodes[node].ledger_free_at.max(self.now) + delay;
        };
        let done = self.now + 1 + self.random.below(bound);
        let node = &mut self.nodes[node];
        let log = node.tokens[&token].1.log.clone();
        let free_at = node.logs_free_at.entry(log).or_default();
        *free_at = done.max(*free_at);
        *free_at
    }

    fn blame(&mut self, node: usize, other: usize, reason: &Fault) {
        panic!("node {node} blames the honest node {other}: {reason}");
    }

    fn send(&mut self, from: usize, to: usize, message: Message) {
        self.check_message(from, to, &message);
        let bytes = message.encode();
        let transcript = self.transcript.entry((from, to)).or_default();
        transcript.push((self.now, bytes.clone()));
        self.last_message_at = self.now;
        let Some(&connection) = self.connections.get(&(from.min(to), from.max(to))) else {
            // Its end is not known here yet.
            return;
        };
        if let Message::Credit { bytes } = message {
            self.flows.entry((connection, to)).or_default().granted += bytes;
        }
        let arrives = self.now + self.delay();
        let flow = self.flows.entry((connection, from)).or_default();
        flow.control_free_at = flow.control_free_at.max(arrives);
        let arrives = flow.control_free_at;
        self.at(arrives, Event::Control(from, to, connection, bytes));
    }

    fn send_body(&mut self, from: usize, to: usize, (log, start): (LogId, u64), bytes_max: u64) {
        assert!(
            self.common(from, to).contains(&log.scope),
            "a body of a foreign scope"
        );
        let size = self.nodes[from].disk.0.get(&log).copied().unwrap_or(0);
        if start >= size {
            let not_sent = Input::NotSent {
                peer: key(to),
                log,
                from: start,
            };
            return self.handle(from, not_sent);
        }
        let (mut end, mut bytes) = (start, 0);
        while end < size && (end == start || bytes + record_bytes(&log, end) <= bytes_max) {
            bytes += record_bytes(&log, end);
            end += 1;
        }
        let Some(&connection) = self.connections.get(&(from.min(to), from.max(to))) else {
            return;
        };
        if self.dripping.contains(&from) {
            let drip = Event::Arriving(from, to, connection, u64::MAX);
            return self.at(self.now + 1_000, drip);
        }
        let written = self.now + self.delay();
        let line_free_at = self
            .flows
            .entry((connection, from))
            .or_default()
            .bulk_free_at;
        let mut arrives = (written + self.delay()).max(line_free_at);
        if let Some(rate) = self.bytes_per_s.get(&from) {
            arrives = line_free_at.max(written) + bytes * 1_000 / rate;
            let drip = Event::Arriving(from, to, connection, arrives);
            self.at(line_free_at.max(written), drip);
        }
        let flow = self.flows.entry((connection, from)).or_default();
        let under_way = flow
            .sent
            .checked_sub(flow.granted)
            .expect("granted what was sent");
        assert!(under_way < CREDIT_WINDOW, "a body without credit");
        flow.sent += bytes;
        flow.bulk_free_at = flow.bulk_free_at.max(arrives);
        let arrives = flow.bulk_free_at;
        let body = Body {
            log,
            start,
            end,
            bytes,
        };
        self.at(written, Event::Written(from, to, connection, body.clone()));
        self.at(arrives, Event::Bulk(from, to, connection, body));
    }

    /// What a message says is of common scopes and durable at its sender.
    fn check_message(&self, from: usize, to: usize, message: &Message) {
        let common = self.common(from, to);
        let disk = &self.nodes[from].disk.0;
        let entries: Vec<(&LogId, u64)> = match message {
            Message::Full { entries, .. } | Message::Delta { new: entries, .. } => entries
                .iter()
                .map(|entry| (&entry.log, entry.size))
                .collect(),
            Message::Ack { log, size } => vec![(log, *size)],
            Message::Want { log, .. } => vec![(log, 0)],
            _ => Vec::new(),
        };
        for (log, size) in entries {
            assert!(common.contains(&log.scope), "{from} tells {to} of {log}");
            let durable = disk.get(log).copied().unwrap_or(0);
            assert!(
                size <= durable,
                "{from} claims {size} of {log}, holding {durable}"
            );
        }
    }

    fn check_bounds(&self, node: usize) {
        let status = self.nodes[node].replica.status();
        let logs: BTreeSet<&LogId> = self.nodes.iter().flat_map(|n| n.disk.0.keys()).collect();
        assert!(status.wants_waiting <= logs.len() + 64);
        for peer in status.peers {
            assert!(peer.wants_out <= Config::default().wants_per_peer_max);
            assert!(peer.wants_served <= replica::WANTS_SERVED_MAX);
            assert!(peer.bytes_in_judgement < CREDIT_WINDOW + BODY_BYTES_MAX);
        }
    }
}

pub(crate) fn other(peer: &RawKey) -> usize {
    usize::from(peer.0[0]) - 1
}
