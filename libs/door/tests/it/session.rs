//! The second way to append: records, sessions, typed details.

use std::collections::HashMap;

use door::Access;
use door::wire::{
    event_store::client::streams::one_stream::From as InOne,
    kurrentdb::protocol::v2::streams::{
        AppendRecordsRequest, AppendRequest, Check, Record,
        check::{Kind, StreamState},
        errors::{
            AppendConsistencyViolationErrorDetails, AppendTransactionSizeExceededErrorDetails,
            StreamAlreadyInAppendSessionErrorDetails, StreamRevisionConflictErrorDetails,
        },
        record::{Format, Schema},
        streams_service_client::StreamsServiceClient,
    },
};
use futures::StreamExt;
use prost::{Message, Name};
use prost_types::{Any, Value, value};
use tonic::{Code, Status};

use crate::support::*;

const NO_STREAM: i64 = -1;

#[derive(Clone, PartialEq, Message)]
struct Details {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

fn record(stream: &str) -> Record {
    let properties = HashMap::from([(
        "by".to_owned(),
        Value { kind: Some(value::Kind::StringValue("officer-1".to_owned())) },
    )]);
    let schema = Some(Schema { format: Format::Json.into(), name: "Filed".to_owned(), id: String::new() });
    Record { id: String::new(), properties, schema, data: "{\"n\":1}".into(), stream: stream.to_owned() }
}

fn part(stream: &str, expected: Option<i64>) -> AppendRequest {
    AppendRequest { stream: stream.to_owned(), records: vec![record("")], expected }
}

fn check(stream: &str, expected: i64) -> Check {
    Check { kind: Some(Kind::StreamState(StreamState { stream: stream.to_owned(), expected })) }
}

/// The last detail: the only one that some clients look at.
fn detail<M: Message + Name + Default>(status: &Status) -> M {
    let details = Details::decode(status.details()).unwrap();
    assert_eq!(details.code, i32::from(status.code()));
    let last = details.details.last().unwrap();
    assert_eq!(last.type_url, format!("type.googleapis.com/{}", M::full_name()));
    M::decode(&last.value[..]).unwrap()
}

#[tokio::test]
async fn a_record_becomes_an_event_that_says_its_schema() {
    let open = open().await;
    let mut sessions = StreamsServiceClient::new(open.channel.clone());
    let answer = sessions
        .append_session(futures::stream::iter([part("a", Some(NO_STREAM))]))
        .await
        .unwrap()
        .into_inner();
    assert_eq!((answer.position, answer.streams[0].revision, answer.streams[0].position), (2, 0, Some(2)));
    let [found] = &open.events(one("a", InOne::Start(NONE))).await[..] else { panic!("one event") };
    assert_eq!(found.custom_metadata, r#"{"$schema.format":"Json","$schema.name":"Filed","by":"officer-1"}"#);
    assert_eq!((&found.data[..], &found.metadata["type"][..]), (&b"{\"n\":1}"[..], "Filed"));
}

#[tokio::test]
async fn a_session_that_meets_another_revision_says_so_in_a_typed_detail() {
    let open = open().await;
    open.appended("a", events(3)).await;
    let mut sessions = StreamsServiceClient::new(open.channel.clone());
    let refused = sessions.append_session(futures::stream::iter([part("a", Some(0))])).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    let StreamRevisionConflictErrorDetails { stream, expected, actual } = detail(&refused);
    assert_eq!((&stream[..], expected, actual), ("a", 0, 2));
    let any = sessions.append_session(futures::stream::iter([part("a", None)])).await.unwrap().into_inner();
    assert_eq!(any.streams[0].revision, 3);
}

#[tokio::test]
async fn records_are_checked_and_violations_name_the_check() {
    let open = open().await;
    let mut sessions = StreamsServiceClient::new(open.channel.clone());
    let append = |expected| AppendRecordsRequest {
        records: vec![record("a"), record("a")],
        checks: vec![check("a", expected)],
    };
    let answer = sessions.append_records(append(NO_STREAM)).await.unwrap().into_inner();
    assert_eq!((answer.position, answer.streams[0].revision), (3, 1));
    let refused = sessions.append_records(append(NO_STREAM)).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    let details: AppendConsistencyViolationErrorDetails = detail(&refused);
    let [violation] = &details.violations[..] else { panic!("{details:?}") };
    let state = violation.state.as_ref().unwrap();
    assert_eq!(
        (violation.check_index, &state.stream[..], state.expected, state.actual),
        (0, "a", NO_STREAM, 1)
    );
}

#[tokio::test]
async fn a_session_moves_several_streams_together_or_none() {
    let open = open().await;
    open.appended("a", events(1)).await;
    let mut sessions = StreamsServiceClient::new(open.channel.clone());
    let together = [part("a", Some(0)), part("b", Some(NO_STREAM))];
    let answer = sessions.append_session(futures::stream::iter(together)).await.unwrap().into_inner();
    let places = answer.streams.iter().map(|it| (&it.stream[..], it.revision, it.position));
    assert_eq!(places.collect::<Vec<_>>(), [("a", 1, Some(3)), ("b", 0, Some(4))]);
    assert_eq!(answer.position, 4);
    let behind = [part("a", Some(1)), part("b", Some(NO_STREAM))];
    let refused = sessions.append_session(futures::stream::iter(behind)).await.unwrap_err();
    let StreamRevisionConflictErrorDetails { stream, expected, actual } = detail(&refused);
    assert_eq!((&stream[..], expected, actual), ("b", NO_STREAM, 0));
    assert_eq!(open.log.head().await.unwrap().position, 4);
}

#[tokio::test]
async fn a_stream_stands_once_in_a_session() {
    let open = open().await;
    let mut sessions = StreamsServiceClient::new(open.channel.clone());
    let twice = [part("a", None), part("a", None)];
    let refused = sessions.append_session(futures::stream::iter(twice)).await.unwrap_err();
    assert_eq!(refused.code(), Code::Aborted);
    assert_eq!(detail::<StreamAlreadyInAppendSessionErrorDetails>(&refused).stream, "a");
}

#[tokio::test]
async fn records_of_several_streams_keep_their_order_and_are_checked_together() {
    let open = open().await;
    open.appended("read", events(3)).await;
    let mut sessions = StreamsServiceClient::new(open.channel.clone());
    let records = || vec![record("a"), record("b"), record("a")];
    let good =
        AppendRecordsRequest { records: records(), checks: vec![check("read", 2), check("a", NO_STREAM)] };
    let answer = sessions.append_records(good).await.unwrap().into_inner();
    let places = answer.streams.iter().map(|it| (&it.stream[..], it.revision)).collect::<Vec<_>>();
    assert_eq!((answer.position, places), (7, vec![("a", 1), ("b", 0)]));
    assert_eq!(commits(&open.read(one("a", InOne::Start(NONE))).await.unwrap()), [5, 7]);
    let checks = vec![check("read", 2), check("read", 1), check("a", NO_STREAM)];
    let refused =
        sessions.append_records(AppendRecordsRequest { records: records(), checks }).await.unwrap_err();
    let details: AppendConsistencyViolationErrorDetails = detail(&refused);
    let indices = details.violations.iter().map(|violation| violation.check_index);
    assert_eq!((refused.code(), indices.collect::<Vec<_>>()), (Code::FailedPrecondition, vec![1, 2]));
    assert_eq!(open.log.head().await.unwrap().position, 7);
}

/// A stream that nobody may write is not written because another one may be.
#[tokio::test]
async fn a_session_needs_a_grant_for_each_stream() {
    let log = fresh_log().await;
    let access = Access { anonymous: Some(actor("anybody", &[])), grants: vec![anybody("a")], ..access() };
    let open = open_over(log, access).await;
    let mut sessions = StreamsServiceClient::new(open.channel.clone());
    let parts = [part("a", None), part("b", None)];
    let refused = sessions.append_session(futures::stream::iter(parts)).await.unwrap_err();
    assert_eq!((refused.code(), trailer(&refused, "stream-name")), (Code::PermissionDenied, "b"));
    assert_eq!(open.log.head().await.unwrap().position, 0);
}

/// Whoever may append nothing is told so at the first message: what follows is not kept.
#[tokio::test]
async fn a_session_ends_with_the_first_stream_that_it_may_not_write() {
    let log = fresh_log().await;
    let access = Access { anonymous: Some(actor("anybody", &[])), grants: vec![anybody("a")], ..access() };
    let open = open_over(log, access).await;
    let mut sessions = StreamsServiceClient::new(open.channel.clone());
    for (name, code) in [("b".to_owned(), Code::PermissionDenied), ("a".repeat(300), Code::InvalidArgument)] {
        // More never comes, and the call does not wait for it.
        let first = futures::stream::iter([part(&name, None)]).chain(futures::stream::pending());
        let refused = tokio::time::timeout(SOON, sessions.append_session(first)).await.unwrap().unwrap_err();
        assert_eq!(refused.code(), code, "{refused:?}");
    }
}

#[tokio::test]
async fn an_append_that_is_too_large_says_how_large_it_is() {
    let open = open().await;
    let mut sessions = StreamsServiceClient::new(open.channel.clone());
    let record = Record { data: vec![b'1'; 10 << 20].into(), ..record("") };
    let parts =
        (0..7).map(move |n| AppendRequest { records: vec![record.clone()], ..part(&format!("a-{n}"), None) });
    let refused = sessions.append_session(futures::stream::iter(parts)).await.unwrap_err();
    let AppendTransactionSizeExceededErrorDetails { size, max } = detail(&refused);
    assert!(size > max, "{size} {max}");
}
