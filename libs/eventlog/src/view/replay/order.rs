//! What is to be replayed: the whole log or one case, up to which position.

use decider::{CaseId, Recorded, StreamName};
use futures::{StreamExt, TryStreamExt, stream, stream::BoxStream};
use time::OffsetDateTime;
use tokio::sync::mpsc;

use super::PAGE_MAX;
use crate::{Error, Log, Unreplayable, check::case_tag};

/// Rows that differ and are listed, unless it is said otherwise.
const DIFFERENCES_MAX: usize = 20;

/// Bytes of events with which a page is full, however few they are.
const PAGE_BYTES: usize = 4 << 20;
/// Events of a page of some streams.
const STREAMS_PAGE_MAX: usize = 1_000;

/// Whose events.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Scope {
    /// Everybody's.
    #[default]
    All,
    /// Those of every stream that an event of the case stands in.
    Case(CaseId),
    /// Those of a stream, and of the cases that it has events of: they may write the same rows.
    Stream(StreamName),
}

/// Up to where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Until {
    /// To the checkpoint of the living view.
    #[default]
    Living,
    /// Up to and with this position.
    Position(u64),
    /// What was recorded by then.
    Time(OffsetDateTime),
}

/// What a replay is told to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Whose events.
    pub scope: Scope,
    /// Up to where.
    pub until: Until,
    /// Events of a page.
    pub page: usize,
    /// Rows listed of a table that differs; all are counted.
    pub differences_max: usize,
    /// Whether each table's digest is wanted on both sides, to be kept or compared elsewhere. The rows are compared
    /// either way.
    pub has_digests: bool,
}

impl Order {
    /// The order to replay up to a position, with the usual bounds.
    pub fn new(scope: Scope, until: Until) -> Self {
        Self { scope, until, page: PAGE_MAX, differences_max: DIFFERENCES_MAX, has_digests: false }
    }
}

impl Until {
    /// The position that is meant; `None` for the living view's.
    pub(super) async fn position(self, log: &Log) -> Result<Option<u64>, Error> {
        match self {
            Self::Living => Ok(None),
            Self::Time(at) => position_at(log, at).await.map(Some),
            Self::Position(position) => match log.head().await?.position {
                head if position > head => Err(Unreplayable::Beyond { position, head }.into()),
                _ => Ok(Some(position)),
            },
        }
    }
}

/// The last position recorded by then. Recording times only grow with positions, so a few looks find it.
async fn position_at(log: &Log, at: OffsetDateTime) -> Result<u64, Error> {
    let (mut recorded, mut later) = (0, log.head().await?.position + 1);
    while later - recorded > 1 {
        let middle = u64::midpoint(recorded, later);
        let found: Option<OffsetDateTime> =
            sqlx::query_scalar("select recorded_at from events where position = $1")
                .bind(middle.cast_signed())
                .fetch_optional(&log.inner.pool)
                .await?;
        match found {
            Some(found) if found <= at => recorded = middle,
            Some(_) => later = middle,
            None => return Err(Error::Gap { expected: middle, found: middle + 1 }),
        }
    }
    Ok(recorded)
}

/// A page, and the position up to which nothing else is in scope.
pub(super) type Pages = BoxStream<'static, Result<(Vec<Recorded>, u64), Error>>;

/// The streams in scope up to a position; `None` means all.
pub(super) async fn streams(log: &Log, scope: &Scope, target: u64) -> Result<Option<Vec<i64>>, Error> {
    match scope {
        Scope::All => Ok(None),
        Scope::Case(case) => streams_of_cases(log, &[case_tag(case.as_str())], target).await.map(Some),
        Scope::Stream(name) => streams_beside(log, name, target).await.map(Some),
    }
}

