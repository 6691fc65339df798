//! The bounded queue in front of the committer.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::{Append, AppendError, Appended, Options, check::Checked};

/// When a shed caller should try again: some tens of batches later.
const RETRY_AFTER: Duration = Duration::from_millis(100);

pub(crate) type Answer = Result<Appended, AppendError>;

/// Who waits, and so how a conflict is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Hears of a conflict at once, after a look whether its append is a repeat.
    Api,
    /// Decides anew on the history in memory, so it hears of a conflict when that history is complete. A repeat
    /// is recognised by its command when it comes to an append or a refusal.
    Execute {
        /// The stream's id, if its history was loaded.
        stream_id: Option<i64>,
    },
}

/// A request on its way through the committer.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// In a place of its own: on its way to an answer, a request moves more than once.
    pub(crate) checked: Box<Checked>,
    pub(crate) caller: Caller,
    /// Whether it was sent before with an outcome that nobody heard.
    pub(crate) is_unsure: bool,
    reply: oneshot::Sender<Answer>,
    _weight: Weight,
}

impl Waiting {
    /// A request that does not wait in the queue, whose answer nobody hears.
    pub(super) fn alone(checked: Checked) -> Self {
        let (reply, _) = oneshot::channel();
        let weight = Weight { total: Arc::default(), bytes: 0 };
        Self { checked: Box::new(checked), caller: Caller::Api, is_unsure: false, reply, _weight: weight }
    }

    /// Answers the caller, if it still waits.
    pub(crate) fn answer(self, answer: Answer) {
        let (_, tell) = self.into_parts();
        tell(answer);
    }

    /// What was asked for, and what answers the caller, who counts as waiting until then.
    pub(super) fn into_parts(self) -> (Append, impl FnOnce(Answer)) {
        let Self { checked, reply, _weight: weight, .. } = self;
        let tell = |answer| {
            let _ = reply.send(answer);
            drop(weight);
        };
        (checked.append, tell)
    }

    pub(crate) fn is_conditional(&self) -> bool {
        self.checked.append.condition.is_some()
    }
}

/// Bytes counted as waiting until dropped.
#[derive(Debug)]
struct Weight {
    total: Arc<AtomicUsize>,
    bytes: usize,
}

impl Drop for Weight {
    fn drop(&mut self) {
        self.total.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Where requests are handed in.
pub(crate) struct Queue {
    sender: mpsc::Sender<Waiting>,
    bytes: Arc<AtomicUsize>,
    bytes_max: usize,
    closed: CancellationToken,
}

impl Queue {
    pub(crate) fn new(options: &Options) -> (Self, mpsc::Receiver<Waiting>) {
        let (sender, receiver) = mpsc::channel(options.queue_max);
        let closed = CancellationToken::new();
        (Self { sender, bytes: Arc::default(), bytes_max: options.queue_bytes_max, closed }, receiver)
    }

    /// Refuses further requests; those taken are still answered.
    pub(crate) fn close(&self) {
        self.closed.cancel();
    }

    /// Ends when the queue is to be closed.
    pub(crate) fn closed(&self) -> WaitForCancellationFutureOwned {
        self.closed.clone().cancelled_owned()
    }

    /// Hands a request in and waits for its answer, which comes even if nobody waits any more.
    pub(crate) async fn submit(&self, checked: Checked, caller: Caller) -> Answer {
        if self.closed.is_cancelled() {
            return Err(AppendError::Closed);
        }
        let weight = Weight { total: Arc::clone(&self.bytes), bytes: checked.bytes };
        if self.bytes.fetch_add(checked.bytes, Ordering::Relaxed) + checked.bytes > self.bytes_max {
            return Err(AppendError::Overloaded { retry_after: RETRY_AFTER });
        }
        let (reply, answer) = oneshot::channel();
        let waiting =
            Waiting { checked: Box::new(checked), caller, is_unsure: false, reply, _weight: weight };
        match self.sender.try_send(waiting) {
            Ok(()) => answer.await.unwrap_or(Err(AppendError::Closed)),
            Err(mpsc::error::TrySendError::Full(_)) => {
                Err(AppendError::Overloaded { retry_after: RETRY_AFTER })
            }
            Err(mpsc::error::TrySendError::Closed(_)) => Err(AppendError::Closed),
        }
    }
}
