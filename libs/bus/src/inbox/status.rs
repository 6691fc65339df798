//! How a listener fares with one source, for health, metrics and operators.

use std::sync::Arc;

use tokio::sync::watch;

use crate::Source;

/// What a listener does now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum State {
    /// It has not begun.
    #[default]
    New,
    /// It takes in what comes.
    Running,
    /// It tries again soon; the text says why.
    Waiting(String),
    /// It takes nothing in until a person has looked; the text says why.
    Alarmed(String),
}

/// How far a listener is with one source, and how it fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The source.
    pub source: Source,
    /// What it does now.
    pub state: State,
    /// The last position taken in, without gaps.
    pub position: u64,
    /// Commands executed, repeated ones included.
    pub executed: u64,
    /// Commands refused by a rule: a business outcome, stored once.
    pub refused: u64,
    /// Tries that found the database busy or away.
    pub retried: u64,
    /// Deliveries of positions that were taken in before.
    pub repeated: u64,
    /// Gaps seen in what was delivered.
    pub gaps: u64,
    /// Messages found again: on the bus by their sequence, or in their owner's log.
    pub refound: u64,
    /// Those of them that came from the owner's log.
    pub backfilled: u64,
    /// Positions that exist nowhere any more; the first of each gap is parked.
    pub lost: u64,
    /// Messages parked.
    pub parked: u64,
    /// How often it had to connect anew.
    pub restarts: u64,
}

/// Where a listener notes how it fares.
#[derive(Debug, Clone)]
pub(crate) struct Board(Arc<watch::Sender<Status>>);

impl Board {
    pub(crate) fn new(source: Source) -> Self {
        Self(Arc::new(watch::Sender::new(Status {
            source,
            state: State::New,
            position: 0,
            executed: 0,
            refused: 0,
            retried: 0,
            repeated: 0,
            gaps: 0,
            refound: 0,
            backfilled: 0,
            lost: 0,
            parked: 0,
            restarts: 0,
        })))
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Status> {
        self.0.subscribe()
    }

    pub(crate) fn position(&self) -> u64 {
        self.0.borrow().position
    }

    pub(crate) fn note(&self, change: impl FnOnce(&mut Status)) {
        self.0.send_modify(change);
    }

    pub(crate) fn run_from(&self, position: u64) {
        self.note(|status| {
            status.position = position;
            status.state = State::Running;
        });
    }

    pub(crate) fn wait(&self, reason: String) {
        self.note(|status| {
            status.state = State::Waiting(reason);
            status.restarts += 1;
        });
    }

    pub(crate) fn alarm(&self, reason: String) {
        self.note(|status| {
            status.state = State::Alarmed(reason);
            status.restarts += 1;
        });
    }
}
