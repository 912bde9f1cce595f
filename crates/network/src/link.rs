//! One link: the tasks that read and write the two streams to a peer.
//!
//! Four tasks, one for each direction of each stream, so that reading never
//! waits for writing: two peers that both write at full speed would otherwise
//! wait for each other for ever. A fifth waits for the first of them to end,
//! ends the others and says why.

use std::sync::Arc;
use std::time::Duration;

use futures::io::{ReadHalf, WriteHalf};
use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use libp2p::PeerId;
use libp2p::swarm::ConnectionId;
use record::{BatchError, UnverifiedBatch};
use replica::{Message, MessageError};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::config::Limits;
use crate::frame::{self, Decoder, FrameError, PREFIX_BYTES};
use crate::metrics::{Meter, Meters};

/// How many bytes are read at once, and how many are gathered for one write:
/// a write for each small frame would reach a fifth of the throughput.
const CONTROL_CHUNK_BYTES: usize = 16 << 10;
const BULK_CHUNK_BYTES: usize = 64 << 10;

/// How many bytes of messages of one peer may wait to be taken: two of the
/// longest. Until they are, its control stream is not read further.
const MESSAGE_ROOM_BYTES: usize = 2 * frame::CONTROL_BYTES_MAX;

/// How many encoded bodies may wait to be written.
const BULK_QUEUE: usize = 1;

/// How long the second stream may take to end after the first.
const PARTING: Duration = Duration::from_secs(2);

/// What a link tells.
#[derive(Debug)]
pub(crate) enum Happening {
    /// A message arrived.
    Message(Arrived),
    /// A body arrived.
    Body(Body),
    /// Part of a body arrived.
    Arriving,
    /// The link is over.
    Ended(Ended),
}

/// Where a link tells what happens.
#[derive(Debug, Clone)]
pub(crate) struct Teller {
    pub(crate) peer: PeerId,
    pub(crate) connection: ConnectionId,
    pub(crate) queue: mpsc::Sender<(PeerId, ConnectionId, Happening)>,
}

impl Teller {
    async fn tell(&self, happening: Happening) {
        // Nobody listens any more once the node shuts down.
        let _ = self
            .queue
            .send((self.peer, self.connection, happening))
            .await;
    }
}

/// A message as it arrived.
#[derive(Debug)]
pub(crate) struct Arrived {
    pub(crate) message: Message,
    /// Held until the message is dealt with.
    pub(crate) room: OwnedSemaphorePermit,
}

/// A body as it arrived: read, and nothing of it checked.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) batch: UnverifiedBatch,
    /// Its size on the wire, without the frame's length.
    pub(crate) wire_bytes: u64,
    /// Held until the body is dealt with; the next ones wait for it.
    pub(crate) slot: OwnedSemaphorePermit,
}

/// Why a link is over.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Ended {
    /// The peer closed its streams, as one does that shuts down.
    #[error("the peer closed the stream")]
    Closed,
    /// The stream failed.
    #[error("the stream failed")]
    Io(#[source] std::io::Error),
    /// Nothing moved for too long.
    #[error("nothing moved for {0:?}")]
    Stalled(Duration),
    /// The peer sent what is no frame.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The peer sent what is no message.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// The peer sent what is no batch of records.
    #[error(transparent)]
    Body(#[from] BatchError),
}

impl Ended {
    /// Returns the label in counters and logs.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Io(_) => "io",
            Self::Stalled(_) => "stalled",
            Self::Frame(error) => error.reason(),
            Self::Message(_) => "malformed-message",
            Self::Body(_) => "malformed-body",
        }
    }

    /// Tells whether only a faulty peer brings a link to this end.
    pub(crate) fn is_fault(&self) -> bool {
        match self {
            Self::Closed | Self::Io(_) | Self::Stalled(_) => false,
            Self::Frame(error) => error.is_fault(),
            Self::Message(_) | Self::Body(_) => true,
        }
    }
}

/// A body to be written.
pub(crate) struct BulkFrame {
    /// The frame, prefix included.
    pub(crate) frame: Vec<u8>,
    /// Told when it is written and flushed. That is no receipt.
    pub(crate) written: oneshot::Sender<()>,
}

/// The near end of a link.
#[derive(Debug)]
pub(crate) struct Link {
    control: mpsc::Sender<Vec<u8>>,
    bulk: mpsc::Sender<BulkFrame>,
    finish: CancellationToken,
    tasks: tokio::task::JoinHandle<()>,
}

impl Link {
    /// Starts the tasks on two streams. What happens on a stream is told in
    /// its order.
    pub(crate) fn start<S>(
        control: S,
        bulk: S,
        limits: &Limits,
        meters: Meters,
        teller: Teller,
    ) -> Self
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (control_queue, control_frames) = mpsc::channel(limits.control_queue_max);
        let (bulk_queue, bulk_frames) = mpsc::channel(BULK_QUEUE);
        let finish = CancellationToken::new();
        let slots = Arc::new(Semaphore::new(limits.bodies_in_flight_max));
        let patience = limits.progress_timeout;
        let (control_in, control_out) = control.split();
        let (bulk_in, bulk_out) = bulk.split();

