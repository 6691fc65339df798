//! What the events of a suspected crime do to its clocks, and whose time it is.

use decider::{Winding, clocked::Unwound};
use law::Role as Side;

use super::{Duty, Event, state::Open};

pub(super) fn wind(open: &Open, event: &Event, winding: &mut Winding<'_, Duty>) -> Result<(), Unwound> {
    let agency = open.agency.as_ref().map(ToString::to_string).unwrap_or_default();
    // Whom the case was sent to answers for it from then on.
    let police = open.clocks.get(&Duty::Answer).map(|clock| clock.terms.holder.clone()).unwrap_or_default();
    match event {
        Event::ReportedToPrincipal { decide_by, .. } => {
            // Whoever transfers again has let the refusal stand.
            winding.cancel(&Duty::Object, "transferred-again")?;
            let terms = winding.terms("transfer.approve", Side::Agency, agency)?;
            winding.arm(Duty::Decide, terms, decide_by)
        }
        Event::Approved { send_by, .. } => {
            winding.meet(Duty::Decide)?;
            let terms = winding.terms("transfer.send", Side::Agency, agency)?;
            winding.arm(Duty::Send, terms, send_by)
        }
        Event::Declined { .. } => winding.meet(Duty::Decide),
        Event::Sent { to, answer_by, .. } => {
            winding.meet(Duty::Send)?;
            let terms = winding.terms("transfer.police_review", Side::Agency, to)?;
            winding.arm(Duty::Answer, terms, answer_by)
        }
        Event::Received { answer_by, .. } => {
            winding.cancel(&Duty::Answer, "taken-in")?;
            let terms = winding.terms("transfer.police_review", Side::Agency, police)?;
            winding.arm(Duty::Answer, terms, answer_by)
        }
        Event::Answered { hand_over_by, object_by, .. } => {
            winding.meet(Duty::Answer)?;
            winding.meet(Duty::AnswerObjection)?;
            if let Some(due) = hand_over_by {
                let terms = winding.terms("transfer.handover", Side::Agency, &agency)?;
                winding.arm(Duty::HandOver, terms, due)?;
            }
            if let Some(due) = object_by {
                // A right, but an agency's: its time is not lengthened by a rest day.
                let terms = winding.terms("transfer.objection", Side::Agency, agency)?;
                winding.arm(Duty::Object, terms.right(), due)?;
            }
            Ok(())
        }
        Event::Objected { answer_by } => {
            winding.meet(Duty::Object)?;
            let terms = winding.terms("transfer.objection_decide", Side::Agency, police)?;
            winding.arm(Duty::AnswerObjection, terms, answer_by)
        }
        Event::HandedOver { .. } => winding.meet(Duty::HandOver),
        Event::Closed { .. } => winding.cancel(&Duty::Object, "transfer-closed"),
        Event::FactNoted { .. }
        | Event::HarmNoted { .. }
        | Event::Indicated { .. }
        | Event::TeamAppointed { .. }
        | Event::Clock { .. } => Ok(()),
    }
}
