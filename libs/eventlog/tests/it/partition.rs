//! Partitions are created ahead, and nobody notices where one ends.

use eventlog::{AppendError, Direction, Expected, Options};
use futures::TryStreamExt;

use crate::{execute::execute, ledger::Command, support::*};

#[tokio::test(flavor = "multi_thread")]
async fn writers_and_readers_cross_partitions() {
    let small = Options { partition_size: 100, ..options(server()) };
    let log = fresh_with(small, world()).await;
    let other = another(&log).await;
    let mut follower = other.follow(0);
    fill(&log, 450).await;
    fill(&other, 450).await;
    log.append(append(&stream(7), Expected::Any, 350)).await.unwrap();
    assert_in_order(&log, 1_250).await;
    assert_eq!(take(&mut follower, 1_251).await.last().unwrap().position, 1_251);
    let versions: Vec<u64> = log
        .read_stream(&stream(7), u64::MAX, u64::MAX, Direction::Backwards)
        .map_ok(|event| event.version)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(versions, (1..=352).rev().collect::<Vec<_>>());
    let partitions: i64 =
        sqlx::query_scalar("select count(*) from pg_inherits where inhparent = 'events'::regclass")
            .fetch_one(&owner(&log).await)
            .await
            .unwrap();
    assert!(partitions >= 13);
}

/// Within a partition an index would refuse a version that is there; here nothing but the log's own care does.
#[tokio::test]
async fn a_version_is_given_once_by_two_processes() {
    let log = fresh_with(Options { partition_size: 10, ..options(server()) }, world()).await;
    let other = another(&log).await;
    log.append(append(&stream("a"), Expected::NoStream, 1)).await.unwrap();
    other.append(append(&stream("a"), Expected::Exact(1), 1)).await.unwrap();
    fill(&other, 30).await;
    // This process still remembers version 1.
    let late = log.append(append(&stream("a"), Expected::Exact(1), 1)).await;
    assert!(matches!(late, Err(AppendError::Conflict { actual: 2, .. })), "{late:?}");
    other.append(append(&stream("a"), Expected::Exact(2), 1)).await.unwrap();
    fill(&other, 30).await;
    assert_eq!(log.append(append(&stream("a"), Expected::Any, 1)).await.unwrap().version, 4);
    assert_in_order(&log, 64).await;
}

#[tokio::test]
async fn a_decision_on_an_old_history_is_taken_anew() {
    let log = fresh_with(Options { partition_size: 10, ..options(server()) }, world()).await;
    let other = another(&log).await;
    execute(&other, "a", Command::Open { hours: 1 }).await;
    execute(&log, "a", Command::Add { amount: 1 }).await;
    execute(&other, "a", Command::Add { amount: 1 }).await;
    fill(&other, 30).await;
    // Finding the log moved, this process forgets its streams, and is careful for a while; the history of one stream is
    // still in its memory.
    for _ in 0..10 {
        log.append(append(&stream("b"), Expected::Any, 1)).await.unwrap();
    }
    assert_eq!(execute(&log, "a", Command::Add { amount: 1 }).await.version, 4);
    assert_in_order(&log, 44).await;
}

#[tokio::test]
async fn every_partition_refuses_changes() {
    let log = fresh_with(Options { partition_size: 10, ..options(server()) }, world()).await;
    fill(&log, 25).await;
    let owner = owner(&log).await;
    for statement in ["delete from events_p1", "truncate events_p2", "update events_p0 set kind = 'x'"] {
        let words = sqlx::query(statement).execute(&owner).await.unwrap_err().to_string();
        assert!(words.contains("append-only"), "{words}");
    }
}
