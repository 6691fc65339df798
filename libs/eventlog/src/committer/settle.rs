//! After the commit: remember, tell the readers, answer the callers.

use std::sync::{Arc, atomic::Ordering};

use decider::Recorded;

use super::{
    Committer,
    end::Placement,
    known::Stream,
    plan::{Placed, Plan},
};
use crate::{Append, Appended, DeadlineChange};

impl Committer {
    pub(super) fn settle(&mut self, plan: Plan, placement: &Placement) {
        let head = placement.after.position;
        for stream in &plan.touched {
            let id = placement.stream_id(stream);
            self.known.learn(&stream.name, Stream { id, version: stream.version, is_sure: true });
        }
        let is_followed = self.log.listener.get().is_some();
        let mut answers = Vec::with_capacity(plan.placed.len());
        for placed in plan.placed {
            let (first, version_before) = (placed.first, placed.version_before);
            let appended = appended(&placed, placement);
            let (append, answer) = placed.waiting.into_parts();
            answers.push((appended, answer));
            let name = append.stream.clone();
            let recorded = || recorded(append, first, version_before, placement);
            if is_followed {
                let events = recorded();
                self.log.histories.extend(&name, version_before, || events.clone());
                self.log.recent.extend(events);
            } else {
                self.log.histories.extend(&name, version_before, recorded);
            }
        }
        // Readers are woken before callers: a caller who then waits for a view finds it under way.
        self.log.seen(head);
        self.log.committed.send_replace(head);
        if plan.touched.iter().any(|stream| matches!(stream.deadline, DeadlineChange::Set(_))) {
            self.log.deadlines.send_modify(|count| *count += 1);
        }
        self.log.stats.events.fetch_add(plan.events, Ordering::Relaxed);
        self.log.stats.appends.fetch_add(answers.len() as u64, Ordering::Relaxed);
        answers.into_iter().for_each(|(appended, answer)| answer(Ok(appended)));
    }
}

/// Where the events of a request came to stand.
pub(super) fn appended(placed: &Placed, placement: &Placement) -> Appended {
    Appended {
        version: placed.version_before + placed.events(),
        first_position: placement.position(placed.first),
        last_position: placement.position(placed.last()),
        recorded_at: placement.recorded_at(placed.last()),
        repeated: false,
    }
}

/// The events of a request as they are stored, the first of them at this place of the batch.
fn recorded(append: Append, first: u64, version_before: u64, placement: &Placement) -> Vec<Recorded> {
    let Append { stream, events, meta, occurred_at, .. } = append;
    let meta = Arc::new(meta);
    let events = (0..).zip(events).map(|(ordinal, event)| Recorded {
        position: placement.position(first + ordinal),
        stream: stream.clone(),
        version: version_before + 1 + ordinal,
        id: event.id,
        kind: event.kind,
        data: event.data,
        meta: Arc::clone(&meta),
        occurred_at,
        recorded_at: placement.recorded_at(first + ordinal),
    });
    events.collect()
}
