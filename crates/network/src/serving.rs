//! Bodies on their way to peers: read from the ledger, packed, and written.

use std::sync::Arc;

use ledger::Ledger;
use record::{LogId, RawKey};
use replica::Input;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;

use crate::frame::{self, PREFIX_BYTES};
use crate::link::BulkFrame;

/// What a peer asked for.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    /// Who asked.
    pub(crate) peer: RawKey,
    /// Which link of it: an answer that comes after the link was replaced
    /// belongs to nobody.
    pub(crate) link: u64,
    /// Of which log.
    pub(crate) log: LogId,
    /// From which index on.
    pub(crate) from: u64,
    /// About how many bytes.
    pub(crate) bytes_max: u64,
}

/// How an order came out.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) peer: RawKey,
    pub(crate) link: u64,
    /// What the state machine is told.
    pub(crate) input: Input,
}

/// The orders being served: one for each peer at most.
pub(crate) struct Serving {
    ledger: Ledger,
    reading: Arc<Semaphore>,
    running: JoinSet<Served>,
}

impl Serving {
    /// Makes it; at most `reading_max` bodies are read and packed at a time.
    pub(crate) fn new(ledger: Ledger, reading_max: usize) -> Self {
        Self {
            ledger,
            reading: Arc::new(Semaphore::new(reading_max)),
            running: JoinSet::new(),
        }
    }

    /// Serves an order by way of the peer's queue of bodies.
    pub(crate) fn start(&mut self, order: Order, queue: mpsc::Sender<BulkFrame>) {
        let ledger = self.ledger.clone();
        let reading = Arc::clone(&self.reading);
        self.running.spawn(async move {
            let sent = serve(ledger, reading, &order, queue).await;
            let Order {
                peer,
                link,
                log,
                from,
                ..
            } = order;
            let input = match sent {
                Some((to, bytes)) => Input::Sent {
                    peer,
                    log,
                    from,
                    to,
                    bytes,
                },
                None => Input::NotSent { peer, log, from },
            };
            Served { peer, link, input }
        });
    }

    /// Waits for the next order to come out; for ever where there is none.
    /// Safe to cancel.
    pub(crate) async fn next(&mut self) -> Served {
        match self.running.join_next().await {
            Some(Ok(served)) => served,
            Some(Err(error)) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(error) => panic!("a body was given up: {error}"),
            },
            None => std::future::pending().await,
        }
    }
}

/// Reads, packs and writes one body. Returns the index after its last record,
/// and its size on the wire without the frame's length.
async fn serve(
    ledger: Ledger,
    reading: Arc<Semaphore>,
    order: &Order,
    queue: mpsc::Sender<BulkFrame>,
) -> Option<(u64, u64)> {
    let permit = reading.acquire_owned().await.ok()?;
    let (log, from) = (order.log.clone(), order.from);
    let bytes_max = usize::try_from(order.bytes_max)
        .unwrap_or(usize::MAX)
        .min(frame::BODY_BYTES_MAX);
    let packed = tokio::task::spawn_blocking(move || pack(&ledger, &log, from, bytes_max)).await;
    drop(permit);
    let (to, frame) = packed.ok().flatten()?;
    let bytes = (frame.len() - PREFIX_BYTES) as u64;
    let (written, told) = oneshot::channel();
    queue.send(BulkFrame { frame, written }).await.ok()?;
    told.await.ok()?;
    Some((to, bytes))
}

fn pack(ledger: &Ledger, log: &LogId, from: u64, bytes_max: usize) -> Option<(u64, Vec<u8>)> {
    let batch = match ledger.read_batch(log, from, bytes_max) {
        Ok(batch) => batch?,
        Err(error) => {
            tracing::error!(%log, from, %error, "a body could not be read");
            return None;
        }
    };
    match frame::encode_bulk(&batch.bytes, frame::BODY_BYTES_MAX) {
        Ok(frame) => Some((batch.end, frame)),
        Err(error) => {
            tracing::error!(%log, from, %error, "a body does not fit into a frame");
            None
        }
    }
}
