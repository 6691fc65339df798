//! What a report remembers.

use decider::Id;
use law::{AreaCode, clock::Clocks};

use super::{Duty, Event};

/// A report as it stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum State {
    /// No such report.
    #[default]
    Unknown,
    /// Received, not verified.
    Open(Open),
    /// Verified.
    Closed,
}

/// A report that is being handled.
#[derive(Debug, Clone, PartialEq)]
pub struct Open {
    /// The reporter's reference.
    pub reporter_ref: Id,
    pub area: AreaCode,
    pub clocks: Clocks<Duty>,
}

/// Remembers an event.
pub(super) fn evolve(state: State, event: &Event) -> State {
    match (state, event) {
        (_, Event::Received { reporter_ref, area, .. }) => State::Open(Open {
            reporter_ref: reporter_ref.clone(),
            area: area.clone(),
            clocks: Clocks::default(),
        }),
        (State::Open(mut open), Event::Clock { duty, event }) => {
            open.clocks.remember(duty, event);
            State::Open(open)
        }
        (State::Open(_), Event::Verified { .. }) => State::Closed,
        (state, _) => state,
    }
}
