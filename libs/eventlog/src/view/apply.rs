//! Showing a page of events: rows, checkpoint and parking in one transaction.

use std::{
    collections::HashSet,
    sync::{Arc, atomic::Ordering},
};

use decider::{Recorded, StreamName};
use sqlx::PgConnection;
use tracing::Span;

use super::{View, generation::Lease, park};
use crate::{Error, Log, ViewError, error::is_unavailable, fault, trace};

/// Pages up to this length are shown within a span for each event, a child of what caused the event.
const PAGE_TRACED_MAX: usize = 16;
/// Traces that the span of a longer page is linked to; OpenTelemetry keeps no more.
const LINKS_MAX: usize = 128;

/// Fills one generation under one lease.
pub(super) struct Filler {
    log: Log,
    view: Arc<dyn View>,
    pub(super) lease: Lease,
    pub(super) position: u64,
    /// Its own connection, made when needed. It is put back only after a commit: closing it rolls back.
    db: Option<PgConnection>,
    parked: HashSet<StreamName>,
    /// The count of changes to the parked streams at which `parked` was read.
    parks: i64,
}

/// How a page went.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Went {
    /// It is shown, but for what was parked.
    Well,
    /// The lease is lost, or the generation has another part now.
    Fenced,
}

/// Why a transaction was not committed.
pub(super) enum Failed {
    /// To be tried again.
    Away(sqlx::Error),
    /// Some event of the page will never go.
    Poison(String),
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        if is_unavailable(&error) { Self::Away(error) } else { Self::Poison(error.to_string()) }
    }
}

impl From<ViewError> for Failed {
    fn from(error: ViewError) -> Self {
        match error {
            ViewError::Poison(reason) => Self::Poison(reason),
            ViewError::Database(error) => error.into(),
        }
    }
}

impl Filler {
    pub(super) fn new(log: Log, view: Arc<dyn View>, lease: Lease) -> Self {
        let position = lease.generation.position;
        Self { log, view, lease, position, db: None, parked: HashSet::new(), parks: 0 }
    }

    /// Shows a page. If it does not go as a whole, its events go one by one, and those that do not are parked.
    pub(super) async fn show(&mut self, page: &[Recorded]) -> Result<Went, Error> {
        match self.try_show(page).await {
            Ok(went) => return Ok(went),
            Err(Failed::Away(error)) => return Err(Error::Unavailable(error)),
            Err(Failed::Poison(reason)) => {
                tracing::warn!(view.name = self.lease.view, reason, "events of a view are shown one by one");
            }
        }
        for event in page {
            let went = match self.try_show(std::slice::from_ref(event)).await {
                Err(Failed::Poison(reason)) => self.park(event, &reason).await,
                went => went,
            };
            match went {
                Ok(Went::Well) => {}
                Ok(Went::Fenced) => return Ok(Went::Fenced),
                Err(Failed::Away(error)) => return Err(Error::Unavailable(error)),
                Err(Failed::Poison(reason)) => {
                    return Err(Error::View { view: self.lease.view.to_owned(), reason });
                }
            }
        }
        Ok(Went::Well)
    }

    async fn try_show(&mut self, page: &[Recorded]) -> Result<Went, Failed> {
        let Some(last) = page.last() else {
            return Ok(Went::Well);
        };
        let spans = self.spans(page);
        let Some(mut db) = self.begin(last.position).await? else {
            return Ok(Went::Fenced);
        };
        self.fill(page, &mut db).await?;
        fault::point("view.before_commit");
        self.commit(db, last.position).await?;
        fault::point("view.after_commit");
        drop(spans);
        self.log.inner.stats.shown.fetch_add(page.len() as u64, Ordering::Relaxed);
        Ok(Went::Well)
    }

