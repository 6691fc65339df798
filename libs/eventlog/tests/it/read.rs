//! Reading: all, a stream, a case; forwards, backwards, from anywhere.

use decider::CaseId;
use eventlog::{Append, Direction::*, Error, Expected};
use futures::TryStreamExt;
use sqlx::AssertSqlSafe;

use crate::support::*;

#[tokio::test]
async fn pages_come_whole_in_both_directions() {
    let log = fresh_log().await;
    for n in 0..7 {
        log.append(append(&stream(n % 3), Expected::Any, 331)).await.unwrap();
    }
    let positions = async |from, limit, direction| -> Vec<u64> {
        log.read_all(from, limit, direction).map_ok(|event| event.position).try_collect().await.unwrap()
    };
    assert_eq!(positions(1, u64::MAX, Forwards).await, (1..=2318).collect::<Vec<_>>());
    assert_eq!(positions(0, 5, Forwards).await, [1, 2, 3, 4, 5]);
    assert_eq!(positions(u64::MAX, u64::MAX, Backwards).await, (1..=2318).rev().collect::<Vec<_>>());
    assert_eq!(positions(1500, 1300, Backwards).await, (201..=1500).rev().collect::<Vec<_>>());
    assert!(positions(9_999, 10, Forwards).await.is_empty() && positions(5, 0, Forwards).await.is_empty());

    let versions = async |from, limit, direction| -> Vec<u64> {
        log.read_stream(&stream(1), from, limit, direction)
            .map_ok(|event| event.version)
            .try_collect()
            .await
            .unwrap()
    };
    assert_eq!(versions(1, u64::MAX, Forwards).await, (1..=662).collect::<Vec<_>>());
    assert_eq!(versions(600, 3, Forwards).await, [600, 601, 602]);
    assert_eq!(versions(u64::MAX, u64::MAX, Backwards).await, (1..=662).rev().collect::<Vec<_>>());
    assert_eq!(versions(2, 9, Backwards).await, [2, 1]);
    assert_eq!(log.version(&stream(1)).await.unwrap(), 662);
    assert_eq!(log.version(&stream("none")).await.unwrap(), 0);
    assert!(log.load(&stream("none")).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_case_is_read_across_its_streams() {
    let log = fresh_log().await;
    for (n, of) in ["wuyi", "other", "wuyi", "wuyi"].into_iter().enumerate() {
        let append = Append { meta: case(of), ..append(&stream(n), Expected::NoStream, 2) };
        log.append(append).await.unwrap();
    }
    let wuyi = CaseId::parse("wuyi").unwrap();
    let positions = async |from, limit, direction| -> Vec<u64> {
        log.read_case(&wuyi, from, limit, direction)
            .map_ok(|event| event.position)
            .try_collect()
            .await
            .unwrap()
    };
    assert_eq!(positions(1, u64::MAX, Forwards).await, [2, 3, 6, 7, 8, 9]);
    assert_eq!(positions(4, 2, Forwards).await, [6, 7]);
    assert_eq!(positions(7, u64::MAX, Backwards).await, [7, 6, 3, 2]);
}

#[tokio::test]
async fn an_instant_maps_to_the_last_position_recorded_by_then() {
    let clock = scripted();
    let log = fresh_with(options(server()), world_at(clock.clone())).await;
    let start = eventlog::Clock::now(&clock);
    for hour in 1..=9 {
        clock.set(start + time::Duration::hours(hour));
        log.append(append(&stream("a"), Expected::Any, 2)).await.unwrap();
    }
    let at = async |minutes| log.position_at(start + time::Duration::minutes(minutes)).await.unwrap();
    assert_eq!(
        [at(0).await, at(59).await, at(61).await, at(4 * 60 + 30).await, at(9_999).await],
        [0, 0, 3, 9, 19]
    );
    // The second event of an append is recorded a microsecond later.
    assert_eq!(at(60).await, 2);
}

#[tokio::test]
async fn disorder_is_found() {
    let log = fresh_log().await;
    fill(&log, 300).await;
    assert_in_order(&log, 300).await;
    let owner = owner(&log).await;
    for sabotage in [
        "alter table events_p0 disable trigger all",
        "alter table events disable trigger all",
        "delete from events where position = 100",
        "update events set version = 5 where position = 200",
        "update events set recorded_at = 'epoch' where position = 250",
        "delete from events where position = 301",
    ] {
        sqlx::query(AssertSqlSafe(sabotage)).execute(&owner).await.unwrap();
    }
    let report = log.verify_order(1).await.unwrap();
    let found: Vec<u64> = report.disorders.iter().map(|disorder| disorder.position).collect();
    assert_eq!(found, [101, 200, 250, 301], "{:?}", report.disorders);
}

#[tokio::test]
async fn every_event_is_read_with_its_own_data_and_meta() {
    let log = fresh_log().await;
    let large = format!("\"{}\"", "x".repeat(40_000));
    let written = [("a", "1"), ("b", large.as_str()), ("b", "2"), ("a", "3")];
    for (of, data) in written {
        let append = append_these(
            &stream("mixed"),
            Expected::Any,
            vec![event(data.to_owned()), event(data.to_owned())],
        );
        log.append(Append { meta: case(of), ..append }).await.unwrap();
    }
    let whole: Vec<_> = log.read_all(2, u64::MAX, Forwards).try_collect().await.unwrap();
    assert_eq!(log.load(&stream("mixed")).await.unwrap(), whole);
    for (pair, (of, data)) in whole.chunks(2).zip(written) {
        for event in pair {
            assert_eq!((&event.data[..], &*event.meta), (data.as_bytes(), &case(of)));
        }
    }
}

#[tokio::test]
async fn a_damaged_meta_is_told_with_its_position() {
    let log = fresh_log().await;
    fill(&log, 3).await;
    let owner = owner(&log).await;
    for table in ["events", "events_p0"] {
        let sql = format!("alter table {table} disable trigger all");
        sqlx::query(AssertSqlSafe(sql)).execute(&owner).await.unwrap();
    }
    sqlx::query("update events set meta = '{\"actor\":1}' where position = 2").execute(&owner).await.unwrap();
    let told = log.read_all(1, 9, Forwards).try_collect::<Vec<_>>().await;
    assert!(matches!(told, Err(Error::Corrupt { position: 2, .. })), "{told:?}");
    assert_eq!(log.read_all(3, 9, Forwards).try_collect::<Vec<_>>().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_kept_connection_that_was_cut_is_made_good() {
    let log = fresh_log().await;
    fill(&log, 3).await;
    log.load(&stream(0)).await.unwrap();
    let cut: i64 = sqlx::query_scalar(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = $1",
    )
    .bind(format!("fenghuo {}", log.options().schema))
    .fetch_one(&owner(&log).await)
    .await
    .unwrap();
    assert!(cut > 0);
    assert_eq!(log.read_all(1, 9, Forwards).try_collect::<Vec<_>>().await.unwrap().len(), 4);
}
