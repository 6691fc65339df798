//! What the events of a claim do to its clocks, and whose time it is; the reporter is a random reference.

use decider::{Winding, clocked::Unwound};
use law::Role as Side;

use super::{Duty, Event, state::Open};

pub(super) fn wind(open: &Open, event: &Event, winding: &mut Winding<'_, Duty>) -> Result<(), Unwound> {
    match event {
        Event::Opened { notify_by: Some(due), .. } => {
            let holder = winding.actor().department.clone();
            let terms = winding.terms("reward.notice", Side::Agency, holder)?;
            winding.arm(Duty::Notify, terms, due)
        }
        Event::Excluded { .. } => winding.cancel_all("excluded"),
        Event::AmountWithdrawn {} => winding.cancel(&Duty::Claim, "amount-withdrawn"),
        Event::ReporterNotified { claim_by } => {
            winding.meet(Duty::Notify)?;
            let reporter = open.report.as_ref().map(|report| report.reporter_ref.to_string());
            let terms = winding.terms("reward.claim", Side::Party, reporter.unwrap_or_default())?;
            winding.arm(Duty::Claim, terms.right(), claim_by)
        }
        Event::Proved {} => winding.meet(Duty::Claim),
        _ => Ok(()),
    }
}
