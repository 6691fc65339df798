//! Remembering what was taken in: parked messages, inbox rows, acknowledgements, in this order and in bulk.
//!
//! **Invariant**: a message is acknowledged after its row is stored, and its row is stored after its effects are.

use std::time::Duration;

use async_nats::jetstream;
use bytes::Bytes;
use eventlog::{Error, InboxRow, Log, fault};
use time::OffsetDateTime;
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::backoff::Backoff;
use crate::chain::Chain;
use crate::inbox::Board;
use crate::{Bus, Source};

/// Batches that may wait while one is being stored; what is finished meanwhile makes the next one larger.
const BATCHES_WAITING_MAX: usize = 1;
const RETRY_FIRST: Duration = Duration::from_millis(5);
const RETRY_LONGEST: Duration = Duration::from_secs(1);

/// What is remembered of one position.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) position: u64,
    /// Nil where nobody could tell.
    pub(crate) event_id: Uuid,
    pub(crate) at: OffsetDateTime,
    pub(crate) parked: Option<Parked>,
}

/// Why it had no effect, or not all of it, and the message as it came.
#[derive(Debug)]
pub(crate) struct Parked {
    pub(crate) reason: String,
    pub(crate) message: Bytes,
}

/// Positions one after the other, and deliveries to acknowledge once they are stored.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) taken: Vec<Taken>,
    pub(crate) deliveries: Vec<jetstream::Message>,
}

impl Batch {
    pub(crate) fn is_empty(&self) -> bool {
        self.taken.is_empty() && self.deliveries.is_empty()
    }
}

/// Stores batches in their order, while the next ones are being worked on.
pub(crate) struct Recorder {
    batches: mpsc::Sender<Batch>,
    task: JoinHandle<Result<(), Error>>,
}

/// The recorder's end of the work.
struct Writer {
    log: Log,
    source: Source,
    bus: Option<Bus>,
    board: Board,
    shutdown: CancellationToken,
}

impl Recorder {
    pub(crate) fn start(
        log: Log,
        source: Source,
        bus: Option<Bus>,
        board: Board,
        shutdown: CancellationToken,
    ) -> Self {
        let (batches, waiting) = mpsc::channel(BATCHES_WAITING_MAX);
        let writer = Writer { log, source, bus, board, shutdown };
        Self { batches, task: tokio::spawn(writer.run(waiting)) }
    }

    /// Waits until the recorder can take a batch; `None` if it has ended, and [`Recorder::finish`] says why.
    pub(crate) async fn reserve(&self) -> Option<mpsc::Permit<'_, Batch>> {
        self.batches.reserve().await.ok()
    }

    /// Stores what was handed over, and answers how it went.
    pub(crate) async fn finish(self) -> Result<(), Error> {
        drop(self.batches);
        self.task.await.unwrap_or(Err(Error::Closed))
    }
}

impl Writer {
    async fn run(self, mut waiting: mpsc::Receiver<Batch>) -> Result<(), Error> {
        while let Some(batch) = waiting.recv().await {
            self.store(&batch.taken).await?;
            fault::point("inbox.before_ack");
            self.acknowledge(batch.deliveries).await;
            fault::point("inbox.after_ack");
        }
        Ok(())
    }

    /// Tries until it is done; a hole in the positions is a fault of ours and ends the session.
    async fn store(&self, taken: &[Taken]) -> Result<(), Error> {
        let mut backoff = Backoff::new(RETRY_FIRST, RETRY_LONGEST);
        loop {
            match self.try_store(taken).await {
                Ok(()) => return Ok(()),
                Err(error @ (Error::Gap { .. } | Error::Closed)) => return Err(error),
                Err(error) => {
                    tracing::warn!(source = %self.source, error = %Chain(&error), "could not record what was taken in");
                    self.board.note(|status| status.retried += 1);
                    if !backoff.wait(&self.shutdown).await {
                        return Err(error);
                    }
                }
            }
        }
    }

    async fn try_store(&self, taken: &[Taken]) -> Result<(), Error> {
        let Some(last) = taken.last() else { return Ok(()) };
        for Taken { position, parked, .. } in taken {
            let Some(Parked { reason, message }) = parked else {
                continue;
            };
            self.log.inbox_park(self.source.as_str(), *position, reason, message).await?;
            fault::point("inbox.after_park");
        }
        fault::point("inbox.before_record");
        let rows: Vec<InboxRow> = taken
            .iter()
            .map(|Taken { position, event_id, at, .. }| InboxRow {
                position: *position,
                event_id: *event_id,
                at: *at,
            })
            .collect();
        self.log.inbox_record(self.source.as_str(), &rows).await?;
        let parked = taken.iter().filter(|taken| taken.parked.is_some()).count() as u64;
        self.board.note(|status| {
            status.position = status.position.max(last.position);
            status.parked += parked;
        });
        Ok(())
    }

    /// The last delivery speaks for all before it, which are recorded as well. An acknowledgement that is lost costs
    /// a repeated delivery, which is ignored.
    async fn acknowledge(&self, deliveries: Vec<jetstream::Message>) {
        let Some(bus) = &self.bus else { return };
        let sequence = |delivery: &jetstream::Message| delivery.info().map_or(0, |info| info.stream_sequence);
        let Some(last) = deliveries.into_iter().max_by_key(sequence) else { return };
        let losses = bus.losses();
        tokio::select! {
            () = bus.lost(losses) => {}
            acknowledged = last.ack() => {
                if let Err(error) = acknowledged {
                    tracing::debug!(error, "could not acknowledge a message");
                }
            }
        }
    }
}
