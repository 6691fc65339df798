//! Views: every event once, poison set aside, one keeper at a time.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use decider::Recorded;
use eventlog::{Error, Expected, Log, View, ViewError, Views};
use sqlx::PgConnection;

use crate::support::*;

/// Counts the events of each stream, and keeps their positions.
pub struct Counts {
    pub version: u32,
    /// Events whose data says so are refused: by the view, or by the database.
    pub is_picky: bool,
}

pub const COUNTS: Counts = Counts { version: 1, is_picky: true };

#[async_trait]
impl View for Counts {
    fn name(&self) -> &'static str {
        "counts"
    }

    fn version(&self) -> u32 {
        self.version
    }

    fn tables(&self) -> &'static str {
        "create table counts (stream text primary key, events bigint not null);
         create table seen (position bigint primary key, length int not null check (length < 60))"
    }

    async fn apply(&self, event: &Recorded, tx: &mut PgConnection) -> Result<(), ViewError> {
        let data = std::str::from_utf8(&event.data).unwrap();
        if self.is_picky && data.contains("poison") {
            return Err(ViewError::Poison("it says so".to_owned()));
        }
        let length = if self.is_picky && data.contains("too long") { 99 } else { 1 };
        sqlx::query("insert into seen values ($1, $2)")
            .bind(event.position.cast_signed())
            .bind(length)
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "insert into counts values ($1, 1) on conflict (stream) do update set events = counts.events + 1",
        )
        .bind(event.stream.as_str())
        .execute(tx)
        .await?;
        Ok(())
    }
}

pub fn counts(view: Counts) -> Vec<Arc<dyn View>> {
    vec![Arc::new(view)]
}

pub async fn start(log: &Log) -> Views {
    Views::start(log, counts(COUNTS)).await.unwrap()
}

