//! The fast path: judge by memory, store with one statement. What does not match goes to the locked path.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use decider::StreamName;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Caller, Committer, Setback, Waiting, Why,
    known::Stream,
    plan::{Plan, Verdict},
    repeat,
    store::{self, Checks, Placement},
};
use crate::{AppendError, Expected, connect, error::is_unavailable, fault, log::Inner};

/// PostgreSQL's code for a row that exists already: an event, a command or a stream that is not new.
const UNIQUE_VIOLATION: &str = "23505";
/// PostgreSQL's code for a row without a partition, among others.
const CHECK_VIOLATION: &str = "23514";
/// Longest time in which those who lost a race on a stream may come back into the same batch.
const COME_BACK_MAX: Duration = Duration::from_millis(1);

/// A batch in the making.
#[derive(Default)]
struct Round {
    plan: Plan,
    /// Came too late on a stream, and may be repeats: looked up on the way, answered after the commit.
    lost: Vec<(Waiting, u64)>,
    /// Came too late on a stream that the batch moves, answered after the commit.
    late: Vec<(Waiting, u64)>,
    /// Repeats of what is in the batch.
    again: Vec<Waiting>,
}

impl Round {
    /// Everybody in it, to be tried in another way.
    fn into_batch(self) -> Vec<Waiting> {
        let placed = self.plan.placed.into_iter().map(|placed| placed.waiting);
        let beaten = self.late.into_iter().chain(self.lost).map(|(waiting, _)| waiting);
        placed.chain(beaten).chain(self.again).collect()
    }
}

impl Committer {
    pub(super) async fn fast(&mut self, batch: Vec<Waiting>) -> Result<(), Setback> {
        let mut db = match self.connection().await {
            Ok(db) => db,
            Err(error) => return Err(Setback { batch, why: why(error) }),
        };
        let mut round = Round::default();
        if let Err((error, rest)) = self.fill(&mut db, &mut round, batch).await {
            let batch = round.into_batch().into_iter().chain(rest).collect();
            return Err(Setback { batch, why: why(error) });
        }
        if round.plan.placed.is_empty() {
            self.db = Some(db);
            self.look_and_answer(round.lost);
            round.late.into_iter().for_each(|(waiting, actual)| self.conflict(waiting, actual));
            self.backlog.extend(round.again);
            return Ok(());
        }
        // Whether those who came too late are repeats is looked up on the way: one round trip for all.
        let looks: Vec<Uuid> = round.lost.iter().flat_map(|(waiting, _)| store::ids(waiting)).collect();
        let as_of = Instant::now();
        match self.store(&mut db, &round.plan, &looks).await {
            Ok(Some(placement)) => {
                self.db = Some(db);
                self.took(as_of.elapsed(), round.plan.events);
                self.log.stats.batches_fast.fetch_add(1, Ordering::Relaxed);
                self.settle(round.plan, &placement);
                let (known, new): (Vec<_>, Vec<_>) = round
                    .lost
                    .into_iter()
                    .partition(|(waiting, _)| store::ids(waiting).any(|id| placement.repeats.contains(&id)));
                self.look_and_answer(known);
                self.absent.note(new.iter().flat_map(|(waiting, _)| store::ids(waiting)), as_of);
                new.into_iter()
                    .chain(round.late)
                    .for_each(|(waiting, actual)| self.conflict(waiting, actual));
                round.again.into_iter().rev().for_each(|waiting| self.backlog.push_front(waiting));
                Ok(())
            }
            Ok(None) => {
                self.db = Some(db);
                Err(Setback { batch: round.into_batch(), why: Why::Moved })
            }
            Err(error) => {
                let why = why(error);
                if !matches!(why, Why::Away(_)) {
                    self.db = Some(db);
                }
                Err(Setback { batch: round.into_batch(), why })
            }
        }
    }

