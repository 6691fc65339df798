//! The committer: one task per process that turns waiting requests into batches, and answers each by itself.
//!
//! **Invariants**: nothing is answered as stored before its commit has returned; a request is lost by no failure of
//! its neighbours; while one batch is on its way no other is, so batches of a process are in order.

mod end;
mod fast;
mod flight;
mod known;
mod locked;
mod plan;
mod queue;
mod repeat;
mod settle;
pub(crate) mod several;
mod store;

use std::{
    collections::VecDeque,
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
pub(crate) use end::End;
use flight::{Flight, Ready};
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
/// Fewer events than this are not sent off before others are answered.
const ANOTHER_EVENTS_MIN: usize = 16;
/// The linger never shrinks below this.
const LINGER_MIN: Duration = Duration::from_micros(20);

/// Works until the queue is closed and empty.
pub(crate) async fn run(log: Arc<Inner>, queue: mpsc::Receiver<Waiting>, end: End) {
    let linger = Duration::from_micros(log.options.linger_us_max);
    let mut committer = Committer {
        queue,
        backlog: VecDeque::new(),
        db: None,
        flight: None,
        ready: None,
        is_closed: false,
        known: Known::new(),
        absent: Absent::new(),
        end,
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
    /// Free while no batch is on its way.
    db: Option<PgConnection>,
    flight: Option<Flight>,
    /// The next, while one is on its way.
    ready: Option<Ready>,
    /// Whether the queue gives no more.
    is_closed: bool,
    known: Known,
    absent: Absent,
    /// Where the log ended when what is known of streams was true.
    end: End,
    locked_run: u32,
    is_down: bool,
    /// The first position for which no partition is known to exist.
    partition_end: u64,
    /// About how many callers there are: who was answered last, who is on the way, and who waits.
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
    /// Waits until there is a batch to send off; `false` when there will be none any more.
    async fn gather(&mut self) -> bool {
        loop {
            self.drain();
            if self.flight.is_none() {
                if !self.backlog.is_empty() {
                    self.wait_for_company().await;
                    return true;
                }
                if self.is_closed {
                    return false;
                }
            }
            self.make_ready();
            let closed = self.log.queue.closed();
            // What is more than a batch waits in the queue, whose end is what callers are told of.
            let has_room = !self.is_closed && self.backlog.len() < self.log.options.batch_events_max;
            tokio::select! {
                biased;
                landed = flight::landed(&mut self.flight) => self.land(landed).await,
                request = self.queue.recv(), if has_room => match request {
                    Some(request) => self.backlog.push_back(request),
                    None => self.is_closed = true,
                },
                () = closed, if !self.is_closed => self.queue.close(),
            }
        }
    }

    /// Whether there are enough who wait to send them off before those who have just landed are answered: about half
    /// of all callers, so that the two halves take turns, or as many as make a batch worth its commit.
    fn is_worth_another(&mut self) -> bool {
        self.drain();
        (self.backlog.len() >= self.company / 2 || self.is_plenty()) && self.is_free()
    }

    /// Whether nobody who waits needs more than the fast path, and enough of them need not wait for the batch on its
    /// way.
    fn is_free(&self) -> bool {
        let free = self.backlog.iter().filter(|waiting| !self.is_held(waiting));
        let events: usize = free.map(|waiting| waiting.checked.append.events.len()).sum();
        events >= ANOTHER_EVENTS_MIN
            && self.locked_run == 0
            && !self.backlog.iter().any(Waiting::is_conditional)
    }

    /// Whether the callers are so many that halves of them take turns: while the database stores one half, the other
    /// is answered, comes back and is made ready.
    fn is_split(&self) -> bool {
        self.company >= 2 * ANOTHER_EVENTS_MIN
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
        if self.company < 2 {
            return;
        }
        let wanted = if self.is_split() { self.company / 2 } else { self.company };
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

    /// Takes what fits into a batch beside `events` that are in it, and need not wait for one that is on its way.
    /// What must take the locked path comes alone.
    fn take_batch(&mut self, mut events: usize) -> Vec<Waiting> {
        let options = &self.log.options;
        // Were one half to take everybody, there would be no other.
        let requests_max = if self.is_split() { self.company.div_ceil(2) } else { usize::MAX };
        let (mut bytes, mut batch, mut held) = (0, Vec::new(), VecDeque::new());
        while batch.len() < requests_max
            && let Some(waiting) = self.backlog.pop_front()
        {
            if self.is_held(&waiting) {
                held.push_back(waiting);
                continue;
            }
            events += waiting.checked.append.events.len();
            bytes += waiting.checked.bytes;
            let fits = events <= options.batch_events_max && bytes <= options.batch_bytes_max;
            let is_alone = waiting.is_conditional();
            if (is_alone || !fits) && events > waiting.checked.append.events.len() {
                held.push_back(waiting);
                break;
            }
            batch.push(waiting);
            if is_alone {
                break;
            }
        }
        held.append(&mut self.backlog);
        self.backlog = held;
        batch
    }

    /// Lets the requests wait again, before all others.
    fn put_back(&mut self, batch: Vec<Waiting>) {
        batch.into_iter().rev().for_each(|waiting| self.backlog.push_front(waiting));
    }

    /// Sends the batch off, or brings every request of it to an answer, or back into the backlog.
    async fn commit(&mut self, batch: Vec<Waiting>) {
        fault::point("append.taken");
        let is_behind = self.end.position < *self.log.head.borrow();
        // An empty log is begun under the lock, so that it is begun once.
        let is_empty = self.end.position == 0;
        let is_careful =
            is_behind || is_empty || self.locked_run > 0 || batch.iter().any(Waiting::is_conditional);
        self.locked_run = self.locked_run.saturating_sub(1);
        if is_careful {
            self.work_off(vec![batch]).await;
            return;
        }
        match self.fast(batch).await {
            Ok(flight) => self.flight = flight,
            Err(setback) => self.recover(setback).await,
        }
    }

    /// Brings everybody in a batch that was not stored to an answer.
    async fn recover(&mut self, setback: Setback) {
        let mut work = Vec::new();
        self.take_up(setback, false, Instant::now(), &mut work);
        self.work_off(work).await;
    }

    /// Takes the locked path with one batch after the other, from the last.
    async fn work_off(&mut self, mut work: Vec<Vec<Waiting>>) {
        let (start, mut pause) = (Instant::now(), Backoff::new());
        while let Some(batch) = work.pop() {
            match self.locked(batch).await {
                Ok(()) => self.is_down = false,
                Err(setback) => {
                    if matches!(setback.why, Why::Away(_)) {
                        pause.wait().await;
                    }
                    self.take_up(setback, true, start, &mut work);
                }
            }
        }
    }

    /// Answers a batch that was not stored, or adds to the work what can still be tried.
    fn take_up(
        &mut self,
        Setback { mut batch, why }: Setback,
        is_careful: bool,
        start: Instant,
        work: &mut Vec<Vec<Waiting>>,
    ) {
        match why {
            Why::Moved => {
                self.locked_run = LOCKED_RUN;
                work.push(batch);
            }
            Why::Refused(error) if batch.len() == 1 && is_careful => {
                refuse(batch, &Arc::new(Error::Database(error)));
            }
            Why::Refused(error) => {
                tracing::warn!(%error, appends = batch.len(), "a batch was refused and is split");
                let second = batch.split_off(batch.len() / 2);
                work.extend([second, batch].into_iter().filter(|half| !half.is_empty()));
            }
            Why::Away(error) if self.is_down || start.elapsed() > self.log.options.unavailable_after => {
                self.is_down = true;
                give_up(batch, &Arc::new(Error::Unavailable(error)));
            }
            Why::Away(error) => {
                tracing::warn!(%error, appends = batch.len(), "the outcome of a batch is looked up");
                self.log.stats.unknown.fetch_add(1, Ordering::Relaxed);
                batch.iter_mut().for_each(|waiting| waiting.is_unsure = true);
                work.push(batch);
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
