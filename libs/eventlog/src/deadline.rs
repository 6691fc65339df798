//! Deadlines: when the law itself acts on a stream, the clock executes the order it was waiting for.
//!
//! The stream's row is only a reminder: the stream is asked again, and its answer counts. So there is nothing to
//! cancel, and the rows can be computed anew from the events.

mod rebuild;

use std::{collections::HashMap, sync::atomic::Ordering, time::Duration};

use decider::{Actor, ActorKind, Aggregate, Causation, Order, Recorded, StreamName};
use time::OffsetDateTime;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    Error, ExecuteError, Log, Request,
    clock::micros,
    connect::{Backoff, retry},
    fault,
};

/// Streams woken in one go.
const WAKES_MAX: i64 = 100;
/// Longest time between two looks at the rows: other processes set deadlines too.
const LOOK_MAX: Duration = Duration::from_secs(1);
/// How long a stream that could not be woken is left alone.
const REST: Duration = Duration::from_secs(10);
/// How often the clock acts on one stream for one instant; an aggregate that wants more does not let it pass.
const ACTS_MAX: usize = 16;

/// The worker that executes orders when they fall due.
pub struct Deadlines {
    log: Log,
    aggregates: Vec<Aggregate>,
    actor: Actor,
    /// Streams that could not be woken, and when they are tried again.
    resting: HashMap<i64, Instant>,
}

/// A stream's reminder.
struct Reminder {
    stream_id: i64,
    stream: StreamName,
    due_at: OffsetDateTime,
}

/// Why a stream was not woken.
#[derive(Debug, thiserror::Error)]
enum Unwoken {
    #[error(transparent)]
    Log(#[from] Error),
    #[error(transparent)]
    Execute(#[from] ExecuteError),
    #[error("find the aggregate of the stream")]
    NoAggregate,
    #[error("act for an instant that does not pass")]
    Stuck,
}

impl Unwoken {
    fn is_unavailable(&self) -> bool {
        matches!(self, Self::Log(Error::Unavailable(_)) | Self::Execute(ExecuteError::Unavailable(_)))
    }
}

impl Deadlines {
    /// Works until `shutdown`: whatever falls due by the log's clock is executed as `actor`, at the due instant,
    /// however late it is by then. Several workers may run; an order is executed once.
    pub async fn run(log: Log, aggregates: Vec<Aggregate>, actor: Actor, shutdown: CancellationToken) {
        let deadlines = Self { log, aggregates, actor, resting: HashMap::new() };
        shutdown.run_until_cancelled(deadlines.work()).await;
    }

    /// The earliest instant after `after` for which a stream is to be woken.
    pub async fn next(log: &Log, after: OffsetDateTime) -> Result<Option<OffsetDateTime>, Error> {
        let next = sqlx::query_scalar("select min(due_at) from streams where due_at > $1")
            .bind(after)
            .fetch_one(&log.inner.pool)
            .await?;
        Ok(next)
    }

    async fn work(mut self) {
        let mut set = self.log.inner.deadlines.subscribe();
        let mut pause = Backoff::new();
        loop {
            set.mark_unchanged();
            match self.wake_due().await {
                Ok(0) => {}
                Ok(_) => continue,
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "deadlines wait for the database"
                    );
                    pause.wait().await;
                    continue;
                }
            }
            pause = Backoff::new();
            tokio::select! {
                _ = set.changed() => {}
                () = self.until_next() => {}
                () = tokio::time::sleep(LOOK_MAX) => {}
            }
        }
    }

    /// Returns when the next deadline is reached; never, if there is none.
    async fn until_next(&self) {
        let next = sqlx::query_scalar("select min(due_at) from streams where due_at > $1")
            .bind(self.log.inner.world.clock.now())
            .fetch_one(&self.log.inner.pool)
            .await;
        match next {
            Ok(Some(next)) => self.log.inner.world.clock.wait_until(next).await,
            Ok(None) | Err(_) => std::future::pending().await,
        }
    }

