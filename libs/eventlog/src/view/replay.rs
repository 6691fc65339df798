//! Replaying: a view is built again from the log in a schema of its own, and compared with the living one.
//!
//! Unlike a rebuild, a replay switches nothing and judges as of any position. The living rows and their checkpoint
//! are read in one snapshot; the replay then goes exactly to that checkpoint, so that a view that moves on meanwhile
//! is compared at one moment.
//!
//! **Invariant**: nothing is written outside of the scratch schema; the living view, its lease and its checkpoint
//! are only read.

mod compare;
mod digest;
mod fill;
mod order;
mod rows;
mod scratch;
mod shape;

use std::sync::Arc;

use futures::{TryStreamExt, stream::BoxStream};

use super::{Parked, Progress, View};
use crate::{Error, Log, fault};
use fill::{Filled, Filler};
use scratch::Scratch;

pub use compare::{Difference, Kind};
pub use digest::Side;
pub use order::{Order, Scope, Until};

/// Events shown in one transaction, at most.
pub const PAGE_MAX: usize = 4_000;
/// Events that are shown within the snapshot of the living view; with more to go, it is let go and taken again.
const TAIL_MAX: u64 = 5_000;
/// How often a snapshot is taken again, because the living view ran away or an event had to be parked first.
const SNAPSHOTS_MAX: usize = 100;

/// A replay under way. What it has shown stays in its schema, so that a later process may go on.
pub struct Replay {
    log: Log,
    filler: Filler,
    order: Order,
    /// The position to stop at; `None` for the living view's.
    target: Option<u64>,
}

/// The living view that a replay was compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Living {
    /// The generation that answered.
    pub generation: u32,
    /// The view's version in it.
    pub version: u32,
    /// Its checkpoint.
    pub position: u64,
}

/// A table of a view, as replayed and as it lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// What the events say.
    pub replayed: Side,
    /// What answers queries; `None` if there is nothing to compare with.
    pub living: Option<Side>,
    /// How many rows differ.
    pub differing: u64,
    /// The first of them.
    pub differences: Vec<Difference>,
}

/// What a replay came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// The position up to which events were replayed.
    pub position: u64,
    /// How many events were shown or parked.
    pub events: u64,
    /// The living view at that position; `None` if it is elsewhere, of another version, or not there.
    pub living: Option<Living>,
    /// Its tables, by name.
    pub tables: Vec<Table>,
    /// The events that the replay could not show.
    pub parked: Vec<Parked>,
    /// Those that the living view does not show.
    pub parked_living: Vec<Parked>,
}

impl Table {
    /// Whether both sides have the same rows, or there is only one side.
    fn is_equal(&self) -> bool {
        self.differing == 0 && self.living.as_ref().is_none_or(|living| *living == self.replayed)
    }
}

impl Replayed {
    /// Whether the living view is what its events say; `None` if there was none to compare with.
    pub fn is_equal(&self) -> Option<bool> {
        self.living.map(|_| self.tables.iter().all(Table::is_equal) && self.is_parked_alike())
    }

    /// Whether both set the same events aside; the reasons may be told in other words.
    pub fn is_parked_alike(&self) -> bool {
        let places = |parked: &[Parked]| parked.iter().map(|event| event.position).collect::<Vec<_>>();
        places(&self.parked) == places(&self.parked_living)
    }

    /// How many rows differ in all tables.
    pub fn differing(&self) -> u64 {
        self.tables.iter().map(|table| table.differing).sum()
    }
}

impl Replay {
    /// Begins in a new scratch schema.
    pub async fn begin(log: &Log, view: Arc<dyn View>, order: Order) -> Result<Self, Error> {
        let target = order.until.position(log).await?;
        let scratch = Scratch::create(log, view.as_ref(), &order, target).await?;
        Ok(Self { log: log.clone(), filler: Filler::new(log, view, scratch), order, target })
    }

    /// Goes on where the replay with this id stopped, with the order that it was given then.
    pub async fn resume(log: &Log, view: Arc<dyn View>, id: &str, wanted: Order) -> Result<Self, Error> {
        let (scratch, stored) = Scratch::open(log, view.as_ref(), id).await?;
        let order = Order { scope: stored.scope()?, until: stored.until(), ..wanted };
        let filler = Filler::new(log, view, scratch);
        Ok(Self { log: log.clone(), filler, order, target: stored.target() })
    }

