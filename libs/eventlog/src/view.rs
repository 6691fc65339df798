//! Views: events become rows that answer questions, exactly once, rebuilt beside the living.
//!
//! **Invariant**: the rows of a generation and its checkpoint are committed together, by the holder of its lease only.

mod apply;
mod generation;
mod park;
mod project;
mod rebuild;
pub mod replay;

use std::{
    collections::HashMap,
    ops::{Deref, DerefMut},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use decider::Recorded;
use sqlx::{PgConnection, Postgres, Transaction};
use tokio::{sync::watch, time::Instant};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{Error, Log, ViewError, connect::retry, options::identifier};
pub use park::Parked;
pub use rebuild::{Progress, Rebuilt};

/// Longest name of a view: generation schemas are named `<schema>_<view>_g<number>`.
const NAME_BYTES_MAX: usize = 24;
/// Shortest and longest time between two looks at a view that another process keeps.
const POLL_MIN: Duration = Duration::from_millis(5);
const POLL_MAX: Duration = Duration::from_millis(100);

/// Turns events into rows. All its state is in its tables; unqualified names mean the generation being filled.
#[async_trait]
pub trait View: Send + Sync + 'static {
    /// Its name: 1 to 24 of `a-z`, `0-9`, `_`, beginning with a letter.
    fn name(&self) -> &'static str;
    /// Raised whenever `tables` or the meaning of rows changes; the view is then rebuilt beside the old one.
    fn version(&self) -> u32;
    /// The statements that create its tables, with unqualified names.
    fn tables(&self) -> &'static str;
    /// Whether it looks rows up by their keys only when it fills them. Other indexes serve queries then, and a replay,
    /// which nobody queries, goes without.
    fn fills_by_key(&self) -> bool {
        false
    }
    /// Shows one event.
    async fn apply(&self, event: &Recorded, tx: &mut PgConnection) -> Result<(), ViewError>;
    /// Shows several events, in order. Override it where rows can be written set-wise.
    async fn apply_batch(&self, events: &[Recorded], tx: &mut PgConnection) -> Result<(), ViewError> {
        for event in events {
            self.apply(event, tx).await?;
        }
        Ok(())
    }
}

/// How far a view is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    /// Every event up to here is shown, or parked.
    pub position: u64,
}

/// A view as operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewStatus {
    /// Its name.
    pub view: String,
    /// The generation that answers.
    pub generation: u32,
    /// The view's version in that generation.
    pub version: u32,
    /// How far it is.
    pub position: u64,
    /// How many events it does not show.
    pub parked: u64,
}

/// A read transaction on a view's answering generation; statements name its tables without a schema. All its
/// statements see one moment.
pub struct ViewRead {
    tx: Transaction<'static, Postgres>,
    /// How far the view is in this transaction.
    pub freshness: Freshness,
}

impl ViewRead {
    /// Gives the connection back, and tells how far the view was: who then waits for something holds up nobody.
    pub fn end(self) -> u64 {
        self.freshness.position
    }
}

impl Deref for ViewRead {
    type Target = PgConnection;
    fn deref(&self) -> &PgConnection {
        &self.tx
    }
}

impl DerefMut for ViewRead {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.tx
    }
}

/// The views of one log, each kept up to date by a task of its own, in one process at a time.
#[derive(Clone)]
pub struct Views(Arc<Inner>);

struct Inner {
    log: Log,
    views: HashMap<&'static str, Arc<Shown>>,
    closing: CancellationToken,
    tasks: TaskTracker,
}

/// A view with what this process knows of it.
struct Shown {
    view: Arc<dyn View>,
    /// How far it is, while this process keeps it; else 0.
    position: watch::Sender<u64>,
}

impl Views {
    /// Starts the views of a log. Names must be distinct.
    pub async fn start(log: &Log, views: Vec<Arc<dyn View>>) -> Result<Self, Error> {
        let started = Self::open(log, views).await?;
        for shown in started.0.views.values() {
            let task = project::Projector::new(log.clone(), Arc::clone(shown), started.0.closing.clone());
            started.0.tasks.spawn(task.run());
        }
        Ok(started)
    }

