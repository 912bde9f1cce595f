//! The one task that drives the state machine: whatever happens comes in here,
//! one thing at a time, and what the machine says is carried out in its order.

use std::collections::BTreeMap;
use std::time::Duration;

use ledger::Ledger;
use libp2p::PeerId;
use record::{LogId, RawKey};
use replica::{Fault, Input, Message, Outcome, Output, Replica, Side, Token};
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, MissedTickBehavior, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::directory::Directory;
use crate::link::{Arrived, Body};
use crate::links::{LinkEvent, Links};
use crate::metrics::{Metrics, count};
use crate::receiving::{Appending, Judged, Receiving};
use crate::serving::{Order, Served, Serving};
use crate::status::{NetworkStatus, PeerStatus};

/// How often the status is renewed.
const STATUS_EVERY: Duration = Duration::from_millis(250);

/// How long judgements that run may take when the node shuts down.
const PARTING: Duration = Duration::from_secs(5);

/// Says why the network ended by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// The ledger takes nothing any more.
    #[error("the ledger has ended its run")]
    Ledger,
}

/// The task's state.
pub(crate) struct Shell {
    links: Links,
    directory: Directory,
    replica: Replica,
    ledger: Ledger,
    receiving: Receiving,
    serving: Serving,
    /// Which link of a peer is the present one: grows with each.
    generation: BTreeMap<RawKey, u64>,
    tokens: u64,
    wake_at: Option<Instant>,
    started: Instant,
    published: BTreeMap<LogId, u64>,
    metrics: Metrics,
    status: watch::Sender<NetworkStatus>,
}

/// What a shell is made of.
pub(crate) struct Parts {
    pub(crate) links: Links,
    pub(crate) directory: Directory,
    pub(crate) replica: Replica,
    pub(crate) ledger: Ledger,
    pub(crate) bodies_in_reading_max: usize,
    pub(crate) metrics: Metrics,
    pub(crate) status: watch::Sender<NetworkStatus>,
}

impl Shell {
    pub(crate) fn new(parts: Parts) -> Self {
        Self {
            receiving: Receiving::new(parts.ledger.clone()),
            serving: Serving::new(parts.ledger.clone(), parts.bodies_in_reading_max),
            links: parts.links,
            directory: parts.directory,
            replica: parts.replica,
            ledger: parts.ledger,
            generation: BTreeMap::new(),
            tokens: 0,
            wake_at: None,
            started: Instant::now(),
            published: BTreeMap::new(),
            metrics: parts.metrics,
            status: parts.status,
        }
    }

    /// Runs until told to stop, or until the ledger ends.
    pub(crate) async fn run(
        mut self,
        mut heads: broadcast::Receiver<ledger::Head>,
        stop: CancellationToken,
    ) -> Result<(), Stopped> {
        let mut status = tokio::time::interval(STATUS_EVERY);
        status.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let ledger = self.ledger.clone();
        let mut ledger_ended = std::pin::pin!(ledger.ended());
        let ended = loop {
            let wake_at = self.wake_at;
            tokio::select! {
                () = stop.cancelled() => break Ok(()),
                () = &mut ledger_ended => break Err(Stopped::Ledger),
                event = self.links.next() => self.on_link(event).await,
                judged = self.receiving.next() => {
                    if self.on_judged(judged).await.is_err() {
                        break Err(Stopped::Ledger);
                    }
                }
                served = self.serving.next() => self.on_served(served).await,
                head = heads.recv() => match head {
                    Ok(head) => self.on_head(head).await,
                    Err(broadcast::error::RecvError::Lagged(_)) => self.reread_heads().await,
                    Err(broadcast::error::RecvError::Closed) => break Err(Stopped::Ledger),
                },
                () = until(wake_at) => {
                    self.wake_at = None;
                    self.feed(Input::Tick).await;
                }
                _ = status.tick() => self.renew_status(),
            }
        };
        if let Err(error) = ended {
            tracing::error!(%error, "the network ends");
        }
        drop(self.serving);
        let finished = tokio::time::timeout(PARTING, self.receiving.finish()).await;
        if finished.is_err() {
            tracing::warn!("the ledger is still judging bodies");
        }
        self.links.shut_down().await;
        ended
    }

