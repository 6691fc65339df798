//! Refusals of the second way to append: a status whose details are typed.
//!
//! **Invariant**: the typed detail stands last: some clients look at the last one only.

use eventlog::Violation;
use prost::{Message, Name};
use prost_types::Any;
use tonic::{Code, Status};

use crate::{
    append::Refused,
    batch_refusal::any,
    expected, streams,
    wire::kurrentdb::protocol::v2::streams::errors::{
        AppendConsistencyViolationErrorDetails, AppendRecordSizeExceededErrorDetails,
        AppendTransactionSizeExceededErrorDetails, StreamAlreadyInAppendSessionErrorDetails,
        StreamRevisionConflictErrorDetails, append_consistency_violation_error_details as wire,
    },
};

/// Which of the two calls asked.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asked {
    Session,
    Records,
}

/// google.rpc.Status, which travels beside the status.
#[derive(Clone, PartialEq, Message)]
struct Details {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

/// A refusal with the detail that belongs to it.
pub(crate) fn status(refused: Refused, stream: &str) -> Status {
    let stream = stream.to_owned();
    match refused {
        Refused::EventTooLarge { id, size, max } => {
            let why = format!("record {id} holds {size} bytes; at most {max} are taken");
            let (size, max) = (saturate(size), saturate(max));
            let detail = AppendRecordSizeExceededErrorDetails { stream, record_id: id, size, max };
            with(Code::InvalidArgument, why, &detail)
        }
        Refused::AppendTooLarge { size, max } => {
            let why = format!("an append holds at most {max} bytes");
            let (size, max) = (saturate(size), saturate(max));
            with(Code::Aborted, why, &AppendTransactionSizeExceededErrorDetails { size, max })
        }
        refused => streams::status(refused),
    }
}

/// ABORTED: a session takes one message for each stream.
pub(crate) fn stream_twice(stream: &str) -> Status {
    let detail = StreamAlreadyInAppendSessionErrorDetails { stream: stream.to_owned() };
    with(Code::Aborted, format!("stream {stream} stands twice in one session"), &detail)
}

/// FAILED_PRECONDITION: streams are not where the checks say, `(stream, expected)` each. A session tells the first, the
/// other call tells all.
pub(crate) fn violated(checks: &[(String, i64)], violations: &[Violation], asked: Asked) -> Status {
    let states = violations.iter().filter_map(|violation| {
        let (stream, expected) = checks.get(violation.check)?.clone();
        let actual = expected::revision(violation.actual).map_or(-1, u64::cast_signed);
        let state = StreamRevisionConflictErrorDetails { stream, expected, actual };
        Some(wire::Violation { check_index: saturate(violation.check), state: Some(state) })
    });
    let violations = states.collect::<Vec<_>>();
    let states = violations.iter().filter_map(|violation| violation.state.clone()).collect::<Vec<_>>();
    let told = states.iter().map(|state| {
        format!("stream {} is at revision {}, expected {}", state.stream, state.actual, state.expected)
    });
    let why = told.collect::<Vec<_>>().join("; ");
    match (asked, &states[..]) {
        (Asked::Session, [first, ..]) => with(Code::FailedPrecondition, why, first),
        _ => with(Code::FailedPrecondition, why, &AppendConsistencyViolationErrorDetails { violations }),
    }
}

fn with<M: Message + Name>(code: Code, message: String, detail: &M) -> Status {
    let details =
        Details { code: code.into(), message: message.clone(), details: any(detail).into_iter().collect() };
    Status::with_details(code, message, details.encode_to_vec().into())
}

fn saturate(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
