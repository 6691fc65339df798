//! What is remembered of a fine.

use decider::Id;

use super::Event;

/// The claim it counts for and what is in force of it; `None` for a fine that no report led to.
pub type State = Option<(Id, i64)>;

/// Remembers an event.
pub(super) fn evolve(_: State, event: &Event) -> State {
    match event {
        Event::Imposed { claim, fine_fen } | Event::Revised { claim, fine_fen } => {
            Some((claim.clone(), *fine_fen))
        }
    }
}
