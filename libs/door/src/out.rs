//! The way out of a read: answers one after the other, as fast as the client takes them.

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

/// Answers that wait for a client. A client that is slow makes its own read slow, and nothing grow.
const ANSWERS_MAX: usize = 64;

/// A stream of answers.
pub(crate) type Answers<T> = ReceiverStream<Result<T, Status>>;

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

/// The sending end.
pub(crate) struct Out<T>(mpsc::Sender<Result<T, Status>>);

impl<T: Send + 'static> Out<T> {
    /// Sends an answer, when there is room.
    pub(crate) async fn send(&self, answer: T) -> Result<(), Stop> {
        self.0.send(Ok(answer)).await.map_err(|_| Stop::Gone)
    }
}

/// Lets `work` answer in a task of its own, which ends when the client goes or the work is done.
pub(crate) fn answer<T, F>(work: impl FnOnce(Out<T>) -> F) -> Answers<T>
where
    T: Send + 'static,
    F: Future<Output = Result<(), Stop>> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(ANSWERS_MAX);
    let work = work(Out(sender.clone()));
    tokio::spawn(async move {
        let ended = tokio::select! {
            () = sender.closed() => return,
            ended = work => ended,
        };
        if let Err(Stop::Failed(status)) = ended {
            // Nobody may be there to hear it.
            let _ = sender.send(Err(status)).await;
        }
    });
    ReceiverStream::new(receiver)
}