        let mut halves = JoinSet::new();
        halves.spawn(read_control(
            Reader::new(
                control_in,
                frame::CONTROL_BYTES_MAX,
                CONTROL_CHUNK_BYTES,
                patience,
                meters.control_in,
            ),
            teller.clone(),
        ));
        halves.spawn(read_bulk(
            Reader::new(
                bulk_in,
                frame::bulk_frame_limit(frame::BODY_BYTES_MAX),
                BULK_CHUNK_BYTES,
                patience,
                meters.bulk_in,
            ),
            slots,
            teller.clone(),
        ));
        halves.spawn(write_control(
            Writer::new(control_out, patience, meters.control_out),
            control_frames,
            finish.clone(),
        ));
        halves.spawn(write_bulk(
            Writer::new(bulk_out, patience, meters.bulk_out),
            bulk_frames,
            finish.clone(),
        ));
        let tasks = tokio::spawn(async move {
            // The streams stay until the end is told: whoever sees them close
            // may hang up, and that would hide why.
            let ended = until_over(&mut halves).await;
            teller.tell(Happening::Ended(ended)).await;
        });
        Self {
            control: control_queue,
            bulk: bulk_queue,
            finish,
            tasks,
        }
    }

    /// Queues a control frame. False when the queue is full. Once the link is
    /// over the frame is dropped: the end is on its way, with its reason.
    pub(crate) fn send_control(&self, frame: Vec<u8>) -> bool {
        !matches!(self.control.try_send(frame), Err(TrySendError::Full(_)))
    }

    /// Returns the queue of bodies to write.
    pub(crate) fn bulk(&self) -> mpsc::Sender<BulkFrame> {
        self.bulk.clone()
    }

    /// Has the writers write what is queued, flush and close. The link ends
    /// when the peer has closed its side too.
    pub(crate) fn finish(&self) {
        self.finish.cancel();
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.tasks.abort();
    }
}

/// How one of the four tasks came to its end.
enum Half {
    /// A writer wrote all it had and closed.
    Written,
    /// A reader met the end of its stream.
    Read,
}

/// Waits until the link is over. The peer ends both streams when it shuts
/// down; what the second still carries is read first.
async fn until_over(halves: &mut JoinSet<Result<Half, Ended>>) -> Ended {
    let mut first_read = false;
    loop {
        let next = if first_read {
            match timeout(PARTING, halves.join_next()).await {
                Ok(next) => next,
                Err(_) => return Ended::Closed,
            }
        } else {
            halves.join_next().await
        };
        match next {
            Some(Ok(Ok(Half::Written))) => {}
            Some(Ok(Ok(Half::Read))) if !first_read => first_read = true,
            Some(Ok(Ok(Half::Read))) | None => return Ended::Closed,
            Some(Ok(Err(ended))) => return ended,
            Some(Err(panicked)) => return Ended::Io(std::io::Error::other(panicked)),
        }
    }
}

/// Reads frames off one stream.
struct Reader<S> {
    stream: ReadHalf<S>,
    decoder: Decoder,
    chunk: Box<[u8]>,
    /// What of the chunk is not decoded yet.
    filled: std::ops::Range<usize>,
    patience: Duration,
    meter: Meter,
}

