//! The same append twice, the same command twice: the first result twice.

use eventlog::{Append, AppendError, CommandKey, Expected, Options, SeveralError};
use uuid::Uuid;

use crate::support::*;

fn keyed(append: Append, id: Uuid, fingerprint: &[u8]) -> Append {
    Append { command: Some(CommandKey { id, fingerprint: fingerprint.to_vec() }), ..append }
}

#[tokio::test]
async fn a_repeated_append_returns_the_original_places() {
    let log = fresh_log().await;
    for expected in [Expected::NoStream, Expected::Exact(3), Expected::Any, Expected::Exists] {
        let append = append(&stream("a"), expected, 3);
        let first = log.append(append.clone()).await.unwrap();
        fill(&log, 3).await;
        let again = log.append(append.clone()).await.unwrap();
        let elsewhere = another(&log).await.append(append).await.unwrap();
        assert!(!first.repeated && again.repeated && elsewhere.repeated);
        assert_eq!(eventlog::Appended { repeated: false, ..again }, first);
        assert_eq!(again, elsewhere);
    }
}

#[tokio::test]
async fn the_same_append_many_times_at_once_is_stored_once() {
    let log = fresh_log().await;
    let other = another(&log).await;
    for expected in [Expected::NoStream, Expected::Any, Expected::Exact(2)] {
        let append = append(&stream("a"), expected, 1);
        let sends = (0..20).map(|n| {
            let log = if n % 2 == 0 { log.clone() } else { other.clone() };
            let append = append.clone();
            tokio::spawn(async move { log.append(append).await.unwrap() })
        });
        let answers = futures::future::join_all(sends).await;
        let places: Vec<_> = answers.into_iter().map(|answer| answer.unwrap()).collect();
        assert!(places.iter().all(|place| place.last_position == places[0].last_position), "{places:?}");
        assert_eq!(places.iter().filter(|place| !place.repeated).count(), 1);
    }
    assert_in_order(&log, 3).await;
}

#[tokio::test]
async fn a_repeat_is_known_beyond_its_partition() {
    let log = fresh_with(Options { partition_size: 10, ..options(server()) }, world()).await;
    let old = append(&stream("a"), Expected::Any, 2);
    let first = log.append(old.clone()).await.unwrap();
    fill(&log, 30).await;
    let again = log.append(old.clone()).await.unwrap();
    assert_eq!(eventlog::Appended { repeated: false, ..again }, first);
    let elsewhere = log.append(Append { stream: stream("b"), ..old }).await;
    assert!(matches!(elsewhere, Err(AppendError::PartialRepeat)), "{elsewhere:?}");
    assert_in_order(&log, 32).await;
}

#[tokio::test]
async fn an_older_copy_of_the_log_is_not_written_to() {
    let log = fresh_log().await;
    fill(&log, 10).await;
    sqlx::query("update head set position = 5").execute(&owner(&log).await).await.unwrap();
    let answer = log.append(append(&stream("a"), Expected::Any, 1)).await;
    let Err(AppendError::Database(error)) = answer else { panic!("{answer:?}") };
    assert!(std::error::Error::source(&*error).is_some_and(|why| why.to_string().contains("older copy")));
    let answer = log.append_all(vec![append(&stream("a"), Expected::Any, 1)], &[]).await;
    let Err(SeveralError::Append(AppendError::Database(error))) = answer else { panic!("{answer:?}") };
    assert!(std::error::Error::source(&*error).is_some_and(|why| why.to_string().contains("older copy")));
}

#[tokio::test]
async fn a_partial_repeat_is_refused() {
    let log = fresh_log().await;
    let whole = append(&stream("a"), Expected::Any, 3);
    log.append(whole.clone()).await.unwrap();
    let mut more = whole.clone();
    more.events.push(event("{}"));
    let mut swapped = whole.clone();
    swapped.events.swap(0, 1);
    let elsewhere = Append { stream: stream("b"), ..whole };
    for partial in [more, swapped, elsewhere] {
        let answer = log.append(partial).await;
        assert!(matches!(answer, Err(AppendError::PartialRepeat)), "{answer:?}");
    }
    assert_in_order(&log, 3).await;
}

