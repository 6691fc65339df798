//! A command with its stream and its decider, the types forgotten: what `handle` runs, here and in the simulation.

use std::fmt;

use bytes::Bytes;
use time::OffsetDateTime;

use crate::{Context, Decider, DomainEvent, Recorded, Refused, StreamName, fold};

/// An event about to be appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// The event's name.
    pub kind: &'static str,
    /// `{"type":..,"data":..}`
    pub data: Bytes,
}

/// What a decider answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What happens; empty means "already so".
    pub events: Vec<NewEvent>,
    /// When the law next acts on the stream, after these events.
    pub deadline: Option<OffsetDateTime>,
}

/// Why an order brought no decision.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// The rule says no.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// A stored event cannot be read: the stream must be looked at by a person.
    #[error("read the history of the stream")]
    Unreadable(#[source] serde_json::Error),
    /// An event cannot be written as JSON.
    #[error("write an event")]
    Unwritable(#[source] serde_json::Error),
}

type DecideFn = dyn Fn(&[Recorded], &Context) -> Result<Decision, OrderError> + Send + Sync;

/// A command for one stream. Deciding it is pure and may be repeated.
pub struct Order {
    /// The stream it is for.
    pub stream: StreamName,
    decide: Box<DecideFn>,
}

impl Order {
    /// The order that gives `command` to the aggregate `id` of decider `D`.
    pub fn of<D: Decider>(id: &str, command: D::Command) -> Self {
        Self {
            stream: StreamName::new(D::NAME, id),
            decide: Box::new(move |history, cx| decide::<D>(history, command.clone(), cx)),
        }
    }

    /// Decides against a history; the same history and context give the same decision.
    pub fn decide(&self, history: &[Recorded], cx: &Context) -> Result<Decision, OrderError> {
        (self.decide)(history, cx)
    }
}

impl fmt::Debug for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Order").field("stream", &self.stream).finish_non_exhaustive()
    }
}

fn decide<D: Decider>(
    history: &[Recorded],
    command: D::Command,
    cx: &Context,
) -> Result<Decision, OrderError> {
    let state = fold::<D>(history).map_err(OrderError::Unreadable)?;
    let events = D::decide(&state, command, cx).map_err(|refusal| Refused::of(&refusal))?;
    let state = events.iter().fold(state, D::evolve);
    let deadline = D::deadline(&state).map(|(at, _)| at);
    let events = events.iter().map(write).collect::<Result<_, _>>().map_err(OrderError::Unwritable)?;
    Ok(Decision { events, deadline })
}

fn write<E: DomainEvent>(event: &E) -> Result<NewEvent, serde_json::Error> {
    Ok(NewEvent { kind: event.name(), data: serde_json::to_vec(event)?.into() })
}
