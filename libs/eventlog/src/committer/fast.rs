//! The fast path: judge by memory, store with one statement. What does not match goes to the locked path.

use std::{
    collections::HashSet,
    sync::{Arc, atomic::Ordering},
};

use decider::StreamName;
use sqlx::PgConnection;

use super::{
    Caller, Committer, Setback, Waiting, Why,
    known::Stream,
    plan::{Plan, Verdict},
    repeat,
    store::{self, Placement},
};
use crate::{AppendError, Expected, connect, error::is_unavailable, fault, log::Inner};

/// Raised by the SQL function `append`: a stream is not at the version that was expected.
const MOVED: &str = "FH001";
/// PostgreSQL's code for a row that exists already: an event, a command or a stream that is not new.
const UNIQUE_VIOLATION: &str = "23505";
/// PostgreSQL's code for a row without a partition, among others.
const CHECK_VIOLATION: &str = "23514";

impl Committer {
    pub(super) async fn fast(&mut self, batch: Vec<Waiting>) -> Result<(), Setback> {
        let mut db = match self.connection().await {
            Ok(db) => db,
            Err(error) => {
                return Err(Setback { batch, why: why(error) });
            }
        };
        if let Err(error) = self.look_up(&mut db, &batch).await {
            return Err(Setback { batch, why: why(error) });
        }
        let mut plan = Plan::default();
        let (mut lost, mut late, mut again) = (Vec::new(), Vec::new(), Vec::new());
        for waiting in batch {
            let known = self.known.get(&waiting.checked.append.stream);
            match plan.judge(&waiting, known) {
                Verdict::Fits(known) => plan.place(waiting, known),
                Verdict::Again => again.push(waiting),
                Verdict::Conflict { actual, is_pending } => match waiting.caller {
                    Caller::Execute { .. } if is_pending => late.push((waiting, actual)),
                    Caller::Execute { .. } => self.conflict(waiting, actual),
                    Caller::Api => lost.push((waiting, actual)),
                },
            }
        }
        self.answer_lost(lost);
        if plan.placed.is_empty() {
            self.db = Some(db);
            self.backlog.extend(again);
            return Ok(());
        }
        match self.store(&mut db, &plan).await {
            Ok(placement) => {
                self.db = Some(db);
                self.log.stats.batches_fast.fetch_add(1, Ordering::Relaxed);
                self.settle(plan, placement);
                late.into_iter().for_each(|(waiting, actual)| self.conflict(waiting, actual));
                again.into_iter().rev().for_each(|waiting| self.backlog.push_front(waiting));
                Ok(())
            }
            Err(error) => {
                let why = why(error);
                if !matches!(why, Why::Away(_)) {
                    self.db = Some(db);
                }
                plan.touched.iter().for_each(|stream| self.known.forget(&stream.name));
                let placed = plan.placed.into_iter().map(|placed| placed.waiting);
                let batch = placed.chain(late.into_iter().map(|(waiting, _)| waiting)).chain(again).collect();
                Err(Setback { batch, why })
            }
        }
    }

    /// One statement, one round trip, one commit, in bounded time.
    async fn store(&mut self, db: &mut PgConnection, plan: &Plan) -> Result<Placement, sqlx::Error> {
        let seen = *self.log.head.borrow();
        self.make_room(db, seen + plan.events).await?;
        let now = self.log.world.clock.now();
        fault::point("append.before_commit");
        let stored = bounded(&self.log, store::store(db, plan, seen, now));
        let placement =
            if fault::is_due("append.in_flight") { abort_in_flight(stored).await } else { stored.await };
        if placement.is_ok() {
            fault::point("append.after_commit");
        }
        placement
    }

    /// Learns the streams that the batch relies on and that are not remembered, or remembered as too young.
    async fn look_up(&mut self, db: &mut PgConnection, batch: &[Waiting]) -> Result<(), sqlx::Error> {
        let mut names = HashSet::new();
        let mut coming: Vec<(&StreamName, u64)> = Vec::new();
        for waiting in batch {
            let append = &waiting.checked.append;
            if let (Caller::Execute { stream_id: Some(id) }, Expected::Exact(version)) =
                (waiting.caller, append.expected)
            {
                self.known.learn(&append.stream, Stream { id, version });
            }
            let is_needed = match (append.expected, self.known.get(&append.stream)) {
                (Expected::NoStream | Expected::Exact(0), _) => false,
                (Expected::Any | Expected::Exists, known) => known.is_none(),
                (Expected::Exact(_), None) => true,
                (Expected::Exact(version), Some(known)) if version > known.version => {
                    let before = coming.iter().filter(|(stream, _)| **stream == append.stream);
                    version > known.version + before.map(|(_, events)| events).sum::<u64>()
                }
                (Expected::Exact(_), Some(_)) => false,
            };
            coming.push((&append.stream, append.events.len() as u64));
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
        let ahead = position + self.log.options.partition_size / 2;
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

    /// Answers appends that came too late, without keeping the batch waiting: first a look whether they are repeats.
    fn answer_lost(&self, lost: Vec<(Waiting, u64)>) {
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

/// The streams that exist among the named.
pub(super) async fn streams(
    db: &mut PgConnection,
    names: &[&str],
) -> Result<Vec<(StreamName, Stream)>, sqlx::Error> {
    let rows: Vec<(String, i64, i64)> =
        sqlx::query_as("select name, stream_id, version from streams where name = any($1)")
            .bind(names)
            .fetch_all(db)
            .await?;
    let known = rows.into_iter().filter_map(|(name, id, version)| {
        Some((StreamName::parse(&name)?, Stream { id, version: version.cast_unsigned() }))
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
        Some(MOVED | UNIQUE_VIOLATION | CHECK_VIOLATION) => Why::Moved,
        _ => Why::Refused(error),
    }
}

/// Lets the statement reach the server, and dies without hearing the answer.
async fn abort_in_flight<T>(stored: impl Future<Output = T>) -> T {
    let _ = tokio::time::timeout(std::time::Duration::from_micros(1), stored).await;
    std::process::abort()
}
