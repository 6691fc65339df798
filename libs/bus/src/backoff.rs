//! Waiting longer after every failure in a row, up to a limit, and never in step with others.

use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// Waits `first`, then twice as long each time, never longer than `longest`.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    pub(crate) const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, next: first }
    }

    /// Something went well: the next wait is the shortest again.
    pub(crate) fn reset(&mut self) {
        self.next = self.first;
    }

    /// The time to wait now; half of it is left to chance.
    pub(crate) fn step(&mut self) -> Duration {
        let whole = self.next;
        self.next = (whole * 2).min(self.longest);
        whole / 2 + whole.mul_f64(rand::random::<f64>() / 2.0)
    }

    /// Waits; `false` if it was told to stop meanwhile.
    pub(crate) async fn wait(&mut self, shutdown: &CancellationToken) -> bool {
        tokio::select! {
            () = shutdown.cancelled() => false,
            () = sleep(self.step()) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_grows_to_its_limit_and_no_further() {
        let limit = Duration::from_millis(80);
        let mut backoff = Backoff::new(Duration::from_millis(10), limit);
        let waits: Vec<_> = (0..8).map(|_| backoff.step()).collect();
        assert!(waits.iter().all(|wait| *wait <= limit), "{waits:?}");
        assert!(waits[7] >= limit / 2, "{waits:?}");
        backoff.reset();
        assert!(backoff.step() <= Duration::from_millis(10));
    }
}
