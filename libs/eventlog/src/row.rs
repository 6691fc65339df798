//! Rows of the log as events.

use bytes::Bytes;
use decider::{Meta, Recorded, StreamName};
use sqlx::{Row, postgres::PgRow};

use crate::Error;

/// A row of `events` before its stream's name is known.
pub(crate) struct Raw {
    pub(crate) stream_id: i64,
    pub(crate) event: Recorded,
}

/// Reads columns in this order: position, stream_id, version, recorded_at, occurred_at, id, kind, data, meta.
/// The stream's name is put in by the caller; the one given here stands in until then.
pub(crate) fn read(row: &PgRow, stream: &StreamName) -> Result<Raw, Error> {
    let position: i64 = row.try_get(0)?;
    let meta = row.try_get_raw(8)?.as_bytes().map_err(|error| corrupt(position, &error.to_string()))?;
    let meta: Meta =
        serde_json::from_slice(meta).map_err(|error| corrupt(position, &format!("meta: {error}")))?;
    let data = row.try_get_raw(7)?.as_bytes().map_err(|error| corrupt(position, &error.to_string()))?;
    let event = Recorded {
        position: position.cast_unsigned(),
        stream: stream.clone(),
        version: row.try_get::<i64, _>(2)?.cast_unsigned(),
        id: row.try_get(5)?,
        kind: row.try_get(6)?,
        data: Bytes::copy_from_slice(data),
        meta,
        occurred_at: row.try_get(4)?,
        recorded_at: row.try_get(3)?,
    };
    Ok(Raw { stream_id: row.try_get(1)?, event })
}

pub(crate) fn corrupt(position: i64, what: &str) -> Error {
    Error::Corrupt { position: position.cast_unsigned(), what: what.to_owned() }
}
