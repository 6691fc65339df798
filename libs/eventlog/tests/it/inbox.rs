//! The inbox: what was told, in order, once.

use eventlog::{Error, InboxRow};
use time::{Duration, macros::datetime};
use uuid::Uuid;

use crate::support::*;

fn rows(positions: std::ops::RangeInclusive<u64>) -> Vec<InboxRow> {
    let start = datetime!(2023-04-17 06:00 UTC);
    positions
        .map(|position| InboxRow {
            position,
            event_id: Uuid::now_v7(),
            at: start + Duration::hours(position.cast_signed()),
        })
        .collect()
}

#[tokio::test]
async fn positions_advance_without_holes_and_repeats_are_ignored() {
    let log = fresh_log().await;
    assert_eq!(log.inbox_position("hazard").await.unwrap(), 0);
    assert_eq!(log.inbox_record("hazard", &rows(1..=3)).await.unwrap(), 3);
    assert_eq!(log.inbox_record("hazard", &rows(2..=5)).await.unwrap(), 5);
    assert_eq!(log.inbox_record("hazard", &rows(1..=4)).await.unwrap(), 5);
    let gap = log.inbox_record("hazard", &rows(7..=8)).await;
    assert!(matches!(gap, Err(Error::Gap { expected: 6, found: 7 })), "{gap:?}");
    assert_eq!(log.inbox_position("hazard").await.unwrap(), 5);
    assert_eq!(log.inbox_record("credit", &rows(1..=1)).await.unwrap(), 1);
}

#[tokio::test]
async fn what_was_known_at_an_instant_is_a_look_up() {
    let log = fresh_log().await;
    log.inbox_record("hazard", &rows(1..=5)).await.unwrap();
    log.inbox_record("credit", &rows(1..=1)).await.unwrap();
    let known = log.inbox_read(datetime!(2023-04-17 09:30 UTC)).await.unwrap();
    assert_eq!(known, [("credit".to_owned(), 1), ("hazard".to_owned(), 3)]);
    assert!(log.inbox_read(datetime!(2023-04-17 06:30 UTC)).await.unwrap().is_empty());
}

#[tokio::test]
async fn two_that_record_at_once_record_each_position_once() {
    let log = fresh_log().await;
    let other = another(&log).await;
    for _ in 0..10 {
        let from = log.inbox_position("hazard").await.unwrap() + 1;
        let (rows_here, rows_there) = (rows(from..=from + 9), rows(from..=from + 9));
        let (here, there) =
            tokio::join!(log.inbox_record("hazard", &rows_here), other.inbox_record("hazard", &rows_there));
        assert_eq!((here.unwrap(), there.unwrap()), (from + 9, from + 9));
    }
}

#[tokio::test]
async fn an_unreadable_message_is_parked_once_with_its_reason() {
    let log = fresh_log().await;
    log.inbox_park("hazard", 4, "not JSON", b"\0{").await.unwrap();
    log.inbox_park("hazard", 4, "still not JSON", b"\0{").await.unwrap();
    let parked = log.inbox_parked().await.unwrap();
    assert_eq!(parked.len(), 1);
    assert_eq!(
        (parked[0].position, parked[0].reason.as_str(), parked[0].message.as_slice()),
        (4, "not JSON", &b"\0{"[..])
    );
}