/// Waits for a position, then reads the sum of all counts and the number of positions seen.
pub async fn totals(views: &Views, position: u64) -> (i64, i64) {
    views.wait_for("counts", position, SOON).await.unwrap();
    let mut read = views.read("counts").await.unwrap();
    assert!(read.freshness.position >= position);
    sqlx::query_as("select coalesce(sum(events), 0)::bigint, (select count(*) from seen) from counts")
        .fetch_one(&mut *read)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_shows_every_event_once() {
    let log = fresh_log().await;
    fill(&log, 300).await;
    let views = start(&log).await;
    fill(&log, 300).await;
    assert_eq!(totals(&views, 601).await, (601, 601));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_reads_its_own_write() {
    let log = fresh_log().await;
    let views = start(&log).await;
    for n in 2..=21 {
        let position = log.append(append(&stream("a"), Expected::Any, 1)).await.unwrap().last_position;
        assert_eq!(totals(&views, position).await, (n, n));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_that_does_not_come_is_said_to_be_stale() {
    let log = fresh_log().await;
    let views = start(&log).await;
    fill(&log, 1).await;
    let waited = views.wait_for("counts", 99, Duration::from_millis(200)).await;
    assert!(matches!(waited, Err(Error::Stale { wanted: 99, .. })), "{waited:?}");
    assert!(matches!(views.read("other").await.map(drop), Err(Error::UnknownView(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_parks_its_stream_and_not_the_view() {
    let log = fresh_log().await;
    let views = start(&log).await;
    for (name, data) in
        [("a", "\"poison\""), ("b", "{}"), ("a", "{}"), ("c", "\"too long\""), ("b", "{}"), ("a", "{}")]
    {
        log.append(append_these(&stream(name), Expected::Any, vec![event(data)])).await.unwrap();
    }
    assert_eq!(totals(&views, 7).await, (3, 3));
    let parked = views.parked("counts").await.unwrap();
    let found: Vec<_> = parked.iter().map(|parked| (parked.stream.id(), parked.position)).collect();
    assert_eq!(found, [("a", 2), ("a", 4), ("c", 5), ("a", 7)]);
    assert_eq!(parked[0].reason, "it says so");
    assert!(parked[1].reason.contains("parked"), "{}", parked[1].reason);
    assert!(parked[2].reason.contains("seen_length_check"), "{}", parked[2].reason);
    assert!(views.is_parked("counts", &stream("a")).await.unwrap());
    assert!(!views.is_parked("counts", &stream("b")).await.unwrap());
    assert_eq!(views.status().await.unwrap()[0].parked, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_stream_stays_parked_for_the_next_keeper_and_is_shown_when_it_can_be() {
    let log = fresh_log().await;
    let views = start(&log).await;
    log.append(append_these(&stream("a"), Expected::Any, vec![event("\"poison\"")])).await.unwrap();
    views.wait_for("counts", 2, SOON).await.unwrap();
    views.shutdown().await;
    let views = Views::start(&log, counts(Counts { version: 1, is_picky: false })).await.unwrap();
    log.append(append(&stream("a"), Expected::Any, 2)).await.unwrap();
    assert_eq!(totals(&views, 4).await, (1, 1));
    assert_eq!(views.unpark("counts", &stream("a")).await.unwrap(), 3);
    assert_eq!(totals(&views, 4).await, (4, 4));
    log.append(append(&stream("a"), Expected::Any, 1)).await.unwrap();
    assert_eq!(totals(&views, 5).await, (5, 5));
    assert!(views.parked("counts").await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_still_cannot_be_shown_stays_parked() {
    let log = fresh_log().await;
    let views = start(&log).await;
    log.append(append_these(&stream("a"), Expected::Any, vec![event("{}"), event("\"poison\"")]))
        .await
        .unwrap();
    views.wait_for("counts", 3, SOON).await.unwrap();
    assert!(matches!(views.unpark("counts", &stream("a")).await, Err(Error::View { .. })));
    assert_eq!(views.parked("counts").await.unwrap().len(), 1);
    assert_eq!(totals(&views, 3).await, (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_processes_one_keeps_the_view_and_the_other_takes_over() {
    let log = fresh_log().await;
    let other = another(&log).await;
    let (here, there) = (start(&log).await, start(&other).await);
    fill(&log, 200).await;
    assert_eq!(totals(&here, 201).await, (201, 201));
    assert_eq!(totals(&there, 201).await, (201, 201));
    here.shutdown().await;
    fill(&log, 200).await;
    assert_eq!(totals(&there, 401).await, (401, 401));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keeper_taken_for_dead_is_fenced() {
    // The lease runs out almost at once, so the two keep taking the view from each other.
    let log =
        fresh_with(eventlog::Options { lease: Duration::from_millis(30), ..options(server()) }, world())
            .await;
    let other = another(&log).await;
    let (here, _there) = (start(&log).await, start(&other).await);
    let owner = owner(&log).await;
    let began = Instant::now();
    for round in 1_u64.. {
        fill(&log, 20).await;
        // Whoever keeps it now is declared dead while it works.
        sqlx::query("update view_generations set leased_until = '-infinity'").execute(&owner).await.unwrap();
        if round % 10 == 0 {
            let position = 1 + round * 20;
            let count = position.cast_signed();
            assert_eq!(totals(&here, position).await, (count, count));
        }
        let epoch: i64 =
            sqlx::query_scalar("select epoch from view_generations").fetch_one(&owner).await.unwrap();
        if round >= 30 && epoch > 3 {
            break;
        }
        assert!(began.elapsed() < Duration::from_mins(1), "the view does not change hands");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_lease_cannot_write() {
    let log = fresh_log().await;
    let views = start(&log).await;
    fill(&log, 10).await;
    views.wait_for("counts", 11, SOON).await.unwrap();
    let owner = owner(&log).await;
    // Another takes the lease behind the keeper's back; the keeper must find out at its next page.
    sqlx::query(
        "update view_generations set epoch = epoch + 1, owner = gen_random_uuid(),
        leased_until = now() + interval '1 hour'",
    )
    .execute(&owner)
    .await
    .unwrap();
    fill(&log, 10).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let position: i64 =
        sqlx::query_scalar("select position from view_generations").fetch_one(&owner).await.unwrap();
    assert_eq!(position, 11);
    sqlx::query("update view_generations set leased_until = '-infinity'").execute(&owner).await.unwrap();
    assert_eq!(totals(&views, 21).await, (21, 21));
}
