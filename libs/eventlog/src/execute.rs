//! Executing commands: load, decide, append; again if the stream moved; the same answer to the same command.

use std::sync::{Arc, PoisonError, atomic::Ordering};

use decider::{Actor, CaseId, Causation, Context, Decision, Meta, Order, OrderError, Refused, StreamName};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    Append, AppendError, CommandKey, DeadlineChange, Error, EventData, ExecuteError, Expected, Invalid, Log,
    amendments::{self, older},
    check::{self, FINGERPRINT_BYTES_MAX},
    clock::micros,
    committer::{Caller, Command, command},
    connect::retry,
    history::History,
};

/// How often a command is decided anew because its stream moved.
const TRIES_MAX: usize = 64;

/// Everything about a command beside the order itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The command's id: the idempotency key.
    pub command_id: Uuid,
    /// What tells one command from another under the same id: at most 64 bytes, usually a digest.
    pub fingerprint: Vec<u8>,
    /// Who acts, from a verified token.
    pub actor: Actor,
    /// When it happened, as claimed; now, if nothing is claimed; never after now.
    pub at: Option<OffsetDateTime>,
    /// The case it belongs to.
    pub case_id: Option<CaseId>,
    /// What led to it.
    pub causation: Option<Causation>,
    /// W3C trace context.
    pub traceparent: Option<String>,
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The stream it was for.
    pub stream: StreamName,
    /// The stream's version after it.
    pub version: u64,
    /// The position of its last event; the log's head, as known, where nothing happened.
    pub position: u64,
    /// Its events, by name and position; empty means "already so".
    pub events: Vec<(String, u64)>,
    /// Whether this is the stored answer to an earlier execution.
    pub repeated: bool,
}

/// What an execution is for.
#[derive(Debug, Clone, Copy)]
enum Work {
    /// The order, on clocks that go by the law of the day.
    Order,
    /// These clocks alone.
    Clocks,
}

