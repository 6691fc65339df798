//! A row of an export: an event with its content as it is stored, byte for byte, and the hashes that its leaf holds.

use audit::Stored;
use merkle::Hex;
use serde::Serialize;
use sha2::{Digest, Sha256};
use time::{OffsetDateTime, UtcOffset};
use uuid::Uuid;

/// Names and types of the columns, in their order.
pub(super) const COLUMNS: [(&str, &str); 11] = [
    ("position", "int64"),
    ("stream", "string"),
    ("version", "int64"),
    ("id", "uuid"),
    ("type", "string"),
    ("occurred_at", "timestamp[us, UTC]"),
    ("recorded_at", "timestamp[us, UTC]"),
    ("data", "string (JSON, as stored)"),
    ("meta", "string (JSON, as stored)"),
    ("data_sha256", "hex"),
    ("meta_sha256", "hex"),
];

/// An event whose content is no text was not written by us.
#[derive(Debug, thiserror::Error)]
#[error("the content of the event at position {position} is not UTF-8")]
pub(super) struct NotText {
    position: i64,
}

/// A row.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) position: i64,
    pub(super) stream: String,
    pub(super) version: i64,
    pub(super) id: Uuid,
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) occurred_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) recorded_at: OffsetDateTime,
    pub(super) data: String,
    pub(super) meta: String,
    pub(super) data_sha256: Hex<32>,
    pub(super) meta_sha256: Hex<32>,
}

impl Row {
    pub(super) fn new(event: Stored) -> Result<Self, NotText> {
        let Stored { position, stream, version, id, kind, data, meta, occurred_at, recorded_at } = event;
        let hash = |bytes: &[u8]| Hex(Sha256::digest(bytes).into());
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(|_| NotText { position });
        Ok(Self {
            data_sha256: hash(&data),
            meta_sha256: hash(&meta),
            position,
            stream,
            version,
            id,
            kind,
            occurred_at: occurred_at.to_offset(UtcOffset::UTC),
            recorded_at: recorded_at.to_offset(UtcOffset::UTC),
            data: text(data)?,
            meta: text(meta)?,
        })
    }

    /// What it weighs in memory, roughly.
    pub(super) fn bytes(&self) -> usize {
        self.data.len() + self.meta.len() + self.stream.len() + self.kind.len() + size_of::<Self>()
    }
}
