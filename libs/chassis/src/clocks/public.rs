//! The public messages of clocks.

use contracts::clock::v1 as public;
use decider::Public;
use law::clock::{Event, Lapse, Terms, Until};

use crate::wire::due;

/// The public message of what happened to a clock; none for a breach, which is the service's own to tell. That a right
/// lapsed or a term ended is nobody's breach.
pub fn clock(subject: &str, duty: impl ToString, event: &Event) -> Option<Public> {
    let (subject, duty) = (subject.to_owned(), duty.to_string());
    let known = |until: &Option<Until>| until.as_ref().map(|until| due(&until.due));
    Some(match event {
        Event::Armed { terms: Terms { rule, basis, holder, .. }, until } => {
            Public::of(&public::DeadlineStarted {
                subject,
                duty,
                rule: rule.clone(),
                legal_basis: basis.clone(),
                holder: holder.clone(),
                due: Some(due(&until.due)),
            })
        }
        Event::Warned { at: _, due: by, holder } => {
            let holder = holder.clone();
            Public::of(&public::DeadlineNear { subject, duty, due: Some(due(by)), holder })
        }
        Event::Suspended { reference, reason, until, .. } => Public::of(&public::DeadlineSuspended {
            subject,
            duty,
            reference: reference.clone(),
            reason: reason.clone(),
            due: known(until),
        }),
        Event::Resumed { reference, until, .. } => Public::of(&public::DeadlineResumed {
            subject,
            duty,
            reference: reference.clone(),
            due: known(until),
        }),
        Event::Extended { by, document, until, .. } => Public::of(&public::DeadlineExtended {
            subject,
            duty,
            approved_by: by.clone(),
            document: document.clone(),
            due: known(until),
        }),
        Event::Passed { holder, .. } => {
            Public::of(&public::DutyPassed { subject, duty, holder: holder.clone() })
        }
        Event::Met { in_time, .. } => Public::of(&public::DeadlineMet { subject, duty, in_time: *in_time }),
        Event::Breached { .. } => return None,
        Event::Lapsed { what, due: by } => {
            let outcome = match what {
                Lapse::Right => "right-lapsed".to_owned(),
                Lapse::Term => "term-ended".to_owned(),
            };
            Public::of(&public::DeadlinePassed { subject, duty, due: Some(due(by)), outcome })
        }
        Event::Cancelled { cause, .. } => {
            Public::of(&public::DeadlineCancelled { subject, duty, cause: cause.clone() })
        }
        Event::Rederived { old, new, period: _, holder } => Public::of(&public::DeadlineRederived {
            subject,
            duty,
            due_before: Some(due(&old.due)),
            due: known(new),
            holder: holder.clone(),
        }),
    })
}
