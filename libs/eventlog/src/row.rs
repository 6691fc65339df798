//! Rows of the log as events, decoded as they arrive: while one is read, the database sends the next.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use decider::{Meta, Recorded, StreamName};
use futures::{TryStream, TryStreamExt};
use sqlx::{Decode, Postgres, Row, Type, postgres::PgRow};

use crate::Error;

/// Data of neighbouring events share pieces of memory of this size: one event that is kept holds no more than that.
const PIECE_BYTES: usize = 16 << 10;

/// Rows of `events`, before the names of their streams are known.
pub(crate) struct Rows {
    pub(crate) events: Vec<Recorded>,
    /// The stream of each event.
    pub(crate) stream_ids: Vec<i64>,
    /// Stands in for the name of every stream.
    stream: StreamName,
    piece: BytesMut,
    /// The meta read last, as it was stored and as it was read: events of one append have equal ones.
    meta: Option<(Vec<u8>, Arc<Meta>)>,
}

impl Rows {
    /// Reads rows to the end. A row that cannot be read is told apart from a database that does not answer.
    pub(crate) async fn read(
        mut rows: impl TryStream<Ok = PgRow, Error = sqlx::Error> + Unpin,
        stream: &StreamName,
    ) -> Result<Result<Self, Error>, sqlx::Error> {
        let mut read = Self {
            events: Vec::new(),
            stream_ids: Vec::new(),
            stream: stream.clone(),
            piece: BytesMut::new(),
            meta: None,
        };
        while let Some(row) = rows.try_next().await? {
            if let Err(error) = read.push(&row) {
                return Ok(Err(error));
            }
        }
        Ok(Ok(read))
    }

    /// Columns in this order: position, stream_id, version, recorded_at, occurred_at, id, kind, data, meta.
    fn push(&mut self, row: &PgRow) -> Result<(), Error> {
        let position: i64 = get(row, 0)?;
        let stream_id = get(row, 1)?;
        let event = Recorded {
            position: position.cast_unsigned(),
            stream: self.stream.clone(),
            version: get::<i64>(row, 2)?.cast_unsigned(),
            recorded_at: get(row, 3)?,
            occurred_at: get(row, 4)?,
            id: get(row, 5)?,
            kind: get::<&str>(row, 6)?.to_owned(),
            data: self.data(get(row, 7)?),
            meta: self.meta(get(row, 8)?).map_err(|error| corrupt(position, &format!("meta: {error}")))?,
        };
        self.events.push(event);
        self.stream_ids.push(stream_id);
        Ok(())
    }

    fn data(&mut self, stored: &[u8]) -> Bytes {
        if self.piece.capacity() < stored.len() {
            self.piece = BytesMut::with_capacity(stored.len().max(PIECE_BYTES));
        }
        self.piece.extend_from_slice(stored);
        self.piece.split().freeze()
    }

    fn meta(&mut self, stored: &[u8]) -> Result<Arc<Meta>, serde_json::Error> {
        if let Some((bytes, meta)) = &self.meta
            && bytes == stored
        {
            return Ok(Arc::clone(meta));
        }
        let meta = Arc::new(serde_json::from_slice(stored)?);
        let (bytes, last) = self.meta.get_or_insert_with(|| (Vec::new(), Arc::clone(&meta)));
        bytes.clear();
        bytes.extend_from_slice(stored);
        last.clone_from(&meta);
        Ok(meta)
    }
}

/// A column of a statement of ours, whose type is known: it need not be asked for in every row.
fn get<'r, T: Decode<'r, Postgres> + Type<Postgres>>(
    row: &'r PgRow,
    column: usize,
) -> Result<T, sqlx::Error> {
    row.try_get_unchecked(column)
}

pub(crate) fn corrupt(position: i64, what: &str) -> Error {
    Error::Corrupt { position: position.cast_unsigned(), what: what.to_owned() }
}
