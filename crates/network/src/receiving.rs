//! Bodies on their way through the ledger: one at a time for each log, in the
//! order in which the state machine took them, and logs beside each other.

use std::collections::{BTreeMap, VecDeque};

use ledger::{Ledger, ReceiveError, Received};
use record::{LogId, RawKey, UnverifiedBatch};
use replica::{Outcome, Token};
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinSet;

/// A body to be judged.
#[derive(Debug)]
pub(crate) struct Appending {
    /// Who sent it.
    pub(crate) peer: RawKey,
    /// Its name.
    pub(crate) token: Token,
    /// What it holds.
    pub(crate) batch: UnverifiedBatch,
    /// Lets the next body of the peer be read, once this one is judged. So a
    /// peer never has more waiting here than its link has slots.
    pub(crate) slot: OwnedSemaphorePermit,
}

/// A body that was judged.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) peer: RawKey,
    pub(crate) token: Token,
    pub(crate) log: LogId,
    /// What the ledger said, or why it can say nothing any more.
    pub(crate) verdict: Result<Verdict, ReceiveError>,
}

/// What the ledger says of a body.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) outcome: Outcome,
    /// The label in counters, of what was refused.
    pub(crate) refused: Option<&'static str>,
}

/// The bodies that the ledger is judging or will judge.
pub(crate) struct Receiving {
    ledger: Ledger,
    running: JoinSet<Judged>,
    /// What waits behind the running body of its log.
    waiting: BTreeMap<LogId, VecDeque<Appending>>,
}

impl Receiving {
    pub(crate) fn new(ledger: Ledger) -> Self {
        Self {
            ledger,
            running: JoinSet::new(),
            waiting: BTreeMap::new(),
        }
    }

    /// Takes a body; it is judged after those of its log that were taken
    /// before.
    pub(crate) fn push(&mut self, body: Appending) {
        match self.waiting.get_mut(body.batch.log()) {
            Some(queue) => queue.push_back(body),
            None => {
                self.waiting
                    .insert(body.batch.log().clone(), VecDeque::new());
                self.start(body);
            }
        }
    }

    /// Waits for the next verdict; for ever where none is to come. Safe to
    /// cancel.
    pub(crate) async fn next(&mut self) -> Judged {
        let Some(joined) = self.running.join_next().await else {
            return std::future::pending().await;
        };
        // A panic in the ledger is the node's end; it is not hidden here.
        let judged = joined.unwrap_or_else(|error| match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => panic!("a body's judgement was given up: {error}"),
        });
        match self
            .waiting
            .get_mut(&judged.log)
            .and_then(VecDeque::pop_front)
        {
            Some(next) => self.start(next),
            None => {
                self.waiting.remove(&judged.log);
            }
        }
        judged
    }

    /// Lets what runs come to its end, and drops what waits.
    pub(crate) async fn finish(mut self) {
        self.waiting.clear();
        while self.running.join_next().await.is_some() {}
    }

    fn start(&mut self, body: Appending) {
        let ledger = self.ledger.clone();
        self.running.spawn(async move {
            let Appending {
                peer,
                token,
                batch,
                slot,
            } = body;
            let log = batch.log().clone();
            let verdict = verdict(ledger.receive(batch).await);
            drop(slot);
            Judged {
                peer,
                token,
                log,
                verdict,
            }
        });
    }
}

/// Reads the ledger's answer. What is left as an error is no fault of the
/// peer: the ledger itself cannot go on.
fn verdict(answer: Result<Received, ReceiveError>) -> Result<Verdict, ReceiveError> {
    let outcome = |outcome| Verdict {
        outcome,
        refused: None,
    };
    match answer {
        Ok(Received::Appended { size }) => Ok(outcome(Outcome::Appended { size })),
        Ok(Received::Known { .. }) => Ok(outcome(Outcome::Duplicate)),
        Ok(Received::PassedOver) => Ok(outcome(Outcome::PassedOver)),
        Ok(Received::Bare) => Ok(outcome(Outcome::Bare)),
        Err(ReceiveError::Batch(record::BatchError::Gap { held, .. })) => {
            Ok(outcome(Outcome::Gap { have: held }))
        }
        Err(ReceiveError::Batch(error)) => Ok(Verdict {
            refused: Some(refusal(&error)),
            outcome: Outcome::Refused {
                reason: error.to_string(),
            },
        }),
        Err(error) => Err(error),
    }
}

/// Returns the label of a refused body in counters.
fn refusal(error: &record::BatchError) -> &'static str {
    match error {
        record::BatchError::Malformed(_) => "malformed-body",
        record::BatchError::Record { .. } => "bad-record",
        record::BatchError::Root => "wrong-root",
        record::BatchError::Checkpoint(_) => "bad-signature",
        record::BatchError::Gap { .. } | record::BatchError::Known { .. } => "misplaced",
    }
}