    /// Wakes the streams whose deadline is reached. Returns how many of them were woken.
    async fn wake_due(&mut self) -> Result<usize, Unwoken> {
        self.resting.retain(|_, until| *until > Instant::now());
        let now = self.log.inner.world.clock.now();
        let mut woken = 0;
        for reminder in self.due(now).await? {
            match self.wake(&reminder, now).await {
                Ok(()) => woken += 1,
                Err(error) if error.is_unavailable() => return Err(error),
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(stream = %reminder.stream, error, "a deadline was not kept and is tried again later");
                    self.resting.insert(reminder.stream_id, Instant::now() + REST);
                }
            }
        }
        Ok(woken)
    }

    async fn due(&self, now: OffsetDateTime) -> Result<Vec<Reminder>, Error> {
        let resting: Vec<i64> = self.resting.keys().copied().collect();
        let rows: Vec<(i64, String, OffsetDateTime)> =
            retry(self.log.inner.options.unavailable_after, || {
                sqlx::query_as(
                    "select stream_id, name, due_at from streams
                    where due_at <= $1 and stream_id <> all($2) order by due_at limit $3",
                )
                .bind(now)
                .bind(&resting)
                .bind(WAKES_MAX)
                .fetch_all(&self.log.inner.pool)
            })
            .await?;
        let reminders = rows.into_iter().filter_map(|(stream_id, name, due_at)| {
            Some(Reminder { stream_id, stream: StreamName::parse(&name)?, due_at })
        });
        Ok(reminders.collect())
    }

    /// Asks the stream what is due, and executes it. A refused order is not tried again until the stream moves.
    #[tracing::instrument(skip_all, fields(stream = %reminder.stream, due_at = %reminder.due_at))]
    async fn wake(&self, reminder: &Reminder, now: OffsetDateTime) -> Result<(), Unwoken> {
        let history = self.log.inner.load(&reminder.stream, 1).await?;
        let version = history.version();
        let (at, order) = match self.ask(&reminder.stream, &history.events)? {
            Some((at, order)) if at <= now => (at, order),
            later => return Ok(self.remind(reminder, version, later.map(|(at, _)| at)).await?),
        };
        let acts = |event: &&Recorded| event.meta.actor.kind == ActorKind::Clock && event.occurred_at == at;
        if history.events.iter().filter(acts).count() >= ACTS_MAX {
            return Err(Unwoken::Stuck);
        }
        fault::point("deadline.before_execute");
        let request = self.request(&reminder.stream, &history.events, at);
        let is_moved = match self.log.execute(order, request).await {
            Ok(outcome) => !outcome.events.is_empty(),
            Err(ExecuteError::Refused(refused)) => {
                tracing::info!(refused = refused.name, "what fell due was refused");
                false
            }
            Err(error) => return Err(error.into()),
        };
        fault::point("deadline.after_execute");
        self.log.inner.stats.deadlines.fetch_add(1, Ordering::Relaxed);
        if !is_moved {
            self.remind(reminder, version, None).await?;
        }
        Ok(())
    }

    fn ask(
        &self,
        stream: &StreamName,
        history: &[Recorded],
    ) -> Result<Option<(OffsetDateTime, Order)>, Unwoken> {
        let due = ask(&self.aggregates, stream, history)?;
        Ok(due.map(|(at, order)| (micros(at), order)))
    }

    /// The same stream, version and instant make the same command: two workers, or one twice, execute it once.
    fn request(&self, stream: &StreamName, history: &[Recorded], at: OffsetDateTime) -> Request {
        let name = format!("deadline/{stream}/{}/{}", history.len(), at.unix_timestamp_nanos() / 1_000);
        let last = history.last();
        Request {
            command_id: Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()),
            fingerprint: b"deadline".to_vec(),
            actor: self.actor.clone(),
            at: Some(at),
            case_id: history.iter().rev().find_map(|event| event.meta.case_id.clone()),
            causation: last.map(|event| Causation {
                log: self.log.inner.options.schema.clone(),
                position: event.position,
            }),
            traceparent: None,
        }
    }

    /// Corrects the reminder, unless the stream has moved: then the append has set it.
    async fn remind(
        &self,
        reminder: &Reminder,
        version: u64,
        due: Option<OffsetDateTime>,
    ) -> Result<(), Error> {
        sqlx::query("select set_due($1, $2, $3)")
            .bind(reminder.stream_id)
            .bind(version.cast_signed())
            .bind(due)
            .execute(&self.log.inner.pool)
            .await?;
        Ok(())
    }
}

/// Asks the aggregate of a stream what is due, and when.
fn ask(
    aggregates: &[Aggregate],
    stream: &StreamName,
    history: &[Recorded],
) -> Result<Option<(OffsetDateTime, Order)>, Unwoken> {
    let aggregate = aggregates
        .iter()
        .find(|aggregate| aggregate.name == stream.category())
        .ok_or(Unwoken::NoAggregate)?;
    aggregate
        .due(history)
        .map_err(|source| ExecuteError::Unreadable { stream: stream.clone(), source }.into())
}
