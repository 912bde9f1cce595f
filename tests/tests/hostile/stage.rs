//! A victim, an honest neighbour, and members that are hostile.

use std::collections::BTreeMap;
use std::sync::Arc;

use charter::MemberKind;
use futures::AsyncWriteExt;
use record::{
    CharterRef, Entry, Epoch, Flags, Kind, LogId, Record, Run, Salt, SecretKey, UnverifiedBatch,
};
use replica::Message;
use sha2::{Digest as _, Sha256};
use tests::federation::{Federation, Listen};
use tests::goods;
use tests::journal::Journal;
use tests::patience::eventually;
use tests::peer::{Peer, counter, forgiving, name};

use crate::enemy::{Enemy, Reaction, Streams, frame};

/// The families of counters in which refusals stand.
pub(crate) const FRAMES: &str = "network_refused_frames_total";
pub(crate) const BODIES: &str = "network_refused_bodies_total";
pub(crate) const MESSAGES: &str = "network_refused_messages_total";

/// Counters of what is no blame on whoever sent it.
pub(crate) const PASSED_OVER: &str = "replica_passed_over_bodies_total";
pub(crate) const BARE: &str = "replica_bare_bodies_total";
pub(crate) const GAPS: &str = "replica_gap_bodies_total";

/// The one refusal that is no fault: a cut line looks the same.
pub(crate) const CUT_SHORT: &str = "truncated-frame";

/// What a blow leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is counted in this family for this reason, the connection ends, and,
    /// but for a frame that is cut short, the peer is at fault.
    Refused(&'static str, &'static str),
    /// It is counted as this, and the connection stays.
    WithoutBlame(&'static str),
    /// It is a message that says nothing wrong: the connection stays.
    Harmless,
}

/// What an enemy does once it has its two streams.
#[derive(Debug, Clone)]
pub(crate) enum Blow {
    /// Writes to the bulk stream.
    Bulk(Vec<u8>),
    /// Writes to the bulk stream and ends it.
    BulkToTheEnd(Vec<u8>),
    /// Writes to the control stream.
    Control(Vec<u8>),
    /// Writes to the control stream and ends it.
    ControlToTheEnd(Vec<u8>),
}

/// The scene of all attacks.
pub(crate) struct Stage {
    pub(crate) federation: Arc<Federation>,
    pub(crate) victim: Peer,
    pub(crate) honest: Peer,
    /// The member whose node is hostile.
    pub(crate) enemy: &'static str,
    /// Two logs of the victim that every member may read.
    readable: [LogId; 2],
    /// How many attacks there were.
    blows: usize,
    /// How many of them were the enemy's fault.
    faults: u64,
    serial: u64,
    journal: Journal,
}

/// Counters and holdings of the victim.
#[derive(Debug, PartialEq, Eq)]
struct Scene {
    /// What ends a connection, by its line in the metrics.
    refused: BTreeMap<String, u64>,
    passed_over: u64,
    bare: u64,
    gaps: u64,
    heads: Vec<ledger::Head>,
    stored: u64,
}

impl Stage {
    /// Sets the scene; the enemy's transport key is smaller than the victim's,
    /// so that it opens the streams, or larger.
    pub(crate) async fn set(enemy_is_smaller: bool) -> Self {
        Self::set_with(enemy_is_smaller, forgiving()).await
    }

    pub(crate) async fn set_with(enemy_is_smaller: bool, limits: network::Limits) -> Self {
        let journal = Journal::begin();
        let federation = Arc::new(Federation::listening(&[
            ("lam-dong", MemberKind::Province, Listen::Both),
            ("dong-thap", MemberKind::Province, Listen::Both),
            ("lang-son", MemberKind::Province, Listen::Both),
            ("gacc", MemberKind::Agency, Listen::Nowhere),
        ]));
        let key = |id| federation.member(id).transport.public().raw();
        let (victim, enemy) = match (key("lang-son") < key("lam-dong")) == enemy_is_smaller {
            true => ("lam-dong", "lang-son"),
            false => ("lang-son", "lam-dong"),
        };
        let folder = tempfile::tempdir().expect("a folder");
        let victim = Peer::start_in(&federation, victim, folder, limits).await;
        let honest = Peer::start(&federation, "dong-thap").await;
        victim.capture("public", 1, 0..1).await;
        victim.capture("with-gacc", 1, 1..2).await;
        honest.capture("national", 2, 0..2).await;
        victim.agrees_with(&honest).await;
        let heads = victim.ledger.heads();
        let readable = ["public", "with-gacc"].map(|scope| {
            let head = heads.iter().find(|head| head.log.scope == name(scope));
            head.expect("captured above").log.clone()
        });
        Self {
            readable,
            federation,
            victim,
            honest,
            enemy,
            blows: 0,
            faults: 0,
            serial: 0,
            journal,
        }
    }

    pub(crate) fn charter(&self) -> CharterRef {
        self.federation.charter.reference()
    }

