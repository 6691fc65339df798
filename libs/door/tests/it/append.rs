//! Appends one by one: expectations, repetition, bounds.

use door::wire::event_store::client::streams::{
    AppendRequest, append_request::Content, append_request::options::Expected,
    append_response::Result as Outcome, append_response::conflict, one_stream::From as InOne,
};
use tonic::Code;
use uuid::Uuid;

use crate::support::*;

#[tokio::test]
async fn an_append_stands_where_it_was_answered() {
    let open = open().await;
    assert_eq!(place(open.append("a", no_stream(), events(3)).await.unwrap()), (Some(2), Some(4)));
    assert_eq!(place(open.append("a", at(2), events(1)).await.unwrap()), (Some(3), Some(5)));
    assert_eq!(place(open.append("a", Expected::Exists(NONE), events(1)).await.unwrap()), (Some(4), Some(6)));
    assert_eq!(revisions(&open.read(one("a", InOne::Start(NONE))).await.unwrap()), [0, 1, 2, 3, 4]);
}

#[tokio::test]
async fn a_conflict_is_an_answer_that_old_and_new_clients_understand() {
    let open = open().await;
    open.appended("a", events(2)).await;
    let refused = async |stream, expected| match open.append(stream, expected, events(1)).await.unwrap() {
        Outcome::Conflict(conflict) => conflict,
        outcome => panic!("{outcome:?}"),
    };
    let behind = refused("a", at(0)).await;
    assert_eq!(behind.current, Some(conflict::Current::CurrentRevision(1)));
    assert_eq!(behind.expected, Some(conflict::Expected::ExpectedRevision(0)));
    assert_eq!(behind.old_current, Some(conflict::OldCurrent::OldCurrentRevision(1)));
    assert_eq!(behind.old_expected, Some(conflict::OldExpected::OldExpectedRevision(0)));
    let there = refused("a", no_stream()).await;
    assert_eq!(there.expected, Some(conflict::Expected::ExpectedNoStream(NONE)));
    assert_eq!(there.old_expected, Some(conflict::OldExpected::OldExpectedRevision(u64::MAX)));
    let missing = refused("b", Expected::Exists(NONE)).await;
    assert_eq!(missing.current, Some(conflict::Current::CurrentNoStream(NONE)));
    assert_eq!(missing.expected, Some(conflict::Expected::ExpectedExists(NONE)));
    assert_eq!(open.log.head().await.unwrap().position, 3);
}

#[tokio::test]
async fn an_append_that_is_sent_again_gets_its_first_answer() {
    let open = open().await;
    let sent = events(2);
    open.appended("a", events(1)).await;
    let first = open.append("a", at(0), sent.clone()).await.unwrap();
    open.appended("a", events(3)).await;
    for expected in [at(0), any(), Expected::Exists(NONE)] {
        assert_eq!(open.append("a", expected, sent.clone()).await.unwrap(), first, "{expected:?}");
    }
    assert_eq!(open.log.head().await.unwrap().position, 7);
}

#[tokio::test]
async fn events_that_stand_elsewhere_are_no_repetition() {
    let open = open().await;
    let sent = events(2);
    open.appended("a", sent.clone()).await;
    open.appended("a", events(1)).await;
    let elsewhere = open.append("a", at(1), sent.clone()).await.unwrap();
    assert!(matches!(elsewhere, Outcome::Conflict(_)), "{elsewhere:?}");
    // The first is not the one that stands there.
    let other_first = vec![event("New", "{}"), sent[1].clone()];
    let conflict = open.append("a", no_stream(), other_first).await.unwrap();
    assert!(matches!(conflict, Outcome::Conflict(_)), "{conflict:?}");
    // The first is, another is not.
    let other_last = vec![sent[0].clone(), event("New", "{}")];
    for expected in [no_stream(), any(), at(2)] {
        let partial = open.append("a", expected, other_last.clone()).await.unwrap_err();
        assert_eq!(partial.code(), Code::FailedPrecondition, "{expected:?}");
    }
    assert_eq!(open.log.head().await.unwrap().position, 4);
}

#[tokio::test]
async fn one_id_may_stand_in_two_streams() {
    let open = open().await;
    let sent = vec![event_with(Uuid::now_v7(), "Filed", "{}")];
    assert_eq!(open.appended("a", sent.clone()).await, (Some(0), Some(2)));
    assert_eq!(open.appended("b", sent.clone()).await, (Some(0), Some(3)));
    assert_eq!(open.appended("b", sent).await, (Some(0), Some(3)));
}

#[tokio::test]
async fn an_empty_append_tells_where_the_stream_is() {
    let open = open().await;
    assert_eq!(open.appended("a", Vec::new()).await, (None, None));
    open.appended("a", events(3)).await;
    assert_eq!(open.appended("a", Vec::new()).await, (Some(2), None));
    let conflict = open.append("a", at(1), Vec::new()).await.unwrap();
    assert!(matches!(conflict, Outcome::Conflict(_)), "{conflict:?}");
}

#[tokio::test]
async fn an_event_says_what_it_is() {
    let open = open().await;
    let mut unnamed = event("Filed", "{}");
    unnamed.metadata.remove("type");
    let refused = open.append("a", any(), vec![unnamed]).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(trailer(&refused, "exception"), "missing-required-metadata-property");
    assert_eq!(trailer(&refused, "required-metadata-properties"), "type,content-type");
}

#[tokio::test]
async fn an_append_of_another_shape_is_refused() {
    let open = open().await;
    let twice = event("Filed", "{}");
    let mut without_id = event("Filed", "{}");
    without_id.id = None;
    let wrong = [
        ("a", vec![twice.clone(), twice]),
        ("a", vec![without_id]),
        ("", events(1)),
        ("a", vec![event("", "{}")]),
    ];
    for (stream, events) in wrong {
        let refused = open.append(stream, any(), events).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused:?}");
    }
    let no_options = AppendRequest { content: Some(Content::Event(event("Filed", "{}"))) };
    let refused = open.streams.clone().append(futures::stream::iter([no_options])).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(open.log.head().await.unwrap().position, 0);
}

#[tokio::test]
async fn a_large_event_is_stored_and_one_too_large_is_refused_by_name() {
    let open = open().await;
    let bytes = |size: usize| {
        let mut event = event("Scanned", "");
        event.data = vec![0xff; size].into();
        event
    };
    open.appended("a", vec![bytes(8 << 20)]).await;
    let [found] = &open.events(one("a", InOne::Start(NONE))).await[..] else { panic!("one event") };
    assert_eq!(found.data, vec![0xff; 8 << 20]);
    let refused = open.append("a", any(), vec![bytes((16 << 20) + 1)]).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(trailer(&refused, "exception"), "maximum-append-event-size-exceeded");
    assert_eq!(trailer(&refused, "maximum-append-event-size"), (16 << 20).to_string());
}

#[tokio::test]
async fn an_append_as_large_as_is_allowed_is_stored_and_a_larger_one_is_refused_by_name() {
    let open = open().await;
    let parts = |count: usize| {
        (0..count)
            .map(|_| {
                let mut event = event("Scanned", "");
                event.data = vec![0xff; (16 << 20) - 64].into();
                event
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(open.appended("a", parts(4)).await, (Some(3), Some(5)));
    let refused = open.append("a", any(), parts(5)).await.unwrap_err();
    assert_eq!(trailer(&refused, "exception"), "maximum-append-size-exceeded");
    assert_eq!(trailer(&refused, "maximum-append-size"), (64 << 20).to_string());
}
