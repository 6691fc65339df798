//! From facts to effects: every reaction becomes a command under an id of its own, executed until it is answered.
//!
//! **Invariant**: nothing is left out because something was busy or away. A refusal is an answer; only what can
//! never be executed is given back, with its reason, to be parked where operators see it.

use std::time::Duration;

use decider::{Actor, CaseId, Causation, Reaction, Unreadable};
use eventlog::{ExecuteError, Log, Request, fault, trace};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span};
use uuid::Uuid;

use crate::backoff::Backoff;
use crate::chain::Chain;
use crate::inbox::Board;

/// How often a command that the log cannot store is tried before its fact is parked.
const TRIES_MAX: u32 = 3;
const RETRY_FIRST: Duration = Duration::from_millis(5);
const RETRY_LONGEST: Duration = Duration::from_secs(1);
/// Longest fingerprint that the log takes.
const FINGERPRINT_BYTES_MAX: usize = 64;

/// Something that happened, here or elsewhere, and what we do about it.
pub(crate) trait Cause: Send + Sync {
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
pub(crate) struct Reactor {
    pub(crate) log: Log,
    pub(crate) actor: Actor,
    pub(crate) board: Board,
    pub(crate) shutdown: CancellationToken,
}

impl Reactor {
    /// One command until it is answered; why it never can be, if it cannot.
    pub(crate) async fn perform(
        &self,
        cause: &dyn Cause,
        index: usize,
        reaction: Reaction,
    ) -> Result<Option<String>, Stopped> {
        let span = span(&self.log.options().schema, cause, &reaction);
        let request = self.request(cause, &reaction, &span);
        let mut backoff = Backoff::new(RETRY_FIRST, RETRY_LONGEST);
        let mut next = Some(reaction);
        let mut failures = 0;
        loop {
            // An order is used up by its execution; the policy, being pure, writes it again.
            let order = match next.take() {
                Some(reaction) => reaction.order,
                None => match again(cause, index) {
                    Some(reaction) => reaction.order,
                    None => return Ok(Some("its policy does not answer twice alike".to_owned())),
                },
            };
            fault::point("inbox.before_execute");
            let answer = Box::pin(self.log.execute(order, request.clone())).instrument(span.clone()).await;
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
            if !backoff.wait(&self.shutdown).await {
                return Err(Stopped);
            }
        }
    }

    fn request(&self, cause: &dyn Cause, reaction: &Reaction, span: &Span) -> Request {
        Request {
            command_id: reaction.command_id(cause.id()),
            fingerprint: reaction.policy.bytes().take(FINGERPRINT_BYTES_MAX).collect(),
            actor: self.actor.clone(),
            // We react when we learn of the fact; its own dates are the policy's to put into the command.
            at: None,
            case_id: reaction.case_id.clone().or_else(|| cause.case_id().cloned()),
            causation: Some(cause.causation()),
            traceparent: span.in_scope(trace::current).or_else(|| cause.traceparent().map(str::to_owned)),
        }
    }
}

/// Whether waiting helps.
fn is_passing(error: &ExecuteError) -> bool {
    matches!(error, ExecuteError::Contended | ExecuteError::Overloaded { .. } | ExecuteError::Unavailable(_))
}

fn again(cause: &dyn Cause, index: usize) -> Option<Reaction> {
    cause.reactions().ok()?.into_iter().nth(index)
}

/// The span in which a fact is processed continues the trace of the command that caused the fact.
fn span(service: &str, cause: &dyn Cause, reaction: &Reaction) -> Span {
    let from = cause.causation();
    let span = tracing::info_span!(
        "process",
        service.name = service,
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
