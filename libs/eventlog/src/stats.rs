//! Counters of a log, for the service's metrics.

use std::sync::atomic::AtomicU64;

/// Plain counters; they only grow, except where a name says otherwise.
#[derive(Debug, Default)]
pub struct Stats {
    /// Events appended by this process.
    pub events: AtomicU64,
    /// Appends that were stored.
    pub appends: AtomicU64,
    /// Batches committed by the fast path.
    pub batches_fast: AtomicU64,
    /// Batches that were ready when the one before was stored, and so sent off at once.
    pub batches_ready: AtomicU64,
    /// Batches committed by the locked path.
    pub batches_locked: AtomicU64,
    /// Appends answered with a conflict.
    pub conflicts: AtomicU64,
    /// Appends answered as repeated.
    pub repeats: AtomicU64,
    /// Appends shed because the queue was full.
    pub shed: AtomicU64,
    /// Batches whose outcome had to be looked up.
    pub unknown: AtomicU64,
    /// Commands decided, every try counted.
    pub decisions: AtomicU64,
    /// Commands refused by a rule.
    pub refusals: AtomicU64,
    /// Deadlines that were executed.
    pub deadlines: AtomicU64,
    /// Events shown by views.
    pub shown: AtomicU64,
    /// Events parked by views.
    pub parked: AtomicU64,
    /// Requests waiting for the committer now.
    pub queued_now: AtomicU64,
}
