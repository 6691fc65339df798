//! The fast path: judge by memory, send off as one statement. What does not match goes to the locked path.

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
    end::Placement,
    flight::Flight,
    known::{Known, Stream},
    plan::{Plan, Verdict},
    repeat,
    store::{self, Checks},
};
use crate::{AppendError, Expected, connect, error::is_unavailable, log::Inner};

/// PostgreSQL's code for a row that exists already: an event, a command or a stream that is not new.
const UNIQUE_VIOLATION: &str = "23505";
/// PostgreSQL's code for a row without a partition, among others.
const CHECK_VIOLATION: &str = "23514";
/// Longest time in which those who lost a race on a stream may come back into the same batch.
const COME_BACK_MAX: Duration = Duration::from_millis(1);

/// A batch in the making.
#[derive(Default)]
pub(super) struct Round {
    pub(super) plan: Plan,
    /// Came too late on a stream, and may be repeats: looked up on the way, answered after the commit.
    pub(super) lost: Vec<(Waiting, u64)>,
    /// Came too late on a stream that the batch moves, answered after the commit.
    pub(super) late: Vec<(Waiting, u64)>,
    /// Repeats of what is in the batch.
    pub(super) again: Vec<Waiting>,
}

impl Round {
    /// Everybody in it, to be tried in another way.
    pub(super) fn into_batch(self) -> Vec<Waiting> {
        let placed = self.plan.placed.into_iter().map(|placed| placed.waiting);
        let beaten = self.late.into_iter().chain(self.lost).map(|(waiting, _)| waiting);
        placed.chain(beaten).chain(self.again).collect()
    }
}

impl Committer {
    /// Sends the batch off; `None` if everybody in it could be answered without.
    pub(super) async fn fast(&mut self, batch: Vec<Waiting>) -> Result<Option<Flight>, Setback> {
        let mut db = match self.connection().await {
            Ok(db) => db,
            Err(error) => return Err(Setback { batch, why: why(error) }),
        };
        let mut round = Round::default();
        if let Err((error, rest)) = self.fill(&mut db, &mut round, batch).await {
            let batch = round.into_batch().into_iter().chain(rest).collect();
            return Err(Setback { batch, why: why(error) });
        }
        match self.ready_behind(self.end, round) {
            Some(ready) => self.take_off(db, ready).await.map(Some),
            None => {
                self.db = Some(db);
                Ok(None)
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
            // Those who have just landed do not wait for those who come back.
            if answered == 0 || self.flight.is_some() || start.elapsed() > COME_BACK_MAX {
                return Ok(());
            }
            self.wait_for_losers(answered).await;
            batch = self.take_batch(round.plan.placed.len());
            if batch.is_empty() {
                return Ok(());
            }
        }
    }

    /// Puts a request into its place; `Some` if it was answered instead.
    pub(super) fn judge(&mut self, round: &mut Round, waiting: Waiting) -> Option<()> {
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

    pub(super) fn checks(&self, placement: &Placement, looks: Vec<Uuid>) -> Checks {
        Checks { is_partitioned: placement.after.position >= self.log.partition_size, looks }
    }

    /// Learns the streams that the batch relies on and that are not remembered, or remembered as too young.
    async fn look_up(
        &mut self,
        db: &mut PgConnection,
        plan: &Plan,
        batch: &[Waiting],
    ) -> Result<(), sqlx::Error> {
        let names = unknown(&mut self.known, plan, batch.iter());
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
    pub(super) fn look_and_answer(&self, lost: Vec<(Waiting, u64)>) {
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

/// The streams of which the database must be asked before these requests can be judged.
pub(super) fn unknown<'a>(
    known: &mut Known,
    plan: &Plan,
    batch: impl Iterator<Item = &'a Waiting>,
) -> HashSet<&'a str> {
    let mut names = HashSet::new();
    let mut coming: HashMap<&StreamName, u64> = HashMap::new();
    for waiting in batch {
        let append = &waiting.checked.append;
        let stream = known.get(&append.stream).or_else(|| remembered(waiting));
        let is_needed = match (append.expected, stream) {
            (Expected::NoStream | Expected::Exact(0), _) => false,
            (Expected::Any | Expected::Exists, stream) => stream.is_none(),
            (Expected::Exact(_), None) => true,
            (Expected::Exact(version), Some(stream)) => {
                let pending = plan.version(&append.stream).unwrap_or(0).max(stream.version);
                version > pending + coming.get(&append.stream).unwrap_or(&0)
            }
        };
        *coming.entry(&append.stream).or_default() += append.events.len() as u64;
        if is_needed {
            names.insert(append.stream.as_str());
        }
    }
    names
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

pub(super) fn why(error: sqlx::Error) -> Why {
    if is_unavailable(&error) {
        return Why::Away(error);
    }
    let code = error.as_database_error().and_then(|refusal| refusal.code().map(|code| code.into_owned()));
    match code.as_deref() {
        Some(UNIQUE_VIOLATION | CHECK_VIOLATION) => Why::Moved,
        _ => Why::Refused(error),
    }
}
