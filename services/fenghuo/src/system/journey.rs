//! Moving the scripted clock as time would have passed: whatever falls due on the way acts at its own instant, and
//! everybody hears of it, before the clock moves on.

use std::{sync::Arc, time::Duration};

use time::OffsetDateTime;
use tokio::sync::Mutex;

use super::{clock::SystemTime, progress::Progress};
use crate::error::Error;

/// How long the services may take to come to rest before the clock moves all the same.
const REST_MAX: Duration = Duration::from_secs(5);
/// How long what fell due may take to act.
const ACT_MAX: Duration = Duration::from_secs(2);
/// Most instants at which the clock stops on the way; then it jumps.
const STOPS_MAX: usize = 1_000;

/// A clock and those who live by it.
#[derive(Clone)]
pub(super) struct Journey {
    time: SystemTime,
    progress: Progress,
    /// One move at a time.
    moving: Arc<Mutex<()>>,
}

impl Journey {
    pub(super) fn new(time: SystemTime, progress: Progress) -> Self {
        Self { time, progress, moving: Arc::default() }
    }

    pub(super) fn now(&self) -> OffsetDateTime {
        self.time.now()
    }

    /// Moves the clock, forwards by way of every deadline. A system that is disturbed (its bus stopped, say) does not
    /// hold the clock up for ever.
    pub(super) async fn go(&self, to: OffsetDateTime) -> Result<(), Error> {
        let _one = self.moving.lock().await;
        if !self.time.is_scripted() || to <= self.time.now() {
            return self.time.set(to);
        }
        if let Err(error) = self.stop_over(to).await {
            tracing::warn!(%error, "the clock moves on although the system is not at rest");
        }
        self.time.set(to)
    }

    /// Sets the clock at once; what falls due on the way acts late.
    pub(super) fn jump(&self, to: OffsetDateTime) -> Result<(), Error> {
        self.time.set(to)
    }

    async fn stop_over(&self, to: OffsetDateTime) -> Result<(), Error> {
        self.progress.settle(REST_MAX).await?;
        for _ in 0..STOPS_MAX {
            let now = self.time.now();
            let Some(next) = self.progress.next_deadline(now).await?.filter(|next| *next <= to) else {
                return Ok(());
            };
            self.time.set(next)?;
            self.progress.keep_deadlines(now, next, ACT_MAX).await?;
            self.progress.settle(REST_MAX).await?;
        }
        Ok(())
    }
}
