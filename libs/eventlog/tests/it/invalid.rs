//! Bad requests are refused before the batch, and their neighbours never notice.

use eventlog::{Append, AppendError, EventData, Expected, Invalid};
use time::OffsetDateTime;

use crate::support::*;

fn one(event: EventData) -> Append {
    append_these(&stream("bad"), Expected::Any, vec![event])
}

async fn refusal(append: Append) -> Invalid {
    let log = fresh_log().await;
    match log.append(append).await {
        Err(AppendError::Invalid(invalid)) => invalid,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn what_the_database_or_a_reader_would_choke_on_is_refused() {
    assert_eq!(refusal(one(event("\"a\\u0000\""))).await, Invalid::Nul { field: "data" });
    assert_eq!(refusal(one(event(&b"\"\0\""[..]))).await, Invalid::Nul { field: "data" });
    assert_eq!(refusal(one(event(&b"\"\xff\""[..]))).await, Invalid::Utf8 { at: 1 });
    assert!(matches!(refusal(one(event("{"))).await, Invalid::Json { .. }));
    let deep = format!("{}{}", "[".repeat(33), "]".repeat(33));
    assert_eq!(refusal(one(event(deep))).await, Invalid::Deep { max: 32 });
    let large = format!("\"{}\"", "x".repeat(256 << 10));
    assert!(matches!(refusal(one(event(large))).await, Invalid::TooLarge { .. }));
    assert_eq!(refusal(append_these(&stream("a"), Expected::Any, vec![])).await, Invalid::NoEvents);
    let twice = event("{}");
    assert_eq!(
        refusal(append_these(&stream("a"), Expected::Any, vec![twice.clone(), twice])).await,
        Invalid::RepeatedId
    );
    let unnamed = EventData { kind: "a\0".to_owned(), ..event("{}") };
    assert_eq!(refusal(one(unnamed)).await, Invalid::Nul { field: "kind" });
    assert!(matches!(refusal(one(tagged(&["x", "x"]))).await, Invalid::Field { field: "tags", .. }));
}

#[tokio::test]
async fn a_request_that_the_database_alone_refuses_does_not_sink_its_batch() {
    let log = fresh_log().await;
    // A stand-in for whatever nobody foresaw: the database refuses one kind of event.
    sqlx::query("alter table events add constraint unforeseen check (kind <> 'Cursed')")
        .execute(&owner(&log).await)
        .await
        .unwrap();
    let appends = (0..60).map(|n| {
        let kind = if n % 20 == 7 { "Cursed" } else { "Happened" };
        let event = EventData { kind: kind.to_owned(), ..event("{}") };
        log.append(append_these(&stream(n), Expected::NoStream, vec![event]))
    });
    let answers = futures::future::join_all(appends).await;
    for (n, answer) in answers.iter().enumerate() {
        let is_cursed = n % 20 == 7;
        assert_eq!(matches!(answer, Err(AppendError::Database(_))), is_cursed, "{n}: {answer:?}");
        assert_eq!(answer.is_ok(), !is_cursed, "{n}: {answer:?}");
    }
    assert_in_order(&log, 57).await;
}

#[tokio::test]
async fn instants_out_of_the_databases_range_are_no_ones_neighbours_trouble() {
    let log = fresh_log().await;
    let mut odd = append(&stream("odd"), Expected::Any, 1);
    odd.occurred_at = OffsetDateTime::new_utc(time::Date::MIN, time::Time::MIDNIGHT);
    let fine = append(&stream("fine"), Expected::Any, 1);
    let (odd, fine) = tokio::join!(log.append(odd), log.append(fine));
    assert!(fine.is_ok(), "{fine:?}");
    drop(odd);
}