    /// Judges the batch; and while losers of races can be answered at once, waits a moment for them to come back
    /// into it. After an error, those who were not judged yet are returned.
    async fn fill(
        &mut self,
        db: &mut PgConnection,
        round: &mut Round,
        mut batch: Vec<Waiting>,
    ) -> Result<(), (sqlx::Error, Vec<Waiting>)> {
        let start = Instant::now();
        loop {
            if let Err(error) = self.look_up(db, &round.plan, &batch).await {
                return Err((error, batch));
            }
            let answered = batch.into_iter().filter_map(|waiting| self.judge(round, waiting)).count();
            self.company = self.company.max(round.plan.placed.len());
            if answered == 0 || start.elapsed() > COME_BACK_MAX {
                return Ok(());
            }
            self.wait_for_losers(answered).await;
            if self.backlog.front().is_none_or(Waiting::is_conditional) {
                return Ok(());
            }
            batch = self.take_batch(round.plan.placed.len());
        }
    }

    /// Puts a request into its place; `Some` if it was answered instead.
    fn judge(&mut self, round: &mut Round, waiting: Waiting) -> Option<()> {
        let known = self.known.get(&waiting.checked.append.stream).or_else(|| remembered(&waiting));
        match (round.plan.judge(&waiting, known), waiting.caller) {
            (Verdict::Fits(known), _) => round.plan.place(waiting, known),
            (Verdict::Again, _) => round.again.push(waiting),
            (Verdict::Conflict { actual, .. }, Caller::Api) => {
                if !self.absent.are_absent(store::ids(&waiting)) {
                    round.lost.push((waiting, actual));
                    return None;
                }
                self.conflict(waiting, actual);
                return Some(());
            }
            // Decides anew in this process, so it hears of it when the history there is complete.
            (Verdict::Conflict { actual, is_pending: true }, Caller::Execute { .. }) => {
                round.late.push((waiting, actual));
                return None;
            }
            (Verdict::Conflict { actual, .. }, Caller::Execute { .. }) => {
                self.conflict(waiting, actual);
                return Some(());
            }
        }
        None
    }

    /// One statement, one round trip, one commit, in bounded time.
    async fn store(
        &mut self,
        db: &mut PgConnection,
        plan: &Plan,
        looks: &[Uuid],
    ) -> Result<Option<Placement>, sqlx::Error> {
        self.make_room(db, self.tail + plan.events).await?;
        let checks = self.checks(plan, looks);
        let now = self.log.world.clock.now();
        fault::point("append.before_commit");
        let stored = bounded(&self.log, store::store(db, plan, &checks, now));
        let placement =
            if fault::is_due("append.in_flight") { abort_in_flight(stored).await } else { stored.await };
        if matches!(placement, Ok(Some(_))) {
            fault::point("append.after_commit");
        }
        placement
    }

    pub(super) fn checks<'a>(&self, plan: &Plan, looks: &'a [Uuid]) -> Checks<'a> {
        let is_partitioned = self.tail + plan.events >= self.log.partition_size;
        Checks { tail: self.tail, is_partitioned, looks }
    }

    /// Learns the streams that the batch relies on and that are not remembered, or remembered as too young.
    async fn look_up(
        &mut self,
        db: &mut PgConnection,
        plan: &Plan,
        batch: &[Waiting],
    ) -> Result<(), sqlx::Error> {
        let mut names = HashSet::new();
        let mut coming: HashMap<&StreamName, u64> = HashMap::new();
        for waiting in batch {
            let append = &waiting.checked.append;
            let known = self.known.get(&append.stream).or_else(|| remembered(waiting));
            let is_needed = match (append.expected, known) {
                (Expected::NoStream | Expected::Exact(0), _) => false,
                (Expected::Any | Expected::Exists, known) => known.is_none(),
                (Expected::Exact(_), None) => true,
                (Expected::Exact(version), Some(known)) => {
                    let pending = plan.version(&append.stream).unwrap_or(0).max(known.version);
                    version > pending + coming.get(&append.stream).unwrap_or(&0)
                }
            };
            *coming.entry(&append.stream).or_default() += append.events.len() as u64;
            if is_needed {
                names.insert(append.stream.as_str());
            }
        }
        if names.is_empty() {
            return Ok(());
        }
        let names: Vec<&str> = names.into_iter().collect();
        for (name, stream) in bounded(&self.log, streams(db, &names)).await? {
            self.known.learn(&name, stream);
        }
        Ok(())
    }

    /// Creates partitions ahead of the positions that will be written.
    pub(super) async fn make_room(
        &mut self,
        db: &mut PgConnection,
        position: u64,
    ) -> Result<(), sqlx::Error> {
        let ahead = position + self.log.partition_size / 2;
        while self.partition_end <= ahead {
            let from = self.partition_end.max(*self.log.head.borrow() + 1);
            let end: i64 = bounded(
                &self.log,
                sqlx::query_scalar("select ensure_partition($1)")
                    .bind(from.cast_signed())
                    .fetch_one(&mut *db),
            )
            .await?;
            self.partition_end = end.cast_unsigned();
        }
        Ok(())
    }

    /// Answers appends that came too late, beside the batches: with the first result, if they are repeats.
    fn look_and_answer(&self, lost: Vec<(Waiting, u64)>) {
        if lost.is_empty() {
            return;
        }
        let log = Arc::clone(&self.log);
        self.log.tasks.spawn(async move {
            let found = bounded(&log, async {
                let mut db = log.pool.acquire().await?;
                repeat::look(&mut db, lost.iter().map(|(waiting, _)| waiting)).await
            });
            match found.await {
                Ok(found) => lost.into_iter().for_each(|(waiting, actual)| {
                    let answer = found.answer(&waiting);
                    answer_conflict(&log, waiting, actual, answer);
                }),
                Err(error) => {
                    let batch = lost.into_iter().map(|(waiting, _)| waiting).collect();
                    super::give_up(batch, &Arc::new(error.into()));
                }
            }
        });
    }

    pub(super) fn conflict(&self, waiting: Waiting, actual: u64) {
        answer_conflict(&self.log, waiting, actual, None);
    }
}

