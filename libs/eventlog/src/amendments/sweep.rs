//! One look at every open stream after a version took effect.

use std::{sync::Arc, time::Duration};

use decider::{Actor, Causation, Order, StreamName};
use futures::{StreamExt, TryStreamExt, stream};
use law::{Adoption, Kind};
use time::OffsetDateTime;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use super::{AT_ONCE, Amendments, Effect, is_in_book, older};
use crate::{
    Error, ExecuteError, Log, Request,
    connect::retry,
    fault,
    history::History,
    rules::{Command, Rules},
};

/// Streams read at a time.
const PAGE_MAX: i64 = 500;
/// How long a stream that is busy, or a log that is, is left alone.
const PAUSE: Duration = Duration::from_millis(50);
/// How often a busy stream is tried again before an operator is told.
const TRIES_MAX: usize = 200;

impl Amendments {
    /// Looks at every stream that a version may touch; then says so in the version's own stream.
    pub(super) fn sweep(&self, effect: &Effect) -> AbortOnDropHandle<Result<(), Error>> {
        let here = self.clone();
        let (adoption, position) = (effect.adoption.clone(), effect.position);
        AbortOnDropHandle::new(tokio::spawn(async move { here.sweep_all(&adoption, position).await }))
    }

    async fn sweep_all(&self, adoption: &Adoption, position: u64) -> Result<(), Error> {
        if !is_in_book(&self.log, &adoption.id) {
            // Health tells it; a program that can use the version does the sweep.
            return Ok(());
        }
        // Another process's clock may be ahead of ours; by ours, the version is in force only later.
        self.log.inner.world.clock.wait_until(adoption.effective_from).await;
        let (last, mut after, mut streams) = (streams(&self.log).await?, 0, 0);
        loop {
            let page = open_streams(&self.log, adoption.kind, after, last).await?;
            let Some((end, _)) = page.last() else { break };
            after = *end;
            let names = page.into_iter().map(|(_, stream)| stream);
            let looks = names.filter(|stream| self.order(stream).is_some()).map(|stream| {
                let name = format!("rederive/{}/{stream}", adoption.id);
                let command = Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes());
                let (here, at) = (self.clone(), adoption.effective_from);
                async move {
                    let done = here.rederive(&stream, command, Some((at, position))).await;
                    fault::point("amendments.rederived");
                    done
                }
            });
            let done: Vec<bool> = stream::iter(looks).buffer_unordered(AT_ONCE).try_collect().await?;
            streams += done.into_iter().filter(|is_older| *is_older).count() as u64;
        }
        fault::point("amendments.before_finish");
        let finish = Order::of::<Rules>(&adoption.id, Command::Finish { streams });
        let name = format!("rederived/{}", adoption.id);
        let command = Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes());
        let request = request(&self.actor, command, None, &History::default(), None);
        // Another process may have counted otherwise; one of the two is enough.
        match self.log.execute(finish, request).await {
            Ok(_) | Err(ExecuteError::KeyReused) => Ok(()),
            Err(error) => Err(failure(error)),
        }
    }

    /// Computes the clocks of a stream again, if it is older than what is in force. Whether it was.
    pub(super) async fn rederive(
        &self,
        stream: &StreamName,
        command: Uuid,
        effect: Option<(OffsetDateTime, u64)>,
    ) -> Result<bool, Error> {
        let Some(order) = self.order(stream) else { return Ok(false) };
        for _ in 0..TRIES_MAX {
            let history = self.log.inner.load(stream, 1).await?;
            if !is_older(&self.log, &history) {
                return Ok(false);
            }
            let (at, position) = effect.unzip();
            let request = request(&self.actor, command, at, &history, position.map(|at| (&self.log, at)));
            match self.log.rederive(&order, &request).await {
                Ok(_) => return Ok(true),
                Err(ExecuteError::Contended | ExecuteError::Overloaded { .. }) => {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error @ (ExecuteError::Unavailable(_) | ExecuteError::Closed)) => {
                    return Err(failure(error));
                }
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(%stream, error, "clocks were not computed again");
                    return Ok(true);
                }
            }
        }
        tracing::error!(%stream, "clocks were not computed again: the stream never rests");
        Ok(true)
    }

    fn order(&self, stream: &StreamName) -> Option<Order> {
        older::rederiving(self.log.inner.aggregates(), stream)
    }
}

fn is_older(log: &Log, history: &History) -> bool {
    let now = log.inner.world.clock.now();
    history
        .events
        .last()
        .is_some_and(|last| !log.book().since(&last.meta.rules, &last.meta.calendar, now).is_empty())
}

/// The newest stream. Those that come later begin under the version, or are noticed if they do not.
pub(super) async fn streams(log: &Log) -> Result<i64, Error> {
    retry(log.inner.options.unavailable_after, || {
        sqlx::query_scalar("select streams from head").fetch_one(&log.inner.pool)
    })
    .await
}

/// The streams after one and up to another that a version may touch: a calendar moves clocks that run; a pack also
/// changes the terms of those that stand still, which wait for no instant.
pub(super) async fn open_streams(
    log: &Log,
    kind: Kind,
    after: i64,
    last: i64,
) -> Result<Vec<(i64, StreamName)>, Error> {
    let rows: Vec<(i64, String)> = retry(log.inner.options.unavailable_after, || {
        sqlx::query_as(
            "select stream_id, name from streams
                where stream_id > $1 and stream_id <= $2 and (due_at is not null or $3)
                order by stream_id limit $4",
        )
        .bind(after)
        .bind(last)
        .bind(kind == Kind::Pack)
        .bind(PAGE_MAX)
        .fetch_all(&log.inner.pool)
    })
    .await?;
    Ok(rows.into_iter().filter_map(|(id, name)| Some((id, StreamName::parse(&name)?))).collect())
}

/// The same version and stream make the same command: two processes, or one twice, execute it once.
fn request(
    actor: &Actor,
    command_id: Uuid,
    at: Option<OffsetDateTime>,
    history: &History,
    effect: Option<(&Log, u64)>,
) -> Request {
    Request {
        command_id,
        fingerprint: b"amendments".to_vec(),
        actor: actor.clone(),
        at,
        case_id: history.events.iter().rev().find_map(|event| event.meta.case_id.clone()),
        causation: effect
            .map(|(log, position)| Causation { log: log.inner.options.schema.clone(), position }),
        traceparent: None,
    }
}

fn failure(error: ExecuteError) -> Error {
    match error {
        ExecuteError::Unavailable(source) | ExecuteError::Failed(source) => match Arc::try_unwrap(source) {
            Ok(source) => source,
            Err(_) => Error::Closed,
        },
        _ => Error::Closed,
    }
}