impl Log {
    /// Executes a command. Repeating it under the same id gives the same answer, refusals included.
    #[tracing::instrument(
        name = "execute", skip_all,
        fields(stream = %order.stream, command.id = %request.command_id, event.position, refused)
    )]
    pub async fn execute(&self, order: Order, request: Request) -> Result<Outcome, ExecuteError> {
        if request.fingerprint.len() > FINGERPRINT_BYTES_MAX {
            let reason = format!("longer than {FINGERPRINT_BYTES_MAX} bytes");
            return Err(Invalid::Field { field: "fingerprint", reason }.into());
        }
        let result = self.try_execute(&order, &request, Work::Order).await;
        let span = tracing::Span::current();
        match &result {
            Ok(outcome) => drop(span.record("event.position", outcome.position)),
            Err(ExecuteError::Refused(refused)) => drop(span.record("refused", refused.name.as_str())),
            Err(_) => {}
        }
        result
    }

    /// Computes the clocks of a stream again under what came into force since its last event, and does nothing else.
    pub(crate) async fn rederive(&self, clocks: &Order, request: &Request) -> Result<Outcome, ExecuteError> {
        self.try_execute(clocks, request, Work::Clocks).await
    }

    async fn try_execute(
        &self,
        order: &Order,
        request: &Request,
        work: Work,
    ) -> Result<Outcome, ExecuteError> {
        let mut moved_beyond = None;
        for _ in 0..TRIES_MAX {
            let history = self.inner.history(&order.stream, moved_beyond).await?;
            self.catch_up(&history).await?;
            let now = self.inner.world.clock.now();
            let at = request.at.map_or(now, micros);
            if at > now {
                // A repeat whose clock was set back is still answered as the first time.
                let stored = self.stored(order, request).await?;
                return stored.unwrap_or(Err(Invalid::Future.into()));
            }
            // Looked up after the history: a version that is in one of its events is in the book.
            let book = self.inner.book();
            let cx = Context::under(&book, now, at, request.actor.clone());
            let since = older::since(&book, &history.events, &request.actor, now);
            self.inner.stats.decisions.fetch_add(1, Ordering::Relaxed);
            let decided = match work {
                Work::Order => older::decide(self.inner.aggregates(), order, &history.events, &since, &cx),
                Work::Clocks => older::rederive(order, &history.events, &since),
            };
            let answer = match decided {
                Ok(decision) if decision.events.is_empty() => {
                    self.keep(order, request, &history, None, now).await?
                }
                Ok(decision) => self.append_decided(order, request, &history, decision, &cx).await?,
                Err(OrderError::Refused(refused)) => {
                    self.keep(order, request, &history, Some(refused), now).await?
                }
                Err(OrderError::Unreadable(source)) => {
                    self.inner.histories.forget(&order.stream);
                    return Err(ExecuteError::Unreadable { stream: order.stream.clone(), source });
                }
                Err(OrderError::Unwritable(error)) => {
                    let reason = error.to_string();
                    return Err(Invalid::Field { field: "event", reason }.into());
                }
            };
            match answer {
                Some(answer) => return answer,
                None => moved_beyond = Some(history.version()),
            }
        }
        Err(ExecuteError::Contended)
    }

    /// Another process may have learnt of a version before this one, and have decided by it.
    async fn catch_up(&self, history: &History) -> Result<(), ExecuteError> {
        let Some(last) = history.events.last() else { return Ok(()) };
        let Meta { rules, calendar, .. } = &*last.meta;
        if self.inner.book().knows(rules, calendar) {
            return Ok(());
        }
        let named = (rules.clone(), calendar.clone());
        let strangers = || self.inner.strangers.lock().unwrap_or_else(PoisonError::into_inner);
        if strangers().contains(&named) {
            return Ok(());
        }
        amendments::load(self).await.map_err(unavailable)?;
        if !self.inner.book().knows(rules, calendar) {
            strangers().insert(named);
        }
        Ok(())
    }

    /// Appends what was decided. `None` if the stream has moved.
    async fn append_decided(
        &self,
        order: &Order,
        request: &Request,
        history: &History,
        decision: Decision,
        cx: &Context,
    ) -> Result<Option<Result<Outcome, ExecuteError>>, ExecuteError> {
        let kinds: Vec<&'static str> = decision.events.iter().map(|event| event.kind).collect();
        let append = to_append(order, request, history, decision, cx);
        let checked = check::check(append, &self.inner.options).map_err(failure)?;
        let caller = Caller::Execute { stream_id: history.stream_id };
        match self.inner.queue.submit(checked, caller).await {
            Ok(appended) if appended.repeated => self.stored(order, request).await,
            Ok(appended) => Ok(Some(Ok(Outcome {
                stream: order.stream.clone(),
                version: appended.version,
                position: appended.last_position,
                events: kinds.into_iter().map(str::to_owned).zip(appended.first_position..).collect(),
                repeated: false,
            }))),
            Err(AppendError::Conflict { .. }) => Ok(None),
            Err(AppendError::RefusedBefore(refused)) => Ok(Some(Err(ExecuteError::Refused(refused)))),
            Err(error) => Err(failure(error)),
        }
    }

    /// Keeps the answer of a command that changes nothing: a refusal, or "already so". `None` if the stream has
    /// moved since the history was read: then the answer may be another one.
    async fn keep(
        &self,
        order: &Order,
        request: &Request,
        history: &History,
        refused: Option<Refused>,
        now: OffsetDateTime,
    ) -> Result<Option<Result<Outcome, ExecuteError>>, ExecuteError> {
        let refusal = refused.as_ref().map(serde_json::to_vec).transpose().map_err(|error| {
            ExecuteError::Invalid(Invalid::Field { field: "refusal", reason: error.to_string() })
        })?;
        let kept = retry(self.inner.options.unavailable_after, || {
            sqlx::query_as::<_, (i64, i64, bool)>(
                "with stream as (
                    select coalesce((select version_of(stream_id) from streams where name = $1), 0) as version,
                        (select position from head) as position
                ), kept as (
                    insert into commands (id, version, position, recorded_at, events, stream, fingerprint, refusal)
                    select $2, version, position, $3, 0, $1, $4, $5 from stream where version = $6
                    on conflict on constraint commands_pkey do nothing returning 1
                )
                select version, position, exists (select from kept) from stream",
            )
            .bind(order.stream.as_str())
            .bind(request.command_id)
            .bind(now)
            .bind(&request.fingerprint)
            .bind(&refusal)
            .bind(history.version().cast_signed())
            .fetch_one(&self.inner.pool)
        });
        let (version, position, is_kept) = kept.await.map_err(unavailable)?;
        if !is_kept {
            return self.stored(order, request).await;
        }
        Ok(Some(match refused {
            Some(refused) => {
                self.inner.stats.refusals.fetch_add(1, Ordering::Relaxed);
                Err(ExecuteError::Refused(Box::new(refused)))
            }
            None => Ok(Outcome {
                stream: order.stream.clone(),
                version: version.cast_unsigned(),
                position: position.cast_unsigned(),
                events: Vec::new(),
                repeated: false,
            }),
        }))
    }

    /// The stored answer to the command, if it was executed before.
    async fn stored(
        &self,
        order: &Order,
        request: &Request,
    ) -> Result<Option<Result<Outcome, ExecuteError>>, ExecuteError> {
        let log = &self.inner;
        let found = retry(log.options.unavailable_after, || async {
            let mut db = log.pool.acquire().await?;
            command(&mut db, request.command_id).await
        });
        let Some(found) = found.await.map_err(unavailable)? else {
            return Ok(None);
        };
        if !found.is(order.stream.as_str(), &request.fingerprint) {
            return Ok(Some(Err(ExecuteError::KeyReused)));
        }
        if let Some(refused) = found.refusal() {
            return Ok(Some(Err(ExecuteError::Refused(Box::new(refused)))));
        }
        let events = self.kinds(&found).await?;
        Ok(Some(Ok(Outcome {
            stream: order.stream.clone(),
            version: found.version(),
            position: found.position(),
            events,
            repeated: true,
        })))
    }

    async fn kinds(&self, command: &Command) -> Result<Vec<(String, u64)>, ExecuteError> {
        if command.events() == 0 {
            return Ok(Vec::new());
        }
        let rows: Vec<(String, i64)> = retry(self.inner.options.unavailable_after, || {
            sqlx::query_as(
                "select kind, position from events where position > $1 and position <= $2 order by position",
            )
            .bind((command.position() - command.events()).cast_signed())
            .bind(command.position().cast_signed())
            .fetch_all(&self.inner.pool)
        })
        .await
        .map_err(unavailable)?;
        Ok(rows.into_iter().map(|(kind, position)| (kind, position.cast_unsigned())).collect())
    }
}

