//! What the events of a penalty case do to its clocks, and whose time it is.

use decider::{Winding, clocked::Unwound};
use law::Role as Side;

use super::{Duty, Event, Outcome, State, state::Decided};

pub(super) fn wind(state: &State, event: &Event, winding: &mut Winding<'_, Duty>) -> Result<(), Unwound> {
    match event {
        Event::Filed { department, decide_by, .. } => {
            let terms = winding.terms("penalty.decision_deadline", Side::Agency, department)?;
            winding.arm(Duty::Decide, terms, decide_by)
        }
        Event::NoticeServed { defence, defend_by, hearing_by, .. } => {
            let State::Open(open) = state else { return Ok(()) };
            let unit = &open.case.subject.unit;
            let terms = winding.set("penalty.defence", "行政处罚法45", *defence, Side::Party, unit);
            winding.arm(Duty::Defend, terms.right(), defend_by)?;
            match hearing_by {
                None => Ok(()),
                Some(due) => {
                    let terms = winding.terms("penalty.hearing.request", Side::Party, unit)?;
                    winding.arm(Duty::RequestHearing, terms.right(), due)
                }
            }
        }
        Event::DefenceReceived { .. } => winding.meet(Duty::Defend),
        Event::HearingRequested {} => winding.meet(Duty::RequestHearing),
        Event::DefenceWaived { hearing, .. } => {
            winding.cancel(&Duty::Defend, "waived")?;
            if *hearing { winding.cancel(&Duty::RequestHearing, "waived") } else { Ok(()) }
        }
        Event::Decided { subject, authority, pay_by, publish_by, .. } => {
            winding.meet(Duty::Decide)?;
            let terms = winding.terms("penalty.pay_deadline", Side::Party, &subject.unit)?;
            winding.arm(Duty::Pay, terms, pay_by)?;
            match publish_by {
                None => Ok(()),
                Some(due) => {
                    let terms = winding.terms("publicity.worksafety_penalty", Side::Agency, authority)?;
                    winding.arm(Duty::Publish, terms, due)
                }
            }
        }
        Event::Dismissed { .. } => winding.cancel_all("dismissed"),
        Event::Published {} => winding.meet(Duty::Publish),
        Event::FinePaid { outstanding_fen: 0, .. } => winding.meet(Duty::Pay),
        Event::Revised { .. } => {
            let State::Decided(decided) = state else { return Ok(()) };
            revise(decided, event, winding)
        }
        Event::PublicationWithdrawn { .. } => winding.meet(Duty::WithdrawPublication),
        Event::Referred { .. }
        | Event::ActClaimed {}
        | Event::ActTaken { .. }
        | Event::InvestigationConcluded { .. }
        | Event::EditionChosen { .. }
        | Event::LegallyReviewed { .. }
        | Event::DefenceLapsed { .. }
        | Event::HearingNoticed { .. }
        | Event::HearingClosed { .. }
        | Event::FinePaid { .. }
        | Event::Clock { .. } => Ok(()),
    }
}

fn revise(decided: &Decided, event: &Event, winding: &mut Winding<'_, Duty>) -> Result<(), Unwound> {
    let Event::Revised { outcome, withdraw_by, .. } = event else { return Ok(()) };
    match outcome {
        Outcome::Revoked => {
            winding.cancel(&Duty::Pay, "revoked")?;
            winding.cancel(&Duty::Publish, "revoked")?;
        }
        Outcome::Reduced if decided.paid_fen >= decided.fine_fen => winding.meet(Duty::Pay)?,
        Outcome::Reduced => {}
    }
    let case = &decided.case;
    // A second revision does not give more time for what was not withdrawn after the first.
    let runs = case.clocks.get(&Duty::WithdrawPublication).is_some_and(|clock| clock.end.is_none());
    match withdraw_by {
        Some(due) if !runs => {
            let terms = winding.terms("penalty.withdraw_publication", Side::Agency, &case.authority)?;
            winding.arm(Duty::WithdrawPublication, terms, due)
        }
        _ => Ok(()),
    }
}
