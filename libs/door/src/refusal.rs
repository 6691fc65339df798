//! Refusals as the clients understand them: a status, and trailers that they turn into exceptions of their own.
//!
//! **Invariant**: a refusal is never told as INTERNAL, UNKNOWN or UNAVAILABLE: clients would connect anew and repeat.

use eventlog::{AppendError, Error};
use tonic::{
    Code, Status,
    metadata::{AsciiMetadataValue, MetadataMap},
};

/// What an append-only log answers to whoever wants less of it.
pub(crate) const APPEND_ONLY: &str =
    "an audit log only grows: streams are neither truncated nor removed, and what was recorded stays";

/// Longest value of a trailer: clients give up on answers whose headers are too large.
const TRAILER_CHARS_MAX: usize = 1_000;

/// INVALID_ARGUMENT.
pub(crate) fn invalid(message: impl Into<String>) -> Status {
    Status::invalid_argument(message)
}

/// PERMISSION_DENIED with the stream it is about.
pub(crate) fn denied(stream: &str, why: &str) -> Status {
    with(Code::PermissionDenied, why.to_owned(), "access-denied", &[("stream-name", stream)])
}

/// NOT_FOUND for an index that other servers would have.
pub(crate) fn no_index(index: &str) -> Status {
    let why = format!("there is no index {index:?}; filter by a prefix of stream names or event types");
    with(Code::NotFound, why, "index-not-found", &[("index-name", index)])
}

/// INVALID_ARGUMENT for an event that does not say what it is.
pub(crate) fn unnamed() -> Status {
    let properties = [("required-metadata-properties", "type,content-type")];
    let why = "an event needs the metadata properties type and content-type".to_owned();
    with(Code::InvalidArgument, why, "missing-required-metadata-property", &properties)
}

/// INVALID_ARGUMENT for an append that is too large.
pub(crate) fn append_too_large(max: usize) -> Status {
    let why = format!("an append holds at most {max} bytes");
    with(
        Code::InvalidArgument,
        why,
        "maximum-append-size-exceeded",
        &[("maximum-append-size", &max.to_string())],
    )
}

/// INVALID_ARGUMENT for an event that is too large.
pub(crate) fn event_too_large(id: &str, size: usize, max: usize) -> Status {
    let keys = [
        ("event-id", id),
        ("proposed-append-event-size", &size.to_string()),
        ("maximum-append-event-size", &max.to_string()),
    ];
    let why = format!("event {id} holds {size} bytes; at most {max} are taken");
    with(Code::InvalidArgument, why, "maximum-append-event-size-exceeded", &keys)
}

/// UNIMPLEMENTED with a sentence: an empty one would be shown as it is.
pub(crate) fn not_offered(what: &str) -> Status {
    Status::unimplemented(format!("{what} is not offered here"))
}

/// UNAVAILABLE: nothing is shown because that it is opened could not be recorded.
pub(crate) fn unrecorded(error: &AppendError) -> Status {
    tracing::warn!(%error, "a reading could not be recorded");
    Status::unavailable("that this is read cannot be recorded now, so it is not shown; try again")
}

/// What the log could not do. Only a database that is away, or damage, comes to this.
pub(crate) fn of_log(error: &Error) -> Status {
    match error {
        Error::Unavailable(_) => Status::unavailable("the database is away; try again"),
        Error::Closed => Status::unavailable("the server is stopping; try again"),
        Error::Gap { .. } | Error::Corrupt { .. } => {
            tracing::error!(%error, "the log is damaged");
            Status::data_loss(error.to_string())
        }
        error => {
            tracing::error!(%error, "the log failed");
            Status::internal("the log failed; the server's own log says why")
        }
    }
}

/// A status with the trailers of an exception. What is not ASCII is escaped in them.
pub(crate) fn with(
    code: Code,
    message: String,
    exception: &'static str,
    keys: &[(&'static str, &str)],
) -> Status {
    let mut trailers = MetadataMap::new();
    trailers.insert("exception", AsciiMetadataValue::from_static(exception));
    for (key, value) in keys {
        // Node reads these keys without looking whether they are there; headers hold ASCII only.
        let value = value.escape_default().take(TRAILER_CHARS_MAX).collect::<String>();
        if let Ok(value) = AsciiMetadataValue::try_from(value) {
            trailers.insert(*key, value);
        }
    }
    Status::with_metadata(code, message, trailers)
}
