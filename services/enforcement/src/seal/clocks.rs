//! What the events of a seal do to its clocks; the duties are those of the body that sealed.

use decider::{Winding, clocked::Unwound};
use law::{Role as Side, clock::Terms};

use super::{Cause, Duty, Event};

pub(super) fn wind(event: &Event, winding: &mut Winding<'_, Duty>) -> Result<(), Unwound> {
    match event {
        Event::Ordered { authority, period, until, inspected, serve_by, regularise_by, .. } => {
            // The term burdens the unit, so it never rolls to a later day.
            let terms = winding.set("seal.term", "消防监督检查规定22", *period, Side::Agency, authority);
            winding.arm(Duty::Term, terms.term(), until)?;
            let terms = winding.terms("seal.decision_serve", Side::Agency, authority)?;
            winding.arm(Duty::Serve, Terms { start: *inspected, ..terms }, serve_by)?;
            match regularise_by {
                None => Ok(()),
                Some(due) => {
                    let terms = winding.terms("seal.emergency_regularise", Side::Agency, authority)?;
                    winding.arm(Duty::Regularise, terms, due)
                }
            }
        }
        Event::Regularised { .. } => winding.meet(Duty::Regularise),
        Event::Served { .. } => winding.meet(Duty::Serve),
        Event::Lifted { cause } => {
            if *cause == Cause::NotUpheld {
                winding.meet(Duty::Regularise)?;
            }
            winding.cancel_all("lifted")
        }
        Event::Broken { .. } | Event::Clock { .. } => Ok(()),
    }
}
