//! Leaves made ahead: what this process has just stored is stated while it is in memory, also while a batch is sealed.
//! When the time comes to seal, little is left to do, and no row is read back.
//!
//! **Invariant**: an event is known here only after its commit. Should its row say something else later, verifying
//! finds that.

use std::{collections::VecDeque, pin::pin, sync::Arc, thread, time::Duration};

use eventlog::Log;
use merkle::{Statement, statement::StatementError};
use tokio::sync::watch;
use uuid::Uuid;

use super::Refusal;
use crate::{
    Stored, chain,
    leaf::{self, Salts},
};

/// How long appends gather before they are looked at.
const PAUSE: Duration = Duration::from_millis(10);
/// Leaves that wait at most; beyond them, leaves are made of rows.
const WAITING_MAX: u64 = 65_536;
/// Leaves made before others may have the processor. Whoever appends is often about to run there, and would else wait
/// until the scheduler thinks that it is their turn, which is milliseconds.
const STRETCH: usize = 32;
/// What a leaf takes, about.
const LEAF_BYTES: usize = 768;

/// How a log's events are stated: under its origin, with its salts.
#[derive(Clone)]
pub(super) struct Stating {
    origin: Arc<str>,
    salts: Salts,
}

/// The leaves of consecutive events, one after another.
pub(super) struct Leaves {
    /// The position and id of the last event.
    pub(super) last: (u64, Uuid),
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

/// The leaves at hand in one session of sealing.
pub(super) struct Ahead {
    log: Log,
    heads: watch::Receiver<u64>,
    stating: Stating,
    /// Nothing here reaches from one batch into the next.
    batch: u64,
    made: VecDeque<Leaves>,
}

impl Ahead {
    pub(super) fn new(log: &Log, stating: Stating, batch: u64) -> Self {
        Self { log: log.clone(), heads: log.watch(), stating, batch, made: VecDeque::new() }
    }

    pub(super) fn stating(&self) -> &Stating {
        &self.stating
    }

    /// Returns a little after something was appended.
    pub(super) async fn appended(&mut self) {
        if self.heads.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(PAUSE).await;
    }

    /// Makes leaves of the events that continue what is sealed and what is made, as far as those are in memory. What
    /// cannot be stated is met again as a row.
    pub(super) async fn make(&mut self, sealed: u64) {
        let head = *self.heads.borrow_and_update();
        loop {
            let after = self.end(sealed);
            let last = head.min(batch_end(after, self.batch));
            if last <= after || after - sealed >= WAITING_MAX {
                return;
            }
            // A run in memory that does not reach back is not worth a thread.
            if self.log.recent(after, after + 1).is_none() {
                return;
            }
            let (log, stating) = (self.log.clone(), self.stating.clone());
            // It takes the processor, so it goes beside the runtime.
            let made = tokio::task::spawn_blocking(move || stating.of_recent(&log, after, last));
            let Ok(Some(leaves)) = made.await else { return };
            self.made.push_back(leaves);
        }
    }

    /// Does something else, and makes leaves of what is appended meanwhile.
    pub(super) async fn make_beside<T>(&mut self, sealed: u64, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                () = self.appended() => self.make(sealed).await,
            }
        }
    }

    /// Where the leaves end that continue what is sealed.
    fn end(&self, sealed: u64) -> u64 {
        self.made.back().map_or(sealed, |made| made.last.0)
    }

    /// The last event of the next batch, when at least those up to a head are to be sealed.
    pub(super) fn batch(&self, sealed: u64, head: u64) -> u64 {
        head.max(self.end(sealed)).min(batch_end(sealed, self.batch))
    }

    /// Takes the leaves of events up to and with position `last`, which ends a [`batch`](Self::batch).
    pub(super) fn take(&mut self, last: u64) -> Vec<Leaves> {
        let count = self.made.partition_point(|made| made.last.0 <= last);
        self.made.drain(..count).collect()
    }
}

/// Batches end where tiles are full: on the way, none is written that the next batch would replace.
fn batch_end(after: u64, batch: u64) -> u64 {
    (after / batch + 1) * batch
}

impl Stating {
    pub(super) fn new(origin: &str, salts: &Salts) -> Self {
        Self { origin: origin.into(), salts: salts.clone() }
    }

    /// Leaves of rows.
    pub(super) fn of_rows(&self, events: &[Stored]) -> Result<Leaves, Refusal> {
        let mut leaves = Leaves::with_capacity(events.len());
        for events in events.chunks(STRETCH) {
            for event in events {
                let position = event.position.cast_unsigned();
                let why = |error: &dyn std::error::Error| Refusal::Unstatable { position, why: chain(error) };
                let statement = leaf::statement(&self.origin, event, self.salts.of(event));
                let statement = statement.map_err(|error| why(&error))?;
                leaves.push((position, event.id), &statement).map_err(|error| why(&error))?;
            }
            thread::yield_now();
        }
        Ok(leaves)
    }

    /// Leaves of what was just stored; none where one cannot be stated, or is not in memory any more.
    fn of_recent(&self, log: &Log, after: u64, last: u64) -> Option<Leaves> {
        let mut leaves = Leaves::with_capacity(usize::try_from(last - after).ok()?);
        for after in (after..last).step_by(STRETCH) {
            for event in log.recent(after, last.min(after + STRETCH as u64))? {
                let stored = Stored::of(&event).ok()?;
                let salt = self.salts.of(&stored);
                let statement = leaf::statement_with(&self.origin, &stored, &event.meta, salt);
                leaves.push((event.position, event.id), &statement).ok()?;
            }
            thread::yield_now();
        }
        Some(leaves)
    }
}

impl Leaves {
    fn with_capacity(events: usize) -> Self {
        let bytes = Vec::with_capacity(events * LEAF_BYTES);
        Self { last: (0, Uuid::nil()), bytes, ends: Vec::with_capacity(events) }
    }

    fn push(&mut self, event: (u64, Uuid), statement: &Statement) -> Result<(), StatementError> {
        statement.write(&mut self.bytes)?;
        self.ends.push(self.bytes.len());
        self.last = event;
        Ok(())
    }

    /// The entries, in order.
    pub(super) fn entries(&self) -> impl Iterator<Item = &[u8]> {
        let begins = [0].into_iter().chain(self.ends.iter().copied());
        begins.zip(&self.ends).map(|(begin, end)| &self.bytes[begin..*end])
    }
}
