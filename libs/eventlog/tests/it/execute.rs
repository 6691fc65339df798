//! Commands: decided on the true state, answered once and for all.

use std::sync::atomic::{AtomicU64, Ordering};

use eventlog::{ExecuteError, Expected, Invalid, Log, Outcome, Request};
use futures::future::join_all;
use uuid::Uuid;

use crate::{
    ledger::{Command, LIMIT, order},
    support::*,
};

pub fn request() -> Request {
    request_of(Uuid::now_v7())
}

pub fn request_of(command_id: Uuid) -> Request {
    Request {
        command_id,
        fingerprint: b"f".to_vec(),
        actor: actor(),
        at: None,
        case_id: None,
        causation: None,
        traceparent: None,
    }
}

pub async fn execute(log: &Log, id: &str, command: Command) -> Outcome {
    log.execute(order(id, command), request()).await.unwrap()
}

#[tokio::test]
async fn a_command_brings_its_events_and_their_places() {
    let log = fresh_log().await;
    let opened = execute(&log, "a", Command::Open { hours: 1 }).await;
    let added = execute(&log, "a", Command::Add { amount: 5 }).await;
    assert_eq!((opened.version, opened.position, opened.repeated), (1, 2, false));
    assert_eq!(added.events, [("Added".to_owned(), 3)]);
    let stored = log.load(&added.stream).await.unwrap();
    assert_eq!(stored[1].data.as_ref(), br#"{"type":"Added","data":{"amount":5}}"#);
    assert!(stored[1].meta.command_id.is_some());
    assert_eq!(stored[1].meta.rules, log.world().rules.version());
}

#[tokio::test]
async fn the_same_command_gives_the_same_answer_here_and_elsewhere() {
    let log = fresh_log().await;
    let elsewhere = another(&log).await;
    for command in [Command::Open { hours: 1 }, Command::Open { hours: 1 }, Command::Add { amount: 1 }] {
        let request = request();
        let first = log.execute(order("a", command.clone()), request.clone()).await.unwrap();
        for log in [&log, &elsewhere, &another(&log).await] {
            let again = log.execute(order("a", command.clone()), request.clone()).await.unwrap();
            assert!(again.repeated);
            assert_eq!(Outcome { repeated: false, ..again }, first);
        }
    }
    assert_in_order(&log, 2).await;
}

#[tokio::test]
async fn a_refusal_stands_although_the_state_has_changed() {
    let log = fresh_log().await;
    let request = request();
    let add = || order("a", Command::Add { amount: 1 });
    let Err(ExecuteError::Refused(first)) = log.execute(add(), request.clone()).await else {
        panic!("not refused")
    };
    execute(&log, "a", Command::Open { hours: 1 }).await;
    for log in [&log, &another(&log).await] {
        let Err(ExecuteError::Refused(again)) = log.execute(add(), request.clone()).await else {
            panic!("answered anew")
        };
        assert_eq!(again, first);
    }
    assert_in_order(&log, 1).await;
}

#[tokio::test]
async fn a_command_id_belongs_to_one_command() {
    let log = fresh_log().await;
    let request = request();
    log.execute(order("a", Command::Open { hours: 1 }), request.clone()).await.unwrap();
    let other = Request { fingerprint: b"g".to_vec(), ..request.clone() };
    for (id, request) in [("a", other), ("b", request)] {
        let reused = log.execute(order(id, Command::Open { hours: 1 }), request).await;
        assert!(matches!(reused, Err(ExecuteError::KeyReused)), "{reused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_commands_are_decided_anew_and_never_break_the_rule() {
    let log = fresh_log().await;
    let other = another(&log).await;
    execute(&log, "a", Command::Open { hours: 1 }).await;
    let added = AtomicU64::new(0);
    let refused = AtomicU64::new(0);
    let commands = (0..60).map(|n| {
        let log = if n % 2 == 0 { &log } else { &other };
        let (added, refused) = (&added, &refused);
        async move {
            match log.execute(order("a", Command::Add { amount: 20 }), request()).await {
                Ok(_) => added.fetch_add(1, Ordering::Relaxed),
                Err(ExecuteError::Refused(_)) => refused.fetch_add(1, Ordering::Relaxed),
                Err(error) => panic!("{error:?}"),
            }
        }
    });
    join_all(commands).await;
    assert_eq!(added.into_inner(), u64::from(LIMIT) / 20);
    assert_eq!(refused.into_inner(), 10);
    assert_in_order(&log, 51).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_command_many_times_at_once_acts_once() {
    let log = fresh_log().await;
    let other = another(&log).await;
    execute(&log, "a", Command::Open { hours: 1 }).await;
    for amount in [1, LIMIT] {
        let request = request();
        let commands = (0..20).map(|n| {
            let log = if n % 2 == 0 { &log } else { &other };
            log.execute(order("a", Command::Add { amount }), request.clone())
        });
        let answers = join_all(commands).await;
        let ok = answers.iter().filter(|answer| answer.is_ok()).count();
        assert_eq!(ok, if amount == 1 { 20 } else { 0 }, "{answers:?}");
    }
    assert_in_order(&log, 2).await;
}

#[tokio::test]
async fn a_decision_never_rests_on_an_old_state() {
    let log = fresh_log().await;
    let other = another(&log).await;
    execute(&log, "a", Command::Open { hours: 1 }).await;
    execute(&other, "a", Command::Add { amount: LIMIT }).await;
    // `log` has the ledger in memory, open and empty; a refusal and an "already so" must not come from there.
    let refused = log.execute(order("a", Command::Add { amount: 1 }), request()).await;
    assert!(matches!(refused, Err(ExecuteError::Refused(_))), "{refused:?}");
    execute(&other, "a", Command::Close).await;
    assert!(execute(&log, "a", Command::Close).await.events.is_empty());
    execute(&log, "b", Command::Open { hours: 1 }).await;
    execute(&other, "b", Command::Close).await;
    let refused = log.execute(order("b", Command::Add { amount: 1 }), request()).await;
    assert!(matches!(refused, Err(ExecuteError::Refused(refused)) if refused.name == "NotOpen"));
}

#[tokio::test]
async fn nothing_happened_in_the_future() {
    let clock = scripted();
    let log = fresh_with(options(server()), world_at(clock.clone())).await;
    let now = eventlog::Clock::now(&clock);
    let ahead = Request { at: Some(now + time::Duration::seconds(1)), ..request() };
    let refused = log.execute(order("a", Command::Open { hours: 1 }), ahead).await;
    assert!(matches!(refused, Err(ExecuteError::Invalid(Invalid::Future))), "{refused:?}");
    let past = Request { at: Some(now - time::Duration::hours(3)), ..request() };
    let outcome = log.execute(order("a", Command::Open { hours: 1 }), past).await.unwrap();
    let stored = log.load(&outcome.stream).await.unwrap();
    assert_eq!((stored[0].occurred_at, stored[0].recorded_at), (now - time::Duration::hours(3), now));
}

#[tokio::test]
async fn an_unreadable_history_is_said_to_be_one() {
    let log = fresh_log().await;
    let name = decider::StreamName::new("ledger", "a");
    log.append(append(&name, Expected::NoStream, 1)).await.unwrap();
    let answer = log.execute(order("a", Command::Close), request()).await;
    assert!(matches!(answer, Err(ExecuteError::Unreadable { .. })), "{answer:?}");
}

#[tokio::test]
async fn a_busy_stream_is_decided_from_memory() {
    let log = fresh_log().await;
    execute(&log, "a", Command::Open { hours: 1 }).await;
    for n in 0..20 {
        assert_eq!(execute(&log, "a", Command::Add { amount: 1 }).await.version, n + 2);
    }
    // Decided once each: no conflict, so every history was complete.
    assert_eq!(log.stats().decisions.load(Ordering::Relaxed), 21);
    assert_eq!(log.stats().conflicts.load(Ordering::Relaxed), 0);
}