    /// Writes the rows of a page in a transaction that has entered the generation.
    async fn fill(&self, page: &[Recorded], tx: &mut PgConnection) -> Result<(), Failed> {
        if self.parked.is_empty() {
            return Ok(self.view.apply_batch(page, tx).await?);
        }
        let (behind, shown): (Vec<Recorded>, Vec<Recorded>) =
            page.iter().cloned().partition(|event| self.parked.contains(&event.stream));
        if !shown.is_empty() {
            self.view.apply_batch(&shown, tx).await?;
        }
        for event in &behind {
            park::insert(tx, &self.lease, event, "an earlier event of the stream is parked").await?;
            self.log.inner.stats.parked.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Sets one event aside, and with it all later ones of its stream.
    async fn park(&mut self, event: &Recorded, reason: &str) -> Result<Went, Failed> {
        tracing::error!(
            view.name = self.lease.view, stream = %event.stream, event.position = event.position, reason,
            "an event cannot be shown; its stream is parked for the view"
        );
        let Some(mut db) = self.begin(event.position).await? else {
            return Ok(Went::Fenced);
        };
        park::insert(&mut db, &self.lease, event, reason).await?;
        park::count(&mut db, &self.lease).await?;
        self.commit(db, event.position).await?;
        self.log.inner.stats.parked.fetch_add(1, Ordering::Relaxed);
        Ok(Went::Well)
    }

    /// Begins a transaction with the checkpoint moved; `None` if the lease is lost.
    async fn begin(&mut self, to: u64) -> Result<Option<PgConnection>, sqlx::Error> {
        let mut db = match self.db.take() {
            Some(db) => db,
            None => self.lease.connect(&self.log).await?,
        };
        let parks = self.lease.begin(&mut db, self.position, to).await?;
        Ok(self.learn_parked(&mut db, parks).await?.then_some(db))
    }

    async fn commit(&mut self, mut db: PgConnection, to: u64) -> Result<(), sqlx::Error> {
        sqlx::raw_sql("commit").execute(&mut db).await?;
        self.position = to;
        self.db = Some(db);
        Ok(())
    }

    /// Learns which streams are parked, where that has changed; `false` if the lease is lost.
    async fn learn_parked(&mut self, tx: &mut PgConnection, parks: Option<i64>) -> Result<bool, sqlx::Error> {
        let Some(parks) = parks else {
            return Ok(false);
        };
        if parks != self.parks {
            self.parked = park::streams(tx, &self.lease).await?;
            self.parks = parks;
        }
        Ok(true)
    }

    /// Shows events in a transaction of the caller's, who also commits it. What does not go is not parked.
    pub(super) async fn show_in(&mut self, page: &[Recorded], tx: &mut PgConnection) -> Result<Went, Error> {
        let Some(last) = page.last() else {
            return Ok(Went::Well);
        };
        let parks = self.lease.advance(&self.log, tx, self.position, last.position).await?;
        if !self.learn_parked(tx, parks).await? {
            return Ok(Went::Fenced);
        }
        self.fill(page, tx).await.map_err(|failed| match failed {
            Failed::Away(error) => Error::Unavailable(error),
            Failed::Poison(reason) => Error::View { view: self.lease.view.to_owned(), reason },
        })?;
        self.position = last.position;
        Ok(Went::Well)
    }

    /// The spans that end when the page is committed. Catching up is no part of anybody's trace: a long page has one
    /// span, which names the traces that it serves.
    fn spans(&self, page: &[Recorded]) -> Vec<Span> {
        if page.len() <= PAGE_TRACED_MAX {
            return page.iter().map(|event| self.span(event)).collect();
        }
        let span = tracing::info_span!(
            parent: None,
            "view",
            service.name = self.log.inner.options.schema,
            view.name = self.lease.view,
            events = page.len(),
        );
        if !span.is_disabled() {
            for event in page.iter().take(LINKS_MAX) {
                trace::link(&span, event.meta.traceparent.as_deref());
            }
        }
        vec![span]
    }

    fn span(&self, event: &Recorded) -> Span {
        let Some(traceparent) = event.meta.traceparent.as_deref() else {
            return Span::none();
        };
        let span = tracing::info_span!(
            parent: None,
            "view",
            service.name = self.log.inner.options.schema,
            view.name = self.lease.view,
            event.r#type = event.kind,
            event.position = event.position,
        );
        trace::continue_from(&span, Some(traceparent));
        span
    }
}