    /// Returns the author key of a member's node.
    pub(crate) fn author(&self, member: &str) -> SecretKey {
        self.federation.member(member).author.clone()
    }

    /// Dials the victim as a member's node, over QUIC and TCP in turn.
    pub(crate) async fn dial(&mut self, member: &str) -> Enemy {
        let key = self.federation.member(member).transport.clone();
        self.dial_with(&key).await
    }

    pub(crate) async fn dial_with(&mut self, key: &SecretKey) -> Enemy {
        let victim = self.federation.member(self.victim.id);
        let address = &victim.addresses[self.blows % victim.addresses.len()];
        self.blows += 1;
        Enemy::dial(key, &victim.transport.public().raw(), address).await
    }

    /// Connects as a member and says what an honest node says first: how far it
    /// holds every log. It holds none. Returns once the victim has taken that.
    pub(crate) async fn connect(&mut self, member: &str) -> (Enemy, Streams) {
        let mut enemy = self.dial(member).await;
        let mut streams = enemy.streams().await.expect("a member gets its streams");
        let first = Message::Full {
            charter: self.charter(),
            entries: Vec::new(),
            root: Some(empty_frontier()),
        };
        Streams::write(&mut streams.control, &frame(&first.encode())).await;
        assert_eq!(self.ask(&mut streams, 0).await, Reaction::Answers);
        (enemy, streams)
    }

    /// Asks for a log that the member may read, and waits for what comes of it.
    async fn ask(&self, streams: &mut Streams, log: usize) -> Reaction {
        let question = Message::Want {
            log: self.readable[log].clone(),
            from: 0,
        };
        Streams::write(&mut streams.control, &frame(&question.encode())).await;
        streams.reaction().await
    }

    /// Strikes as the hostile member, and checks that it comes to one of the
    /// outcomes allowed, that nothing is stored, and that the victim lives.
    pub(crate) async fn strike(&mut self, what: &str, blow: &Blow, allowed: &[Outcome]) -> Outcome {
        self.strike_as(self.enemy, what, blow, allowed).await
    }

    pub(crate) async fn strike_as(
        &mut self,
        member: &str,
        what: &str,
        blow: &Blow,
        allowed: &[Outcome],
    ) -> Outcome {
        let before = self.scene();
        let (enemy, mut streams) = self.connect(member).await;
        match blow {
            Blow::Bulk(bytes) => Streams::write(&mut streams.bulk, bytes).await,
            Blow::BulkToTheEnd(bytes) => {
                Streams::write(&mut streams.bulk, bytes).await;
                drop(streams.bulk.close().await);
            }
            Blow::Control(bytes) => Streams::write(&mut streams.control, bytes).await,
            Blow::ControlToTheEnd(bytes) => {
                Streams::write(&mut streams.control, bytes).await;
                drop(streams.control.close().await);
            }
        }
        if !matches!(blow, Blow::Control(_)) {
            // The streams do not wait for each other: first the verdict, then
            // the question whether the victim still answers.
            eventually(what, || self.scene() != before).await;
        }
        let reaction = self.ask(&mut streams, 1).await;
        drop(enemy);
        let outcome = self.outcome(what, &before, reaction, allowed).await;
        assert!(
            allowed.contains(&outcome),
            "{what}: came to {outcome:?}, where {allowed:?} is due"
        );
        if let Outcome::Refused(_, reason) = outcome {
            let line = if reason == CUT_SHORT {
                "link over"
            } else {
                "turned away"
            };
            let logged = format!("{what}: {reason} in the log");
            eventually(&logged, || self.journal.says(&[line, reason])).await;
        }
        let is_fault = matches!(outcome, Outcome::Refused(_, reason) if reason != CUT_SHORT);
        self.faults += u64::from(is_fault && member == self.enemy);
        outcome
    }

    /// Hands the victim a sound body, and waits until it is stored.
    pub(crate) async fn offer(&mut self, body: &[u8]) {
        let before = self.victim.stored();
        let (_enemy, mut streams) = self.connect(self.enemy).await;
        Streams::write(&mut streams.bulk, body).await;
        eventually("a sound body", || self.victim.stored() > before).await;
    }

    /// Takes note of faults that were no strikes.
    pub(crate) fn faults_were(&mut self, count: u64) {
        self.faults += count;
    }

