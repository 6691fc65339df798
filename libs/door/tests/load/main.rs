//! The door under load: a hundred subscribers while the log grows, one of whom does not read.
//!
//! A binary of its own, because it measures the memory of the process; its tests take turns.

#![allow(unreachable_pub, clippy::unwrap_used)]

use std::time::Duration;

use decider::StreamName;
use tokio::sync::{Mutex, MutexGuard};

mod crowd;
#[path = "../it/stage.rs"]
mod stage;
mod subscriber;

use crowd::{Crowd, RATE};
use subscriber::Subscriber;

/// Seconds of writing at the full rate.
const SECONDS: u64 = 3;

async fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());
    ALONE.lock().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_subscribers_each_see_the_exact_sequence_and_a_slow_one_keeps_nobody_waiting() {
    let _alone = alone().await;
    let crowd = Crowd::gather().await;
    let events = RATE * SECONDS;
    let mut slow = Subscriber::to_all(&crowd.address).await;
    let readers = crowd.subscribe(events).await;
    let (first, ()) = tokio::join!(slow.next(), crowd.write(&crowd.log, events));
    let (all, streams) = readers.seen().await;

    let truth = crowd.truth().await;
    assert_eq!(truth.len() as u64, events + 1, "the log holds what was appended, behind what it begins with");
    for (which, seen) in all.into_iter().enumerate() {
        assert!(seen == truth, "subscriber {which} to the whole log sees the exact sequence");
    }
    for (stream, seen) in streams {
        let of_stream = truth.iter().filter(|event| event.stream == stream).cloned().collect::<Vec<_>>();
        assert!(seen == of_stream, "a subscriber to {stream} sees the exact sequence");
    }

    let mut late = vec![first];
    late.extend(slow.take(truth.len() - 1).await);
    assert!(late == truth, "the slow one goes on from where it was, and misses nothing");
}

/// As beside a service: the door is in one process, and whoever appends in another.
#[tokio::test(flavor = "multi_thread")]
async fn what_another_process_appends_reaches_everybody() {
    let _alone = alone().await;
    let crowd = Crowd::gather().await;
    let other = crowd.other_process().await;
    let readers = crowd.subscribe(RATE).await;
    crowd.write(&other, RATE).await;
    let (all, _) = readers.seen().await;
    let truth = crowd.truth().await;
    assert!(all.iter().all(|seen| *seen == truth), "each sees the exact sequence");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_subscriber_that_stops_reading_is_bounded() {
    let _alone = alone().await;
    let crowd = Crowd::gather().await;
    let (mut slow, mut quick) =
        (Subscriber::to_all(&crowd.address).await, Subscriber::to_all(&crowd.address).await);
    let data = format!(r#"{{"type":"Opened","data":"{}"}}"#, "x".repeat(64 << 10));
    let stream = StreamName::new("thing", "heavy");
    stage::decide(&crowd.log, &stream, &data).await;
    let mut seen = slow.take(2).await;
    quick.take(2).await;

    let before = resident();
    for _ in 1..HEAVY {
        stage::decide(&crowd.log, &stream, &data).await;
        quick.take(1).await;
    }
    let grown = resident().saturating_sub(before);
    assert!(grown < GROWTH_MAX, "{grown} bytes more, of {} that were appended", HEAVY * data.len());

    seen.extend(slow.take(HEAVY - 1).await);
    assert!(seen == crowd.truth().await, "what it did not read in time it reads from the log");
}

/// Events that weigh far more together than the process may grow by: what everybody shares is kept in memory up to 20
/// MiB, and HTTP/2 lets some MiB go before it waits for the reader.
const HEAVY: usize = 2_000;
const GROWTH_MAX: usize = 72 << 20;

/// Bytes of this process in memory.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<usize>().unwrap() << 10
}

/// Longest wait for an answer that should come at once, also on a machine that is busy.
const SOON: Duration = Duration::from_secs(60);
