//! The way out of a read: answers in batches, as fast as the client takes them.
//!
//! **Invariant**: what waits for a client is bounded in bytes, however many events it is behind.

use std::{
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
    vec,
};

use futures::{Stream, future::BoxFuture};
use prost::Message;
use tokio::sync::mpsc;
use tonic::Status;

/// Answers of a batch, and their bytes unless a single one has more.
const BATCH_ANSWERS_MAX: usize = 256;
const BATCH_BYTES: usize = 64 << 10;
/// Batches that wait for a client. A client that is slow makes its own read slow, and nothing grow.
const BATCHES_MAX: usize = 2;

/// Why a read ends before its end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Nobody listens any more.
    Gone,
    /// It cannot go on.
    Failed(Status),
}

impl From<Status> for Stop {
    fn from(status: Status) -> Self {
        Self::Failed(status)
    }
}

impl From<eventlog::Error> for Stop {
    fn from(error: eventlog::Error) -> Self {
        Self::Failed(crate::refusal::of_log(&error))
    }
}

type Batch<T> = Result<Vec<T>, Status>;

/// The sending end.
pub(crate) struct Out<T> {
    sender: mpsc::Sender<Batch<T>>,
    batch: Vec<T>,
    bytes: usize,
}

impl<T: Message + 'static> Out<T> {
    /// Adds an answer to the batch; a full one is sent when there is room.
    pub(crate) async fn put(&mut self, answer: T) -> Result<(), Stop> {
        self.bytes += answer.encoded_len();
        self.batch.push(answer);
        if self.bytes >= BATCH_BYTES || self.batch.len() >= BATCH_ANSWERS_MAX {
            self.flush().await?;
        }
        Ok(())
    }

    /// Sends what there is, when there is room.
    pub(crate) async fn flush(&mut self) -> Result<(), Stop> {
        if self.batch.is_empty() {
            return Ok(());
        }
        self.bytes = 0;
        let batch = mem::take(&mut self.batch);
        self.sender.send(Ok(batch)).await.map_err(|_| Stop::Gone)
    }

    /// Sends an answer that nobody should wait for.
    pub(crate) async fn send(&mut self, answer: T) -> Result<(), Stop> {
        self.put(answer).await?;
        self.flush().await
    }
}

/// A stream of answers.
pub struct Answers<T> {
    batches: mpsc::Receiver<Batch<T>>,
    batch: vec::IntoIter<T>,
}

impl<T: Unpin> Stream for Answers<T> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(answer) = self.batch.next() {
                return Poll::Ready(Some(Ok(answer)));
            }
            match ready!(self.batches.poll_recv(context)) {
                Some(Ok(batch)) => self.batch = batch.into_iter(),
                Some(Err(status)) => return Poll::Ready(Some(Err(status))),
                None => return Poll::Ready(None),
            }
        }
    }
}

/// Lets `work` answer in a task of its own, which ends when the client goes or the work is done.
pub(crate) fn answer<T, F>(work: F) -> Answers<T>
where
    T: Message + 'static,
    F: for<'a> FnOnce(&'a mut Out<T>) -> BoxFuture<'a, Result<(), Stop>> + Send + 'static,
{
    let (sender, batches) = mpsc::channel(BATCHES_MAX);
    tokio::spawn(async move {
        let mut out = Out { sender: sender.clone(), batch: Vec::new(), bytes: 0 };
        tokio::select! {
            () = sender.closed() => {}
            () = finish(&mut out, work) => {}
        }
    });
    Answers { batches, batch: Vec::new().into_iter() }
}

/// Works to the end. What was answered before a failure is sent before it.
async fn finish<T, F>(out: &mut Out<T>, work: F)
where
    T: Message + 'static,
    F: for<'a> FnOnce(&'a mut Out<T>) -> BoxFuture<'a, Result<(), Stop>>,
{
    let ended = work(out).await;
    // Nobody may be there to hear it.
    let _ = out.flush().await;
    if let Err(Stop::Failed(status)) = ended {
        let _ = out.sender.send(Err(status)).await;
    }
}
