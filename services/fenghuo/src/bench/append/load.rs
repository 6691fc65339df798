//! Loading streams of a hundred events, against a bare read of the same rows.

use decider::StreamName;
use eventlog::{
    Expected, Log,
    sqlx::{Postgres, pool::PoolConnection},
};
use sqlx::PgPool;

use crate::{
    bench::{drive::Client, raw::RawEvent, sample},
    error::{Because, Error},
};

/// Streams that are loaded in turn.
const STREAMS: u64 = 200;
/// Events of each.
const EVENTS: u64 = 100;
/// Coprime to `STREAMS`, so that every stream has its turn, far from the one before.
const STRIDE: u64 = 77;

/// Appends the streams.
pub(super) async fn prepare(log: &Log, pool: &PgPool) -> Result<(), Error> {
    let data = sample::data(0);
    for number in 0..STREAMS {
        let events = usize::try_from(EVENTS).expect("a hundred events");
        let append = sample::append(stream(number), Expected::NoStream, events, &data);
        log.append(append).await.because("准备事件", "prepare events")?;
    }
    sqlx::query("vacuum analyze bench.events").execute(pool).await.because("整理表", "vacuum the table")?;
    Ok(())
}

fn stream(number: u64) -> StreamName {
    StreamName::new("load", &number.to_string())
}

/// Loads whole streams through the log.
pub(super) struct Loader {
    log: Log,
    turn: u64,
}

impl Loader {
    pub(super) fn new(log: &Log) -> Self {
        Self { log: log.clone(), turn: 0 }
    }
}

impl Client for Loader {
    async fn step(&mut self) -> Result<u64, Error> {
        self.turn += STRIDE;
        let events = self.log.load(&stream(self.turn % STREAMS)).await.because("读取流", "load a stream")?;
        whole(events.len())
    }
}

/// Reads the same rows of the same table without the log.
pub(super) struct RawLoader {
    db: PoolConnection<Postgres>,
    turn: u64,
}

impl RawLoader {
    pub(super) fn new(db: PoolConnection<Postgres>) -> Self {
        Self { db, turn: 0 }
    }
}

impl Client for RawLoader {
    async fn step(&mut self) -> Result<u64, Error> {
        self.turn += STRIDE;
        let rows: Vec<RawEvent> = sqlx::query_as(
            "select position, stream_id, version, recorded_at, occurred_at, id, kind, data, meta
                from bench.events where stream_id = (select stream_id from bench.streams where name = $1)
                order by version",
        )
        .bind(stream(self.turn % STREAMS).as_str())
        .fetch_all(&mut *self.db)
        .await
        .because("读取流", "read a stream")?;
        whole(rows.len())
    }
}

fn whole(found: usize) -> Result<u64, Error> {
    if found as u64 == EVENTS {
        Ok(EVENTS)
    } else {
        Err(Error::told(
            format!("流中有 {found} 个事件，应有 {EVENTS} 个"),
            format!("a stream has {found} events instead of {EVENTS}"),
        ))
    }
}
