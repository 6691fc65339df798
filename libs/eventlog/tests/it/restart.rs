//! The database goes away and comes back: nothing acknowledged is lost, nothing is stored twice, nobody restarts.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use eventlog::{AppendError, Expected, Log, Options, Views};
use servers::{Postgres, PostgresOptions, Scratch};
use uuid::Uuid;

use crate::{support::*, view};

struct Own {
    server: Postgres,
    log: Log,
    _scratch: Scratch,
}

async fn own(unavailable_after: Duration) -> Own {
    let scratch = Scratch::new().unwrap();
    let server = Postgres::start(scratch.path(), PostgresOptions::default()).await.unwrap();
    let options = Options { unavailable_after, ..options(server.url().parse().unwrap()) };
    Own { log: fresh_with(options, world()).await, server, _scratch: scratch }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_kills_of_the_database_and_nothing_is_doubled() {
    let mut own = own(Duration::from_secs(1)).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let acknowledged = Arc::new(Mutex::new(HashSet::new()));
    let sent = Arc::new(Mutex::new(HashSet::new()));
    let views = view::start(&own.log).await;
    let mut follower = own.log.follow(0);
    let followed = tokio::spawn(async move {
        let mut ids = Vec::new();
        loop {
            let event = take(&mut follower, 1).await.remove(0);
            ids.push(event.id);
            if event.stream == stream("end") {
                return ids;
            }
        }
    });
    let writers: Vec<_> = (0..16)
        .map(|n| {
            let (log, is_over) = (own.log.clone(), Arc::clone(&is_over));
            let (acknowledged, sent) = (Arc::clone(&acknowledged), Arc::clone(&sent));
            tokio::spawn(async move {
                while !is_over.load(Ordering::Relaxed) {
                    let append = append(&stream(n), Expected::Any, 1);
                    sent.lock().unwrap().insert(append.events[0].id);
                    // Whoever hears "unavailable" sends the very same again.
                    loop {
                        match log.append(append.clone()).await {
                            Ok(_) => {
                                acknowledged.lock().unwrap().insert(append.events[0].id);
                                break;
                            }
                            Err(AppendError::Unavailable(_)) => {}
                            Err(error) => panic!("{error:?}"),
                        }
                    }
                }
            })
        })
        .collect();
    for round in 0..6 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        if round % 2 == 0 {
            own.server.kill();
        } else {
            own.server.stop().await;
        }
        own.server.restart().await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    is_over.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
    let end = append(&stream("end"), Expected::Any, 1);
    let total = own.log.append(end.clone()).await.unwrap().last_position;
    acknowledged.lock().unwrap().insert(end.events[0].id);
    let stored: Vec<Uuid> = all(&own.log).await.iter().map(|event| event.id).collect();
    let distinct: HashSet<Uuid> = stored[1..].iter().copied().collect();
    assert_eq!(distinct.len() + 1, stored.len(), "no event is stored twice");
    assert_eq!(distinct, *acknowledged.lock().unwrap(), "all were acknowledged in the end, all are stored");
    assert_in_order(&own.log, total - 1).await;
    assert_eq!(followed.await.unwrap(), stored, "the follower saw all, once, in order");
    assert_eq!(view::totals(&views, total).await, (total.cast_signed(), total.cast_signed()));
    own.log.health().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_away_callers_hear_so_in_bounded_time() {
    let mut own = own(Duration::from_millis(500)).await;
    fill(&own.log, 5).await;
    own.server.stop().await;
    assert!(own.log.health().await.is_err());
    for _ in 0..3 {
        let start = Instant::now();
        let answers =
            futures::future::join_all((0..50).map(|n| own.log.append(append(&stream(n), Expected::Any, 1))));
        assert!(answers.await.iter().all(|answer| matches!(answer, Err(AppendError::Unavailable(_)))));
        assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    }
    assert!(matches!(own.log.load(&stream(1)).await, Err(eventlog::Error::Unavailable(_))));
    own.server.restart().await.unwrap();
    until(|| async { own.log.append(append(&stream("back"), Expected::Any, 1)).await.is_ok() }).await;
    own.log.health().await.unwrap();
    let head = own.log.head().await.unwrap().position;
    assert_in_order(&own.log, head - 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_is_kept_across_restarts() {
    let mut own = own(Duration::from_millis(500)).await;
    let views = Views::start(&own.log, view::counts(view::COUNTS)).await.unwrap();
    for round in 1..=3 {
        fill(&own.log, 50).await;
        own.server.restart().await.unwrap();
        let position = 1 + round * 50_u64;
        let count = position.cast_signed();
        assert_eq!(view::totals(&views, position).await, (count, count));
    }
}
