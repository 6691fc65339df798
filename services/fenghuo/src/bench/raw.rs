//! The baseline: what an application does that writes its events straight into a table of its own, prepared and
//! autocommitted. The rows hold the same events, can be read in order and by stream, and refuse a version twice. They
//! recognise no repeats, and their positions do not follow the order of the commits: a reader may miss some.

use bytes::Bytes;
use decider::StreamName;
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

/// Makes the table.
pub(super) async fn create_table(pool: &PgPool) -> Result<(), Error> {
    sqlx::query(
        "create table raw_events (
            position    bigint      generated always as identity primary key,
            stream      text        collate \"C\" not null,
            version     bigint      not null,
            recorded_at timestamptz not null default clock_timestamp(),
            occurred_at timestamptz not null,
            id          uuid        not null,
            kind        text        collate \"C\" not null,
            data        bytea       not null,
            meta        bytea       not null,
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
    stream: StreamName,
    version: u64,
    data: Bytes,
}

impl Inserter {
    pub(super) fn new(db: PoolConnection<Postgres>) -> Self {
        Self { db, stream: sample::new_stream(), version: 0, data: sample::data(0) }
    }
}

impl Client for Inserter {
    async fn step(&mut self) -> Result<u64, Error> {
        if self.version == STREAM_EVENTS {
            (self.stream, self.version) = (sample::new_stream(), 0);
        }
        self.version += 1;
        insert(&mut self.db, &self.stream, self.version, &self.data)
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
        let ids: Vec<Uuid> = versions.iter().map(|_| Uuid::now_v7()).collect();
        let kinds: Vec<&str> = versions.iter().map(|_| sample::KIND).collect();
        let datas: Vec<&[u8]> = versions.iter().map(|_| &self.data[..]).collect();
        sqlx::query(
            "insert into raw_events (stream, version, occurred_at, id, kind, data, meta)
                select $1, r.version, $2, r.id, r.kind, r.data, $3
                from unnest($4::bigint[], $5::uuid[], $6::text[], $7::bytea[]) as r(version, id, kind, data)",
        )
        .bind(sample::new_stream().as_str())
        .bind(OffsetDateTime::now_utc())
        .bind(meta().because("写出元数据", "write the meta data")?)
        .bind(versions)
        .bind(ids)
        .bind(kinds)
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
    stream: StreamName,
    version: i64,
    data: Bytes,
}

impl Racer {
    pub(super) fn new(db: PoolConnection<Postgres>, stream: StreamName) -> Self {
        Self { db, stream, version: 0, data: sample::data(0) }
    }

    async fn reload(&mut self) -> Result<i64, sqlx::Error> {
        sqlx::query_scalar("select coalesce(max(version), 0) from raw_events where stream = $1")
            .bind(self.stream.as_str())
            .fetch_one(&mut *self.db)
            .await
    }
}

impl Client for Racer {
    async fn step(&mut self) -> Result<u64, Error> {
        loop {
            let next = self.version.cast_unsigned() + 1;
            match insert(&mut self.db, &self.stream, next, &self.data).await {
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
    stream: &StreamName,
    version: u64,
    data: &[u8],
) -> Result<(), sqlx::Error> {
    let meta = meta()?;
    sqlx::query(
        "insert into raw_events (stream, version, occurred_at, id, kind, data, meta)
            values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(stream.as_str())
    .bind(version.cast_signed())
    .bind(OffsetDateTime::now_utc())
    .bind(Uuid::now_v7())
    .bind(sample::KIND)
    .bind(data)
    .bind(meta)
    .execute(&mut **db)
    .await
    .map(drop)
}

fn meta() -> Result<Vec<u8>, sqlx::Error> {
    serde_json::to_vec(&sample::meta()).map_err(|error| sqlx::Error::Encode(error.into()))
}

fn is_violation(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|refusal| refusal.code().as_deref() == Some(UNIQUE_VIOLATION))
}