fn answer_conflict(log: &Inner, waiting: Waiting, actual: u64, repeat: Option<super::queue::Answer>) {
    let counter = if repeat.is_some() { &log.stats.repeats } else { &log.stats.conflicts };
    counter.fetch_add(1, Ordering::Relaxed);
    let expected = waiting.checked.append.expected;
    waiting.answer(repeat.unwrap_or(Err(AppendError::Conflict { expected, actual })));
}

/// The stream as the history behind a decision has it, which may be out of date.
fn remembered(waiting: &Waiting) -> Option<Stream> {
    match (waiting.caller, waiting.checked.append.expected) {
        (Caller::Execute { stream_id: Some(id) }, Expected::Exact(version)) => {
            Some(Stream { id, version, is_sure: false })
        }
        _ => None,
    }
}

/// The streams that exist among the named.
pub(super) async fn streams(
    db: &mut PgConnection,
    names: &[&str],
) -> Result<Vec<(StreamName, Stream)>, sqlx::Error> {
    let rows: Vec<(String, i64, i64)> =
        sqlx::query_as("select name, stream_id, version_of(stream_id) from streams where name = any($1)")
            .bind(names)
            .fetch_all(db)
            .await?;
    let known = rows.into_iter().filter_map(|(name, id, version)| {
        Some((StreamName::parse(&name)?, Stream { id, version: version.cast_unsigned(), is_sure: true }))
    });
    Ok(known.collect())
}

/// Runs a statement in bounded time. The server's own limit comes first, if the server is there to keep it.
pub(super) async fn bounded<T>(
    log: &Inner,
    statement: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let limit = log.options.statement_timeout + connect::CONNECT_TIMEOUT;
    match tokio::time::timeout(limit, statement).await {
        Ok(result) => result,
        Err(_) => Err(connect::timed_out("wait for the database")),
    }
}

fn why(error: sqlx::Error) -> Why {
    if is_unavailable(&error) {
        return Why::Away(error);
    }
    let code = error.as_database_error().and_then(|refusal| refusal.code().map(|code| code.into_owned()));
    match code.as_deref() {
        Some(UNIQUE_VIOLATION | CHECK_VIOLATION) => Why::Moved,
        _ => Why::Refused(error),
    }
}

/// Lets the statement reach the server, and dies without hearing the answer.
async fn abort_in_flight<T>(stored: impl Future<Output = T>) -> T {
    let _ = tokio::time::timeout(std::time::Duration::from_micros(1), stored).await;
    std::process::abort()
}
