//! What can be asked of a unit's history: to note what was made public, and to say what follows from it.

use std::collections::BTreeSet;

use decider::{Context, Decider, Department, Id};
use law::{Level, Period, Role as Side};
use time::OffsetDateTime;

use super::{Event, Ground, State, evolve};

/// A command for a unit's history.
#[derive(Debug, Clone)]
pub enum Command {
    /// A penalty was decided.
    NotePenalty {
        penalty: Id,
        authority: Department,
        act: String,
        level: Option<Level>,
        decided_at: OffsetDateTime,
    },
    /// A penalty was revoked.
    NoteRevocation { penalty: Id },
    /// A listing that rests on penalties was proposed.
    NoteListing { listing: Id, penalties: Vec<Id> },
}

decider::refusals! {
    /// The history refuses nothing: it only repeats what was made public.
    pub enum Refusal {}
}

/// The window in which larger accidents count together; the unit of the parameter
/// `credit.worksafety.larger_accidents` is a count in twelve months.
const WINDOW: Period = Period::Months(12);

/// The decider of a unit's history.
pub struct Subject;

impl Decider for Subject {
    const NAME: &'static str = "subject";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(state: &State, command: Command, cx: &Context) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::NotePenalty { penalty, .. } if state.penalties.contains_key(&penalty) => Ok(vec![]),
            Command::NotePenalty { penalty, authority, act, level, decided_at } => {
                let noted =
                    Event::PenaltyNoted { penalty: penalty.clone(), authority, act, level, decided_at };
                let after = evolve(state.clone(), &noted);
                let met = ground_met(&after, &penalty, cx)?;
                Ok([noted].into_iter().chain(met).collect())
            }
            Command::NoteRevocation { penalty } => Ok(revoke(state, penalty)),
            Command::NoteListing { listing, .. } if state.listings.contains_key(&listing) => Ok(vec![]),
            Command::NoteListing { listing, penalties } => Ok(note_listing(state, listing, penalties)),
        }
    }

    fn evolve(state: State, event: &Event) -> State {
        evolve(state, event)
    }
}

/// The ground for a listing that this penalty completes. The listing is called after the penalty.
fn ground_met(state: &State, penalty: &Id, cx: &Context) -> Result<Option<Event>, Refusal> {
    let Some(noted) = state.penalties.get(penalty) else {
        return Ok(None);
    };
    let (ground, penalties) = match noted.level {
        Some(Level::Major | Level::Extreme) => (Ground::MajorAccident, vec![penalty.clone()]),
        Some(Level::Larger) => {
            let together = larger_together(state, penalty, noted.decided_at, cx);
            let wanted = cx.rules.number("credit.worksafety.larger_accidents")?;
            if i64::try_from(together.len()).unwrap_or(i64::MAX) < wanted {
                return Ok(None);
            }
            (Ground::TwoLargerAccidents, together)
        }
        Some(Level::General) | None => return Ok(None),
    };
    let authority = noted.authority.clone();
    Ok(Some(Event::GroundMet { listing: penalty.clone(), ground, authority, penalties }))
}

/// One penalty for each larger accident whose window reaches this one, this one last. Facts carry no date of
/// the accident, so the date of the penalty stands for it.
fn larger_together(state: &State, penalty: &Id, at: OffsetDateTime, cx: &Context) -> Vec<Id> {
    let Some(this) = state.penalties.get(penalty) else {
        return vec![];
    };
    let mut earlier: Vec<_> = state
        .penalties
        .iter()
        .filter(|(id, other)| {
            *id != penalty
                && other.level == Some(Level::Larger)
                && !other.revoked
                && other.act != this.act
                && other.decided_at <= at
                && !cx.calendar.due(other.decided_at, WINDOW, Side::Agency).is_past(at)
        })
        .collect();
    earlier.sort_by_key(|(_, other)| other.decided_at);
    let mut acts = BTreeSet::new();
    earlier.retain(|(_, other)| acts.insert(other.act.as_str()));
    earlier.into_iter().map(|(id, _)| id.clone()).chain([penalty.clone()]).collect()
}

fn revoke(state: &State, penalty: Id) -> Vec<Event> {
    if state.penalties.get(&penalty).is_none_or(|noted| noted.revoked) {
        return vec![];
    }
    let lost = state.listings.iter().filter(|(_, penalties)| penalties.contains(&penalty));
    let lost =
        lost.map(|(listing, _)| Event::BasisLost { listing: listing.clone(), penalty: penalty.clone() });
    let lost: Vec<_> = lost.collect();
    [Event::PenaltyRevoked { penalty }].into_iter().chain(lost).collect()
}

/// A listing may be proposed on a penalty that is being revoked at the same time; then its basis is gone already.
fn note_listing(state: &State, listing: Id, penalties: Vec<Id>) -> Vec<Event> {
    let is_revoked = |id: &&Id| state.penalties.get(*id).is_some_and(|noted| noted.revoked);
    let lost = penalties
        .iter()
        .find(is_revoked)
        .map(|penalty| Event::BasisLost { listing: listing.clone(), penalty: penalty.clone() });
    [Event::ListingNoted { listing, penalties }].into_iter().chain(lost).collect()
}