    async fn on_link(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Up(peer) => self.on_up(peer).await,
            LinkEvent::Down(peer) => {
                if let Some(peer) = self.author(&peer) {
                    *self.generation.entry(peer).or_default() += 1;
                    self.feed(Input::Disconnected { peer }).await;
                }
            }
            LinkEvent::Message(peer, Arrived { message, room }) => {
                if let Some(peer) = self.author(&peer) {
                    self.feed(Input::Message { peer, message }).await;
                }
                drop(room);
            }
            LinkEvent::Arriving(peer) => {
                if let Some(peer) = self.author(&peer) {
                    self.feed(Input::Arriving { peer }).await;
                }
            }
            LinkEvent::Body(peer, body) => {
                if let Some(peer) = self.author(&peer) {
                    self.on_body(peer, body).await;
                }
            }
        }
    }

    async fn on_up(&mut self, id: PeerId) {
        let Some(known) = self.directory.node(&id) else {
            return;
        };
        let (peer, scopes, own_member) = (known.author, known.scopes.clone(), known.own_member);
        *self.generation.entry(peer).or_default() += 1;
        let sent = baseline(self.ledger.clone(), peer, Side::Sent).await;
        let received = baseline(self.ledger.clone(), peer, Side::Received).await;
        self.feed(Input::Connected {
            peer,
            scopes,
            own_member,
            sent,
            received,
        })
        .await;
    }

    async fn on_body(&mut self, peer: RawKey, body: Body) {
        let token = Token(self.tokens);
        self.tokens += 1;
        let input = Input::Body {
            peer,
            token,
            log: body.batch.log().clone(),
            start: body.batch.start(),
            end: body.batch.end(),
            bytes: body.wire_bytes,
        };
        let appending = Appending {
            peer,
            token,
            batch: body.batch,
            slot: body.slot,
        };
        let outputs = self.replica.handle(self.now_ms(), input);
        self.carry_out(outputs, Some(appending), None).await;
    }

    async fn on_judged(&mut self, judged: Judged) -> Result<(), Stopped> {
        let Judged {
            peer,
            token,
            log,
            verdict,
        } = judged;
        let verdict = verdict.map_err(|error| {
            tracing::error!(%log, %error, "the ledger cannot store");
            Stopped::Ledger
        })?;
        if let Some(reason) = verdict.refused {
            count(&self.metrics.refused_bodies, reason);
        }
        if verdict.outcome == Outcome::Bare {
            let reason = "bare-body";
            tracing::warn!(%peer, %log, reason, "dropped: a record comes without its content");
        }
        let input = Input::Judged {
            peer,
            token,
            log,
            outcome: verdict.outcome,
        };
        let outputs = self.replica.handle(self.now_ms(), input);
        let disconnects = |output: &Output| matches!(output, Output::Disconnect { .. });
        let hit_and_run = !outputs.iter().any(disconnects);
        self.carry_out(outputs, None, verdict.refused).await;
        // The machine has forgotten a peer that hung up before the verdict.
        let id = self.directory.peer(&peer).filter(|_| hit_and_run);
        if let (Some(id), Some(reason)) = (id, verdict.refused) {
            self.links.fault_of_the_past(id, reason);
        }
        Ok(())
    }

    async fn on_served(&mut self, served: Served) {
        if self.generation.get(&served.peer) == Some(&served.link) {
            self.feed(served.input).await;
        }
    }

    async fn on_head(&mut self, head: ledger::Head) {
        let head = to_replica(head);
        self.feed(Input::Durable { head }).await;
    }

    async fn reread_heads(&mut self) {
        for head in self.ledger.heads() {
            self.on_head(head).await;
        }
    }

    async fn feed(&mut self, input: Input) {
        let outputs = self.replica.handle(self.now_ms(), input);
        self.carry_out(outputs, None, None).await;
    }

    /// Carries out what the machine said, in order. `body` is the body that it
    /// was asked about, `refused` why the ledger refused the one that it was
    /// told of.
    async fn carry_out(
        &mut self,
        outputs: Vec<Output>,
        mut body: Option<Appending>,
        refused: Option<&'static str>,
    ) {
        // A peer whose baseline could not be saved: what was to be sent to it
        // after that would speak of a baseline that there is not.
        let mut unsaved = None;
        for output in outputs {
            match output {
                Output::Send { peer, message } if unsaved != Some(peer) => {
                    self.send(&peer, &message);
                }
                Output::Send { .. } => {}
                Output::SendBody {
                    peer,
                    log,
                    from,
                    bytes_max,
                } => self.serve(peer, log, from, bytes_max),
                Output::Append { token, .. } => {
                    let body = body.take_if(|body| body.token == token);
                    self.receiving.push(body.expect("asked about this body"));
                }
                Output::Discard { reason, .. } => {
                    body = None;
                    tracing::debug!(?reason, "a body was not needed");
                }
                Output::SaveBaseline { peer, side, bytes } => {
                    if !self.save_baseline(peer, side, bytes).await {
                        unsaved = Some(peer);
                    }
                }
                Output::Disconnect { peer, reason } => {
                    let label = refused.unwrap_or(fault_reason(&reason));
                    self.disconnect(&peer, &reason, label);
                }
                Output::WakeAt { ms } => {
                    self.wake_at = Some(self.started + Duration::from_millis(ms));
                }
                Output::Count { counter, by } => {
                    if counter == replica::Counter::UntoldLogs {
                        tracing::error!(
                            logs = by,
                            "more logs are held than a frontier has room for: peers are not told of them"
                        );
                    }
                    self.metrics.replication(counter, by);
                }
                Output::Published { log, size } => {
                    self.published.insert(log, size);
                }
            }
        }
    }

    fn send(&mut self, peer: &RawKey, message: &Message) {
        if let Some(id) = self.directory.peer(peer) {
            self.links.send_message(id, message);
        }
    }

    fn serve(&mut self, peer: RawKey, log: LogId, from: u64, bytes_max: u64) {
        let id = self.directory.peer(&peer);
        // Where the link is over, its end is on its way here.
        if let Some(queue) = id.and_then(|id| self.links.bulk(&id)) {
            let order = Order {
                peer,
                link: self.generation.get(&peer).copied().unwrap_or_default(),
                log,
                from,
                bytes_max,
            };
            self.serving.start(order, queue);
        }
    }

    /// Saves a baseline, synced. Where that fails, the link ends.
    async fn save_baseline(&mut self, peer: RawKey, side: Side, bytes: Vec<u8>) -> bool {
        let ledger = self.ledger.clone();
        let save = move || ledger.save_baseline(&peer, ledger_side(side), &bytes);
        match tokio::task::spawn_blocking(save).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::error!(%peer, %error, "a baseline could not be saved");
                if let Some(id) = self.directory.peer(&peer) {
                    self.links.end(id, "baseline-not-saved");
                }
                false
            }
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    fn disconnect(&mut self, peer: &RawKey, fault: &Fault, reason: &'static str) {
        tracing::warn!(%peer, %fault, reason, "a peer is at fault");
        match fault {
            // Counted with the ledger's own reason.
            Fault::Refused(_) => {}
            Fault::BadMessage(_) | Fault::CreditOverflow => {
                count(&self.metrics.refused_messages, reason);
            }
            Fault::CreditExceeded | Fault::BadBody { .. } | Fault::OutOfScope(_) => {
                count(&self.metrics.refused_bodies, reason);
            }
        }
        if let Some(id) = self.directory.peer(peer) {
            self.links.fault(id, reason);
        }
    }

    fn renew_status(&mut self) {
        let replication = self.replica.status();
        let mut of_peers: BTreeMap<_, _> = replication
            .peers
            .into_iter()
            .map(|status| (status.peer, status))
            .collect();
        let peers = self
            .directory
            .nodes()
            .map(|(id, known)| {
                let (link, traffic, refusals) = self.links.status(id);
                PeerStatus {
                    member: known.member.clone(),
                    node: known.node.clone(),
                    key: known.author,
                    link,
                    replication: of_peers.remove(&known.author),
                    traffic,
                    refusals,
                }
            })
            .collect();
        let renewed = NetworkStatus {
            peers,
            published: self.published.clone(),
            wants_out: replication.wants_out,
            wants_waiting: replication.wants_waiting,
            bodies_in_judgement: replication.bodies_in_judgement,
        };
        self.status.send_if_modified(|status| {
            let changed = *status != renewed;
            *status = renewed;
            changed
        });
    }

    fn author(&self, peer: &PeerId) -> Option<RawKey> {
        self.directory.node(peer).map(|known| known.author)
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Reads a baseline. Without it the two nodes exchange full frontiers, which
/// is right too, so a failure is no reason to stay apart.
async fn baseline(ledger: Ledger, peer: RawKey, side: Side) -> Option<Vec<u8>> {
    let read = move || ledger.baseline(&peer, ledger_side(side));
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(baseline)) => baseline,
        Ok(Err(error)) => {
            tracing::error!(%peer, %error, "a baseline could not be read");
            None
        }
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// Returns the label of a fault in counters and logs.
fn fault_reason(fault: &Fault) -> &'static str {
    match fault {
        Fault::CreditExceeded => "credit-exceeded",
        Fault::CreditOverflow => "credit-overflow",
        Fault::BadBody { .. } => "bad-body",
        Fault::OutOfScope(_) => "out-of-scope",
        Fault::Refused(_) => "refused-body",
        Fault::BadMessage(_) => "bad-message",
    }
}

/// Tells the machine of a log in its own words.
pub(crate) fn to_replica(head: ledger::Head) -> replica::Head {
    replica::Head {
        log: head.log,
        size: head.size,
        root: head.root,
    }
}

fn ledger_side(side: Side) -> ledger::Side {
    match side {
        Side::Sent => ledger::Side::Sent,
        Side::Received => ledger::Side::Received,
    }
}

async fn until(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}
