//! Deadlines computed anew from the events, after a change of the rules or a repair.

use decider::{Aggregate, StreamName};
use time::OffsetDateTime;

use super::{Deadlines, ask};
use crate::{Error, Log, clock::micros, connect::retry};

/// Streams looked at in one go.
const PAGE_MAX: i64 = 500;

impl Deadlines {
    /// Computes the deadline of every stream of the aggregates anew. Returns how many were wrong. A stream that
    /// cannot be read keeps its deadline, and is logged.
    pub async fn rebuild(log: &Log, aggregates: &[Aggregate]) -> Result<u64, Error> {
        let (mut after, mut wrong) = (0, 0);
        loop {
            let page = page(log, after).await?;
            let Some((last, ..)) = page.last() else {
                return Ok(wrong);
            };
            after = *last;
            for (stream_id, name, due_at) in &page {
                wrong += u64::from(correct(log, aggregates, *stream_id, name, *due_at).await?);
            }
        }
    }
}

async fn page(log: &Log, after: i64) -> Result<Vec<(i64, String, Option<OffsetDateTime>)>, Error> {
    retry(log.inner.options.unavailable_after, || {
        sqlx::query_as(
            "select stream_id, name, due_at from streams where stream_id > $1 order by stream_id limit $2",
        )
        .bind(after)
        .bind(PAGE_MAX)
        .fetch_all(&log.inner.pool)
    })
    .await
}

/// Whether the stream's deadline was wrong. One that moves meanwhile is left to its append.
async fn correct(
    log: &Log,
    aggregates: &[Aggregate],
    stream_id: i64,
    name: &str,
    due_at: Option<OffsetDateTime>,
) -> Result<bool, Error> {
    let Some(stream) = StreamName::parse(name) else {
        return Ok(false);
    };
    if !aggregates.iter().any(|aggregate| aggregate.name == stream.category()) {
        return Ok(false);
    }
    let history = log.inner.load(&stream, 1).await?;
    let due = match ask(aggregates, &stream, &history.events) {
        Ok(due) => due.map(|(at, _)| micros(at)),
        Err(error) => {
            tracing::error!(%stream, error = &error as &dyn std::error::Error, "a deadline was not computed");
            return Ok(false);
        }
    };
    if due == due_at {
        return Ok(false);
    }
    let is_corrected = sqlx::query_scalar("select set_due($1, $2, $3)")
        .bind(stream_id)
        .bind(history.version().cast_signed())
        .bind(due)
        .fetch_one(&log.inner.pool)
        .await?;
    Ok(is_corrected)
}