#[tokio::test]
async fn a_repeat_of_what_was_appended_one_by_one_is_known_although_others_came_between() {
    let log = fresh_log().await;
    let (one, two) =
        (append(&stream("a"), Expected::NoStream, 1), append(&stream("a"), Expected::Exact(1), 1));
    let first = log.append(one.clone()).await.unwrap();
    fill(&log, 3).await;
    let last = log.append(two.clone()).await.unwrap();
    let together =
        Append { events: [one.events, two.events].concat(), ..append(&stream("a"), Expected::NoStream, 1) };
    let again = log.append(together.clone()).await.unwrap();
    assert!(again.repeated);
    assert_eq!((again.first_position, again.last_position), (first.last_position, last.last_position));
    assert_eq!(again.version, 2);
    let swapped = Append { events: together.events.iter().rev().cloned().collect(), ..together };
    assert!(matches!(log.append(swapped).await, Err(AppendError::PartialRepeat)));
    assert_in_order(&log, 5).await;
}

#[tokio::test]
async fn a_command_id_returns_its_first_result_whatever_the_events() {
    let log = fresh_log().await;
    let id = Uuid::now_v7();
    let first = log.append(keyed(append(&stream("a"), Expected::NoStream, 2), id, b"f")).await.unwrap();
    let again = log.append(keyed(append(&stream("a"), Expected::Exact(2), 1), id, b"f")).await.unwrap();
    assert!(again.repeated);
    assert_eq!((again.first_position, again.last_position), (first.first_position, first.last_position));
    let conflicting = log.append(keyed(append(&stream("a"), Expected::NoStream, 1), id, b"f")).await.unwrap();
    assert!(conflicting.repeated, "a repeat is recognised before a conflict");
    let reused = log.append(keyed(append(&stream("a"), Expected::Exact(2), 1), id, b"g")).await;
    assert!(matches!(reused, Err(AppendError::KeyReused)), "{reused:?}");
    assert_in_order(&log, 2).await;
}

#[tokio::test]
async fn the_same_command_many_times_at_once_is_stored_once() {
    let log = fresh_log().await;
    let other = another(&log).await;
    let id = Uuid::now_v7();
    let sends = (0..20).map(|n| {
        let log = if n % 2 == 0 { log.clone() } else { other.clone() };
        let append = keyed(append(&stream("a"), Expected::Any, 1), id, b"f");
        tokio::spawn(async move { log.append(append).await.unwrap() })
    });
    let answers = futures::future::join_all(sends).await;
    assert!(answers.into_iter().all(|answer| answer.unwrap().last_position == 2));
    assert_in_order(&log, 1).await;
}

#[tokio::test]
async fn a_repeat_among_fresh_neighbours_leaves_them_alone() {
    let log = fresh_log().await;
    let old = append(&stream("old"), Expected::NoStream, 1);
    log.append(old.clone()).await.unwrap();
    let mut appends = vec![old];
    appends.extend((0..30).map(|n| append(&stream(n), Expected::NoStream, 1)));
    let answers = futures::future::join_all(appends.into_iter().map(|append| log.append(append))).await;
    assert_eq!(answers[0].as_ref().unwrap().last_position, 2);
    assert!(answers[1..].iter().all(|answer| !answer.as_ref().unwrap().repeated));
    assert_in_order(&log, 31).await;
}

#[tokio::test]
async fn pruned_memories_are_gone_and_events_are_not() {
    let log = fresh_log().await;
    let old = keyed(append(&stream("a"), Expected::Any, 1), Uuid::now_v7(), b"old");
    let at = log.append(old.clone()).await.unwrap().recorded_at;
    let young = keyed(append(&stream("b"), Expected::Any, 1), Uuid::now_v7(), b"young");
    log.append(young.clone()).await.unwrap();
    assert_eq!(log.prune(at).await.unwrap(), 1);
    let anew = |keyed: Append| Append { events: append(&keyed.stream, Expected::Any, 1).events, ..keyed };
    assert!(log.append(anew(young)).await.unwrap().repeated);
    assert!(log.append(old.clone()).await.unwrap().repeated, "its events are still there");
    assert!(!log.append(anew(old)).await.unwrap().repeated);
    assert_in_order(&log, 3).await;
}
