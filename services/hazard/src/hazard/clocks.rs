//! What the events of a hazard case do to its clocks; the duty is that of the department that acts.

use decider::{Winding, clocked::Unwound};
use law::{Role as Side, clock::Terms, start_of_day};

use super::{Duty, Event};

pub(super) fn wind(event: &Event, winding: &mut Winding<'_, Duty>) -> Result<(), Unwound> {
    let holder = winding.actor().department.clone();
    match event {
        Event::Inspected { serve_by: Some(due), .. } => {
            let terms = winding.terms("inspection.correction_order_serve", Side::Agency, holder)?;
            winding.arm(Duty::ServeOrder, terms, due)
        }
        Event::RectificationOrdered { due, reinspect_by, .. } => {
            winding.meet(Duty::ServeOrder)?;
            // The order has run out at 24:00 of its last day, so that day is the start day, which is not counted.
            let terms = winding.terms("inspection.reinspect", Side::Agency, holder)?;
            let terms = Terms { start: start_of_day(due.last_day), ..terms };
            winding.arm(Duty::Reinspect, terms, reinspect_by)
        }
        Event::Reinspected { .. } => winding.meet(Duty::Reinspect),
        Event::MajorDetermined { notice_by, .. } => {
            let terms = winding.terms("hazard.major.notice_serve", Side::Agency, holder)?;
            winding.arm(Duty::ServeMajorNotice, terms, notice_by)
        }
        Event::MajorNoticeServed { .. } => winding.meet(Duty::ServeMajorNotice),
        Event::Closed {} => winding.cancel_all("closed"),
        Event::Opened { .. }
        | Event::Inspected { serve_by: None, .. }
        | Event::ReportedToGovernment { .. }
        | Event::ListedForSupervision { .. }
        | Event::Delisted { .. }
        | Event::Clock { .. } => Ok(()),
    }
}
