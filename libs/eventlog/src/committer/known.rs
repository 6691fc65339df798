//! What the committer remembers of streams. Memories may be old: every use is checked by the statement that relies
//! on it. Versions only grow, so an expectation below a remembered version is surely wrong.

use decider::StreamName;

use crate::cache::Cache;

/// Streams remembered, twice over at most.
const STREAMS_MAX: usize = 100_000;

/// A stream as remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stream {
    pub(super) id: i64,
    pub(super) version: u64,
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

    pub(super) fn forget(&mut self, name: &StreamName) {
        self.0.remove(name);
    }
}
