//! What the events of a listing do to its clocks, and whose time it is.

use decider::{Winding, clocked::Unwound};
use law::Role as Side;

use super::{Basis, Duty, Event, ORDER_11, State, state::Open};

/// Whose time it is where a person is listed: nothing of a person leaves this service.
const PERSON: &str = "person";

pub(super) fn wind(state: &State, event: &Event, winding: &mut Winding<'_, Duty>) -> Result<(), Unwound> {
    match (state, event) {
        (State::Open(open), event) => wind_open(open, event, winding),
        (_, Event::NotListed { .. }) => winding.cancel_all("not-listed"),
        (_, Event::TermEnded { .. }) => winding.cancel_all("term-ended"),
        (_, Event::Withdrawn { .. }) => {
            winding.meet(Duty::Withdraw)?;
            winding.cancel_all("basis-revoked")
        }
        _ => Ok(()),
    }
}

fn wind_open(open: &Open, event: &Event, winding: &mut Winding<'_, Duty>) -> Result<(), Unwound> {
    let authority = &open.authority;
    match event {
        Event::PriorNoticeServed { defend_by, .. } => {
            let terms = winding.terms("penalty.hearing.request", Side::Party, party(open))?;
            winding.arm(Duty::Defence, terms.right(), defend_by)
        }
        Event::DefenceReceived { .. } => winding.meet(Duty::Defence),
        Event::DefenceWaived { .. } => winding.cancel(&Duty::Defence, "waived"),
        Event::Listed { until, removable_from, publish_by, .. } => {
            let terms = winding.terms(term_rule(&open.basis), Side::Agency, authority)?;
            winding.arm(Duty::Term, terms.term(), until)?;
            // A rest day would only make the party wait longer.
            let terms = winding.terms(wait_rule(&open.basis), Side::Agency, party(open))?;
            winding.arm(Duty::Wait, terms.term(), removable_from)?;
            match publish_by {
                None => Ok(()),
                Some(due) => {
                    let terms = winding.terms("credit.worksafety.publish", Side::Agency, authority)?;
                    winding.arm(Duty::Publish, terms, due)
                }
            }
        }
        Event::Published { .. } => winding.meet(Duty::Publish),
        Event::RemovedEarly { .. } => winding.cancel_all("removed-early"),
        Event::RemovalRevoked { until, .. } => match open.clocks.get(&Duty::Term) {
            // The rest of the same term: it began when the party was listed.
            Some(clock) => winding.arm(Duty::Term, clock.terms.clone(), until),
            None => Ok(()),
        },
        Event::Suspended { withdraw_by, .. } => {
            winding.cancel_all("basis-revoked")?;
            let terms = winding.terms("penalty.withdraw_publication", Side::Agency, authority)?;
            winding.arm(Duty::Withdraw, terms, withdraw_by)
        }
        Event::Proposed { .. }
        | Event::LegallyReviewed { .. }
        | Event::DefenceLapsed { .. }
        | Event::NotListed { .. }
        | Event::TermEnded { .. }
        | Event::Withdrawn { .. }
        | Event::Clock { .. } => Ok(()),
    }
}

fn party(open: &Open) -> &str {
    open.party.person.as_ref().map_or(open.party.unit.as_str(), |_| PERSON)
}

/// The rule of the term: Order 11's own, and for other bases that of the severe class of the credit repair measure.
pub(super) fn term_rule(basis: &Basis) -> &'static str {
    match basis.instrument.as_str() {
        ORDER_11 => "credit.worksafety.period",
        _ => "credit.repair.severe_max",
    }
}

/// The rule of the least time on the list, by the same measure.
pub(super) fn wait_rule(basis: &Basis) -> &'static str {
    match basis.instrument.as_str() {
        ORDER_11 => "credit.worksafety.early_removal_min",
        _ => "credit.repair.severe_min",
    }
}
