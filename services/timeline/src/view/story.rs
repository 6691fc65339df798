//! The story of a case, and the list of cases: as of a moment, as recorded, as it happened, as known to a party.

use sqlx::{
    FromRow, PgConnection, Postgres,
    postgres::{PgArguments, PgRow},
    query::QueryAs,
};
use time::OffsetDateTime;

use super::EntryRow;

/// A moment that a query is asked as of; what is `None` limits nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Moment {
    /// Recorded by then in its own log.
    pub recorded_by: Option<OffsetDateTime>,
    /// Taken in up to this position of the timeline's own log.
    pub log_position: Option<i64>,
    /// Said to have occurred by then.
    pub happened_by: Option<OffsetDateTime>,
    /// Known to a party.
    pub known: Option<Knowledge>,
}

/// What a party knew at an instant; `None` means now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Knowledge {
    /// A department, a kind of department or a service.
    pub party: String,
    pub at: Option<OffsetDateTime>,
    /// Per log, the last position that the party's inbox had taken in.
    pub told: Vec<(String, i64)>,
}

impl Moment {
    /// Whether it limits nothing.
    pub fn is_now(&self) -> bool {
        *self == Self::default()
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// The case; empty for what belongs to none.
    pub case_id: &'a str,
    /// Ordered by when it happened; by when it was recorded otherwise.
    pub happened: bool,
    /// As of when, in whose eyes.
    pub moment: &'a Moment,
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

/// The entries of a moment, which is bound as $1 to $7, with how the party knows them.
///
/// A party knows an entry because it acted, because it was addressed, because it answered (one of its own
/// entries names this one as its cause), or because its inbox had taken in the log that far. That a private
/// event went by in the inbox tells nothing.
macro_rules! visible {
    ($rest:literal) => {
        concat!(
            "with visible as (
             select e.*, nullif(known.how, '') as how from entries e
             cross join lateral (select case
                 when $4 = '' then ''
                 when e.recorded_at <= coalesce($5, 'infinity')
                      and $4 in (e.source, e.department, split_part(e.department, '.', 1)) then 'acted'
                 when e.recorded_at <= coalesce($5, 'infinity')
                      and exists (select from unnest(e.addressed_to) d where $4 in (d, split_part(d, '.', 1)))
                      then 'addressed'
                 when exists (select from entries r
                              where r.cause_source = e.source and r.cause_position = e.position
                                and r.recorded_at <= coalesce($5, 'infinity')
                                and r.recorded_at <= coalesce($1, 'infinity')
                                and r.log_position <= coalesce($2, r.log_position)
                                and $4 in (r.source, r.department, split_part(r.department, '.', 1)))
                      then 'answered'
                 when e.body is not null
                      and exists (select from unnest($6::text[], $7::bigint[]) t (log, position)
                                  where t.log = e.source and t.position >= e.position)
                      then 'told'
             end as how) known
             where e.recorded_at <= coalesce($1, 'infinity') and e.log_position <= coalesce($2, e.log_position)
               and e.occurred_at <= coalesce($3, 'infinity') and known.how is not null) ",
            $rest
        )
    };
}

type Asking<'q, T> = QueryAs<'q, Postgres, T, PgArguments>;

/// A query over the entries of a moment, with the moment bound.
fn asking<'q, T>(statement: &'static str, moment: &Moment) -> Asking<'q, T>
where
    T: for<'r> FromRow<'r, PgRow>,
{
    let nobody = Knowledge::default();
    let known = moment.known.as_ref().unwrap_or(&nobody);
    let (logs, positions): (Vec<String>, Vec<i64>) = known.told.iter().cloned().unzip();
    sqlx::query_as(statement)
        .bind(moment.recorded_by)
        .bind(moment.log_position)
        .bind(moment.happened_by)
        .bind(known.party.clone())
        .bind(known.at)
        .bind(logs)
        .bind(positions)
}

/// The entries, in order.
pub async fn story(tx: &mut PgConnection, wanted: &Wanted<'_>) -> Result<Vec<EntryRow>, sqlx::Error> {
    let statement = visible!(
        "select * from (select *, case when $9 then occurred_at else recorded_at end as at
             from visible where case_id = $8) e
         where $10::timestamptz is null or (e.at, e.source, e.position) > ($10, $11, $12)
         order by e.at, e.source, e.position limit $13"
    );
    asking(statement, wanted.moment)
        .bind(wanted.case_id.to_owned())
        .bind(wanted.happened)
        .bind(wanted.after.map(|place| place.at))
        .bind(wanted.after.map(|place| place.source.clone()))
        .bind(wanted.after.map(|place| place.position))
        .bind(wanted.limit)
        .fetch_all(tx)
        .await
}

/// The entries of a moment in the order in which the timeline took them in, after one of them; of a case, or of all.
pub async fn arrivals(
    tx: &mut PgConnection,
    case_id: Option<&str>,
    moment: &Moment,
    after: i64,
    limit: i64,
) -> Result<Vec<EntryRow>, sqlx::Error> {
    let statement = visible!(
        "select * from visible where case_id = coalesce($8, case_id) and log_position > $9
         order by log_position limit $10"
    );
    asking(statement, moment).bind(case_id.map(str::to_owned)).bind(after).bind(limit).fetch_all(tx).await
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
pub async fn cases(
    tx: &mut PgConnection,
    moment: &Moment,
    before: i64,
    limit: i64,
) -> Result<Vec<CaseRow>, sqlx::Error> {
    if moment.is_now() {
        let statement = "select * from cases where first_position < $1 order by first_position desc limit $2";
        return sqlx::query_as(statement).bind(before).bind(limit).fetch_all(tx).await;
    }
    let statement = visible!(
        "select case_id, count(*) as entries, array_agg(distinct department order by department) as departments,
             min(occurred_at) as first_occurred_at, max(recorded_at) as last_recorded_at,
             min(log_position) as first_position
         from visible where case_id <> '' group by case_id having min(log_position) < $8
         order by first_position desc limit $9"
    );
    asking(statement, moment).bind(before).bind(limit).fetch_all(tx).await
}