/// The pages after a position up to another one; the last page may go further.
pub(super) async fn pages(log: &Log, order: &Order, after: u64, target: u64) -> Result<Pages, Error> {
    if after >= target {
        return Ok(stream::empty().boxed());
    }
    let Some(streams) = streams(log, &order.scope, target).await? else {
        return Ok(gathered(log, order.page.clamp(1, PAGE_MAX), after, target));
    };
    if after > 0 && has_joined(log, &order.scope, &streams, after).await? {
        return Err(Unreplayable::Joined.into());
    }
    let state = (log.clone(), streams, after, order.page.clamp(1, STREAMS_PAGE_MAX) as u64);
    let pages = stream::try_unfold(state, move |(log, streams, after, page)| async move {
        if after >= target {
            return Ok(None);
        }
        let events = log.inner.of_streams(&streams, after, target, page).await?;
        let is_last = (events.len() as u64) < page;
        let last = events.last().filter(|_| !is_last).map_or(target, |event| event.position);
        Ok(Some(((events, last), (log, streams, last, page))))
    });
    Ok(pages.boxed())
}

/// All events, in pages that are filled up from those that the log is read by.
fn gathered(log: &Log, events: usize, after: u64, target: u64) -> Pages {
    let state = (log.follow_pages(after, events), after);
    let pages = stream::try_unfold(state, move |(mut read, mut last)| async move {
        let (mut page, mut bytes) = (Vec::new(), 0);
        while last < target && page.len() < events && bytes < PAGE_BYTES {
            let Some(more) = read.try_next().await? else { break };
            last = more.last().map_or(last, |event| event.position);
            bytes += more.iter().map(|event| event.data.len()).sum::<usize>();
            page.extend(more);
        }
        Ok((!page.is_empty()).then_some(((page, last), (read, last))))
    });
    ahead(pages.boxed())
}

/// The same pages, the next of which is read while one is shown.
fn ahead(mut pages: Pages) -> Pages {
    let (read, shown) = mpsc::channel(1);
    tokio::spawn(async move {
        while let Some(page) = pages.next().await {
            if read.send(page).await.is_err() {
                break;
            }
        }
    });
    stream::unfold(shown, async |mut shown| shown.recv().await.map(|page| (page, shown))).boxed()
}

/// Whether one of the streams came into scope only after a position up to which others were replayed: what it had
/// before is missing then.
async fn has_joined(log: &Log, scope: &Scope, streams: &[i64], after: u64) -> Result<bool, Error> {
    let before = self::streams(log, scope, after).await?.unwrap_or_default();
    let joined: Vec<i64> = streams.iter().copied().filter(|stream| !before.contains(stream)).collect();
    let has_past =
        sqlx::query_scalar("select exists (select from events where stream_id = any($1) and position <= $2)");
    Ok(has_past.bind(joined).bind(after.cast_signed()).fetch_one(&log.inner.pool).await?)
}

/// The streams in which events with one of these tags stand.
async fn streams_of_cases(log: &Log, tags: &[String], until: u64) -> Result<Vec<i64>, Error> {
    let streams = sqlx::query_scalar(
        "select distinct stream_id from tags t join events e on e.position = t.position
            where t.tag = any($1) and t.position <= $2 order by stream_id",
    );
    Ok(streams.bind(tags).bind(until.cast_signed()).fetch_all(&log.inner.pool).await?)
}

/// A stream with those of its cases.
async fn streams_beside(log: &Log, name: &StreamName, until: u64) -> Result<Vec<i64>, Error> {
    let own: Option<i64> = sqlx::query_scalar("select stream_id from streams where name = $1")
        .bind(name.as_str())
        .fetch_optional(&log.inner.pool)
        .await?;
    let Some(own) = own else { return Err(Unreplayable::NoStream(name.to_string()).into()) };
    let tags: Vec<String> = sqlx::query_scalar(
        "select distinct tag from events e join tags t on t.position = e.position
            where e.stream_id = $1 and e.position <= $2 and t.tag like 'case:%'",
    )
    .bind(own)
    .bind(until.cast_signed())
    .fetch_all(&log.inner.pool)
    .await?;
    let mut streams = streams_of_cases(log, &tags, until).await?;
    streams.push(own);
    Ok(streams)
}
