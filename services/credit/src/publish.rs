//! Which of this service's events become public, and as what. Exhaustive, one way.

use contracts::credit::v1 as public;
use decider::{Public, Recorded, Unreadable};
use law::clock;

use crate::{
    listing::{self, Party},
    subject,
};

/// The public message of an event, or nothing.
pub fn publish(recorded: &Recorded) -> Result<Option<Public>, Unreadable> {
    match recorded.stream.category() {
        "listing" => chassis::event(recorded).map(|event| of_listing(recorded.stream.id(), event)),
        // What others made public is not made public again.
        "subject" => chassis::event::<subject::Event>(recorded).map(|_| None),
        other => Err(chassis::unknown_category(other)),
    }
}

fn of_listing(id: &str, event: listing::Event) -> Option<Public> {
    use listing::Event;
    let listing_id = id.to_owned();
    Some(match event {
        Event::Proposed { party, authority, ground, basis, .. } => Public::of(&public::ListingProposed {
            listing_id,
            unit: unit(&party)?,
            authority: authority.to_string(),
            ground: ground.to_string(),
            legal_basis: format!("{}:{}", basis.form, basis.instrument),
        }),
        Event::LegallyReviewed { passed, .. } => Public::of(&public::ListingReviewed { listing_id, passed }),
        Event::PriorNoticeServed { defend_by, .. } => {
            Public::of(&public::PriorNoticeServed { listing_id, defend_by: Some(chassis::due(&defend_by)) })
        }
        Event::DefenceReceived { .. } => heard(listing_id, "received"),
        Event::DefenceWaived { .. } => heard(listing_id, "waived"),
        Event::DefenceLapsed { .. } => heard(listing_id, "lapsed"),
        Event::Listed { party, document, until, removable_from, .. } => Public::of(&public::Listed {
            listing_id,
            unit: unit(&party)?,
            document,
            until: Some(chassis::due(&until)),
            removable_from: Some(chassis::due(&removable_from)),
        }),
        Event::NotListed { document, .. } => Public::of(&public::NotListed { listing_id, document }),
        Event::Published { unit, platforms, removable_from, until } => {
            Public::of(&public::ListingPublished {
                listing_id,
                unit: unit.to_string(),
                platforms,
                removable_from: Some(chassis::due(&removable_from)),
                until: Some(chassis::due(&until)),
            })
        }
        Event::RemovedEarly { party, .. } => {
            Public::of(&public::RemovedEarly { listing_id, unit: unit(&party)? })
        }
        Event::RemovalRevoked { party, until, .. } => Public::of(&public::ListingRestored {
            listing_id,
            unit: unit(&party)?,
            until: Some(chassis::due(&until)),
        }),
        Event::TermEnded { party, .. } => Public::of(&public::TermEnded { listing_id, unit: unit(&party)? }),
        Event::Suspended { party, penalty, withdraw_by } => Public::of(&public::ListingSuspended {
            listing_id,
            unit: unit(&party)?,
            penalty_id: penalty.into(),
            withdraw_by: Some(chassis::due(&withdraw_by)),
        }),
        Event::Withdrawn { party, cause, .. } => {
            Public::of(&public::ListingWithdrawn { listing_id, unit: unit(&party)?, cause })
        }
        Event::Clock { duty, event: clock::Event::Breached { due } } => {
            let (duty, due) = (duty.to_string(), Some(chassis::due(&due)));
            Public::of(&public::DeadlineBreached { subject: listing_id, duty, due })
        }
        Event::Clock { duty, event } => return chassis::clock(id, duty, &event),
    })
}

fn heard(listing_id: String, how: &str) -> Public {
    Public::of(&public::DefenceHeard { listing_id, how: how.to_owned() })
}

/// The unit, if the record is its own; a person's record is not made public (浙江省公共信用信息管理条例 15).
fn unit(party: &Party) -> Option<String> {
    party.person.is_none().then(|| party.unit.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_persons_listing_does_not_leave_this_service() {
        let stored = include_str!("../stored/Listing.Proposed.person.json");
        assert_eq!(of_listing("l-1", serde_json::from_str(stored).unwrap()), None);
        let stored = include_str!("../stored/Listing.Proposed.json");
        assert!(of_listing("l-1", serde_json::from_str(stored).unwrap()).is_some());
    }
}