/// What a reader comes upon.
enum Read {
    /// A frame's body.
    Frame(Vec<u8>),
    /// More of a frame that is not whole yet.
    Part,
    /// The end of the stream, between two frames.
    End,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Reader<S> {
    fn new(
        stream: ReadHalf<S>,
        limit: usize,
        chunk_bytes: usize,
        patience: Duration,
        meter: Meter,
    ) -> Self {
        Self {
            stream,
            decoder: Decoder::new(limit),
            chunk: vec![0; chunk_bytes].into_boxed_slice(),
            filled: 0..0,
            patience,
            meter,
        }
    }

    /// Reads on. Between two frames it waits as long as it takes; inside one,
    /// no longer than its patience.
    async fn next(&mut self) -> Result<Read, Ended> {
        if self.filled.is_empty() {
            let read = self.stream.read(&mut self.chunk);
            let count = if self.decoder.inside_frame() {
                timeout(self.patience, read)
                    .await
                    .map_err(|_| Ended::Stalled(self.patience))?
            } else {
                read.await
            };
            match count.map_err(Ended::Io)? {
                0 => {
                    self.decoder.finish()?;
                    return Ok(Read::End);
                }
                count => self.filled = 0..count,
            }
        }
        let mut input = &self.chunk[self.filled.clone()];
        let frame = self.decoder.next(&mut input)?;
        self.filled.start = self.filled.end - input.len();
        Ok(match frame {
            Some(body) => {
                self.meter.frame(PREFIX_BYTES + body.len());
                Read::Frame(body)
            }
            None => Read::Part,
        })
    }
}

async fn read_control<S: AsyncRead + AsyncWrite + Unpin>(
    mut reader: Reader<S>,
    teller: Teller,
) -> Result<Half, Ended> {
    let rooms = Arc::new(Semaphore::new(MESSAGE_ROOM_BYTES));
    loop {
        match reader.next().await? {
            Read::Frame(frame) => {
                let bytes = u32::try_from(frame.len()).unwrap_or(u32::MAX);
                let room = Arc::clone(&rooms)
                    .acquire_many_owned(bytes)
                    .await
                    .map_err(|_| Ended::Closed)?;
                let message = Message::decode(&frame)?;
                let arrived = Arrived { message, room };
                teller.tell(Happening::Message(arrived)).await;
            }
            Read::Part => {}
            Read::End => return Ok(Half::Read),
        }
    }
}

/// Reads bodies, each once there is a slot for it.
async fn read_bulk<S: AsyncRead + AsyncWrite + Unpin>(
    mut reader: Reader<S>,
    slots: Arc<Semaphore>,
    teller: Teller,
) -> Result<Half, Ended> {
    // "Once a second is plenty", says the state machine of a body on its way.
    const TELL_EVERY: Duration = Duration::from_secs(1);
    let mut told = tokio::time::Instant::now();
    loop {
        let slot = Arc::clone(&slots)
            .acquire_owned()
            .await
            .map_err(|_| Ended::Closed)?;
        let frame = loop {
            match reader.next().await? {
                Read::Frame(frame) => break frame,
                Read::Part if told.elapsed() >= TELL_EVERY => {
                    told = tokio::time::Instant::now();
                    teller.tell(Happening::Arriving).await;
                }
                Read::Part => {}
                Read::End => return Ok(Half::Read),
            }
        };
        let wire_bytes = frame.len() as u64;
        let batch = UnverifiedBatch::decode(&frame::decode_bulk(&frame, frame::BODY_BYTES_MAX)?)?;
        drop(frame);
        told = tokio::time::Instant::now();
        let body = Body {
            batch,
            wire_bytes,
            slot,
        };
        teller.tell(Happening::Body(body)).await;
    }
}

/// Writes to one stream.
struct Writer<S> {
    stream: WriteHalf<S>,
    patience: Duration,
    meter: Meter,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Writer<S> {
    fn new(stream: WriteHalf<S>, patience: Duration, meter: Meter) -> Self {
        Self {
            stream,
            patience,
            meter,
        }
    }

    /// Writes `bytes` and flushes. Every step must come within the patience;
    /// the whole may take longer on a thin line.
    async fn write(&mut self, mut bytes: &[u8]) -> Result<(), Ended> {
        while !bytes.is_empty() {
            let step = &bytes[..bytes.len().min(BULK_CHUNK_BYTES)];
            let count = patiently(self.patience, self.stream.write(step)).await?;
            if count == 0 {
                return Err(Ended::Io(std::io::ErrorKind::WriteZero.into()));
            }
            bytes = &bytes[count..];
        }
        patiently(self.patience, self.stream.flush()).await
    }

    async fn close(mut self) -> Result<Half, Ended> {
        patiently(self.patience, self.stream.close()).await?;
        Ok(Half::Written)
    }
}

async fn patiently<T>(
    patience: Duration,
    step: impl Future<Output = std::io::Result<T>>,
) -> Result<T, Ended> {
    timeout(patience, step)
        .await
        .map_err(|_| Ended::Stalled(patience))?
        .map_err(Ended::Io)
}

/// Takes the next item, or none once the queue is empty and is to be finished.
async fn next_of<T>(queue: &mut mpsc::Receiver<T>, finish: &CancellationToken) -> Option<T> {
    tokio::select! {
        biased;
        item = queue.recv() => item,
        () = finish.cancelled() => {
            queue.close();
            queue.recv().await
        }
    }
}

/// Writes messages, as many together as are waiting.
async fn write_control<S: AsyncRead + AsyncWrite + Unpin>(
    mut writer: Writer<S>,
    mut frames: mpsc::Receiver<Vec<u8>>,
    finish: CancellationToken,
) -> Result<Half, Ended> {
    let mut gathered = Vec::new();
    while let Some(first) = next_of(&mut frames, &finish).await {
        gathered.clear();
        gathered.shrink_to(CONTROL_CHUNK_BYTES);
        let mut frame = Some(first);
        while let Some(next) = frame {
            writer.meter.frame(next.len());
            gathered.extend_from_slice(&next);
            frame = if gathered.len() < CONTROL_CHUNK_BYTES {
                frames.try_recv().ok()
            } else {
                None
            };
        }
        writer.write(&gathered).await?;
    }
    writer.close().await
}

/// Writes bodies, and says of each when it is written.
async fn write_bulk<S: AsyncRead + AsyncWrite + Unpin>(
    mut writer: Writer<S>,
    mut frames: mpsc::Receiver<BulkFrame>,
    finish: CancellationToken,
) -> Result<Half, Ended> {
    while let Some(BulkFrame { frame, written }) = next_of(&mut frames, &finish).await {
        writer.write(&frame).await?;
        writer.meter.frame(frame.len());
        // Whoever asked may be gone.
        let _ = written.send(());
    }
    writer.close().await
}
