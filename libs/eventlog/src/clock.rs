//! Time as a part that is plugged in: the machine's clock in production, a scripted one in demos and tests.

use async_trait::async_trait;
use time::OffsetDateTime;
use tokio::sync::watch;

/// Longest single sleep of the machine's clock, so that a stepped wall clock is noticed.
const NAP_S_MAX: u64 = 1;

/// Tells the time, and waits for it.
#[async_trait]
pub trait Clock: Send + Sync + 'static {
    /// The present instant in UTC, cut to microseconds (what PostgreSQL can hold).
    fn now(&self) -> OffsetDateTime;

    /// Returns when `now` has reached `at`.
    async fn wait_until(&self, at: OffsetDateTime);
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> OffsetDateTime {
        micros(OffsetDateTime::now_utc())
    }

    async fn wait_until(&self, at: OffsetDateTime) {
        loop {
            let left = at - self.now();
            let Ok(left) = std::time::Duration::try_from(left) else {
                return;
            };
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(std::time::Duration::from_secs(NAP_S_MAX))).await;
        }
    }
}

/// A clock that stands still until it is set. Setting it wakes everyone who waits for the instant.
#[derive(Debug, Clone)]
pub struct ScriptedClock {
    at: watch::Sender<OffsetDateTime>,
}

impl ScriptedClock {
    /// A clock that shows `at`.
    pub fn new(at: OffsetDateTime) -> Self {
        Self { at: watch::Sender::new(micros(at)) }
    }

    /// Moves the clock. It may go backwards; `recorded_at` of a log will not.
    pub fn set(&self, at: OffsetDateTime) {
        self.at.send_replace(micros(at));
    }
}

#[async_trait]
impl Clock for ScriptedClock {
    fn now(&self) -> OffsetDateTime {
        *self.at.borrow()
    }

    async fn wait_until(&self, at: OffsetDateTime) {
        // `self` keeps the sender alive, so the wait ends only when the instant is reached.
        let _ = self.at.subscribe().wait_for(|now| *now >= at).await;
    }
}

/// Cuts an instant to microseconds in UTC, as the database will give it back.
pub(crate) fn micros(at: OffsetDateTime) -> OffsetDateTime {
    let at = at.to_offset(time::UtcOffset::UTC);
    at.replace_nanosecond(at.nanosecond() / 1_000 * 1_000).expect("fewer nanoseconds than before")
}
