//! What is remembered of a unit.

use std::collections::BTreeMap;

use decider::{Department, Id};
use law::Level;
use time::OffsetDateTime;

use super::Event;

/// A unit's history.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    pub penalties: BTreeMap<Id, Penalty>,
    /// Listings and the penalties they rest on.
    pub listings: BTreeMap<Id, Vec<Id>>,
}

/// A penalty as it was made public.
#[derive(Debug, Clone, PartialEq)]
pub struct Penalty {
    pub authority: Department,
    pub act: String,
    pub level: Option<Level>,
    pub decided_at: OffsetDateTime,
    pub revoked: bool,
}

/// Remembers an event.
pub(super) fn evolve(mut state: State, event: &Event) -> State {
    match event {
        Event::PenaltyNoted { penalty, authority, act, level, decided_at } => {
            let noted = Penalty {
                authority: authority.clone(),
                act: act.clone(),
                level: *level,
                decided_at: *decided_at,
                revoked: false,
            };
            state.penalties.insert(penalty.clone(), noted);
        }
        Event::GroundMet { listing, penalties, .. } | Event::ListingNoted { listing, penalties } => {
            state.listings.insert(listing.clone(), penalties.clone());
        }
        Event::PenaltyRevoked { penalty } => {
            if let Some(penalty) = state.penalties.get_mut(penalty) {
                penalty.revoked = true;
            }
        }
        Event::BasisLost { .. } => {}
    }
    state
}
