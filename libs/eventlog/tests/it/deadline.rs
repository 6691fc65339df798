//! Deadlines: kept once, at the due instant, however late.

use std::sync::atomic::Ordering;

use decider::{ActorKind, Aggregate, Recorded};
use eventlog::{Clock, Deadlines, Expected, Log, ScriptedClock};
use time::{Duration, OffsetDateTime};
use tokio_util::sync::CancellationToken;

use crate::{
    execute::execute,
    ledger::{Command, Ledger},
    support::*,
};

/// A worker on a log, until dropped.
struct Worker(CancellationToken);

impl Drop for Worker {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

fn work(log: &Log) -> Worker {
    let shutdown = CancellationToken::new();
    let clock = decider::Actor { kind: ActorKind::Clock, ..actor() };
    tokio::spawn(Deadlines::run(log.clone(), vec![Aggregate::of::<Ledger>()], clock, shutdown.clone()));
    Worker(shutdown)
}

async fn scripted_log() -> (Log, ScriptedClock, OffsetDateTime) {
    let clock = scripted();
    let log = fresh_with(options(server()), world_at(clock.clone())).await;
    let now = clock.now();
    (log, clock, now)
}

async fn ledger(log: &Log, id: &str) -> Vec<Recorded> {
    log.load(&decider::StreamName::new("ledger", id)).await.unwrap()
}

async fn due_rows(log: &Log) -> i64 {
    sqlx::query_scalar("select count(*) from streams where due_at is not null")
        .fetch_one(&owner(log).await)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_falls_due_is_done_by_the_clock() {
    let (log, clock, now) = scripted_log().await;
    let _worker = work(&log);
    execute(&log, "a", Command::Open { hours: 2 }).await;
    execute(&log, "b", Command::Open { hours: 5 }).await;
    clock.set(now + Duration::hours(3));
    until(|| async { ledger(&log, "a").await.len() == 2 }).await;
    let closed = ledger(&log, "a").await.pop().unwrap();
    assert_eq!((closed.kind.as_str(), closed.meta.actor.kind), ("Closed", ActorKind::Clock));
    assert_eq!(closed.occurred_at, now + Duration::hours(2), "the due instant, not the later one");
    assert_eq!(closed.recorded_at, now + Duration::hours(3));
    assert_eq!(ledger(&log, "b").await.len(), 1);
    assert_eq!(due_rows(&log).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_that_passed_while_nobody_was_there_is_kept_once_by_two_workers() {
    let (log, clock, now) = scripted_log().await;
    for n in 0..20 {
        execute(&log, &format!("l{n}"), Command::Open { hours: 1 }).await;
    }
    clock.set(now + Duration::days(30));
    let other = another(&log).await;
    let _workers = (work(&log), work(&other));
    until(|| async { due_rows(&log).await == 0 }).await;
    assert_in_order(&log, 40).await;
    for event in all(&log).await.iter().filter(|event| event.kind == "Closed") {
        assert_eq!(event.occurred_at, now + Duration::hours(1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_in_time_needs_no_cancelling() {
    let (log, clock, now) = scripted_log().await;
    let _worker = work(&log);
    execute(&log, "a", Command::Open { hours: 1 }).await;
    execute(&log, "a", Command::Close).await;
    assert_eq!(due_rows(&log).await, 0);
    execute(&log, "b", Command::Open { hours: 1 }).await;
    clock.set(now + Duration::hours(2));
    until(|| async { ledger(&log, "b").await.len() == 2 }).await;
    assert_eq!(ledger(&log, "a").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_deadline_is_recorded_and_does_not_spin() {
    let (log, clock, now) = scripted_log().await;
    execute(&log, "a", Command::Open { hours: 1 }).await;
    execute(&log, "a", Command::Add { amount: 13 }).await;
    let _worker = work(&log);
    clock.set(now + Duration::hours(2));
    until(|| async { due_rows(&log).await == 0 }).await;
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert_eq!(log.stats().deadlines.load(Ordering::Relaxed), 1);
    let refusals: i64 = sqlx::query_scalar("select count(*) from commands where refusal is not null")
        .fetch_one(&owner(&log).await)
        .await
        .unwrap();
    assert_eq!((refusals, ledger(&log, "a").await.len()), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_cannot_be_read_does_not_hold_up_the_others() {
    let (log, clock, now) = scripted_log().await;
    let broken = decider::StreamName::new("ledger", "broken");
    let mut append = append(&broken, Expected::NoStream, 1);
    append.deadline = eventlog::DeadlineChange::Set(now);
    log.append(append).await.unwrap();
    execute(&log, "a", Command::Open { hours: 1 }).await;
    let _worker = work(&log);
    clock.set(now + Duration::hours(2));
    until(|| async { ledger(&log, "a").await.len() == 2 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deadlines_are_rebuilt_from_the_events() {
    let (log, clock, now) = scripted_log().await;
    for (id, hours) in [("a", 1), ("b", 2), ("c", 3)] {
        execute(&log, id, Command::Open { hours }).await;
    }
    execute(&log, "c", Command::Close).await;
    let owner = owner(&log).await;
    let before: Vec<(String, Option<OffsetDateTime>)> =
        sqlx::query_as("select name, due_at from streams order by name").fetch_all(&owner).await.unwrap();
    sqlx::query(
        "update streams set due_at = case name when 'ledger:a' then null else 'epoch'::timestamptz end
            where name like 'ledger:%'",
    )
    .execute(&owner)
    .await
    .unwrap();
    let aggregates = [Aggregate::of::<Ledger>()];
    assert_eq!(Deadlines::rebuild(&log, &aggregates).await.unwrap(), 3);
    assert_eq!(Deadlines::rebuild(&log, &aggregates).await.unwrap(), 0);
    let after: Vec<(String, Option<OffsetDateTime>)> =
        sqlx::query_as("select name, due_at from streams order by name").fetch_all(&owner).await.unwrap();
    assert_eq!(before, after);
    let _ = (clock, now);
}
