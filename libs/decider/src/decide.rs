//! The decider: what may happen, and what has happened.

use std::sync::Arc;

use law::{Calendar, RulePack};
use serde::{Serialize, de::DeserializeOwned};
use time::OffsetDateTime;

use crate::{
    Clocked, Context, Order, Recorded, Refusal,
    shadow::{Folding, PeriodFn, ReckonFn, Reckoned, Retold},
};

/// A fact of one aggregate, as stored: adjacently tagged JSON, braces on every variant.
///
/// **Warning**: variant and field names are the storage format. They are never renamed, retyped or reused.
pub trait DomainEvent: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// The variant's name, as it stands in the stored `type`.
    fn name(&self) -> &'static str;
}

/// The rules of one aggregate. Associated functions only: no `self`, no async, no clock, no I/O.
pub trait Decider: Send + Sync + 'static {
    /// The aggregate's name: the category of its streams.
    const NAME: &'static str;
    /// What the aggregate remembers.
    type State: Default + Clone + Send + Sync;
    /// What can be asked of it.
    type Command: Clone + Send + Sync + 'static;
    /// What can happen to it.
    type Event: DomainEvent;
    /// Why it may say no.
    type Refusal: Refusal;

    /// Answers a command: what happens, or why not. No events means "already so", and is not an error.
    fn decide(
        state: &Self::State,
        command: Self::Command,
        cx: &Context,
    ) -> Result<Vec<Self::Event>, Self::Refusal>;

    /// Remembers an event. Total: history is never refused.
    fn evolve(state: Self::State, event: &Self::Event) -> Self::State;

    /// The next instant at which the law itself acts on this aggregate, and what it then does.
    fn deadline(_state: &Self::State) -> Option<(OffsetDateTime, Self::Command)> {
        None
    }
}

/// Folds a stream into the state of its aggregate.
pub fn fold<D: Decider>(history: &[Recorded]) -> Result<D::State, serde_json::Error> {
    history.iter().try_fold(D::State::default(), |state, recorded| {
        serde_json::from_slice(&recorded.data).map(|event| D::evolve(state, &event))
    })
}

type DueFn = fn(&[Recorded]) -> Result<Option<(OffsetDateTime, Order)>, serde_json::Error>;

/// A decider as a value: what the deadline worker and a new calendar or pack need of it.
#[derive(Debug, Clone, Copy)]
pub struct Aggregate {
    /// The category of its streams.
    pub name: &'static str,
    due: DueFn,
    rederive: Option<fn(&str) -> Order>,
    period: PeriodFn,
    reckoning: Option<ReckonFn>,
}

impl Aggregate {
    /// The value for a decider.
    pub const fn of<D: Decider>() -> Self {
        Self { name: D::NAME, due: due::<D>, rederive: None, period: |_, _| None, reckoning: None }
    }

    /// The value for a decider with clocks.
    pub const fn of_clocked<D: Clocked>() -> Self {
        Self {
            name: D::NAME,
            due: due::<D>,
            rederive: Some(|id| Order::of::<D>(id, D::rederive())),
            period: D::period,
            reckoning: None,
        }
    }

    /// The same for a decider whose events carry amounts that follow from the rules.
    pub const fn reckoned<D: Reckoned>(self) -> Self {
        Self { reckoning: Some(|| Box::new(Folding::<D>::default())), ..self }
    }

    /// A stream of it, to be told again under other rules; none if nothing in it follows from rules.
    pub fn retell(&self, rules: &Arc<RulePack>, calendar: &Arc<Calendar>) -> Option<Retold> {
        let has_figures = self.rederive.is_some() || self.reckoning.is_some();
        let (rules, calendar) = (Arc::clone(rules), Arc::clone(calendar));
        has_figures.then(|| Retold::new(rules, calendar, self.period, self.reckoning))
    }

    /// The order that computes the open clocks of a stream anew; none for a decider without clocks.
    pub fn rederive(&self, id: &str) -> Option<Order> {
        self.rederive.map(|order| order(id))
    }

    /// Whether its streams have clocks.
    pub fn is_clocked(&self) -> bool {
        self.rederive.is_some()
    }

    /// When the law next acts on the stream with this history, and what it then does.
    pub fn due(&self, history: &[Recorded]) -> Result<Option<(OffsetDateTime, Order)>, serde_json::Error> {
        (self.due)(history)
    }
}

fn due<D: Decider>(history: &[Recorded]) -> Result<Option<(OffsetDateTime, Order)>, serde_json::Error> {
    let Some(first) = history.first() else {
        return Ok(None);
    };
    let state = fold::<D>(history)?;
    Ok(D::deadline(&state).map(|(at, command)| (at, Order::of::<D>(first.stream.id(), command))))
}
