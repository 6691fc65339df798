//! From facts to effects: every reaction becomes a command under an id of its own, executed until it is answered.
//!
//! **Invariant**: nothing is left out because something was busy or away. A refusal is an answer; only what can
//! never be executed is given back, with its reason, to be parked where operators see it.

use std::{collections::HashMap, time::Duration};

use decider::{Actor, CaseId, Causation, Reaction, StreamName, Unreadable};
use eventlog::{ExecuteError, Log, Request, fault, trace};
use futures::{StreamExt, TryStreamExt, stream};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span};
use uuid::Uuid;

use crate::backoff::Backoff;
use crate::chain::Chain;
use crate::inbox::Board;

/// Streams that are worked on at the same time; enough for the log to commit them together.
const STREAMS_AT_ONCE: usize = 64;
/// How often a command that the log cannot store is tried before its fact is parked.
const TRIES_MAX: u32 = 3;
const RETRY_FIRST: Duration = Duration::from_millis(5);
const RETRY_LONGEST: Duration = Duration::from_secs(1);
/// Longest fingerprint that the log takes.
const FINGERPRINT_BYTES_MAX: usize = 64;

/// Something that happened, here or elsewhere, and what we do about it.
pub(crate) trait Cause: Sync {
    /// The event's id in its own log.
    fn id(&self) -> Uuid;
    /// Its log and position.
    fn causation(&self) -> Causation;
    /// Its case.
    fn case_id(&self) -> Option<&CaseId>;
    /// Its trace.
    fn traceparent(&self) -> Option<&str>;
    /// Its type.
    fn kind(&self) -> &str;
    /// What we do about it. Pure: asked again, it answers the same.
    fn reactions(&self) -> Result<Vec<Reaction>, Unreadable>;
}

/// The log is closed or we were told to stop; what was begun will be done again, without effect.
#[derive(Debug)]
pub(crate) struct Stopped;

/// Executes reactions.
pub(crate) struct Reactor<'a> {
    pub(crate) log: &'a Log,
    pub(crate) actor: &'a Actor,
    pub(crate) board: &'a Board,
    pub(crate) shutdown: &'a CancellationToken,
}

/// One reaction of one cause.
struct Step {
    cause: usize,
    index: usize,
    reaction: Reaction,
}

