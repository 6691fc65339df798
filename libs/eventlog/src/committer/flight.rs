//! A batch on its way. Meanwhile the next is made ready, and sent off before the callers of this one are answered, so
//! that the database works while they are.
//!
//! **Invariants**: one batch at most is on its way; the next moves other streams, and takes off only after this one is
//! known to be stored.

use std::{
    collections::HashSet,
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use decider::StreamName;
use futures::future::BoxFuture;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Committer, Setback, Waiting, Why,
    end::{End, Placement},
    fast::{Round, bounded, unknown, why},
    plan::Plan,
    store::{self, Statement},
};
use crate::fault;

/// A batch that can be sent off as soon as the log ends where it begins.
pub(super) struct Ready {
    round: Round,
    placement: Placement,
    statement: Statement,
}

impl Ready {
    pub(super) fn requests(&self) -> usize {
        self.round.plan.placed.len()
    }
}

/// A batch on its way.
pub(super) struct Flight {
    stored: BoxFuture<'static, Landed>,
    streams: HashSet<StreamName>,
    requests: usize,
    /// Where the log ends if it is stored.
    end: End,
    since: Instant,
}

/// What came of it.
pub(super) struct Landed {
    db: PgConnection,
    round: Round,
    placement: Placement,
    stored: Result<Option<Vec<Uuid>>, sqlx::Error>,
}

/// What came of the batch on its way; waits for ever if there is none. Dropped while waiting, it loses nothing.
pub(super) async fn landed(flight: &mut Option<Flight>) -> Landed {
    match flight {
        Some(flight) => (&mut flight.stored).await,
        None => std::future::pending().await,
    }
}

impl Committer {
    /// Makes the next batch ready while one is on its way, if enough wait.
    pub(super) fn make_ready(&mut self) {
        let Some(flight) = &self.flight else { return };
        let (end, held) = (flight.end, &flight.streams);
        if self.ready.is_some() || self.backlog.len() < self.company / 2 || !self.is_free() {
            return;
        }
        // The connection on which streams are looked up is on its way.
        let free = self.backlog.iter().filter(|waiting| !held.contains(&waiting.checked.append.stream));
        if !unknown(&mut self.known, &Plan::default(), free).is_empty() {
            return;
        }
        let mut round = Round::default();
        for waiting in self.take_batch(0) {
            self.judge(&mut round, waiting);
        }
        self.ready = self.ready_behind(end, round);
    }

    /// Places the batch behind an end of the log; `None` if everybody in it could be answered without.
    pub(super) fn ready_behind(&mut self, end: End, round: Round) -> Option<Ready> {
        if round.plan.placed.is_empty() {
            self.look_and_answer(round.lost);
            round.late.into_iter().for_each(|(waiting, actual)| self.conflict(waiting, actual));
            self.backlog.extend(round.again);
            return None;
        }
        let placement = Placement::behind(end, &round.plan, self.log.world.clock.now());
        let looks = round.lost.iter().flat_map(|(waiting, _)| store::ids(waiting)).collect();
        let statement = Statement::new(&round.plan, &placement, &self.checks(&placement, looks));
        Some(Ready { round, placement, statement })
    }

    /// Sends the batch off: one statement, one round trip, one commit, in bounded time.
    pub(super) async fn take_off(&mut self, mut db: PgConnection, ready: Ready) -> Result<Flight, Setback> {
        let requests = ready.requests();
        let Ready { round, placement, statement } = ready;
        if let Err(error) = self.make_room(&mut db, placement.after.position).await {
            return Err(Setback { batch: round.into_batch(), why: why(error) });
        }
        let streams = round.plan.touched.iter().map(|stream| stream.name.clone()).collect();
        let log = Arc::clone(&self.log);
        let mut stored: BoxFuture<'static, Landed> = Box::pin(async move {
            fault::point("append.before_commit");
            let stored = bounded(&log, statement.run(&mut db));
            let stored =
                if fault::is_due("append.in_flight") { abort_in_flight(stored).await } else { stored.await };
            if matches!(stored, Ok(Some(_))) {
                fault::point("append.after_commit");
            }
            Landed { db, round, placement, stored }
        });
        // Off at once, not when somebody waits for it. The answer takes a round trip.
        if let std::task::Poll::Ready(landed) = futures::poll!(&mut stored) {
            stored = Box::pin(std::future::ready(landed));
        }
        Ok(Flight { stored, streams, requests, end: placement.after, since: Instant::now() })
    }

    /// The batch on its way has come back: sends off the next, and answers everybody in this one.
    pub(super) async fn land(&mut self, landed: Landed) {
        let Some((requests, since)) = self.flight.as_ref().map(|flight| (flight.requests, flight.since))
        else {
            return;
        };
        let ready = self.ready.take();
        self.company = requests + self.backlog.len() + ready.as_ref().map_or(0, Ready::requests);
        let Landed { db, round, placement, stored } = landed;
        let repeats = match stored {
            Ok(Some(repeats)) => repeats,
            failed => {
                self.flight = None;
                let why = failed.err().map_or(Why::Moved, why);
                if !matches!(why, Why::Away(_)) {
                    self.db = Some(db);
                }
                self.put_back(ready.map_or_else(Vec::new, |ready| ready.round.into_batch()));
                return self.recover(Setback { batch: round.into_batch(), why }).await;
            }
        };
        self.took(since.elapsed(), round.plan.events);
        self.end = placement.after;
        let next = match ready {
            Some(ready) => {
                self.log.stats.batches_ready.fetch_add(1, Ordering::Relaxed);
                self.take_off(db, ready).await.map(Some)
            }
            None => {
                self.db = Some(db);
                if self.is_worth_another() { self.send_next().await } else { Ok(None) }
            }
        };
        self.log.stats.batches_fast.fetch_add(1, Ordering::Relaxed);
        self.settle(round.plan, &placement);
        let is_known = |waiting: &Waiting| store::ids(waiting).any(|id| repeats.contains(&id));
        let (known, new): (Vec<_>, Vec<_>) =
            round.lost.into_iter().partition(|(waiting, _)| is_known(waiting));
        self.look_and_answer(known);
        self.absent.note(new.iter().flat_map(|(waiting, _)| store::ids(waiting)), since);
        new.into_iter().chain(round.late).for_each(|(waiting, actual)| self.conflict(waiting, actual));
        self.put_back(round.again);
        match next {
            Ok(next) => self.flight = next,
            Err(setback) => {
                self.flight = None;
                self.recover(setback).await;
            }
        }
    }

    async fn send_next(&mut self) -> Result<Option<Flight>, Setback> {
        let batch = self.take_batch(0);
        self.fast(batch).await
    }

    /// Whether a request must wait for the batch on its way, because that moves its stream.
    pub(super) fn is_held(&self, waiting: &Waiting) -> bool {
        let streams = self.flight.as_ref().map(|flight| &flight.streams);
        streams.is_some_and(|streams| streams.contains(&waiting.checked.append.stream))
    }
}

/// Lets the statement reach the server, and dies without hearing the answer.
async fn abort_in_flight<T>(stored: impl Future<Output = T>) -> T {
    let _ = tokio::time::timeout(std::time::Duration::from_micros(1), stored).await;
    std::process::abort()
}
