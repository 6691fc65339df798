//! Appends: versions, expectations, conditions, batches.

use eventlog::{AppendError, Condition, Expected};
use sqlx::Row;

use crate::support::*;

#[tokio::test]
async fn an_append_stands_where_it_was_answered() {
    let log = fresh_log().await;
    let first = log.append(append(&stream("a"), Expected::NoStream, 3)).await.unwrap();
    let second = log.append(append(&stream("a"), Expected::Exact(3), 2)).await.unwrap();
    assert_eq!((first.version, first.first_position, first.last_position), (3, 2, 4));
    assert_eq!((second.version, second.first_position, second.last_position), (5, 5, 6));
    let stored = log.load(&stream("a")).await.unwrap();
    assert_eq!(stored.iter().map(|event| event.version).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert_eq!(stored[4].recorded_at, second.recorded_at);
    assert_in_order(&log, 5).await;
}

#[tokio::test]
async fn the_stored_bytes_are_those_that_were_appended() {
    let log = fresh_log().await;
    let odd = "{ \"b\":1,\n\"a\" :[1.0e2, \"\\u706b\"] }";
    let event = event(odd);
    log.append(append_these(&stream("a"), Expected::Any, vec![event.clone()])).await.unwrap();
    let stored = log.load(&stream("a")).await.unwrap();
    assert_eq!((stored[0].data.as_ref(), stored[0].id), (odd.as_bytes(), event.id));
    assert_eq!(*stored[0].meta, meta());
}

#[tokio::test]
async fn a_conflict_carries_the_actual_version() {
    let log = fresh_log().await;
    log.append(append(&stream("a"), Expected::NoStream, 3)).await.unwrap();
    for (expected, stream_id, at) in [
        (Expected::NoStream, "a", 3),
        (Expected::Exact(0), "a", 3),
        (Expected::Exact(2), "a", 3),
        (Expected::Exact(4), "a", 3),
        (Expected::Exact(1), "b", 0),
        (Expected::Exists, "b", 0),
    ] {
        let refused = log.append(append(&stream(stream_id), expected, 1)).await;
        assert!(
            matches!(refused, Err(AppendError::Conflict { actual, .. }) if actual == at),
            "{expected:?}: {refused:?}"
        );
    }
    assert_in_order(&log, 3).await;
}

#[tokio::test]
async fn a_conflict_with_another_process_carries_the_actual_version() {
    let log = fresh_log().await;
    let other = another(&log).await;
    log.append(append(&stream("a"), Expected::NoStream, 1)).await.unwrap();
    other.append(append(&stream("a"), Expected::Exact(1), 1)).await.unwrap();
    // `log` still believes the stream to be at 1.
    let refused = log.append(append(&stream("a"), Expected::Exact(1), 1)).await;
    assert!(matches!(refused, Err(AppendError::Conflict { actual: 2, .. })), "{refused:?}");
    log.append(append(&stream("a"), Expected::Exact(2), 1)).await.unwrap();
    assert!(other.append(append(&stream("a"), Expected::Exact(3), 1)).await.is_ok());
    assert_in_order(&log, 4).await;
}

#[tokio::test]
async fn requests_for_one_stream_in_one_batch_are_judged_in_arrival_order() {
    let log = fresh_log().await;
    let appends = (0..200).map(|version| log.append(append(&stream("a"), Expected::Exact(version), 1)));
    let answers = futures::future::join_all(appends).await;
    assert!(answers.iter().all(Result::is_ok));
    assert!(
        log.stats().batches_fast.load(std::sync::atomic::Ordering::Relaxed) < 100,
        "they were not batched"
    );
    assert_in_order(&log, 200).await;
}

#[tokio::test]
async fn any_and_exists_append_at_the_end() {
    let log = fresh_log().await;
    log.append(append(&stream("a"), Expected::Any, 1)).await.unwrap();
    log.append(append(&stream("a"), Expected::Exists, 1)).await.unwrap();
    let other = another(&log).await;
    other.append(append(&stream("a"), Expected::Any, 1)).await.unwrap();
    // The remembered version is old now; nobody but the log need know.
    let appended = log.append(append(&stream("a"), Expected::Any, 1)).await.unwrap();
    assert_eq!(appended.version, 4);
}

#[tokio::test]
async fn a_condition_fails_when_a_matching_event_stands_after_the_known_position() {
    let log = fresh_log().await;
    let draw = |stream_id: &str, after| {
        let mut append =
            append_these(&stream(stream_id), Expected::NoStream, vec![tagged(&["draw", "period:2023-04"])]);
        append.condition =
            Some(Condition { tags: vec!["draw".to_owned(), "period:2023-04".to_owned()], after });
        append
    };
    // Each tag alone does not match.
    log.append(append_these(&stream("x"), Expected::Any, vec![tagged(&["draw", "period:2023-03"])]))
        .await
        .unwrap();
    log.append(append_these(&stream("y"), Expected::Any, vec![tagged(&["period:2023-04"])])).await.unwrap();
    assert_eq!(log.append(draw("a", 0)).await.unwrap().last_position, 4);
    assert!(matches!(log.append(draw("b", 3)).await, Err(AppendError::Condition { position: 4 })));
    assert!(log.append(draw("c", 4)).await.is_ok());
}

#[tokio::test]
async fn of_many_conditional_appends_at_once_one_wins() {
    let log = fresh_log().await;
    let other = another(&log).await;
    let draws = (0..40).map(|n| {
        let log = if n % 2 == 0 { log.clone() } else { other.clone() };
        let mut append = append_these(&stream(n), Expected::NoStream, vec![tagged(&["draw"])]);
        append.condition = Some(Condition { tags: vec!["draw".to_owned()], after: 0 });
        tokio::spawn(async move { log.append(append).await })
    });
    let answers: Vec<_> = futures::future::join_all(draws).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert!(answers.iter().all(|a| matches!(a, Ok(_) | Err(AppendError::Condition { position: 2 }))));
}

#[tokio::test]
async fn recording_times_grow_although_the_clock_stands_or_goes_back() {
    let clock = scripted();
    let log = fresh_with(options(server()), world_at(clock.clone())).await;
    fill(&log, 50).await;
    let before = log.head().await.unwrap().recorded_at;
    clock.set(before - time::Duration::days(1));
    let appended = log.append(append(&stream("late"), Expected::Any, 1)).await.unwrap();
    assert_eq!(appended.recorded_at, before + time::Duration::microseconds(1));
    assert_in_order(&log, 51).await;
}

#[tokio::test]
async fn a_dropped_caller_harms_nobody() {
    let log = fresh_log().await;
    for n in 0..200 {
        let append = append(&stream(n), Expected::NoStream, 1);
        let patience = std::time::Duration::from_micros(n * 20);
        let _ = tokio::time::timeout(patience, log.append(append)).await;
    }
    log.append(append(&stream("last"), Expected::NoStream, 1)).await.unwrap();
    let head = log.head().await.unwrap().position;
    assert_in_order(&log, head - 1).await;
}

#[tokio::test]
async fn a_full_queue_sheds_and_a_closed_one_refuses() {
    let log = fresh_with(eventlog::Options { queue_max: 8, ..options(server()) }, world()).await;
    let appends = (0..200).map(|n| log.append(append(&stream(n), Expected::NoStream, 1)));
    let answers = futures::future::join_all(appends).await;
    let stored = answers.iter().filter(|answer| answer.is_ok()).count() as u64;
    assert!(stored < 200);
    assert!(answers.iter().all(|a| matches!(a, Ok(_) | Err(AppendError::Overloaded { .. }))));
    assert_in_order(&log, stored).await;
    log.shutdown().await;
    assert!(matches!(log.append(append(&stream("x"), Expected::Any, 1)).await, Err(AppendError::Closed)));
}

#[tokio::test]
async fn shutdown_finishes_what_was_taken() {
    let log = fresh_log().await;
    let appends: Vec<_> = (0..100)
        .map(|n| {
            let log = log.clone();
            tokio::spawn(async move { log.append(append(&stream(n), Expected::NoStream, 1)).await })
        })
        .collect();
    tokio::task::yield_now().await;
    log.shutdown().await;
    let mut stored = 0;
    for answer in appends {
        match answer.await.unwrap() {
            Ok(_) => stored += 1,
            Err(error) => assert!(matches!(error, AppendError::Closed), "{error:?}"),
        }
    }
    let count = sqlx::query("select count(*) from events").fetch_one(&owner(&log).await).await.unwrap();
    assert_eq!(count.get::<i64, _>(0), stored + 1, "what was taken, behind what the log begins with");
}
