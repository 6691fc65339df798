//! The newest events in memory, for followers that keep up: what this process has just stored is not read back.
//!
//! **Invariant**: it holds a run of stored events without a gap. It may end before the log does.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use decider::Recorded;

/// Events kept.
const EVENTS_MAX: usize = 8_192;
/// Bytes of data kept, unless a single event has more.
const BYTES_MAX: usize = 8 << 20;

#[derive(Default)]
pub(crate) struct Recent(Mutex<Run>);

#[derive(Default)]
struct Run {
    events: VecDeque<Recorded>,
    bytes: usize,
}

impl Recent {
    /// Adds events that were just stored, in order. A run that does not reach them is dropped: others have appended
    /// in between.
    pub(crate) fn extend(&self, events: impl IntoIterator<Item = Recorded>) {
        let mut run = self.lock();
        for event in events {
            if run.events.back().is_some_and(|last| last.position + 1 != event.position) {
                *run = Run::default();
            }
            run.bytes += event.data.len();
            run.events.push_back(event);
            while run.events.len() > EVENTS_MAX || (run.bytes > BYTES_MAX && run.events.len() > 1) {
                let oldest = run.events.pop_front();
                run.bytes -= oldest.map_or(0, |event| event.data.len());
            }
        }
    }

    /// The events after position `after`, up to and with `last`, if all of them are here.
    pub(crate) fn get(&self, after: u64, last: u64) -> Option<Vec<Recorded>> {
        let run = self.lock();
        let first = run.events.front()?.position;
        let from = usize::try_from((after + 1).checked_sub(first)?).ok()?;
        let until = usize::try_from((last + 1).checked_sub(first)?).ok()?;
        (until <= run.events.len()).then(|| run.events.range(from..until).cloned().collect())
    }

    /// Nothing here panics while it holds the lock; a poisoned one would hold sound data all the same.
    fn lock(&self) -> MutexGuard<'_, Run> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use decider::{Actor, ActorKind, Department, Id, Meta, StreamName};
    use time::OffsetDateTime;
    use uuid::Uuid;

    use super::*;

    fn event(position: u64, bytes: usize) -> Recorded {
        let actor = Actor {
            kind: ActorKind::Person,
            id: Id::parse("o1").unwrap(),
            department: Department::parse("fire.330723").unwrap(),
            roles: Vec::new(),
            certificate: None,
        };
        let meta = Meta::by(actor);
        Recorded {
            position,
            stream: StreamName::new("thing", "a"),
            version: position,
            id: Uuid::from_u128(position.into()),
            kind: "Happened".to_owned(),
            data: Bytes::from(vec![b' '; bytes]),
            meta: Arc::new(meta),
            occurred_at: OffsetDateTime::UNIX_EPOCH,
            recorded_at: OffsetDateTime::UNIX_EPOCH,
        }
    }

    fn positions(found: Option<Vec<Recorded>>) -> Option<Vec<u64>> {
        found.map(|events| events.iter().map(|event| event.position).collect())
    }

    #[test]
    fn a_run_is_given_whole_or_not_at_all() {
        let recent = Recent::default();
        assert_eq!(positions(recent.get(0, 1)), None);
        recent.extend((5..=9).map(|position| event(position, 1)));
        assert_eq!(positions(recent.get(4, 9)), Some(vec![5, 6, 7, 8, 9]));
        assert_eq!(positions(recent.get(6, 7)), Some(vec![7]));
        assert_eq!(positions(recent.get(3, 9)), None);
        assert_eq!(positions(recent.get(4, 10)), None);
    }

    #[test]
    fn what_others_append_in_between_ends_the_run() {
        let recent = Recent::default();
        recent.extend([event(1, 1), event(2, 1)]);
        recent.extend([event(4, 1)]);
        assert_eq!(positions(recent.get(0, 2)), None);
        assert_eq!(positions(recent.get(2, 4)), None);
        assert_eq!(positions(recent.get(3, 4)), Some(vec![4]));
    }

    #[test]
    fn the_oldest_make_room() {
        let recent = Recent::default();
        let (gone, last) = (952, 952 + EVENTS_MAX as u64);
        recent.extend((1..=last).map(|position| event(position, 1)));
        assert_eq!(positions(recent.get(gone - 1, gone)), None);
        assert_eq!(positions(recent.get(gone, gone + 1)), Some(vec![gone + 1]));
        recent.extend([event(last + 1, BYTES_MAX), event(last + 2, BYTES_MAX)]);
        assert_eq!(positions(recent.get(last, last + 1)), None);
        assert_eq!(positions(recent.get(last + 1, last + 2)), Some(vec![last + 2]));
    }
}
