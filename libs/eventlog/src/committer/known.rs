//! What the committer remembers of streams. It holds for the log as it ended when this process last appended: the
//! statement that relies on it checks that the log still ends there, and a memory that does not hold is dropped whole.

use std::time::{Duration, Instant};

use decider::StreamName;
use uuid::Uuid;

use crate::cache::Cache;

/// Streams remembered, twice over at most.
const STREAMS_MAX: usize = 100_000;

/// A stream as remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stream {
    pub(super) id: i64,
    pub(super) version: u64,
    /// Whether that is known for the log's end; else the statement must look.
    pub(super) is_sure: bool,
}

pub(super) struct Known(Cache<StreamName, Stream>);

impl Known {
    pub(super) fn new() -> Self {
        Self(Cache::new(STREAMS_MAX))
    }

    pub(super) fn get(&mut self, name: &StreamName) -> Option<Stream> {
        self.0.get(name).copied()
    }

    /// Remembers a stream unless a later version is remembered.
    pub(super) fn learn(&mut self, name: &StreamName, stream: Stream) {
        match self.0.get(name) {
            Some(known) if known.version < stream.version => *known = stream,
            Some(_) => {}
            None => self.0.insert(name.clone(), stream),
        }
    }

    pub(super) fn forget_all(&mut self) {
        *self = Self::new();
    }
}

/// Ids kept, twice over at most.
const IDS_MAX: usize = 10_000;
/// How long an id that was not there is taken not to be there: less than anyone waits before they try elsewhere.
const NEW_FOR: Duration = Duration::from_millis(10);

/// Ids that were looked up a moment ago and not found: whoever lost a race and comes back at once is not looked up
/// again.
pub(super) struct Absent(Cache<Uuid, Instant>);

impl Absent {
    pub(super) fn new() -> Self {
        Self(Cache::new(IDS_MAX))
    }

    /// Notes that the ids were not there at `as_of`.
    pub(super) fn note(&mut self, ids: impl Iterator<Item = Uuid>, as_of: Instant) {
        ids.for_each(|id| self.0.insert(id, as_of));
    }

    pub(super) fn are_absent(&mut self, mut ids: impl Iterator<Item = Uuid>) -> bool {
        ids.all(|id| self.0.get(&id).is_some_and(|as_of| as_of.elapsed() < NEW_FOR))
    }
}
