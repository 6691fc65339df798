//! The committer: one task per process that turns waiting requests into batches, and answers each by itself.
//!
//! **Invariants**: nothing is answered as stored before its commit has returned; a request is lost by no failure of
//! its neighbours; while one batch is on its way no other is, so batches of a process are in order.

mod fast;
mod known;
mod locked;
mod plan;
mod queue;
mod repeat;
mod settle;
mod store;

use std::{
    collections::VecDeque,
    mem,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use sqlx::PgConnection;
use tokio::sync::mpsc;

use crate::{
    AppendError, Error,
    connect::{self, Backoff},
    fault,
    log::Inner,
};
use known::{Absent, Known};
pub(crate) use queue::{Caller, Queue, Waiting};
pub(crate) use repeat::{Command, command};

/// Batches that take the locked path right after the log had moved: the fast one would fail again.
const LOCKED_RUN: u32 = 4;
/// About what an event costs the database beside the commit. A batch whose events cost as much as its commit is
/// worth it; waiting for more would only leave the database idle.
const EVENT_COST: Duration = Duration::from_micros(8);
/// The cost of a commit follows what is measured, an eighth of the way at a time, and is never taken for less.
const COMMIT_COST_MIN: Duration = Duration::from_micros(200);
const COMMIT_COST_SHARE: u32 = 8;
/// The linger never shrinks below this.
const LINGER_MIN: Duration = Duration::from_micros(20);

/// Works until the queue is closed and empty.
pub(crate) async fn run(log: Arc<Inner>, queue: mpsc::Receiver<Waiting>) {
    let linger = Duration::from_micros(log.options.linger_us_max);
    let tail = *log.head.borrow();
    let mut committer = Committer {
        queue,
        backlog: VecDeque::new(),
        db: None,
        known: Known::new(),
        absent: Absent::new(),
        tail,
        locked_run: 0,
        is_down: false,
        partition_end: 0,
        company: 0,
        linger,
        come_back: linger,
        commit_cost: COMMIT_COST_MIN,
        log,
    };
    while committer.gather().await {
        let batch = committer.take_batch(0);
        committer.commit(batch).await;
    }
    committer.log.closing.cancel();
}

struct Committer {
    log: Arc<Inner>,
    queue: mpsc::Receiver<Waiting>,
    /// Taken from the queue, not yet in a batch.
    backlog: VecDeque<Waiting>,
    db: Option<PgConnection>,
    known: Known,
    absent: Absent,
    /// Where the log ended when what is known of streams was true.
    tail: u64,
    locked_run: u32,
    is_down: bool,
    /// The first position for which no partition is known to exist.
    partition_end: u64,
    /// How many requests the last batch answered: about how many callers there are.
    company: usize,
    linger: Duration,
    /// The same for those who lost a race and were told so.
    come_back: Duration,
    commit_cost: Duration,
}

/// A batch that could not be stored as it was tried.
struct Setback {
    batch: Vec<Waiting>,
    why: Why,
}

enum Why {
    /// Something is not as this process remembers it; the locked path looks for itself.
    Moved,
    /// The connection failed. Whether the batch is stored is not known.
    Away(sqlx::Error),
    /// The database refuses the batch, or somebody in it.
    Refused(sqlx::Error),
}

impl Committer {
    /// Waits for requests; `false` when there will be none any more.
    async fn gather(&mut self) -> bool {
        if self.backlog.is_empty() {
            let closed = self.log.queue.closed();
            tokio::select! {
                biased;
                request = self.queue.recv() => match request {
                    Some(request) => self.backlog.push_back(request),
                    None => return false,
                },
                () = closed => {
                    self.queue.close();
                    return Box::pin(self.gather()).await;
                }
            }
        }
        self.drain();
        self.wait_for_company().await;
        self.log.stats.queued_now.store(self.backlog.len() as u64, Ordering::Relaxed);
        true
    }

    fn drain(&mut self) {
        while self.backlog.len() < self.log.options.batch_events_max
            && let Ok(request) = self.queue.try_recv()
        {
            self.backlog.push_back(request);
        }
    }

    /// Callers that were just answered tend to come back at once: with several about, a short wait saves a commit.
    /// The wait adapts: halved when it ran out, doubled when everybody came.
    async fn wait_for_company(&mut self) {
        let wanted = mem::take(&mut self.company);
        if wanted < 2 {
            return;
        }
        let came = self.wait_for(wanted, self.linger).await;
        self.linger = self.adapted(self.linger, came);
    }

    /// Losers of a race come back with the right version, if they are near; then they can still join the batch.
    async fn wait_for_losers(&mut self, wanted: usize) {
        let came = self.wait_for(wanted, self.come_back).await;
        self.come_back = self.adapted(self.come_back, came);
    }

    fn adapted(&self, wait: Duration, came: bool) -> Duration {
        let max = Duration::from_micros(self.log.options.linger_us_max);
        if came { (wait * 2).min(max) } else { (wait / 2).max(LINGER_MIN.min(max)) }
    }

    /// Waits until so many requests are there, or events enough; `false` if that takes too long.
    async fn wait_for(&mut self, wanted: usize, limit: Duration) -> bool {
        let start = Instant::now();
        self.drain();
        while self.backlog.len() < wanted && !self.is_plenty() {
            if start.elapsed() >= limit {
                return false;
            }
            // A timer is too coarse for microseconds; yielding lets the callers run, who are what is waited for.
            tokio::task::yield_now().await;
            self.drain();
        }
        true
    }

    fn is_plenty(&self) -> bool {
        let plenty = (self.commit_cost.as_micros() / EVENT_COST.as_micros()) as usize;
        let events = self.backlog.iter().map(|waiting| waiting.checked.append.events.len());
        self.backlog.len() >= plenty || events.sum::<usize>() >= plenty
    }

    /// Learns from how long a batch took.
    fn took(&mut self, time: Duration, events: u64) {
        let events = u32::try_from(events).unwrap_or(u32::MAX);
        let commit = time.saturating_sub(EVENT_COST * events).max(COMMIT_COST_MIN);
        self.commit_cost = (self.commit_cost * (COMMIT_COST_SHARE - 1) + commit) / COMMIT_COST_SHARE;
    }

    /// Takes what fits into a batch beside `events` that are in it. What must take the locked path comes alone.
    fn take_batch(&mut self, mut events: usize) -> Vec<Waiting> {
        let options = &self.log.options;
        let (mut bytes, mut count) = (0, 0);
        let is_locked = |waiting: &Waiting| waiting.is_conditional();
        for waiting in &self.backlog {
            events += waiting.checked.append.events.len();
            bytes += waiting.checked.bytes;
            let fits = events <= options.batch_events_max && bytes <= options.batch_bytes_max;
            let is_same = is_locked(waiting) == is_locked(&self.backlog[0]);
            if count > 0 && !(fits && is_same) {
                break;
            }
            count += 1;
        }
        self.backlog.drain(..count).collect()
    }

    /// Brings every request of the batch to an answer, or back into the backlog.
    async fn commit(&mut self, batch: Vec<Waiting>) {
        fault::point("append.taken");
        self.company = batch.len();
        let start = Instant::now();
        let mut pause = Backoff::new();
        let is_behind = self.tail < *self.log.head.borrow();
        let is_careful = is_behind || self.locked_run > 0 || batch.iter().any(Waiting::is_conditional);
        self.locked_run = self.locked_run.saturating_sub(1);
        let mut work = vec![(batch, is_careful)];
        while let Some((batch, is_careful)) = work.pop() {
            let stored = if is_careful { self.locked(batch).await } else { self.fast(batch).await };
            let Err(Setback { mut batch, why }) = stored else {
                self.is_down = false;
                continue;
            };
            match why {
                Why::Moved => {
                    self.locked_run = LOCKED_RUN;
                    work.push((batch, true));
                }
                Why::Refused(error) if batch.len() == 1 && is_careful => {
                    refuse(batch, &Arc::new(Error::Database(error)));
                }
                Why::Refused(error) => {
                    tracing::warn!(%error, appends = batch.len(), "a batch was refused and is split");
                    let second = batch.split_off(batch.len() / 2);
                    work.extend(
                        [(second, true), (batch, true)].into_iter().filter(|(half, _)| !half.is_empty()),
                    );
                }
                Why::Away(error) if self.is_down || start.elapsed() > self.log.options.unavailable_after => {
                    self.is_down = true;
                    give_up(batch, &Arc::new(Error::Unavailable(error)));
                }
                Why::Away(error) => {
                    tracing::warn!(%error, appends = batch.len(), "the outcome of a batch is looked up");
                    self.log.stats.unknown.fetch_add(1, Ordering::Relaxed);
                    batch.iter_mut().for_each(|waiting| waiting.is_unsure = true);
                    pause.wait().await;
                    work.push((batch, true));
                }
            }
        }
    }

    /// The committer's own connection, made when needed. It is put back only after it has proved sound.
    async fn connection(&mut self) -> Result<PgConnection, sqlx::Error> {
        match self.db.take() {
            Some(db) => Ok(db),
            None => connect::connect(&planned(&self.log)).await,
        }
    }
}

/// The plans of the committer's statements are made once, when tables may still be empty: by index, always.
fn planned(log: &Inner) -> sqlx::postgres::PgConnectOptions {
    log.session.clone().options([
        ("plan_cache_mode", "force_generic_plan"),
        ("enable_seqscan", "off"),
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
    ])
}

fn refuse(batch: Vec<Waiting>, error: &Arc<Error>) {
    batch.into_iter().for_each(|waiting| waiting.answer(Err(AppendError::Database(Arc::clone(error)))));
}

fn give_up(batch: Vec<Waiting>, error: &Arc<Error>) {
    batch.into_iter().for_each(|waiting| waiting.answer(Err(AppendError::Unavailable(Arc::clone(error)))));
}