    /// The id under which it can be resumed.
    pub fn id(&self) -> &str {
        &self.filler.scratch.id
    }

    /// The schema with its tables.
    pub fn schema(&self) -> &str {
        &self.filler.scratch.schema
    }

    /// What it was ordered to do.
    pub fn order(&self) -> &Order {
        &self.order
    }

    /// Replays to the end and compares. Dropped half-way, it can be resumed.
    pub async fn run(&mut self, mut progress: impl FnMut(Progress) + Send) -> Result<Replayed, Error> {
        for _ in 0..SNAPSHOTS_MAX {
            let target = match self.target {
                Some(target) => target,
                None => self.living_position().await?,
            };
            self.catch_up(target, &mut progress).await?;
            if let Some(replayed) = self.finish().await? {
                progress(Progress { position: replayed.position, target: replayed.position });
                return Ok(replayed);
            }
        }
        Err(self.failed("the living view could not be met at one position"))
    }

    /// The replayed rows of one of its tables as JSON, in the order of the key.
    pub fn rows(&self, table: &str) -> BoxStream<'static, Result<String, Error>> {
        rows::read(self.log.clone(), self.schema().to_owned(), table.to_owned())
    }

    /// Drops the scratch schema.
    pub async fn discard(mut self) -> Result<(), Error> {
        self.filler.scratch.drop_schema().await
    }

    /// The checkpoint of the living view; the log's end, if the view was never started.
    async fn living_position(&self) -> Result<u64, Error> {
        match super::generation::serving(&self.log, self.filler.view.name()).await? {
            Some(serving) => Ok(serving.position),
            None => Ok(self.log.head().await?.position),
        }
    }

    /// Shows pages up to the position, each in a transaction of its own.
    async fn catch_up(
        &mut self,
        target: u64,
        progress: &mut (impl FnMut(Progress) + Send),
    ) -> Result<(), Error> {
        let mut pages = order::pages(&self.log, &self.order, self.filler.position(), target).await?;
        progress(Progress { position: self.filler.position(), target });
        while self.filler.position() < target {
            let Some((mut page, last)) = pages.try_next().await? else {
                return Err(Error::Gap { expected: self.filler.position() + 1, found: target });
            };
            page.retain(|event| event.position <= target);
            self.filler.show(&page, last.min(target)).await?;
            // To free thousands of events takes time that the next page need not wait for.
            tokio::spawn(async move { drop(page) });
            fault::point("replay.page");
            progress(Progress { position: self.filler.position(), target });
        }
        Ok(())
    }

    /// Takes the snapshot of the living view, shows what is left up to its checkpoint, and compares; `None` if that
    /// is too far, or needs something parked first.
    async fn finish(&mut self) -> Result<Option<Replayed>, Error> {
        let (before, position) = (self.filler.scratch.place, self.filler.position());
        let living = self.filler.begin_snapshot().await?;
        let target = match (self.target, &living) {
            (None, Some(living)) => living.position,
            _ => position,
        };
        if target < position {
            return Err(self.failed("the living view went back behind the replay; begin a new one"));
        }
        let met = target - position <= TAIL_MAX && self.show_tail(target).await?;
        if !met {
            self.filler.roll_back(before).await?;
            return Ok(None);
        }
        let living = living.filter(|living| living.is_comparable(target, self.filler.view.version()));
        let streams = order::streams(&self.log, &self.order.scope, target).await?;
        let replayed =
            compare::compare(&self.log, &mut self.filler, living.as_ref(), &self.order, streams.as_deref())
                .await?;
        self.filler.commit().await?;
        Ok(Some(replayed))
    }

    /// Shows what is left in the open transaction; `false` if an event has to be parked before that.
    async fn show_tail(&mut self, target: u64) -> Result<bool, Error> {
        let mut pages = order::pages(&self.log, &self.order, self.filler.position(), target).await?;
        while self.filler.position() < target {
            let Some((mut page, last)) = pages.try_next().await? else {
                return Err(Error::Gap { expected: self.filler.position() + 1, found: target });
            };
            page.retain(|event| event.position <= target);
            if let Filled::Poisoned(_) = self.filler.show_in(&page, last.min(target)).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn failed(&self, reason: &str) -> Error {
        Error::View { view: self.filler.view.name().to_owned(), reason: reason.to_owned() }
    }
}
