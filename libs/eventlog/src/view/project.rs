//! The task that keeps one view up to date: takes the lease, follows the log, shows page by page.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Shown,
    apply::{Filler, Went},
    generation::{self, Lease, State},
    rebuild,
};
use crate::{Error, Log, connect::Backoff};

/// Events shown in one transaction.
pub(super) const PAGE_MAX: usize = 500;
/// The lease is renewed this many times while it lasts.
const RENEWALS: u32 = 3;
/// Time between two tries for a lease that another process holds.
const STANDBY: Duration = Duration::from_millis(500);

pub(super) struct Projector {
    log: Log,
    shown: Arc<Shown>,
    closing: CancellationToken,
    owner: Uuid,
}

impl Projector {
    pub(super) fn new(log: Log, shown: Arc<Shown>, closing: CancellationToken) -> Self {
        Self { log, shown, closing, owner: Uuid::now_v7() }
    }

    /// Projects until the views are shut down. Failures are tried again; another process's lease is waited for.
    pub(super) async fn run(self) {
        let closing = self.closing.clone();
        let mut pause = Backoff::new();
        while !closing.is_cancelled() {
            match self.session().await {
                Ok(()) => pause = Backoff::new(),
                Err(error) => {
                    let view = self.shown.view.name();
                    tracing::warn!(
                        view.name = view,
                        error = &error as &dyn std::error::Error,
                        "a view was interrupted"
                    );
                    closing.run_until_cancelled(pause.wait()).await;
                }
            }
        }
    }

    /// From taking the lease to losing it.
    async fn session(&self) -> Result<(), Error> {
        let view = self.shown.view.name();
        let Some(serving) = generation::serving(&self.log, view).await? else {
            return generation::first(&self.log, self.shown.view.as_ref()).await;
        };
        let version = self.shown.view.version();
        if serving.version.cast_unsigned() < version {
            return self.renew_version().await;
        }
        let lease = if serving.version.cast_unsigned() == version {
            Lease::take(&self.log, view, serving.number, State::Serving, self.owner).await?
        } else {
            // A newer release shows this view already; its tables are not ours to fill.
            None
        };
        let Some(lease) = lease else {
            self.closing.run_until_cancelled(tokio::time::sleep(STANDBY)).await;
            return Ok(());
        };
        tracing::info!(
            view.name = view,
            generation = serving.number,
            position = serving.position,
            "a view is kept here"
        );
        let kept = self.keep(lease.clone()).await;
        self.shown.position.send_replace(0);
        if let Err(error) = lease.release(&self.log).await {
            tracing::debug!(%error, "a lease was not given back and will run out");
        }
        kept
    }

    /// Follows the log under the lease.
    async fn keep(&self, lease: Lease) -> Result<(), Error> {
        let mut filler = Filler::new(self.log.clone(), Arc::clone(&self.shown.view), lease.clone());
        self.shown.position.send_replace(filler.position);
        let mut pages = self.log.follow_pages(filler.position, PAGE_MAX);
        let mut renewal = tokio::time::interval(self.log.inner.options.lease / RENEWALS);
        loop {
            tokio::select! {
                biased;
                () = self.closing.cancelled() => return Ok(()),
                _ = renewal.tick() => {
                    if !lease.renew(&self.log).await? {
                        return Ok(());
                    }
                }
                page = pages.next() => {
                    let page = page.ok_or(Error::Closed)??;
                    if filler.show(&page).await? == Went::Fenced {
                        return Ok(());
                    }
                    self.shown.position.send_replace(filler.position);
                }
            }
        }
    }

    /// Builds the generation of a new version of the view while the old one answers.
    async fn renew_version(&self) -> Result<(), Error> {
        let rebuilt = rebuild::rebuild(&self.log, &self.shown, |_| {});
        match self.closing.run_until_cancelled(rebuilt).await {
            Some(Err(Error::Leased(_))) => {
                self.closing.run_until_cancelled(tokio::time::sleep(STANDBY)).await;
                Ok(())
            }
            Some(rebuilt) => rebuilt.map(drop),
            None => Ok(()),
        }
    }
}