    /// Opens the views without projecting, for queries and rebuilds from another process.
    pub async fn open(log: &Log, views: Vec<Arc<dyn View>>) -> Result<Self, Error> {
        let mut shown = HashMap::new();
        for view in views {
            let name = view.name();
            identifier(name, NAME_BYTES_MAX)?;
            let known = Arc::new(Shown { view, position: watch::Sender::new(0) });
            if shown.insert(name, Arc::clone(&known)).is_some() {
                return Err(Error::Name(name.to_owned()));
            }
            generation::first(log, known.view.as_ref()).await?;
        }
        let closing = log.inner.closing.child_token();
        Ok(Self(Arc::new(Inner { log: log.clone(), views: shown, closing, tasks: TaskTracker::new() })))
    }

    /// Waits until the view shows the position, so that callers read their own writes.
    pub async fn wait_for(
        &self,
        view: &str,
        min_position: u64,
        timeout: Duration,
    ) -> Result<Freshness, Error> {
        let shown = self.shown(view)?;
        let mut known = shown.position.subscribe();
        let until = Instant::now() + timeout;
        // Where this process keeps the view, it knows first; it may still lose the view while somebody waits.
        let mut poll = if *known.borrow() > 0 { POLL_MAX } else { POLL_MIN };
        loop {
            let look = (Instant::now() + poll).min(until);
            if let Ok(Ok(position)) =
                tokio::time::timeout_at(look, known.wait_for(|at| *at >= min_position)).await
            {
                return Ok(Freshness { position: *position });
            }
            // Perhaps another process keeps the view.
            let position =
                generation::serving(&self.0.log, view).await?.map_or(0, |serving| serving.position);
            if position >= min_position {
                return Ok(Freshness { position });
            }
            if Instant::now() >= until {
                return Err(Error::Stale { position, wanted: min_position });
            }
            poll = (poll * 2).min(POLL_MAX);
        }
    }

    /// A read transaction on the view's answering generation.
    pub async fn read(&self, view: &str) -> Result<ViewRead, Error> {
        let log = &self.shown(view).map(|_| &self.0.log.inner)?;
        let (tx, position) = retry(log.options.unavailable_after, || async {
            let mut tx = log.pool.begin_with("begin isolation level repeatable read read only").await?;
            let position: i64 = sqlx::query_scalar(
                "with serving as (select position, schema_name from view_generations
                    where view = $1 and state = 'serving')
                select position from serving, set_config('search_path', schema_name, true)",
            )
            .bind(view)
            .fetch_one(&mut *tx)
            .await?;
            Ok((tx, position))
        })
        .await?;
        Ok(ViewRead { tx, freshness: Freshness { position: position.cast_unsigned() } })
    }

    /// Every view of the log as operators see it, those unknown here included.
    pub async fn status(&self) -> Result<Vec<ViewStatus>, Error> {
        let log = &self.0.log.inner;
        let rows: Vec<(String, i32, i32, i64, i64)> = retry(log.options.unavailable_after, || {
            sqlx::query_as(
                "select view, generation, version, position,
                    (select count(*) from view_parked p where (p.view, p.generation) = (g.view, g.generation))
                    from view_generations g where state = 'serving' order by view",
            )
            .fetch_all(&log.pool)
        })
        .await?;
        let status = rows.into_iter().map(|(view, generation, version, position, parked)| ViewStatus {
            view,
            generation: generation.cast_unsigned(),
            version: version.cast_unsigned(),
            position: position.cast_unsigned(),
            parked: parked.cast_unsigned(),
        });
        Ok(status.collect())
    }

    /// Stops the tasks and gives the leases back.
    pub async fn shutdown(&self) {
        self.0.closing.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    fn shown(&self, view: &str) -> Result<&Arc<Shown>, Error> {
        self.0.views.get(view).ok_or_else(|| Error::UnknownView(view.to_owned()))
    }
}
