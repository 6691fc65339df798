//! Events as the table has them, byte for byte: what is sealed is what was stored, not what it was read as.

use std::collections::HashMap;

use decider::{CaseId, Recorded};
use eventlog::{Options, case_tag};
use sqlx::{Connection, FromRow, PgConnection, Row};
use time::OffsetDateTime;
use uuid::Uuid;

/// A row of a log. Numbers are signed here because a tampered table may hold any.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Stored {
    pub position: i64,
    /// Empty where the stream has lost its name.
    pub stream: String,
    pub version: i64,
    pub id: Uuid,
    pub kind: String,
    pub data: Vec<u8>,
    pub meta: Vec<u8>,
    pub occurred_at: OffsetDateTime,
    pub recorded_at: OffsetDateTime,
}

impl Stored {
    /// What the table has of an event that this process has stored; its meta is written as it was for the row.
    pub(crate) fn of(event: &Recorded) -> Result<Self, serde_json::Error> {
        Ok(Self {
            position: event.position.cast_signed(),
            stream: event.stream.as_str().to_owned(),
            version: event.version.cast_signed(),
            id: event.id,
            kind: event.kind.clone(),
            data: event.data.to_vec(),
            meta: serde_json::to_vec(event.meta.as_ref())?,
            occurred_at: event.occurred_at,
            recorded_at: event.recorded_at,
        })
    }
}

/// Opens the database of a log for reading, as whoever the URL names: an auditor needs no rights to write.
pub trait Connect {
    fn read_only(&self) -> impl Future<Output = Result<PgConnection, sqlx::Error>> + Send;
}

impl Connect for Options {
    async fn read_only(&self) -> Result<PgConnection, sqlx::Error> {
        let session = [("search_path", self.schema.as_str()), ("default_transaction_read_only", "on")];
        PgConnection::connect_with(&self.connect.clone().options(session)).await
    }
}

/// The events after position `after`, up to and with `last`, as far as they are there.
pub async fn read(db: &mut PgConnection, after: u64, last: u64) -> Result<Vec<Stored>, sqlx::Error> {
    let mut events: Vec<(i64, Stored)> = sqlx::query(
        "select stream_id, position, '' as stream, version, id, kind, data, meta, occurred_at, recorded_at
            from events where position > $1 and position <= $2 order by position",
    )
    .bind(after.cast_signed())
    .bind(last.cast_signed())
    .try_map(|row| Ok((row.try_get(0)?, Stored::from_row(&row)?)))
    .fetch_all(&mut *db)
    .await?;
    let mut streams: Vec<i64> = events.iter().map(|(stream, _)| *stream).collect();
    streams.sort_unstable();
    streams.dedup();
    // Asked for by themselves, and not by a join for every event: most streams have several of these.
    let names: Vec<(i64, String)> =
        sqlx::query_as("select stream_id, name from streams where stream_id = any($1)")
            .bind(streams)
            .fetch_all(db)
            .await?;
    let names: HashMap<i64, String> = names.into_iter().collect();
    for (stream, event) in &mut events {
        event.stream = names.get(stream).cloned().unwrap_or_default();
    }
    Ok(events.into_iter().map(|(_, event)| event).collect())
}

/// The events of a case after position `after`, up to and with `last`, at most `limit`. Which events those are is told by
/// tags, which are derived; the case stands in each event's meta as well.
pub async fn read_case(
    db: &mut PgConnection,
    case: &CaseId,
    after: u64,
    last: u64,
    limit: u64,
) -> Result<Vec<Stored>, sqlx::Error> {
    sqlx::query_as(
        "select e.position, coalesce(s.name, '') as stream, e.version, e.id, e.kind, e.data, e.meta,
                e.occurred_at, e.recorded_at
            from tags t join events e on e.position = t.position left join streams s using (stream_id)
            where t.tag = $1 and t.position > $2 and t.position <= $3 order by t.position limit $4",
    )
    .bind(case_tag(case.as_str()))
    .bind(after.cast_signed())
    .bind(last.cast_signed())
    .bind(limit.cast_signed())
    .fetch_all(db)
    .await
}

/// Where the log ends.
pub(crate) async fn head(db: &mut PgConnection) -> Result<u64, sqlx::Error> {
    let head: i64 = sqlx::query_scalar("select position from head").fetch_one(db).await?;
    Ok(head.cast_unsigned())
}

/// The id of the event at a position.
pub(crate) async fn id_at(db: &mut PgConnection, position: u64) -> Result<Option<Uuid>, sqlx::Error> {
    let id = sqlx::query_scalar("select id from events where position = $1");
    id.bind(position.cast_signed()).fetch_optional(db).await
}

/// Where events with this id stand.
pub(crate) async fn positions_of(db: &mut PgConnection, id: Uuid) -> Result<Vec<i64>, sqlx::Error> {
    sqlx::query_scalar("select position from events where id = $1 order by position limit 2")
        .bind(id)
        .fetch_all(db)
        .await
}