    /// Tells what became of a blow, of which nothing may be stored.
    async fn outcome(
        &self,
        what: &str,
        before: &Scene,
        reaction: Reaction,
        allowed: &[Outcome],
    ) -> Outcome {
        if reaction == Reaction::HungUp {
            eventually(what, || self.scene().refused != before.refused).await;
        }
        let after = self.scene();
        assert_eq!(after.heads, before.heads, "a log grew");
        assert_eq!(after.stored, before.stored, "something was stored");
        let outcome = if after.passed_over > before.passed_over {
            Outcome::WithoutBlame(PASSED_OVER)
        } else if after.bare > before.bare {
            Outcome::WithoutBlame(BARE)
        } else if after.gaps > before.gaps {
            Outcome::WithoutBlame(GAPS)
        } else {
            Outcome::Harmless
        };
        let mut refused = before.refused.clone();
        let mut grown = Vec::new();
        for (line, count) in &after.refused {
            if refused.insert(line.clone(), *count) != Some(*count) {
                grown.push(line);
            }
        }
        match (grown.as_slice(), reaction) {
            ([], Reaction::Answers) => outcome,
            ([line], Reaction::HungUp) => {
                let is_it = |outcome: &&Outcome| match outcome {
                    Outcome::Refused(family, reason) => {
                        **line == format!("{family}{{reason=\"{reason}\"}}")
                    }
                    _ => false,
                };
                *allowed.iter().find(is_it).unwrap_or_else(|| {
                    panic!("{what}: refused as {line}, where {allowed:?} is due")
                })
            }
            (grown, reaction) => panic!("{what}: {reaction:?}, and counted: {grown:?}"),
        }
    }

    fn scene(&self) -> Scene {
        let metrics = self.victim.metrics();
        let families = [FRAMES, BODIES, MESSAGES];
        let refused = metrics
            .lines()
            .filter(|line| families.iter().any(|family| line.starts_with(family)))
            .filter_map(|line| line.rsplit_once(' '))
            .map(|(name, count)| (name.to_owned(), count.parse().expect("a number")));
        Scene {
            refused: refused.collect(),
            passed_over: counter(&metrics, PASSED_OVER),
            bare: counter(&metrics, BARE),
            gaps: counter(&metrics, GAPS),
            heads: self.victim.ledger.heads(),
            stored: self.victim.stored(),
        }
    }

    /// Sees to it that the victim and its neighbour replicate as ever, and that
    /// every fault was told of the enemy.
    pub(crate) async fn life_goes_on(&mut self) {
        let Self {
            victim,
            honest,
            serial,
            ..
        } = self;
        let (before, after) = (*serial, *serial + 3);
        *serial = after;
        victim.capture("national", 3, before..after).await;
        honest.capture("national", 4, before..after).await;
        eventually("the honest node's records", || {
            victim.holds("national") == honest.holds("national") && honest.holds("national") >= 9
        })
        .await;
        victim.agrees_with(honest).await;
        let enemy = self.enemy;
        eventually("every fault in the status", || {
            let status = self.victim.status();
            let mut peers = status.peers.iter();
            let refusals = peers.find(|peer| peer.member.as_str() == enemy);
            refusals.expect("a member").refusals == self.faults
        })
        .await;
    }
}

/// Returns the root of the frontier of nothing (`docs/protocol.md`, "Frontier,
/// order and root").
pub(crate) fn empty_frontier() -> record::Digest {
    record::Digest::from_bytes(Sha256::digest(b"nguon/frontier/1\n").into())
}

/// An author of batches that nobody asked for.
pub(crate) struct Author {
    run: Run,
    charter: CharterRef,
    scope: &'static str,
    epoch: u8,
}

impl Author {
    pub(crate) fn new(stage: &Stage, key: SecretKey, scope: &'static str, epoch: u8) -> Self {
        let federation = stage.federation.charter.federation();
        Self {
            run: Run::start(key, federation, Epoch([epoch; 16]), &[]),
            charter: stage.charter(),
            scope,
            epoch,
        }
    }

    /// Signs payloads as the log's next batch.
    pub(crate) fn batch(&mut self, payloads: Vec<Vec<u8>>) -> record::Batch {
        let entry = |payload| Entry {
            kind: Kind::EVENT,
            flags: Flags::NONE,
            subject: Vec::new(),
            payload,
        };
        let entries = payloads.into_iter().map(entry).collect();
        let salt = Salt([self.epoch; 16]);
        let now_ms = 1_790_000_000_000;
        let scope = name(self.scope);
        let batch = self
            .run
            .batch(now_ms, &scope, self.charter, entries, || salt);
        batch.expect("fits into a batch")
    }

    /// Signs two events.
    pub(crate) fn events(&mut self) -> record::Batch {
        let events = goods::events(5, 0..2);
        let payloads = events.iter().map(|e| e.payload().as_bytes().to_vec());
        self.batch(payloads.collect())
    }
}

/// Encodes a batch for the road.
pub(crate) fn encoded(batch: &record::Batch) -> Vec<u8> {
    let records = batch.records().iter().map(|(_, record)| record.clone());
    UnverifiedBatch::from_stored(batch.start(), records.collect(), batch.checkpoint()).encode()
}

/// Encodes a batch whose payloads are withheld.
pub(crate) fn encoded_bare(batch: &record::Batch) -> Vec<u8> {
    let bare = |record: &Record| Record::check(record.header_bytes().to_vec(), None);
    let records = batch.records().iter().map(|(_, record)| bare(record));
    let records = records.collect::<Result<_, _>>().expect("sound headers");
    UnverifiedBatch::from_stored(batch.start(), records, batch.checkpoint()).encode()
}
