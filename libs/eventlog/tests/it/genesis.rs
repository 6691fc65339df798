//! What a log begins with: one record that names it, stored with the first append, and never in a log that has events.

use decider::{ActorKind, Department, Recorded, StreamName};
use eventlog::{
    AppendError, Condition, Expected, Invalid, Log, Options,
    genesis::{self, Event},
};
use futures::future::join_all;
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

use crate::{execute::execute, ledger::Command, support::*};

/// The first record, as what it must be.
async fn first(log: &Log) -> (Recorded, Uuid) {
    let record = all(log).await.remove(0);
    assert_eq!((record.position, record.version, record.kind.as_str()), (1, 1, "$genesis"));
    assert_eq!(record.stream, genesis::stream());
    let Event::Begun { log_id, .. } = record.event().unwrap();
    (record, log_id)
}

/// How many such records a log holds.
async fn records(log: &Log) -> usize {
    all(log).await.iter().filter(|event| event.stream.category() == genesis::CATEGORY).count()
}

#[tokio::test]
async fn a_log_begins_with_a_record_that_names_it() {
    let log = fresh_log().await;
    let appended = log.append(append(&stream("a"), Expected::NoStream, 3)).await.unwrap();
    assert_eq!((appended.version, appended.first_position, appended.last_position), (3, 2, 4));
    let (record, log_id) = first(&log).await;
    let known: Uuid =
        sqlx::query_scalar("select log_id from head").fetch_one(&owner(&log).await).await.unwrap();
    assert_eq!(log_id, known);
    assert_eq!((record.meta.actor.kind, record.meta.actor.id.as_str()), (ActorKind::Service, "log"));
    assert_eq!((&record.meta.case_id, record.occurred_at), (&None, record.recorded_at));
    assert_eq!(log.load(&genesis::stream()).await.unwrap(), [record]);
    assert_in_order(&log, 3).await;
    assert_ne!(first(&another_log().await).await.1, log_id, "another log has another name");
}

async fn another_log() -> Log {
    let log = fresh_log().await;
    fill(&log, 1).await;
    log
}

#[tokio::test]
async fn every_way_to_append_first_begins_the_log() {
    let conditional = fresh_log().await;
    let mut append_if = append_these(&stream("a"), Expected::NoStream, vec![tagged(&["draw"])]);
    append_if.condition = Some(Condition { tags: vec!["draw".to_owned()], after: 0 });
    conditional.append(append_if).await.unwrap();
    let several = fresh_log().await;
    several.append_all(vec![append(&stream("a"), Expected::NoStream, 1)], &[]).await.unwrap();
    let executed = fresh_log().await;
    execute(&executed, "a", Command::Open { hours: 1 }).await;
    for log in [conditional, several, executed] {
        first(&log).await;
        assert_in_order(&log, 1).await;
    }
}

#[tokio::test]
async fn an_empty_log_stays_empty_until_something_is_stored() {
    let log = fresh_log().await;
    let refused = log.append(append(&stream("a"), Expected::Exists, 1)).await;
    assert!(matches!(refused, Err(AppendError::Conflict { .. })), "{refused:?}");
    assert!(log.append_all(vec![append(&stream("a"), Expected::Exists, 1)], &[]).await.is_err());
    another(&log).await.shutdown().await;
    assert_eq!((log.head().await.unwrap().position, all(&log).await), (0, vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_append_first_at_once_one_begins_the_log_and_no_restart_does_again() {
    for round in 0..8 {
        let log = fresh_log().await;
        let others = join_all((0..4).map(|_| another(&log))).await;
        let appends = others.iter().cloned().zip(0..).map(|(log, n)| {
            tokio::spawn(async move {
                let append = append(&stream(n), Expected::NoStream, 1);
                if n == 0 {
                    log.append_all(vec![append], &[]).await.map(drop).unwrap();
                } else {
                    log.append(append).await.map(drop).unwrap();
                }
            })
        });
        join_all(appends).await.into_iter().for_each(|done| assert!(done.is_ok()));
        assert_eq!(records(&log).await, 1, "round {round}");
        assert_in_order(&log, 4).await;
        join_all(others.iter().map(Log::shutdown)).await;
        fill(&another(&log).await, 6).await;
        assert_eq!(records(&log).await, 1, "round {round}, after a restart");
        first(&log).await;
    }
}

#[tokio::test]
async fn a_log_that_has_events_from_before_keeps_what_it_has() {
    let log = fresh_log().await;
    let begun = "with h as (update head set position = 1, recorded_at = now(), streams = 1), s as (
            insert into streams (stream_id, name) values (1, 'thing:old')
        )
        insert into events (position, stream_id, version, recorded_at, occurred_at, id, kind, data, meta)
            values (1, 1, 1, now(), now(), $1, 'Happened', '{}', $2)";
    sqlx::query(begun)
        .bind(Uuid::now_v7())
        .bind(serde_json::to_vec(&meta()).unwrap())
        .execute(&owner(&log).await)
        .await
        .unwrap();
    let appended = log.append(append(&stream("old"), Expected::Exact(1), 1)).await.unwrap();
    assert_eq!(appended.last_position, 2);
    another(&log).await.append(append(&stream("new"), Expected::Any, 1)).await.unwrap();
    assert_eq!(records(&log).await, 0);
    assert_eq!(all(&log).await.iter().map(|event| event.position).collect::<Vec<_>>(), [1, 2, 3]);
}

/// `fenghuo dev --clock scripted` stands at today when it opens its logs, and a case of 2023 is played on it.
#[tokio::test]
async fn a_log_goes_by_the_clock_as_it_stands_when_something_happens() {
    let clock = eventlog::ScriptedClock::new(OffsetDateTime::now_utc());
    let log = fresh_with(options(server()), world_at(clock.clone())).await;
    let then = datetime!(2023-04-17 06:04 UTC);
    clock.set(then);
    let appended = log.append(append(&stream("a"), Expected::Any, 1)).await.unwrap();
    assert_eq!(appended.recorded_at, then, "the first event keeps the instant that the clock shows");
    assert_eq!(first(&log).await.0.recorded_at, then - Duration::MICROSECOND);
}

#[tokio::test]
async fn whose_log_it_is_is_told_by_the_options_and_else_by_who_appends_first() {
    let told = Department::parse("town.330723103").unwrap();
    let options = Options { department: Some(told.clone()), ..options(server()) };
    let log = fresh_with(options, world()).await;
    fill(&log, 1).await;
    assert_eq!(first(&log).await.0.meta.actor.department, told);
    assert_eq!(first(&another_log().await).await.0.meta.actor.department, actor().department);
}

#[tokio::test]
async fn nobody_appends_to_what_a_log_begins_with() {
    let log = another_log().await;
    for name in [genesis::stream(), StreamName::new(genesis::CATEGORY, "other")] {
        let refused = log.append(append(&name, Expected::Any, 1)).await;
        assert!(matches!(refused, Err(AppendError::Invalid(Invalid::Field { field: "stream", .. }))));
    }
    assert_in_order(&log, 1).await;
}
