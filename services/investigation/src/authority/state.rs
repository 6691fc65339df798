//! What an entry of the register remembers: only what makes a repeated notice a no-op.

use super::Event;

/// The last thing that was noted.
pub type State = Option<Event>;

/// Remembers an event.
pub(super) fn evolve(_: State, event: &Event) -> State {
    Some(event.clone())
}
