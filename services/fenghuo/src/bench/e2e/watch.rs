//! Watching the receiving view: which position was committed when.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::{Semaphore, watch},
    task::JoinHandle,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{pair::Pair, view::VIEW};
use crate::{
    bench::stage::BEFORE,
    error::{Because, Error},
};

/// How long the last events may be on their way.
const ARRIVAL_MAX: Duration = Duration::from_secs(60);
/// How long the view is asked for news at a time.
const LOOK: Duration = Duration::from_secs(1);

/// A watch that has begun.
pub(super) struct Watch {
    before: u64,
    reached: watch::Receiver<u64>,
    room: Arc<Semaphore>,
    task: JoinHandle<Result<Vec<(u64, Instant)>, Error>>,
    stop: CancellationToken,
    _guard: DropGuard,
}

/// When the view had shown which position.
pub(super) struct Arrivals(Vec<(u64, Instant)>);

impl Watch {
    /// Begins to watch from where the receiver's log ends now, with room for so many events on their way.
    pub(super) async fn start(pair: &Pair, room: usize) -> Result<Self, Error> {
        let head = pair.receiver.head().await.because("读取日志位置", "read the log's head")?.position;
        // The first event that arrives in an empty log stands behind what a log begins with.
        let before = head.max(BEFORE);
        let (sender, reached) = watch::channel(before);
        let room = Arc::new(Semaphore::new(room));
        let stop = CancellationToken::new();
        let (views, gate, stopped) = (pair.views.clone(), Arc::clone(&room), stop.clone());
        let task = tokio::spawn(async move {
            let (mut arrivals, mut seen) = (Vec::new(), before);
            while !stopped.is_cancelled() {
                match views.wait_for(VIEW, seen + 1, LOOK).await {
                    Ok(shown) => {
                        arrivals.push((shown.position, Instant::now()));
                        gate.add_permits(usize::try_from(shown.position - seen).unwrap_or_default());
                        seen = shown.position;
                        sender.send_replace(seen);
                    }
                    Err(eventlog::Error::Stale { .. }) => {}
                    Err(error) => return Err(error).because("等待视图", "wait for the view"),
                }
            }
            Ok(arrivals)
        });
        let guard = stop.clone().drop_guard();
        Ok(Self { before, reached, room, task, stop, _guard: guard })
    }

    /// Room on the way: a permit for every event that may be sent now.
    pub(super) fn room(&self) -> Arc<Semaphore> {
        Arc::clone(&self.room)
    }

    /// Waits until so many events have arrived, or have had more than enough time to.
    pub(super) async fn until(mut self, events: usize) -> Result<Arrivals, Error> {
        let all = self.before + events as u64;
        let arrived = self.reached.wait_for(|reached| *reached >= all);
        // Whatever is not there by then is told as missed.
        let _ = tokio::time::timeout(ARRIVAL_MAX, arrived).await;
        self.stop.cancel();
        self.task.await.because("运行测量任务", "run a measuring task")?.map(Arrivals)
    }
}

impl Arrivals {
    /// When a position could be seen.
    pub(super) fn at(&self, position: u64) -> Option<Instant> {
        let index = self.0.partition_point(|(reached, _)| *reached < position);
        self.0.get(index).map(|(_, at)| *at)
    }
}
