//! Batch appends: many appends in one call, errors in their answers.

use std::time::{Duration, SystemTime};

use door::wire::event_store::client::{
    AccessDenied, BadRequest, Status as WireStatus, Timeout, WrongExpectedVersion,
    streams::{
        BatchAppendRequest, BatchAppendResponse, ProposedEvent,
        batch_append_request::{
            Options,
            options::{Expected, Until},
        },
        batch_append_response::Result as Outcome,
    },
    wrong_expected_version,
};
use prost::{Message, Name};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Streaming};
use uuid::Uuid;

use crate::support::*;

/// One call: what is sent, and what comes back.
struct Call {
    requests: mpsc::Sender<BatchAppendRequest>,
    answers: Streaming<BatchAppendResponse>,
}

impl Call {
    /// The headers come before anything is sent.
    async fn begin(open: &Open) -> Self {
        let (requests, receiver) = mpsc::channel(16);
        let mut streams = open.streams.clone();
        let answers = streams.batch_append(ReceiverStream::new(receiver));
        let answers =
            tokio::time::timeout(SOON, answers).await.expect("headers at once").unwrap().into_inner();
        Self { requests, answers }
    }

    async fn send(&self, id: Uuid, options: Option<Options>, events: Vec<ProposedEvent>, is_final: bool) {
        let correlation_id = Some(id_of(id));
        self.requests.send(BatchAppendRequest { correlation_id, options, events, is_final }).await.unwrap();
    }

    async fn answer(&mut self) -> (Uuid, Outcome) {
        let answer = tokio::time::timeout(SOON, self.answers.message()).await.unwrap().unwrap().unwrap();
        assert!(answer.stream.is_some() && answer.expected.is_some(), "{answer:?}");
        let Some(door::wire::event_store::client::uuid::Value::Text(id)) =
            answer.correlation_id.unwrap().value
        else {
            panic!()
        };
        (id.parse().unwrap(), answer.result.unwrap())
    }

    /// Sends an append in one part; tells its outcome.
    async fn append(&mut self, options: Options, events: Vec<ProposedEvent>) -> Outcome {
        let id = Uuid::new_v4();
        self.send(id, Some(options), events, true).await;
        let (answered, outcome) = self.answer().await;
        assert_eq!(answered, id);
        outcome
    }
}

fn to(stream: &str, expected: Expected) -> Options {
    Options { stream: Some(stream_id(stream)), expected: Some(expected), until: None }
}

fn done(outcome: Outcome) -> (Option<u64>, Option<u64>) {
    match outcome {
        Outcome::Success(done) => {
            place(door::wire::event_store::client::streams::append_response::Result::Success(done))
        }
        Outcome::Error(error) => panic!("{error:?}"),
    }
}

fn refused<M: Message + Name + Default>(outcome: Outcome) -> (Code, M) {
    let Outcome::Error(WireStatus { code, details: Some(details), .. }) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(details.type_url, format!("type.googleapis.com/{}", M::full_name()));
    (code.into(), M::decode(&details.value[..]).unwrap())
}

#[tokio::test]
async fn many_appends_travel_in_one_call() {
    let open = open().await;
    let mut call = Call::begin(&open).await;
    assert_eq!(done(call.append(to("a", Expected::NoStream(NONE)), events(2)).await), (Some(1), Some(3)));
    assert_eq!(done(call.append(to("a", Expected::Revision(1)), events(1)).await), (Some(2), Some(4)));
    assert_eq!(done(call.append(to("b", Expected::Any(NONE)), Vec::new()).await), (None, None));
}

#[tokio::test]
async fn an_append_comes_in_parts_and_nothing_is_stored_before_the_last() {
    let open = open().await;
    let mut call = Call::begin(&open).await;
    let (large, small) = (Uuid::new_v4(), Uuid::new_v4());
    call.send(large, Some(to("large", Expected::NoStream(NONE))), events(2), false).await;
    call.send(large, None, events(2), false).await;
    call.send(small, Some(to("small", Expected::Any(NONE))), events(1), true).await;
    let (answered, outcome) = call.answer().await;
    assert_eq!((answered, done(outcome)), (small, (Some(0), Some(2))));
    call.send(large, None, events(1), true).await;
    let (answered, outcome) = call.answer().await;
    assert_eq!((answered, done(outcome)), (large, (Some(4), Some(7))));
}

#[tokio::test]
async fn a_conflict_stands_in_the_answer_and_harms_no_other_append() {
    let open = open().await;
    open.appended("a", events(2)).await;
    let mut call = Call::begin(&open).await;
    let outcome = call.append(to("a", Expected::NoStream(NONE)), events(1)).await;
    let (code, conflict) = refused::<WrongExpectedVersion>(outcome);
    assert_eq!(code, Code::AlreadyExists);
    assert_eq!(conflict.current, Some(wrong_expected_version::Current::CurrentRevision(1)));
    assert_eq!(conflict.expected, Some(wrong_expected_version::Expected::ExpectedNoStream(NONE)));
    assert_eq!(done(call.append(to("a", Expected::Revision(1)), events(1)).await), (Some(2), Some(4)));
}

#[tokio::test]
async fn a_refusal_stands_in_the_answer() {
    let open = open().await;
    let mut call = Call::begin(&open).await;
    let outcome = call.append(to("$system", Expected::Any(NONE)), events(1)).await;
    assert_eq!(refused::<AccessDenied>(outcome), (Code::PermissionDenied, AccessDenied {}));
}

#[tokio::test]
async fn a_deadline_that_has_passed_is_told_and_one_without_sense_is_none() {
    let open = open().await;
    let mut call = Call::begin(&open).await;
    let until = |until| Options { until: Some(until), ..to("a", Expected::Any(NONE)) };
    let past = SystemTime::now() - Duration::from_secs(1);
    let outcome = call.append(until(Until::Instant(past.into())), events(1)).await;
    assert_eq!(refused::<Timeout>(outcome), (Code::DeadlineExceeded, Timeout {}));
    let since_1970 =
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs().cast_signed();
    for seconds in [315_576_000_000, since_1970 + 10, 10] {
        let patience = prost_types::Duration { seconds, nanos: 0 };
        done(call.append(until(Until::Patience(patience)), events(1)).await);
    }
    assert_eq!(open.log.head().await.unwrap().position, 4);
}

#[tokio::test]
async fn an_append_without_sense_is_answered_and_the_call_goes_on() {
    let open = open().await;
    let mut call = Call::begin(&open).await;
    for stream in [String::new(), "a".repeat(300)] {
        let outcome = call.append(to(&stream, Expected::Any(NONE)), events(1)).await;
        assert_eq!(refused::<BadRequest>(outcome).0, Code::InvalidArgument);
    }
    done(call.append(to("a", Expected::Any(NONE)), events(1)).await);
}
