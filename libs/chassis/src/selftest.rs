//! The self-test of the running system: every minute the law's own promises are checked where they are used.
//!
//! **Invariant**: silence is a failure. A test that does not come is told as one that fails.

use std::time::Duration;

use eventlog::Log;
use law::Calendar;
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

/// How often the test is run.
pub const EVERY: Duration = Duration::from_secs(60);
/// How often it may be late, as multiples of its period, before that is a fault.
const LATE_MAX: u32 = 2;
/// Most wrong answers that are told.
const TOLD_MAX: usize = 3;

/// The last run.
#[derive(Debug, Clone)]
pub(crate) struct Pulse {
    every: Duration,
    at: Instant,
    wrong: Option<String>,
}

impl Pulse {
    /// A pulse that was felt just now.
    pub(crate) fn new(every: Duration) -> Self {
        Self { every, at: Instant::now(), wrong: None }
    }

    /// What is wrong: what the last run found, or that none has come for too long.
    pub(crate) fn fault(&self, now: Instant) -> Option<String> {
        let silent = now.saturating_duration_since(self.at);
        if silent > self.every * LATE_MAX {
            return Some(format!("the self-test has not run for {} s", silent.as_secs()));
        }
        self.wrong.as_ref().map(|wrong| format!("the self-test fails: {wrong}"))
    }
}

/// Runs the test at once and then every `every`, until shutdown.
pub(crate) async fn run(log: Log, pulse: watch::Sender<Pulse>, every: Duration, shutdown: CancellationToken) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
        let log = log.clone();
        // A test that panics leaves the pulse as it is; its silence is noticed.
        let Ok(wrong) = tokio::task::spawn_blocking(move || test(&log)).await else { continue };
        if let Some(wrong) = &wrong {
            tracing::error!(wrong, "the self-test of the law fails");
        }
        pulse.send_replace(Pulse { every, at: Instant::now(), wrong });
    }
}

/// What is wrong under the rules and the calendar in force. The worked examples are of the calendar that the program
/// was built with: an amended notice or a local closure may move them rightly.
fn test(log: &Log) -> Option<String> {
    let book = log.book();
    let force = book.at(log.world().clock.now());
    let checks = law::selftest_in_force(&Calendar::builtin(), &force.calendar, &force.rules);
    let wrong: Vec<String> = checks
        .into_iter()
        .flat_map(|check| check.wrong.into_iter().map(move |wrong| format!("{}: {wrong}", check.en)))
        .take(TOLD_MAX)
        .collect();
    (!wrong.is_empty()).then(|| wrong.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_that_does_not_come_is_a_fault_and_one_that_comes_again_is_none() {
        let start = Instant::now();
        let pulse = Pulse { every: EVERY, at: start, wrong: None };
        assert_eq!(pulse.fault(start + 2 * EVERY), None);
        let late = start + 2 * EVERY + Duration::from_secs(1);
        assert_eq!(pulse.fault(late).as_deref(), Some("the self-test has not run for 121 s"));
        let again = Pulse { at: late, ..pulse };
        assert_eq!(again.fault(late), None);
    }

    #[test]
    fn a_test_that_fails_is_a_fault_until_it_holds() {
        let pulse = Pulse { wrong: Some("2026-01-01".to_owned()), ..Pulse::new(EVERY) };
        assert_eq!(pulse.fault(Instant::now()).as_deref(), Some("the self-test fails: 2026-01-01"));
        assert_eq!(Pulse { wrong: None, ..pulse }.fault(Instant::now()), None);
    }
}
