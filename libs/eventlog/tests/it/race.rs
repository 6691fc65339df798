//! Many writers: no gap, no inversion, nothing lost, nothing hidden.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
};

use eventlog::{AppendError, Expected, Log};
use rand::{Rng, SeedableRng, rngs::StdRng};
use uuid::Uuid;

use crate::support::*;

const WRITERS: u64 = 64;
const STREAMS: u64 = 1_000;

/// Appends at random until `count` events are stored; returns where each was acknowledged.
async fn write(log: Log, seed: u64, count: usize, acknowledged: Arc<Mutex<HashMap<Uuid, u64>>>) {
    let mut random = StdRng::seed_from_u64(seed);
    let mut versions: HashMap<u64, u64> = HashMap::new();
    for _ in 0..count {
        let id = random.random_range(0..STREAMS);
        let event = event("{}");
        loop {
            let expected = versions.get(&id).map_or(Expected::NoStream, |version| Expected::Exact(*version));
            match log.append(append_these(&stream(id), expected, vec![event.clone()])).await {
                Ok(appended) => {
                    versions.insert(id, appended.version);
                    acknowledged.lock().unwrap().insert(event.id, appended.last_position);
                    break;
                }
                Err(AppendError::Conflict { actual, .. }) => drop(versions.insert(id, actual)),
                Err(error) => panic!("seed {seed}: {error:?}"),
            }
        }
    }
}

async fn race(logs: Vec<Log>, count: usize) {
    let acknowledged = Arc::new(Mutex::new(HashMap::new()));
    let total = WRITERS as usize * count;
    let mut follower = logs[0].follow(0);
    let followed = tokio::spawn(async move { take(&mut follower, total + 1).await });
    let seed: u64 = rand::rng().random();
    let writers = (0..WRITERS).map(|n| {
        let log = logs[n as usize % logs.len()].clone();
        tokio::spawn(write(log, seed.wrapping_add(n), count, Arc::clone(&acknowledged)))
    });
    for writer in futures::future::join_all(writers).await {
        writer.unwrap();
    }
    assert_in_order(&logs[0], total as u64).await;
    let stored: HashMap<Uuid, u64> =
        all(&logs[0]).await.iter().skip(1).map(|event| (event.id, event.position)).collect();
    assert_eq!(stored, *acknowledged.lock().unwrap(), "acknowledged and stored are the same");
    let followed = followed.await.unwrap();
    assert!((1..).zip(&followed).all(|(position, event)| event.position == position));
    assert_eq!(followed.iter().map(|event| event.id).collect::<HashSet<_>>().len(), total + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_writers_on_a_thousand_streams_leave_no_gap_inversion_or_loss() {
    race(vec![fresh_log().await], 100).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_one_head_leave_no_gap_inversion_or_loss() {
    let log = fresh_log().await;
    let other = another(&log).await;
    race(vec![log, other], 50).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_batch_is_ready_when_one_is_stored() {
    let log = fresh_log().await;
    let writers = (0..WRITERS).map(|n| {
        let log = log.clone();
        tokio::spawn(async move {
            for version in (0..40).step_by(2) {
                let append = |version| log.append(append(&stream(n), Expected::Exact(version), 1));
                // The second mostly finds the first on its way; it waits for that, and holds up nobody else.
                let second = async {
                    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                    append(version + 1).await
                };
                let (first, second) = tokio::join!(append(version), second);
                assert_eq!((first.unwrap().version, second.unwrap().version), (version + 1, version + 2));
            }
        })
    });
    for writer in futures::future::join_all(writers).await {
        writer.unwrap();
    }
    assert_in_order(&log, WRITERS * 40).await;
    let [ready, fast] = [&log.stats().batches_ready, &log.stats().batches_fast]
        .map(|count| count.load(std::sync::atomic::Ordering::Relaxed));
    assert!(ready > fast / 3, "{ready} of {fast}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_writer_never_hides_an_event() {
    let log = fresh_log().await;
    let owner = owner(&log).await;
    let mut follower = log.follow(0);
    // A writer of another kind takes its place in the order, and dawdles before it commits.
    let mut slow = owner.begin().await.unwrap();
    sqlx::query(
        "with h as (
            update head set position = position + 1, recorded_at = now(), streams = streams + 1 returning *
        ), s as (
            insert into streams (stream_id, name) select streams, 'thing:slow' from h
        )
        insert into events (position, stream_id, version, recorded_at, occurred_at, id, kind, data, meta)
            select position, streams, 1, recorded_at, now(), $1, 'Happened', '{}', $2 from h",
    )
    .bind(Uuid::now_v7())
    .bind(serde_json::to_vec(&meta()).unwrap())
    .execute(&mut *slow)
    .await
    .unwrap();
    let quick: Vec<_> = (0..10)
        .map(|n| {
            let log = log.clone();
            tokio::spawn(async move { log.append(append(&stream(n), Expected::NoStream, 1)).await.unwrap() })
        })
        .collect();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(log.head().await.unwrap().position, 0, "nobody overtakes who has a place in the order");
    slow.commit().await.unwrap();
    let followed = take(&mut follower, 11).await;
    assert_eq!(followed[0].stream, stream("slow"));
    assert!((1..).zip(&followed).all(|(position, event)| event.position == position));
    for answer in quick {
        answer.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_writers_on_one_stream_all_get_through() {
    let log = fresh_log().await;
    let other = another(&log).await;
    let writers = (0..16).map(|n| {
        let log = if n % 2 == 0 { log.clone() } else { other.clone() };
        tokio::spawn(async move {
            let mut version = 0;
            for _ in 0..20 {
                let event = event("{}");
                while let Err(error) = log
                    .append(append_these(&stream("hot"), Expected::Exact(version), vec![event.clone()]))
                    .await
                {
                    let AppendError::Conflict { actual, .. } = error else { panic!("{error:?}") };
                    version = actual;
                }
                version += 1;
            }
        })
    });
    for writer in futures::future::join_all(writers).await {
        writer.unwrap();
    }
    assert_in_order(&log, 320).await;
}
