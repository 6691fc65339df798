//! After the commit: remember, tell the readers, answer the callers.

use std::sync::{Arc, atomic::Ordering};

use decider::Recorded;

use super::{
    Committer,
    end::Placement,
    known::Stream,
    plan::{Placed, Plan},
};
use crate::{Appended, DeadlineChange};

impl Committer {
    pub(super) fn settle(&mut self, plan: Plan, placement: &Placement) {
        let head = placement.after.position;
        for stream in &plan.touched {
            let id = placement.stream_id(stream);
            self.known.learn(&stream.name, Stream { id, version: stream.version, is_sure: true });
        }
        let is_followed = self.log.listener.get().is_some();
        for placed in &plan.placed {
            let name = &placed.waiting.checked.append.stream;
            if is_followed {
                let events = recorded(placed, placement);
                self.log.recent.extend(events.iter().cloned());
                self.log.histories.extend(name, placed.version_before, || events);
            } else {
                self.log.histories.extend(name, placed.version_before, || recorded(placed, placement));
            }
        }
        // Readers are woken before callers: a caller who then waits for a view finds it under way.
        self.log.seen(head);
        self.log.committed.send_replace(head);
        if plan.touched.iter().any(|stream| matches!(stream.deadline, DeadlineChange::Set(_))) {
            self.log.deadlines.send_modify(|count| *count += 1);
        }
        self.log.stats.events.fetch_add(plan.events, Ordering::Relaxed);
        self.log.stats.appends.fetch_add(plan.placed.len() as u64, Ordering::Relaxed);
        for placed in plan.placed {
            let appended = Appended {
                version: placed.version_before + placed.events(),
                first_position: placement.position(placed.first),
                last_position: placement.position(placed.last()),
                recorded_at: placement.recorded_at(placed.last()),
                repeated: false,
            };
            placed.waiting.answer(Ok(appended));
        }
    }
}

/// The events of a request as they are stored.
fn recorded(placed: &Placed, placement: &Placement) -> Vec<Recorded> {
    let append = &placed.waiting.checked.append;
    let meta = Arc::new(append.meta.clone());
    let events = (0..).zip(&append.events).map(|(ordinal, event)| Recorded {
        position: placement.position(placed.first + ordinal),
        stream: append.stream.clone(),
        version: placed.version_before + 1 + ordinal,
        id: event.id,
        kind: event.kind.clone(),
        data: event.data.clone(),
        meta: Arc::clone(&meta),
        occurred_at: append.occurred_at,
        recorded_at: placement.recorded_at(placed.first + ordinal),
    });
    events.collect()
}
