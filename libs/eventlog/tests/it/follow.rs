//! Following: everything, in order, at once.

use std::time::{Duration, Instant};

use eventlog::{Error, Expected};
use futures::StreamExt;

use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_catches_up_and_goes_on_live() {
    let log = fresh_log().await;
    for _ in 0..3 {
        log.append(append(&stream("a"), Expected::Any, 900)).await.unwrap();
    }
    let mut follower = log.follow(1_000);
    assert_eq!(take(&mut follower, 1_701).await[0].position, 1_001);
    log.append(append(&stream("a"), Expected::Any, 1)).await.unwrap();
    assert_eq!(take(&mut follower, 1).await[0].position, 2_702);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_own_processs_events_come_without_polling_delay() {
    let log = fresh_log().await;
    let mut follower = log.follow(0);
    fill(&log, 1).await;
    take(&mut follower, 2).await;
    let mut delays = Vec::new();
    for _ in 0..50 {
        tokio::time::sleep(Duration::from_millis(3)).await;
        let start = Instant::now();
        log.append(append(&stream("a"), Expected::Any, 1)).await.unwrap();
        take(&mut follower, 1).await;
        delays.push(start.elapsed());
    }
    delays.sort();
    assert!(delays[25] < Duration::from_millis(20), "median {:?}", delays[25]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_processs_events_come_by_notice_and_not_by_poll() {
    let log = fresh_log().await;
    let other = another(&log).await;
    let mut follower = other.follow(0);
    log.append(append(&stream("a"), Expected::Any, 1)).await.unwrap();
    take(&mut follower, 2).await;
    // By now the poll behind the notices has slowed down to a second.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    let mut delays = Vec::new();
    for _ in 0..9 {
        let start = Instant::now();
        log.append(append(&stream("a"), Expected::Any, 1)).await.unwrap();
        take(&mut follower, 1).await;
        delays.push(start.elapsed());
    }
    delays.sort();
    assert!(delays[4] < Duration::from_millis(100), "median {:?}", delays[4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_notice_is_made_good_by_the_poll() {
    let log = fresh_log().await;
    let mut follower = log.follow(0);
    log.append(append(&stream("a"), Expected::Any, 1)).await.unwrap();
    take(&mut follower, 2).await;
    // An append that tells nobody.
    sqlx::query(
        "with h as (
            update head set position = position + 1, recorded_at = recorded_at + interval '1 microsecond' returning *
        )
        insert into events (position, stream_id, version, recorded_at, occurred_at, id, kind, data, meta)
            select h.position, stream_id, version + 1, h.recorded_at, occurred_at, gen_random_uuid(), kind, data, meta
            from h, events e where e.position = 2",
    )
    .execute(&owner(&log).await)
    .await
    .unwrap();
    assert_eq!(take(&mut follower, 1).await[0].position, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_followers_see_everything_under_load() {
    let log = fresh_log().await;
    let other = another(&log).await;
    let followers: Vec<_> = (0..8)
        .map(|n| {
            let mut follower = if n % 2 == 0 { log.follow(0) } else { other.follow(0) };
            tokio::spawn(async move { take(&mut follower, 1_001).await })
        })
        .collect();
    fill(&log, 1_000).await;
    for follower in followers {
        let events = follower.await.unwrap();
        assert!((1..).zip(&events).all(|(position, event)| event.position == position));
    }
}

#[tokio::test]
async fn a_gap_is_an_error_and_not_a_skip() {
    let log = fresh_log().await;
    fill(&log, 10).await;
    let owner = owner(&log).await;
    sqlx::query("alter table events disable trigger all").execute(&owner).await.unwrap();
    sqlx::query("alter table events_p0 disable trigger all").execute(&owner).await.unwrap();
    sqlx::query("delete from events where position = 5").execute(&owner).await.unwrap();
    let mut follower = log.follow_pages(0, 2);
    assert_eq!(follower.next().await.unwrap().unwrap().len(), 2);
    assert_eq!(follower.next().await.unwrap().unwrap().len(), 2);
    assert!(matches!(follower.next().await, Some(Err(Error::Gap { expected: 5, found: 6 }))));
    assert!(follower.next().await.is_none());
}

#[tokio::test]
async fn a_reader_ahead_of_the_log_is_told_so() {
    let log = fresh_log().await;
    fill(&log, 3).await;
    assert!(matches!(log.follow(5).next().await, Some(Err(Error::Gap { expected: 6, found: 4 }))));
}

#[tokio::test]
async fn a_log_that_lost_its_end_is_a_gap() {
    let log = fresh_log().await;
    fill(&log, 10).await;
    let owner = owner(&log).await;
    sqlx::query("alter table events disable trigger all").execute(&owner).await.unwrap();
    sqlx::query("alter table events_p0 disable trigger all").execute(&owner).await.unwrap();
    sqlx::query("delete from events where position = 11").execute(&owner).await.unwrap();
    let mut follower = log.follow_pages(0, 7);
    assert_eq!(follower.next().await.unwrap().unwrap().len(), 7);
    assert!(matches!(follower.next().await, Some(Err(Error::Gap { expected: 11, .. }))));
}
