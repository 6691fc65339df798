//! What a report remembers.

use decider::Id;
use law::Due;

use super::Event;

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
    /// When the verification is due; `None` once breached.
    pub verify_by: Option<Due>,
}

/// Remembers an event.
pub(super) fn evolve(state: State, event: &Event) -> State {
    match (state, event) {
        (_, Event::Received { reporter_ref, verify_by, .. }) => {
            State::Open(Open { reporter_ref: reporter_ref.clone(), verify_by: Some(verify_by.clone()) })
        }
        (State::Open(open), Event::VerificationOverdue { .. }) => {
            State::Open(Open { verify_by: None, ..open })
        }
        (State::Open(_), Event::Verified { .. }) => State::Closed,
        (state, _) => state,
    }
}
