//! What this department has been told: the positions of other logs that it has taken in, and when.
//!
//! **Invariant**: a source's position moves only together with the rows that lead up to it, without a hole.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{Error, Log, clock::micros, connect::retry, fault};

/// One message taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxRow {
    /// Its position in the source's log.
    pub position: u64,
    /// The event's id in the source's log.
    pub event_id: Uuid,
    /// When it was taken in, by this department's clock.
    pub at: OffsetDateTime,
}

/// A message that could not be read, with the reason, for operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedMessage {
    /// The log it came from.
    pub source: String,
    /// Its position there.
    pub position: u64,
    /// Why it could not be read.
    pub reason: String,
    /// The message as it came.
    pub message: Vec<u8>,
    /// When it was parked.
    pub at: OffsetDateTime,
}

impl Log {
    /// The last position taken in from a source, without gaps; 0 at first.
    pub async fn inbox_position(&self, source: &str) -> Result<u64, Error> {
        let position: Option<i64> = retry(self.inner.options.unavailable_after, || {
            sqlx::query_scalar("select position from inbox_sources where source = $1")
                .bind(source)
                .fetch_optional(&self.inner.pool)
        })
        .await?;
        Ok(position.unwrap_or(0).cast_unsigned())
    }

    /// Records messages as taken in, in the order of their positions. Positions already recorded are ignored; a
    /// hole is `Error::Gap`, and nothing is recorded. Returns the position reached.
    pub async fn inbox_record(&self, source: &str, rows: &[InboxRow]) -> Result<u64, Error> {
        if let Some(reached) = self.inbox_record_next(source, rows).await? {
            return Ok(reached);
        }
        let mut tx = self.inner.pool.begin().await?;
        let before = lock(&mut tx, source).await?;
        let mut reached = before;
        let mut new = Vec::new();
        for row in rows.iter().filter(|row| row.position > before) {
            if row.position != reached + 1 {
                return Err(Error::Gap { expected: reached + 1, found: row.position });
            }
            reached = row.position;
            new.push(row);
        }
        if new.is_empty() {
            return Ok(before);
        }
        insert(&mut tx, source, &new).await?;
        sqlx::query("update inbox_sources set position = $2 where source = $1")
            .bind(source)
            .bind(reached.cast_signed())
            .execute(&mut *tx)
            .await?;
        fault::point("inbox.before_commit");
        tx.commit().await?;
        fault::point("inbox.after_commit");
        Ok(reached)
    }

    /// The usual case in one statement: the rows follow what is recorded, and each other. `None` if they do not.
    async fn inbox_record_next(&self, source: &str, rows: &[InboxRow]) -> Result<Option<u64>, Error> {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
            return Ok(None);
        };
        if !rows.is_sorted_by(|one, next| one.position + 1 == next.position) {
            return Ok(None);
        }
        fault::point("inbox.before_commit");
        let Columns { positions, instants, ids } = rows.iter().collect();
        let recorded = sqlx::query(
            "with moved as (
                update inbox_sources set position = $2 where source = $1 and position = $3 returning 1
            )
            insert into inbox (source, position, at, event_id)
                select $1, r.position, r.at, r.id from unnest($4, $5, $6) as r(position, at, id)
                    where exists (select from moved)",
        )
        .bind(source)
        .bind(last.position.cast_signed())
        .bind(first.position.cast_signed() - 1)
        .bind(positions)
        .bind(instants)
        .bind(ids)
        .execute(&self.inner.pool)
        .await?;
        if recorded.rows_affected() == 0 {
            return Ok(None);
        }
        fault::point("inbox.after_commit");
        Ok(Some(last.position))
    }

    /// For each source, the last position taken in at or before the instant.
    pub async fn inbox_read(&self, until: OffsetDateTime) -> Result<Vec<(String, u64)>, Error> {
        let rows: Vec<(String, i64)> = retry(self.inner.options.unavailable_after, || {
            sqlx::query_as(
                "select source, max(position) from inbox where at <= $1 group by source order by source",
            )
            .bind(until)
            .fetch_all(&self.inner.pool)
        })
        .await?;
        Ok(rows.into_iter().map(|(source, position)| (source, position.cast_unsigned())).collect())
    }

    /// Parks a message. Parking it again changes nothing. The position must still be recorded.
    pub async fn inbox_park(
        &self,
        source: &str,
        position: u64,
        reason: &str,
        message: &[u8],
    ) -> Result<(), Error> {
        sqlx::query(
            "insert into parked_message (source, position, at, reason, message) values ($1, $2, $3, $4, $5)
                on conflict on constraint parked_message_pkey do nothing",
        )
        .bind(source)
        .bind(position.cast_signed())
        .bind(self.inner.world.clock.now())
        .bind(reason.replace('\0', ""))
        .bind(message)
        .execute(&self.inner.pool)
        .await?;
        Ok(())
    }

    /// The messages parked, oldest first.
    pub async fn inbox_parked(&self) -> Result<Vec<ParkedMessage>, Error> {
        let rows: Vec<(String, i64, String, Vec<u8>, OffsetDateTime)> =
            retry(self.inner.options.unavailable_after, || {
                sqlx::query_as(
                    "select source, position, reason, message, at from parked_message order by at, position",
                )
                .fetch_all(&self.inner.pool)
            })
            .await?;
        let parked = rows.into_iter().map(|(source, position, reason, message, at)| ParkedMessage {
            source,
            position: position.cast_unsigned(),
            reason,
            message,
            at,
        });
        Ok(parked.collect())
    }
}

/// Locks a source's position, which it creates at the first message.
async fn lock(tx: &mut PgConnection, source: &str) -> Result<u64, sqlx::Error> {
    sqlx::query("insert into inbox_sources (source) values ($1) on conflict on constraint inbox_sources_pkey do nothing")
        .bind(source)
        .execute(&mut *tx)
        .await?;
    let position: i64 = sqlx::query_scalar("select position from inbox_sources where source = $1 for update")
        .bind(source)
        .fetch_one(tx)
        .await?;
    Ok(position.cast_unsigned())
}

async fn insert(tx: &mut PgConnection, source: &str, rows: &[&InboxRow]) -> Result<(), sqlx::Error> {
    let Columns { positions, instants, ids } = rows.iter().copied().collect();
    sqlx::query(
        "insert into inbox (source, position, at, event_id)
            select $1, r.position, r.at, r.id from unnest($2, $3, $4) as r(position, at, id)",
    )
    .bind(source)
    .bind(positions)
    .bind(instants)
    .bind(ids)
    .execute(tx)
    .await
    .map(drop)
}

/// Rows turned on their side for `unnest`.
#[derive(Default)]
struct Columns {
    positions: Vec<i64>,
    instants: Vec<OffsetDateTime>,
    ids: Vec<Uuid>,
}

impl<'a> FromIterator<&'a InboxRow> for Columns {
    fn from_iter<T: IntoIterator<Item = &'a InboxRow>>(rows: T) -> Self {
        let mut columns = Self::default();
        for row in rows {
            columns.positions.push(row.position.cast_signed());
            columns.instants.push(micros(row.at));
            columns.ids.push(row.event_id);
        }
        columns
    }
}
