//! The baseline: what an application does that writes straight into a table of its own, prepared and autocommitted.

use bytes::Bytes;
use eventlog::sqlx::{Postgres, pool::PoolConnection};
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    drive::Client,
    sample::{self, STREAM_EVENTS},
};
use crate::error::{Because, Error};

/// PostgreSQL's code for a row that is there already.
const UNIQUE_VIOLATION: &str = "23505";

/// A row of the log's own table, as a bare read sees it: position, stream, version, both clocks, id, name, data, meta.
pub(super) type RawEvent = (i64, i64, i64, OffsetDateTime, OffsetDateTime, Uuid, String, Vec<u8>, Vec<u8>);

/// Makes the table, with no more in it than an event needs to be found again.
pub(super) async fn create_table(pool: &PgPool) -> Result<(), Error> {
    sqlx::query(
        "create table raw_events (
            stream  uuid   not null,
            version bigint not null,
            data    bytea  not null,
            constraint raw_events_stream_version unique (stream, version)
        )",
    )
    .execute(pool)
    .await
    .map(drop)
    .because("创建基线表", "create the baseline's table")
}

/// Takes connections, one for each client.
pub(super) async fn connections(pool: &PgPool, count: usize) -> Result<Vec<PoolConnection<Postgres>>, Error> {
    let mut connections = Vec::with_capacity(count);
    for _ in 0..count {
        connections.push(pool.acquire().await.because("取得连接", "take a connection")?);
    }
    Ok(connections)
}

/// Inserts one row after another, ten to a stream.
pub(super) struct Inserter {
    db: PoolConnection<Postgres>,
    stream: Uuid,
    version: u64,
    data: Bytes,
}

impl Inserter {
    pub(super) fn new(db: PoolConnection<Postgres>) -> Self {
        Self { db, stream: Uuid::now_v7(), version: 0, data: sample::data(0) }
    }
}

impl Client for Inserter {
    async fn step(&mut self) -> Result<u64, Error> {
        if self.version == STREAM_EVENTS {
            (self.stream, self.version) = (Uuid::now_v7(), 0);
        }
        self.version += 1;
        insert(&mut self.db, self.stream, self.version, &self.data)
            .await
            .because("插入基线行", "insert a row of the baseline")?;
        Ok(1)
    }
}

/// Inserts ten rows at once, a stream of its own each time.
pub(super) struct BatchInserter {
    db: PoolConnection<Postgres>,
    data: Bytes,
}

impl BatchInserter {
    pub(super) fn new(db: PoolConnection<Postgres>) -> Self {
        Self { db, data: sample::data(0) }
    }
}

impl Client for BatchInserter {
    async fn step(&mut self) -> Result<u64, Error> {
        let versions: Vec<i64> = (1..=STREAM_EVENTS.cast_signed()).collect();
        let datas: Vec<&[u8]> = versions.iter().map(|_| &self.data[..]).collect();
        sqlx::query(
            "insert into raw_events (stream, version, data)
                select $1, r.version, r.data from unnest($2::bigint[], $3::bytea[]) as r(version, data)",
        )
        .bind(Uuid::now_v7())
        .bind(versions)
        .bind(datas)
        .execute(&mut *self.db)
        .await
        .because("插入基线行", "insert rows of the baseline")?;
        Ok(STREAM_EVENTS)
    }
}

/// Wants to be the next on a stream that others write to as well: insert, and after a violation reload and retry.
pub(super) struct Racer {
    db: PoolConnection<Postgres>,
    stream: Uuid,
    version: i64,
    data: Bytes,
}

impl Racer {
    pub(super) fn new(db: PoolConnection<Postgres>, stream: Uuid) -> Self {
        Self { db, stream, version: 0, data: sample::data(0) }
    }

    async fn reload(&mut self) -> Result<i64, sqlx::Error> {
        sqlx::query_scalar("select coalesce(max(version), 0) from raw_events where stream = $1")
            .bind(self.stream)
            .fetch_one(&mut *self.db)
            .await
    }
}

impl Client for Racer {
    async fn step(&mut self) -> Result<u64, Error> {
        loop {
            let next = self.version.cast_unsigned() + 1;
            match insert(&mut self.db, self.stream, next, &self.data).await {
                Ok(()) => {
                    self.version += 1;
                    return Ok(1);
                }
                Err(error) if is_violation(&error) => {
                    self.version = self.reload().await.because("读取版本", "reload the version")?;
                }
                other => other.because("插入基线行", "insert a row of the baseline")?,
            }
        }
    }
}

async fn insert(
    db: &mut PoolConnection<Postgres>,
    stream: Uuid,
    version: u64,
    data: &[u8],
) -> Result<(), sqlx::Error> {
    sqlx::query("insert into raw_events (stream, version, data) values ($1, $2, $3)")
        .bind(stream)
        .bind(version.cast_signed())
        .bind(data)
        .execute(&mut **db)
        .await
        .map(drop)
}

fn is_violation(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|refusal| refusal.code().as_deref() == Some(UNIQUE_VIOLATION))
}
