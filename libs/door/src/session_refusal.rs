//! Refusals of the second way to append: a status whose details are typed.
//!
//! **Invariant**: the typed detail stands last: some clients look at the last one only.

use prost::{Message, Name};
use prost_types::Any;
use tonic::{Code, Status};

use crate::{
    append::Refused,
    batch::any,
    expected, streams,
    wire::kurrentdb::protocol::v2::streams::errors::{
        AppendConsistencyViolationErrorDetails, AppendRecordSizeExceededErrorDetails,
        AppendTransactionSizeExceededErrorDetails, StreamAlreadyInAppendSessionErrorDetails,
        StreamRevisionConflictErrorDetails, append_consistency_violation_error_details::Violation,
    },
};

/// Which of the two calls asked, and in which of its checks.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asked {
    Session,
    Records { index: i32 },
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
pub(crate) fn status(refused: Refused, stream: &str, expected: i64, asked: Asked) -> Status {
    let stream = stream.to_owned();
    match refused {
        Refused::Conflict { actual, .. } => {
            let actual = expected::revision(actual).map_or(-1, u64::cast_signed);
            conflict(StreamRevisionConflictErrorDetails { stream, expected, actual }, asked)
        }
        Refused::EventTooLarge { id, size, max } => {
            let why = format!("record {id} holds {size} bytes; at most {max} are taken");
            let (size, max) = (saturate(size), saturate(max));
            let detail = AppendRecordSizeExceededErrorDetails { stream, record_id: id, size, max };
            with(Code::InvalidArgument, why, &detail)
        }
        Refused::AppendTooLarge { max } => {
            let detail =
                AppendTransactionSizeExceededErrorDetails { size: saturate(max), max: saturate(max) };
            with(Code::Aborted, format!("an append holds at most {max} bytes"), &detail)
        }
        refused => streams::status(refused),
    }
}

/// ABORTED: a session takes one message for each stream.
pub(crate) fn stream_twice(stream: &str) -> Status {
    let detail = StreamAlreadyInAppendSessionErrorDetails { stream: stream.to_owned() };
    with(Code::Aborted, format!("stream {stream} stands twice in one session"), &detail)
}

/// UNIMPLEMENTED.
pub(crate) fn several_streams() -> Status {
    Status::unimplemented(
        "an append here belongs to one stream, and so do its checks; append to each by itself",
    )
}

fn conflict(state: StreamRevisionConflictErrorDetails, asked: Asked) -> Status {
    let StreamRevisionConflictErrorDetails { stream, expected, actual } = &state;
    let why = format!("stream {stream} is at revision {actual}, expected {expected}");
    match asked {
        Asked::Session => with(Code::FailedPrecondition, why, &state),
        Asked::Records { index } => {
            let violations = vec![Violation { check_index: index, state: Some(state) }];
            with(Code::FailedPrecondition, why, &AppendConsistencyViolationErrorDetails { violations })
        }
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
