//! What a matter remembers.

use decider::Id;
use law::AreaCode;
use time::OffsetDateTime;

use super::Event;

/// A matter as it stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// Reports in the order of their receipt.
    pub entries: Vec<Entry>,
    /// The report that is rewarded.
    pub first: Option<Id>,
}

/// One report of the matter.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub claim: Id,
    pub area: AreaCode,
    pub received_at: OffsetDateTime,
    pub standing: Standing,
}

/// How a report stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Not verified yet.
    Pending,
    Confirmed,
    Dismissed,
    First,
    Corroborator,
}

impl State {
    /// A report of the matter.
    pub fn entry(&self, claim: &Id) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.claim == *claim)
    }

    fn stand(&mut self, claim: &Id, standing: Standing) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.claim == *claim) {
            entry.standing = standing;
        }
    }
}

/// Remembers an event.
pub(super) fn evolve(mut state: State, event: &Event) -> State {
    match event {
        Event::Entered { claim, area, received_at } => {
            // Facts of one department may be worked on side by side: their order is the time of receipt.
            let place = state.entries.partition_point(|entry| entry.received_at <= *received_at);
            let entry = Entry {
                claim: claim.clone(),
                area: area.clone(),
                received_at: *received_at,
                standing: Standing::Pending,
            };
            state.entries.insert(place, entry);
        }
        Event::Confirmed { claim } => state.stand(claim, Standing::Confirmed),
        Event::Dismissed { claim } => state.stand(claim, Standing::Dismissed),
        Event::CorroboratorDetermined { claim, .. } => state.stand(claim, Standing::Corroborator),
        // A distinct matter has a first report of its own; later reports come after that one.
        Event::FirstDetermined { claim } | Event::FoundDistinct { claim, .. } => {
            state.stand(claim, Standing::First);
            state.first = Some(claim.clone());
        }
    }
    state
}
