//! Partitions are created ahead, and nobody notices where one ends.

use eventlog::{Direction, Expected, Options};
use futures::TryStreamExt;

use crate::support::*;

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
    assert_eq!(take(&mut follower, 1_250).await.last().unwrap().position, 1_250);
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
