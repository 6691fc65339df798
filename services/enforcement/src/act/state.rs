//! What an act remembers: which case holds it, and whom it has answered.

use std::collections::BTreeSet;

use decider::Id;

use super::Event;

/// An act as it stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// The case that holds it.
    pub holder: Option<Id>,
    /// Cases that were told no.
    pub denied: BTreeSet<Id>,
}

/// Remembers an event.
pub(super) fn evolve(mut state: State, event: &Event) -> State {
    match event {
        Event::Claimed { penalty } => state.holder = Some(penalty.clone()),
        Event::Denied { penalty, .. } => {
            state.denied.insert(penalty.clone());
        }
        Event::Released { .. } => state.holder = None,
    }
    state
}
