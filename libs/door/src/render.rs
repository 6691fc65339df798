//! Recorded events as the protocol shows them.

use bytes::Bytes;
use decider::{Meta, Recorded};
use serde::Serialize;
use time::OffsetDateTime;
use tonic::Status;

use crate::{
    envelope,
    ids::{self, Form},
    name,
    wire::event_store::client::{StreamIdentifier, streams as wire},
};

/// Both kinds that clients know of; whatever is not JSON is bytes to them.
const JSON: &str = "application/json";
const BYTES: &str = "application/octet-stream";

/// What the metadata of a department's event tells: who, which case, why, and both clocks to the microsecond.
#[derive(Serialize)]
struct Beside<'a> {
    #[serde(flatten)]
    meta: &'a Meta,
    #[serde(with = "time::serde::rfc3339")]
    occurred_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    recorded_at: OffsetDateTime,
}

/// The event on the wire. A client's own bytes are what it sent; a department's are those that its log holds.
pub(crate) fn recorded(event: &Recorded, form: Form) -> Result<wire::RecordedEvent, Status> {
    let shown = match envelope::open(&event.data) {
        Some(sent) => sent.map(|sent| (sent.id, json_or_bytes(&sent.content_type), sent.data, sent.metadata)),
        None => beside(event).map(|metadata| (event.id, JSON, event.data.clone(), metadata)),
    };
    let (id, content_type, data, custom_metadata) = shown.map_err(|error| {
        tracing::error!(event.position, %error, "a stored event cannot be shown");
        Status::data_loss(format!("the event at position {} cannot be read", event.position))
    })?;
    let metadata = [
        ("type", event.kind.clone()),
        ("content-type", content_type.to_owned()),
        ("created", ticks(event.recorded_at).to_string()),
    ];
    Ok(wire::RecordedEvent {
        id: Some(ids::write(id, form)),
        stream: Some(identifier(name::shown(&event.stream))),
        revision: event.version - 1,
        prepare: event.position,
        commit: event.position,
        metadata: metadata.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
        custom_metadata,
        data,
    })
}

/// A stream's name on the wire.
pub(crate) fn identifier(name: &str) -> StreamIdentifier {
    StreamIdentifier { name: Bytes::copy_from_slice(name.as_bytes()) }
}

/// An instant as a count of 100 ns since the Unix epoch.
pub(crate) fn ticks(at: OffsetDateTime) -> i128 {
    at.unix_timestamp_nanos() / 100
}

fn json_or_bytes(content_type: &str) -> &'static str {
    if content_type == JSON { JSON } else { BYTES }
}

fn beside(event: &Recorded) -> Result<Bytes, serde_json::Error> {
    let Recorded { meta, occurred_at, recorded_at, .. } = event;
    let beside = Beside { meta, occurred_at: *occurred_at, recorded_at: *recorded_at };
    serde_json::to_vec(&beside).map(Bytes::from)
}
