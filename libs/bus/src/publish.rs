//! What every message carries beside its body, and what the server answers to it.

use async_nats::{HeaderMap, header};
use serde::Deserialize;

use crate::{Source, cloudevent::CONTENT_TYPE};

/// Says the media type, as the CloudEvents binding asks.
const CONTENT_TYPE_HEADER: &str = "content-type";
/// W3C trace context; NATS header names keep their case, and this one is lower-case everywhere.
const TRACEPARENT_HEADER: &str = "traceparent";

/// The headers of the message that follows sequence `last` of a source's stream, there or nowhere.
pub(crate) fn headers(source: &Source, message_id: &str, last: u64, traceparent: Option<&str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::NATS_MESSAGE_ID, message_id);
    headers.insert(header::NATS_EXPECTED_LAST_SEQUENCE, last.to_string().as_str());
    headers.insert(header::NATS_EXPECTED_STREAM, source.stream().as_str());
    headers.insert(CONTENT_TYPE_HEADER, CONTENT_TYPE);
    if let Some(traceparent) = traceparent.filter(|text| text.bytes().all(|b| b.is_ascii_graphic())) {
        headers.insert(TRACEPARENT_HEADER, traceparent);
    }
    headers
}

/// The server's answer to a publish.
#[derive(Debug, Deserialize)]
pub(crate) struct Ack {
    #[serde(default)]
    pub(crate) seq: u64,
    #[serde(default)]
    pub(crate) duplicate: bool,
    pub(crate) error: Option<Refusal>,
}

/// The server's reason not to take a message.
#[derive(Debug, Deserialize)]
pub(crate) struct Refusal {
    #[serde(default)]
    pub(crate) err_code: u64,
    #[serde(default)]
    pub(crate) description: String,
}

impl Refusal {
    /// Somebody else was faster, or the stream is not where we thought.
    pub(crate) fn is_wrong_last(&self) -> bool {
        self.err_code == async_nats::jetstream::ErrorCode::STREAM_WRONG_LAST_SEQUENCE.0
    }
}