impl Reactor<'_> {
    /// Executes what the causes lead to: in their order on each target stream, different streams at the same time.
    /// Answers for each cause why it must be parked, if it must.
    pub(crate) async fn react<C: Cause>(
        &self,
        causes: &[C],
        reactions: Vec<Vec<Reaction>>,
    ) -> Result<Vec<Option<String>>, Stopped> {
        let groups = by_stream(reactions);
        let failures: Vec<(usize, String)> = stream::iter(groups)
            .map(|steps| self.walk(causes, steps))
            .buffer_unordered(STREAMS_AT_ONCE)
            .try_concat()
            .await?;
        let mut reasons = vec![None; causes.len()];
        for (cause, reason) in failures {
            reasons[cause].get_or_insert(reason);
        }
        Ok(reasons)
    }

    async fn walk<C: Cause>(&self, causes: &[C], steps: Vec<Step>) -> Result<Vec<(usize, String)>, Stopped> {
        let mut failures = Vec::new();
        for step in steps {
            let cause = step.cause;
            if let Some(reason) = self.perform(&causes[cause], step).await? {
                failures.push((cause, reason));
            }
        }
        Ok(failures)
    }

    /// One command until it is answered; why it never can be, if it cannot.
    async fn perform<C: Cause>(&self, cause: &C, step: Step) -> Result<Option<String>, Stopped> {
        let span = span(cause, &step.reaction);
        let request = self.request(cause, &step.reaction, &span);
        let mut backoff = Backoff::new(RETRY_FIRST, RETRY_LONGEST);
        let mut next = Some(step.reaction);
        let mut failures = 0;
        loop {
            // An order is used up by its execution; the policy, being pure, writes it again.
            let order = match next.take() {
                Some(reaction) => reaction.order,
                None => match again(cause, step.index) {
                    Some(reaction) => reaction.order,
                    None => return Ok(Some("its policy does not answer twice alike".to_owned())),
                },
            };
            fault::point("inbox.before_execute");
            let answer = Box::pin(self.log.execute(order, request.clone()))
                .instrument(span.clone())
                .await;
            fault::point("inbox.after_execute");
            match answer {
                Ok(_) => {
                    self.board.note(|status| status.executed += 1);
                    return Ok(None);
                }
                Err(ExecuteError::Refused(refused)) => {
                    span.in_scope(|| tracing::info!(refusal = refused.name, "a reaction was refused"));
                    self.board.note(|status| status.refused += 1);
                    return Ok(None);
                }
                Err(ExecuteError::Closed) => return Err(Stopped),
                Err(error) if is_passing(&error) => {
                    self.board.note(|status| status.retried += 1);
                    span.in_scope(|| tracing::debug!(error = %Chain(&error), "a reaction is tried again"));
                }
                Err(error) => {
                    failures += 1;
                    span.in_scope(|| tracing::warn!(error = %Chain(&error), failures, "a reaction failed"));
                    if failures >= TRIES_MAX {
                        return Ok(Some(Chain(&error).to_string()));
                    }
                }
            }
            if !backoff.wait(self.shutdown).await {
                return Err(Stopped);
            }
        }
    }

    fn request<C: Cause>(&self, cause: &C, reaction: &Reaction, span: &Span) -> Request {
        Request {
            command_id: reaction.command_id(cause.id()),
            fingerprint: reaction.policy.bytes().take(FINGERPRINT_BYTES_MAX).collect(),
            actor: self.actor.clone(),
            // We react when we learn of the fact; its own dates are the policy's to put into the command.
            at: None,
            case_id: reaction.case_id.clone().or_else(|| cause.case_id().cloned()),
            causation: Some(cause.causation()),
            traceparent: span
                .in_scope(trace::current)
                .or_else(|| cause.traceparent().map(str::to_owned)),
        }
    }
}

/// Whether waiting helps.
fn is_passing(error: &ExecuteError) -> bool {
    matches!(
        error,
        ExecuteError::Contended | ExecuteError::Overloaded { .. } | ExecuteError::Unavailable(_)
    )
}

fn again<C: Cause>(cause: &C, index: usize) -> Option<Reaction> {
    cause.reactions().ok()?.into_iter().nth(index)
}

/// The steps of each target stream, in the order of their causes.
fn by_stream(reactions: Vec<Vec<Reaction>>) -> Vec<Vec<Step>> {
    let mut places: HashMap<StreamName, usize> = HashMap::new();
    let mut groups: Vec<Vec<Step>> = Vec::new();
    for (cause, reactions) in reactions.into_iter().enumerate() {
        for (index, reaction) in reactions.into_iter().enumerate() {
            let place = *places.entry(reaction.order.stream.clone()).or_insert_with(|| {
                groups.push(Vec::new());
                groups.len() - 1
            });
            groups[place].push(Step {
                cause,
                index,
                reaction,
            });
        }
    }
    groups
}

/// The span in which a fact is processed continues the trace of the command that caused the fact.
fn span<C: Cause>(cause: &C, reaction: &Reaction) -> Span {
    let from = cause.causation();
    let span = tracing::info_span!(
        "process",
        otel.kind = "consumer",
        messaging.system = "nats",
        messaging.operation.r#type = "process",
        messaging.destination.name = from.log,
        event.position = from.position,
        event.r#type = cause.kind(),
        case.id = cause.case_id().map(CaseId::as_str),
        policy = reaction.policy,
    );
    trace::continue_from(&span, cause.traceparent());
    span
}
