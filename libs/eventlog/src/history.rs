//! Histories of recent streams in memory, so that deciding again on a busy stream needs no load.
//!
//! **Invariant**: a history here is a true beginning of its stream. It may be short of the end, which the append's
//! expected version then finds out.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use decider::{Recorded, StreamName};

use crate::cache::Cache;

/// Streams kept, twice over at most.
const STREAMS_MAX: usize = 2_000;
/// Longer histories are loaded every time; keeping them would cost more than it saves.
const EVENTS_MAX: usize = 2_000;
/// Larger histories, by their data, likewise.
const BYTES_MAX: usize = 256 << 10;

/// The events of a stream from its first, as far as known.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    pub(crate) stream_id: Option<i64>,
    pub(crate) events: Arc<Vec<Recorded>>,
}

impl History {
    pub(crate) fn version(&self) -> u64 {
        self.events.len() as u64
    }
}

struct Entry {
    history: History,
    /// Appended since; joined to the history by the next who asks, so that the committer never copies one.
    tail: Vec<Recorded>,
}

impl Entry {
    fn version(&self) -> u64 {
        self.history.version() + self.tail.len() as u64
    }

    fn is_kept(&self) -> bool {
        let bytes = self.history.events.iter().chain(&self.tail).map(|event| event.data.len()).sum::<usize>();
        self.history.events.len() + self.tail.len() <= EVENTS_MAX && bytes <= BYTES_MAX
    }
}

pub(crate) struct Histories(Mutex<Cache<StreamName, Arc<Mutex<Entry>>>>);

impl Histories {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Cache::new(STREAMS_MAX)))
    }

    /// The history of a stream, if it is kept.
    pub(crate) fn get(&self, stream: &StreamName) -> Option<History> {
        let entry = lock(&self.0).get(stream).map(|entry| Arc::clone(entry))?;
        let mut entry = lock(&entry);
        if !entry.tail.is_empty() {
            let tail = mem::take(&mut entry.tail);
            Arc::make_mut(&mut entry.history.events).extend(tail);
        }
        Some(entry.history.clone())
    }

    /// Keeps a history that was loaded, unless a longer one is kept or it is too long.
    pub(crate) fn put(&self, stream: &StreamName, history: History) {
        let entry = Entry { history, tail: Vec::new() };
        if !entry.is_kept() {
            return;
        }
        let mut entries = lock(&self.0);
        let kept = entries.get(stream).map(|kept| lock(kept).version());
        if kept.is_none_or(|version| version < entry.version()) {
            entries.insert(stream.clone(), Arc::new(Mutex::new(entry)));
        }
    }

    /// Adds what was appended after `version`. A history that does not reach just there is left as it is.
    pub(crate) fn extend(&self, stream: &StreamName, version: u64, events: impl FnOnce() -> Vec<Recorded>) {
        let mut entries = lock(&self.0);
        let Some(kept) = entries.get(stream).map(|entry| Arc::clone(entry)) else {
            return;
        };
        let mut entry = lock(&kept);
        if entry.version() == version {
            entry.tail.extend(events());
        }
        if entry.version() > EVENTS_MAX as u64 {
            entries.remove(stream);
        }
    }

    /// Drops the history of a stream.
    pub(crate) fn forget(&self, stream: &StreamName) {
        lock(&self.0).remove(stream);
    }
}

/// Nothing here panics while it holds a lock; a poisoned one would hold sound data all the same.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
