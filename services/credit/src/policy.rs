//! What this service does about facts: pure, from a fact to a command of our own.

use contracts::enforcement::v1 as enforcement;
use decider::{Fact, Id, Order, Reaction, Recorded, Unreadable};
use law::{Level, Uscc};

use crate::{
    listing::{self, Listing, ORDER_11},
    subject::{self, Subject},
};

/// Another department's fact becomes a command of ours, or nothing.
pub fn react(fact: &Fact) -> Result<Vec<Reaction>, Unreadable> {
    if let Some(message) = fact.read::<enforcement::PenaltyDecided>()? {
        // A penalty without a unit is a person's; no list of units rests on it.
        let Some(unit) = unit(fact, &message.unit)? else {
            return Ok(vec![]);
        };
        let command = subject::Command::NotePenalty {
            penalty: fact.field("penalty_id", Id::parse(&message.penalty_id))?,
            authority: fact.field("authority", message.authority.parse())?,
            // A penalty that names no act of its own stands for one.
            act: if message.act.is_empty() { message.penalty_id } else { message.act },
            level: level(fact, &message.accident_level)?,
            decided_at: fact.occurred_at,
        };
        return Ok(vec![about("note-penalty", &unit, command)]);
    }
    if let Some(message) = fact.read::<enforcement::PenaltyRevised>()? {
        if message.outcome != "revoked" {
            return Ok(vec![]);
        }
        let Some(unit) = unit(fact, &message.unit)? else {
            return Ok(vec![]);
        };
        let penalty = fact.field("penalty_id", Id::parse(&message.penalty_id))?;
        return Ok(vec![about("note-revocation", &unit, subject::Command::NoteRevocation { penalty })]);
    }
    Ok(vec![])
}

/// Our own event drives our own next step.
pub fn advance(recorded: &Recorded) -> Result<Vec<Reaction>, Unreadable> {
    match recorded.stream.category() {
        "subject" => after_subject(recorded),
        "listing" => after_listing(recorded),
        _ => Ok(vec![]),
    }
}

fn after_subject(recorded: &Recorded) -> Result<Vec<Reaction>, Unreadable> {
    use subject::Event;
    Ok(match chassis::event(recorded)? {
        Event::GroundMet { listing, ground, authority, penalties } => {
            let unit = Uscc::parse(recorded.stream.id())
                .map_err(|error| Unreadable { kind: recorded.kind.clone(), reason: error.to_string() })?;
            let penalties = penalties
                .into_iter()
                .map(|id| listing::Penalty { id, authority: authority.clone() })
                .collect();
            let command = listing::Command::Propose(listing::Proposal {
                party: listing::Party { unit, person: None },
                authority,
                ground,
                form: word(listing::LegalForm::MinistryRule),
                instrument: Id::parse(ORDER_11).expect("a literal id"),
                penalties,
            });
            vec![Reaction::new("propose-listing", Order::of::<Listing>(listing.as_str(), command))]
        }
        Event::BasisLost { listing, penalty } => {
            let command = listing::Command::InvalidateBasis { penalty };
            vec![Reaction::new("invalidate-basis", Order::of::<Listing>(listing.as_str(), command))]
        }
        Event::PenaltyNoted { .. } | Event::ListingNoted { .. } | Event::PenaltyRevoked { .. } => vec![],
    })
}

/// A listing that an officer proposed is remembered with its unit, so that a revoked penalty finds it.
fn after_listing(recorded: &Recorded) -> Result<Vec<Reaction>, Unreadable> {
    let listing::Event::Proposed { party, penalties, .. } = chassis::event(recorded)? else {
        return Ok(vec![]);
    };
    let listing = Id::parse(recorded.stream.id())
        .map_err(|error| Unreadable { kind: recorded.kind.clone(), reason: error.to_string() })?;
    Ok(vec![about("note-listing", &party.unit, subject::Command::NoteListing { listing, penalties })])
}

fn about(policy: &'static str, unit: &Uscc, command: subject::Command) -> Reaction {
    Reaction::new(policy, Order::of::<Subject>(unit.as_str(), command))
}

fn unit(fact: &Fact, text: &str) -> Result<Option<Uscc>, Unreadable> {
    if text.is_empty() { Ok(None) } else { fact.field("unit", Uscc::parse(text)).map(Some) }
}

fn level(fact: &Fact, word: &str) -> Result<Option<Level>, Unreadable> {
    if word.is_empty() {
        return Ok(None);
    }
    let known = [Level::General, Level::Larger, Level::Major, Level::Extreme];
    let found = known.into_iter().find(|level| level.en() == word);
    fact.field("accident_level", found.ok_or("known are general, larger, major and extreme")).map(Some)
}

fn word(form: listing::LegalForm) -> Id {
    Id::parse(&form.to_string()).expect("forms are spelled as ids")
}
