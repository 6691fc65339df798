//! Rebuilding a view beside the living one.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use eventlog::{Error, Expected, Views};
use sqlx::AssertSqlSafe;

use crate::{
    support::*,
    view::{COUNTS, Counts, counts, start, totals},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuilt_view_equals_the_living_one_while_appends_continue() {
    let log = fresh_log().await;
    let views = start(&log).await;
    fill(&log, 1_500).await;
    views.wait_for("counts", 1_501, SOON).await.unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let (log, is_over) = (log.clone(), Arc::clone(&is_over));
        async move {
            let mut count = 0;
            while !is_over.load(Ordering::Relaxed) {
                log.append(append(&stream(count % 50), Expected::Any, 1)).await.unwrap();
                count += 1;
            }
            count
        }
    });
    for generation in 2..=4 {
        let mut last = 0;
        let rebuilt = views.rebuild("counts", |progress| last = progress.position).await.unwrap();
        assert_eq!(rebuilt.is_equal(), Some(true), "{rebuilt:?}");
        assert_eq!((rebuilt.generation, rebuilt.events), (generation, rebuilt.position));
        assert!(rebuilt.position > 1_500 && last > 1_500);
    }
    is_over.store(true, Ordering::Relaxed);
    let total = 1_501 + writer.await.unwrap();
    assert_eq!(totals(&views, total).await, (total.cast_signed(), total.cast_signed()));
    let schemas: i64 = sqlx::query_scalar("select count(*) from pg_namespace where nspname like $1")
        .bind(format!("{}\\_counts\\_g%", log.options().schema))
        .fetch_one(&owner(&log).await)
        .await
        .unwrap();
    assert_eq!(schemas, 2, "the one that answers and the one to roll back to");
}