impl crate::log::Inner {
    /// The history to decide on: from memory, if it goes beyond the version that was found too short; else together
    /// with what is stored after it.
    async fn history(&self, stream: &StreamName, beyond: Option<u64>) -> Result<History, ExecuteError> {
        let mut history = match self.histories.get(stream) {
            Some(kept) if beyond.is_none_or(|beyond| kept.version() > beyond) => return Ok(kept),
            kept => kept.unwrap_or_default(),
        };
        let newer = self.load(stream, history.version() + 1).await.map_err(unavailable)?;
        if !newer.events.is_empty() {
            Arc::make_mut(&mut history.events).extend(Arc::unwrap_or_clone(newer.events));
            history.stream_id = newer.stream_id;
        }
        self.histories.put(stream, history.clone());
        Ok(history)
    }
}

fn to_append(
    order: &Order,
    request: &Request,
    history: &History,
    decision: Decision,
    cx: &Context,
) -> Append {
    let events = (0_u64..).zip(decision.events).map(|(index, event)| EventData {
        id: Uuid::new_v5(&request.command_id, &index.to_be_bytes()),
        kind: event.kind.to_owned(),
        data: event.data,
        tags: Vec::new(),
    });
    let meta = Meta {
        actor: request.actor.clone(),
        case_id: request.case_id.clone(),
        causation: request.causation.clone(),
        command_id: Some(request.command_id),
        traceparent: request.traceparent.clone(),
        rules: cx.rules.version().to_owned(),
        calendar: cx.calendar.version().to_owned(),
    };
    Append {
        command: Some(CommandKey { id: request.command_id, fingerprint: request.fingerprint.clone() }),
        deadline: decision.deadline.map_or(DeadlineChange::Clear, |at| DeadlineChange::Set(micros(at))),
        ..Append::new(order.stream.clone(), Expected::Exact(history.version()), events.collect(), meta, cx.at)
    }
}

fn failure(error: AppendError) -> ExecuteError {
    match error {
        AppendError::Invalid(invalid) => ExecuteError::Invalid(invalid),
        AppendError::KeyReused => ExecuteError::KeyReused,
        AppendError::RefusedBefore(refused) => ExecuteError::Refused(refused),
        AppendError::Overloaded { retry_after } => ExecuteError::Overloaded { retry_after },
        AppendError::Unavailable(source) => ExecuteError::Unavailable(source),
        AppendError::Database(source) => ExecuteError::Failed(source),
        AppendError::Closed => ExecuteError::Closed,
        // The command's events have ids of their own and no condition; only a foreign append can have taken them.
        AppendError::Conflict { .. } | AppendError::Condition { .. } | AppendError::PartialRepeat => {
            ExecuteError::KeyReused
        }
    }
}

fn unavailable(error: Error) -> ExecuteError {
    match error {
        Error::Unavailable(_) => ExecuteError::Unavailable(Arc::new(error)),
        Error::Closed => ExecuteError::Closed,
        error => ExecuteError::Failed(Arc::new(error)),
    }
}
