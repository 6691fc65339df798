//! The story of a case: in either clock, as of a moment, as known to a party at that moment.

use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;

use super::EntryRow;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// The case; empty for what belongs to none.
    pub case_id: &'a str,
    /// Ordered, and cut off, by when it happened; by when it was recorded otherwise.
    pub happened: bool,
    /// The moment; `None` for everything.
    pub as_of: Option<OffsetDateTime>,
    /// A department, a kind of department or a service; empty for everybody.
    pub known_to: &'a str,
    /// Per log, the last position that the party's inbox had taken in.
    pub told: &'a [(String, i64)],
    /// The last entry of the page before.
    pub after: Option<&'a Place>,
    pub limit: i64,
}

/// A place in the story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub at: OffsetDateTime,
    pub source: String,
    pub position: i64,
}

/// The entries, in order.
///
/// A party knows an entry because it acted, because it was addressed, because it answered (one of its own
/// entries names this one as its cause), or because its inbox had taken in the log that far. That a private
/// event went by in the inbox tells nothing.
pub async fn story(tx: &mut PgConnection, wanted: &Wanted<'_>) -> Result<Vec<EntryRow>, sqlx::Error> {
    let (logs, positions): (Vec<&str>, Vec<i64>) =
        wanted.told.iter().map(|(log, position)| (log.as_str(), *position)).unzip();
    sqlx::query_as(
        "select e.*, nullif(known.how, '') as how
         from (select *, case when $2 then occurred_at else recorded_at end as at
               from entries where case_id = $1) e
         cross join lateral (select case
             when $4 = '' then ''
             when e.recorded_at <= coalesce($3, 'infinity')
                  and $4 in (e.source, e.department, split_part(e.department, '.', 1)) then 'acted'
             when e.recorded_at <= coalesce($3, 'infinity')
                  and exists (select from unnest(e.addressed_to) d where $4 in (d, split_part(d, '.', 1)))
                  then 'addressed'
             when exists (select from entries r
                          where r.cause_source = e.source and r.cause_position = e.position
                            and r.recorded_at <= coalesce($3, 'infinity')
                            and $4 in (r.source, r.department, split_part(r.department, '.', 1)))
                  then 'answered'
             when e.body is not null
                  and exists (select from unnest($5::text[], $6::bigint[]) t (log, position)
                              where t.log = e.source and t.position >= e.position)
                  then 'told'
         end as how) known
         where e.at <= coalesce($3, 'infinity') and known.how is not null
           and ($7::timestamptz is null or (e.at, e.source, e.position) > ($7, $8, $9))
         order by e.at, e.source, e.position
         limit $10",
    )
    .bind(wanted.case_id)
    .bind(wanted.happened)
    .bind(wanted.as_of)
    .bind(wanted.known_to)
    .bind(logs)
    .bind(positions)
    .bind(wanted.after.map(|place| place.at))
    .bind(wanted.after.map(|place| place.source.as_str()))
    .bind(wanted.after.map(|place| place.position))
    .bind(wanted.limit)
    .fetch_all(tx)
    .await
}

/// A case that something is told of.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct CaseRow {
    pub case_id: String,
    pub entries: i64,
    /// Everybody who acted.
    pub departments: Vec<String>,
    pub first_occurred_at: OffsetDateTime,
    pub last_recorded_at: OffsetDateTime,
    /// Where its first entry stands in the timeline's own log.
    pub first_position: i64,
}

/// Cases whose first entry stands before a position, newest first.
pub async fn cases(tx: &mut PgConnection, before: i64, limit: i64) -> Result<Vec<CaseRow>, sqlx::Error> {
    sqlx::query_as("select * from cases where first_position < $1 order by first_position desc limit $2")
        .bind(before)
        .bind(limit)
        .fetch_all(tx)
        .await
}