/// A read of one generation: how far it says it is, and how far its rows are.
async fn look(views: &Views) -> (u64, i64, i64) {
    let mut read = views.read("counts").await.unwrap();
    let position = read.freshness.position;
    let (rows, last): (i64, i64) = sqlx::query_as("select count(*), coalesce(max(position), 0) from seen")
        .fetch_one(&mut *read)
        .await
        .unwrap();
    let total: i64 = sqlx::query_scalar("select coalesce(sum(events), 0)::bigint from counts")
        .fetch_one(&mut *read)
        .await
        .unwrap();
    assert_eq!(rows, total, "rows of two moments at {position}");
    (position, rows, last)
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_see_one_generation_at_a_position_that_only_grows_while_rebuilt_ones_take_over() {
    let log = fresh_log().await;
    let views = start(&log).await;
    fill(&log, 800).await;
    views.wait_for("counts", 801, SOON).await.unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let (log, is_over) = (log.clone(), Arc::clone(&is_over));
        async move {
            for count in 0.. {
                if is_over.load(Ordering::Relaxed) {
                    return count;
                }
                log.append(append(&stream(count % 50), Expected::Any, 1)).await.unwrap();
            }
            0
        }
    });
    let readers = (0..3).map(|_| {
        let (views, is_over) = (views.clone(), Arc::clone(&is_over));
        tokio::spawn(async move {
            let (mut before, mut looks) = (0, 0);
            while !is_over.load(Ordering::Relaxed) {
                let (position, rows, last) = look(&views).await;
                assert_eq!(
                    (position.cast_signed(), last),
                    (rows, rows),
                    "rows that are not those of the position"
                );
                assert!(position >= before, "{position} after {before}");
                (before, looks) = (position, looks + 1);
            }
            looks
        })
    });
    let readers: Vec<_> = readers.collect();
    for generation in 2..=5 {
        let rebuilt = views.rebuild("counts", |_| {}).await.unwrap();
        assert_eq!((rebuilt.generation, rebuilt.is_equal()), (generation, Some(true)));
    }
    is_over.store(true, Ordering::Relaxed);
    for reader in readers {
        assert!(reader.await.unwrap() > 0);
    }
    let total = 801 + writer.await.unwrap();
    assert_eq!(totals(&views, total).await.0, total.cast_signed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_view_is_found_out_and_repaired() {
    let log = fresh_log().await;
    let views = start(&log).await;
    fill(&log, 20).await;
    views.wait_for("counts", 21, SOON).await.unwrap();
    let damage =
        format!("update {}_counts_g1.counts set events = 7 where stream = 'thing:3'", log.options().schema);
    sqlx::query(AssertSqlSafe(damage)).execute(&owner(&log).await).await.unwrap();
    let rebuilt = views.rebuild("counts", |_| {}).await.unwrap();
    assert_eq!(rebuilt.is_equal(), Some(false));
    assert_eq!(totals(&views, 21).await, (21, 21));
    assert_eq!(views.rebuild("counts", |_| {}).await.unwrap().is_equal(), Some(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn parked_streams_are_parked_again_unless_they_can_be_shown_now() {
    let log = fresh_log().await;
    let views = start(&log).await;
    for data in ["{}", "\"poison\"", "{}"] {
        log.append(append_these(&stream("a"), Expected::Any, vec![event(data)])).await.unwrap();
    }
    views.wait_for("counts", 4, SOON).await.unwrap();
    assert_eq!(views.rebuild("counts", |_| {}).await.unwrap().is_equal(), Some(true));
    assert_eq!(views.parked("counts").await.unwrap().len(), 2);
    let mended = Views::open(&log, counts(Counts { version: 1, is_picky: false })).await.unwrap();
    mended.rebuild("counts", |_| {}).await.unwrap();
    assert_eq!(views.parked("counts").await.unwrap(), []);
    assert_eq!(totals(&views, 4).await, (4, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_rebuild_at_a_time_and_a_dead_one_is_taken_up() {
    let log = fresh_with(
        eventlog::Options { lease: std::time::Duration::from_secs(2), ..options(server()) },
        world(),
    )
    .await;
    let views = start(&log).await;
    fill(&log, 1_200).await;
    views.wait_for("counts", 1_201, SOON).await.unwrap();
    // A rebuild that dies half way: its future is dropped after the first page.
    let (tell, told) = tokio::sync::oneshot::channel();
    let mut tell = Some(tell);
    let dying = tokio::spawn({
        let views = views.clone();
        async move {
            let progress = move |progress: eventlog::Progress| {
                if progress.position > 0
                    && let Some(tell) = tell.take()
                {
                    tell.send(progress.position).unwrap();
                    std::thread::sleep(std::time::Duration::from_millis(50));
                }
            };
            views.rebuild("counts", progress).await
        }
    });
    let reached = told.await.unwrap();
    dying.abort();
    assert!(dying.await.unwrap_err().is_cancelled());
    assert!(matches!(views.rebuild("counts", |_| {}).await, Err(Error::Leased(_))));
    let mut rebuilt = views.rebuild("counts", |_| {}).await;
    while let Err(Error::Leased(_)) = rebuilt {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        rebuilt = views.rebuild("counts", |_| {}).await;
    }
    let rebuilt = rebuilt.unwrap();
    assert_eq!(rebuilt.is_equal(), Some(true));
    assert!(rebuilt.events <= 1_201 - reached, "it began anew: {rebuilt:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_is_built_beside_the_old_one_which_answers_until_then() {
    let log = fresh_log().await;
    let old = start(&log).await;
    fill(&log, 30).await;
    assert_eq!(totals(&old, 31).await, (31, 31));
    let new = Views::start(&log, counts(Counts { version: 2, ..COUNTS })).await.unwrap();
    until(|| async { new.status().await.unwrap()[0].version == 2 }).await;
    fill(&log, 30).await;
    assert_eq!(totals(&new, 61).await, (61, 61));
    // The old release leaves the new tables alone.
    until(|| async { new.status().await.unwrap()[0].generation == 2 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_former_generation_answers_again_after_a_rollback() {
    let log = fresh_log().await;
    let views = start(&log).await;
    assert!(views.roll_back("counts").await.is_err());
    fill(&log, 10).await;
    views.wait_for("counts", 11, SOON).await.unwrap();
    views.rebuild("counts", |_| {}).await.unwrap();
    fill(&log, 10).await;
    assert_eq!(totals(&views, 21).await, (21, 21));
    assert_eq!(views.roll_back("counts").await.unwrap(), 1);
    until(|| async { views.status().await.unwrap()[0].position == 21 }).await;
    assert_eq!(totals(&views, 21).await, (21, 21));
}
