//! Refusals of batch appends: a status inside the answer, with a detail that clients know by its name.

use eventlog::Expected;
use prost::{Message, Name};
use prost_types::Any;
use tonic::Code;

use crate::{
    append::Refused,
    expected::revision,
    streams,
    wire::event_store::client::{self as shared, Empty},
};

/// A refusal inside the answer.
pub(crate) fn error(refused: Refused) -> shared::Status {
    let (code, details) = match &refused {
        Refused::Conflict { expected, actual } => {
            let details = any(&wrong_version(*expected, *actual));
            return shared::Status {
                code: Code::AlreadyExists.into(),
                message: "WrongExpectedVersion".to_owned(),
                details,
            };
        }
        Refused::Denied { .. } => (Code::PermissionDenied, any(&shared::AccessDenied {})),
        Refused::EventTooLarge { id, size, max } => {
            let (event_id, size, max) = (id.clone(), saturate(*size), saturate(*max));
            (Code::InvalidArgument, any(&shared::MaximumAppendEventSizeExceeded { event_id, size, max }))
        }
        Refused::AppendTooLarge { max, .. } => {
            (Code::InvalidArgument, any(&shared::MaximumAppendSizeExceeded { max: saturate(*max) }))
        }
        Refused::Invalid(message) => {
            (Code::InvalidArgument, any(&shared::BadRequest { message: message.clone() }))
        }
        Refused::Unnamed => {
            let message = "an event needs the metadata properties type and content-type".to_owned();
            (Code::InvalidArgument, any(&shared::BadRequest { message }))
        }
        Refused::Partial => (Code::FailedPrecondition, any(&shared::InvalidTransaction {})),
        Refused::Late => (Code::DeadlineExceeded, any(&shared::Timeout {})),
        Refused::Unavailable(_) => (Code::Unavailable, None),
        Refused::Failed => (Code::Internal, None),
    };
    shared::Status { code: code.into(), message: streams::status(refused).message().to_owned(), details }
}

fn wrong_version(expected: Expected, actual: u64) -> shared::WrongExpectedVersion {
    use shared::wrong_expected_version::{Current, Expected as Wanted};
    let none = Empty {};
    let current = revision(actual).map_or(Current::CurrentNoStream(none), Current::CurrentRevision);
    let expected = match expected {
        Expected::Exact(version) => {
            revision(version).map_or(Wanted::ExpectedNoStream(none), Wanted::ExpectedRevision)
        }
        Expected::NoStream => Wanted::ExpectedNoStream(none),
        Expected::Any => Wanted::ExpectedAny(none),
        Expected::Exists => Wanted::ExpectedExists(none),
    };
    shared::WrongExpectedVersion { current: Some(current), expected: Some(expected) }
}

/// A message whose name travels with it.
pub(crate) fn any<M: Message + Name>(message: &M) -> Option<Any> {
    let type_url = format!("type.googleapis.com/{}", M::full_name());
    Some(Any { type_url, value: message.encode_to_vec() })
}

fn saturate(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
