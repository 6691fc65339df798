//! Reading: the whole log, one stream, one case; forwards and backwards, in keyset pages.

use std::{collections::HashSet, sync::Arc};

use decider::{CaseId, Recorded, StreamName};
use futures::{
    StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use sqlx::{Postgres, postgres::PgArguments, query::Query};

use crate::{
    Error, Log,
    check::case_tag,
    connect::retry,
    history::History,
    log::Inner,
    row::{self, Rows},
};

/// Events of the first page, and of the largest.
const PAGE_FIRST: u64 = 200;
const PAGE_MAX: u64 = 1_000;
/// What a page should weigh at most, by what the last one weighed.
const PAGE_BYTES: u64 = 4 << 20;

/// Which way to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From old to new.
    Forwards,
    /// From new to old.
    Backwards,
}

/// What is read: each kind has its own key, and its own pair of statements.
#[derive(Debug, Clone)]
enum Source {
    All,
    Stream(StreamName),
    Case(String),
}

type Events = BoxStream<'static, Result<Recorded, Error>>;

impl Log {
    /// Events of the log from position `from` (inclusive), at most `limit`.
    pub fn read_all(&self, from: u64, limit: u64, direction: Direction) -> Events {
        read(Arc::clone(&self.inner), Source::All, from, limit, direction)
    }

    /// Events of a stream from version `from` (inclusive), at most `limit`. A missing stream is empty.
    pub fn read_stream(&self, stream: &StreamName, from: u64, limit: u64, direction: Direction) -> Events {
        read(Arc::clone(&self.inner), Source::Stream(stream.clone()), from, limit, direction)
    }

    /// Events of a case from position `from` (inclusive), at most `limit`.
    pub fn read_case(&self, case: &CaseId, from: u64, limit: u64, direction: Direction) -> Events {
        read(Arc::clone(&self.inner), Source::Case(case_tag(case.as_str())), from, limit, direction)
    }

    /// The whole history of a stream, in one query. A missing stream is empty.
    pub async fn load(&self, stream: &StreamName) -> Result<Vec<Recorded>, Error> {
        let history = self.inner.load(stream, 1).await?;
        Ok(Arc::unwrap_or_clone(history.events))
    }
}

/// Where a paged read is.
struct Cursor {
    log: Arc<Inner>,
    source: Source,
    direction: Direction,
    /// The next key; `None` after the last page.
    next: Option<u64>,
    left: u64,
    page: u64,
}

fn read(log: Arc<Inner>, source: Source, from: u64, limit: u64, direction: Direction) -> Events {
    let cursor = Cursor { log, source, direction, next: Some(from), left: limit, page: PAGE_FIRST };
    stream::try_unfold(cursor, turn)
        .map_ok(|page| stream::iter(page.into_iter().map(Ok)))
        .try_flatten()
        .boxed()
}

async fn turn(mut cursor: Cursor) -> Result<Option<(Vec<Recorded>, Cursor)>, Error> {
    let (Some(from), 1..) = (cursor.next, cursor.left) else {
        return Ok(None);
    };
    let limit = cursor.page.min(cursor.left);
    let page = cursor.log.page(&cursor.source, from, limit, cursor.direction).await?;
    let Some(last) = page.last() else { return Ok(None) };
    let key = if matches!(cursor.source, Source::Stream(_)) { last.version } else { last.position };
    cursor.next = match cursor.direction {
        _ if (page.len() as u64) < limit => None,
        Direction::Forwards => key.checked_add(1),
        Direction::Backwards => key.checked_sub(1).filter(|next| *next > 0),
    };
    cursor.left -= page.len() as u64;
    cursor.page = page_size(&page);
    Ok(Some((page, cursor)))
}

/// How many events the next page should hold, by the weight of this one.
pub(crate) fn page_size(page: &[Recorded]) -> u64 {
    let bytes: usize = page.iter().map(|event| event.data.len() + 1).sum();
    (PAGE_BYTES * page.len() as u64 / (bytes.max(1) as u64)).clamp(1, PAGE_MAX)
}

impl Inner {
    async fn page(
        &self,
        source: &Source,
        from: u64,
        limit: u64,
        direction: Direction,
    ) -> Result<Vec<Recorded>, Error> {
        let from = i64::try_from(from).unwrap_or(i64::MAX);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let page = retry(self.options.unavailable_after, || async move {
            let query = match source {
                Source::All => sqlx::query(all(direction)),
                Source::Stream(stream) => sqlx::query(of_stream(direction)).bind(stream.as_str()),
                Source::Case(tag) => sqlx::query(of_case(direction)).bind(tag),
            };
            self.read(query.bind(from).bind(limit), &StreamName::new("", "")).await
        });
        self.named(page.await??).await
    }

    /// Events after position `after`, up to and with `last`, oldest first.
    pub(crate) async fn after(&self, after: u64, last: u64) -> Result<Vec<Recorded>, Error> {
        let query = sqlx::query(
            "select position, stream_id, version, recorded_at, occurred_at, id, kind, data, meta
                from events where position > $1 and position <= $2 order by position",
        );
        let query = query.bind(after.cast_signed()).bind(last.cast_signed());
        self.named(self.read(query, &StreamName::new("", "")).await??).await
    }

    /// Events of some streams after position `after`, up to and with `last`, oldest first, at most `limit`.
    pub(crate) async fn of_streams(
        &self,
        streams: &[i64],
        after: u64,
        last: u64,
        limit: u64,
    ) -> Result<Vec<Recorded>, Error> {
        let query = sqlx::query(
            "select position, stream_id, version, recorded_at, occurred_at, id, kind, data, meta from events
                where stream_id = any($1) and position > $2 and position <= $3 order by position limit $4",
        );
        let query = query.bind(streams).bind(after.cast_signed()).bind(last.cast_signed());
        let query = query.bind(limit.cast_signed());
        self.named(self.read(query, &StreamName::new("", "")).await??).await
    }

    /// The events at some positions, oldest first.
    pub(crate) async fn at(&self, positions: &[i64]) -> Result<Vec<Recorded>, Error> {
        let rows = retry(self.options.unavailable_after, || async move {
            let query = sqlx::query(
                "select position, stream_id, version, recorded_at, occurred_at, id, kind, data, meta
                    from events where position = any($1) order by position",
            );
            self.read(query.bind(positions), &StreamName::new("", "")).await
        });
        self.named(rows.await??).await
    }

    /// A stream from version `from`, with its id.
    pub(crate) async fn load(&self, stream: &StreamName, from: u64) -> Result<History, Error> {
        let rows = retry(self.options.unavailable_after, || async move {
            let query = sqlx::query(
                "select position, stream_id, version, recorded_at, occurred_at, id, kind, data, meta from events
                    where stream_id = (select stream_id from streams where name = $1) and version >= $2
                    order by version",
            );
            self.read(query.bind(stream.as_str()).bind(from.cast_signed()), stream).await
        });
        let Rows { events, stream_ids, .. } = rows.await??;
        for (expected, event) in (from..).zip(&events) {
            if event.version != expected {
                return Err(row::corrupt(
                    event.position.cast_signed(),
                    &format!("version {} of {stream} stands where {expected} belongs", event.version),
                ));
            }
        }
        Ok(History { stream_id: stream_ids.first().copied(), events: Arc::new(events) })
    }

    /// Runs a query. The events get this name of a stream.
    async fn read(
        &self,
        query: Query<'_, Postgres, PgArguments>,
        stream: &StreamName,
    ) -> Result<Result<Rows, Error>, sqlx::Error> {
        let mut db = self.readers.take().await?;
        let rows = Rows::read(query.fetch(&mut *db), stream).await?;
        if rows.is_ok() {
            self.readers.keep(db);
        }
        Ok(rows)
    }

    /// The events of rows, with the names of their streams.
    async fn named(&self, mut rows: Rows) -> Result<Vec<Recorded>, Error> {
        let missing = self.name(&mut rows);
        if !missing.is_empty() {
            self.learn_names(missing).await?;
            if let [id, ..] = self.name(&mut rows)[..] {
                return Err(row::corrupt(0, &format!("its stream {id} has no name")));
            }
        }
        Ok(rows.events)
    }

    /// Puts in the names that are in memory; returns the ids of the streams whose names are not.
    fn name(&self, rows: &mut Rows) -> Vec<i64> {
        let mut names = self.names.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut missing = HashSet::new();
        for (event, id) in rows.events.iter_mut().zip(&rows.stream_ids) {
            match names.get(id) {
                Some(name) => event.stream.clone_from(name),
                None => drop(missing.insert(*id)),
            }
        }
        missing.into_iter().collect()
    }

    async fn learn_names(&self, ids: Vec<i64>) -> Result<(), Error> {
        let rows: Vec<(i64, String)> = retry(self.options.unavailable_after, || {
            sqlx::query_as("select stream_id, name from streams where stream_id = any($1)")
                .bind(&ids)
                .fetch_all(&self.pool)
        })
        .await?;
        let mut names = self.names.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for (id, name) in rows {
            let name =
                StreamName::parse(&name).ok_or_else(|| row::corrupt(0, &format!("stream name {name:?}")))?;
            names.insert(id, name);
        }
        Ok(())
    }
}

fn all(direction: Direction) -> &'static str {
    match direction {
        Direction::Forwards => {
            "select position, stream_id, version, recorded_at, occurred_at, id, kind, data, meta
                from events where position >= $1 order by position limit $2"
        }
        Direction::Backwards => {
            "select position, stream_id, version, recorded_at, occurred_at, id, kind, data, meta
                from events where position <= $1 order by position desc limit $2"
        }
    }
}

fn of_stream(direction: Direction) -> &'static str {
    match direction {
        Direction::Forwards => {
            "select position, stream_id, version, recorded_at, occurred_at, id, kind, data, meta from events
                where stream_id = (select stream_id from streams where name = $1) and version >= $2
                order by version limit $3"
        }
        Direction::Backwards => {
            "select position, stream_id, version, recorded_at, occurred_at, id, kind, data, meta from events
                where stream_id = (select stream_id from streams where name = $1) and version <= $2
                order by version desc limit $3"
        }
    }
}

fn of_case(direction: Direction) -> &'static str {
    match direction {
        Direction::Forwards => {
            "select e.position, stream_id, version, recorded_at, occurred_at, id, kind, data, meta
                from tags t join events e on e.position = t.position
                where t.tag = $1 and t.position >= $2 order by t.position limit $3"
        }
        Direction::Backwards => {
            "select e.position, stream_id, version, recorded_at, occurred_at, id, kind, data, meta
                from tags t join events e on e.position = t.position
                where t.tag = $1 and t.position <= $2 order by t.position desc limit $3"
        }
    }
}
