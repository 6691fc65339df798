//! Hazard cases as they stand, one row each.

use async_trait::async_trait;
use decider::Recorded;
use eventlog::{View, ViewError};
use law::{Due, clock};
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;

use crate::hazard::Event;

/// A hazard case as it stands.
#[derive(Debug, Clone, FromRow)]
pub struct HazardRow {
    pub hazard_id: String,
    pub case_id: Option<String>,
    pub premises: String,
    pub area: String,
    pub unit: String,
    pub category: String,
    pub state: String,
    pub due_last_day: Option<time::Date>,
    pub due_at: Option<OffsetDateTime>,
    pub due_calendar: Option<String>,
    pub due_provisional: bool,
    pub due_rolled: bool,
    pub version: i64,
    pub opened_position: i64,
}

/// Keeps the rows.
pub struct HazardsView;

#[async_trait]
impl View for HazardsView {
    fn name(&self) -> &'static str {
        "hazards"
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> &'static str {
        "create table hazards (
             hazard_id text primary key,
             case_id text,
             premises text not null,
             area text not null,
             unit text not null,
             category text not null,
             state text not null,
             due_last_day date,
             due_at timestamptz,
             due_calendar text,
             due_provisional boolean not null default false,
             due_rolled boolean not null default false,
             version bigint not null,
             opened_position bigint not null
         );
         create index hazards_by_state on hazards (state, opened_position desc);
         create index hazards_by_age on hazards (opened_position desc)"
    }

    async fn apply(&self, recorded: &Recorded, tx: &mut PgConnection) -> Result<(), ViewError> {
        if recorded.stream.category() != "hazard" {
            return Ok(());
        }
        match recorded.event::<Event>()? {
            Event::Opened { premises, area, unit, category, .. } => {
                sqlx::query(
                    "insert into hazards (hazard_id, case_id, premises, area, unit, category, state, version,
                                          opened_position)
                     values ($1, $2, $3, $4, $5, $6, 'open', $7, $8)",
                )
                .bind(recorded.stream.id())
                .bind(recorded.meta.case_id.as_ref().map(decider::CaseId::as_str))
                .bind(premises)
                .bind(area.to_string())
                .bind(unit.to_string())
                .bind(category.as_str())
                .bind(recorded.version.cast_signed())
                .bind(recorded.position.cast_signed())
                .execute(tx)
                .await?;
            }
            Event::Inspected { .. } => state(tx, recorded, "inspected", None).await?,
            Event::RectificationOrdered { due, .. } => state(tx, recorded, "ordered", Some(&due)).await?,
            Event::Reinspected { outcome, .. } => state(tx, recorded, &outcome.to_string(), None).await?,
            Event::MajorDetermined { notice_by, .. } => {
                state(tx, recorded, "major", Some(&notice_by)).await?
            }
            Event::MajorNoticeServed { due, .. } => state(tx, recorded, "major", Some(&due)).await?,
            Event::ListedForSupervision { due, .. } => state(tx, recorded, "listed", Some(&due)).await?,
            Event::Delisted { .. } => state(tx, recorded, "delisted", None).await?,
            Event::Closed {} => state(tx, recorded, "closed", None).await?,
            Event::Clock { event: clock::Event::Rederived { old, new: Some(new), .. }, .. } => {
                rederive(tx, recorded, &old.due, &new.due).await?;
            }
            Event::ReportedToGovernment { .. } | Event::Clock { .. } => touch(tx, recorded).await?,
        }
        Ok(())
    }
}

async fn state(
    tx: &mut PgConnection,
    recorded: &Recorded,
    state: &str,
    due: Option<&Due>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update hazards
         set state = $2, due_last_day = $3, due_at = $4, due_calendar = $5,
             due_provisional = $6, due_rolled = $7, version = $8
         where hazard_id = $1",
    )
    .bind(recorded.stream.id())
    .bind(state)
    .bind(due.map(|due| due.last_day))
    .bind(due.map(|due| due.at))
    .bind(due.map(|due| due.calendar.clone()))
    .bind(due.is_some_and(|due| due.provisional))
    .bind(due.is_some_and(|due| due.rolled))
    .bind(recorded.version.cast_signed())
    .execute(tx)
    .await
    .map(drop)
}

/// Whatever was due then is due as another calendar or pack says.
async fn rederive(
    tx: &mut PgConnection,
    recorded: &Recorded,
    old: &Due,
    new: &Due,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update hazards
         set due_last_day = $3, due_at = $4, due_calendar = $5, due_provisional = $6, due_rolled = $7
         where hazard_id = $1 and due_at = $2",
    )
    .bind(recorded.stream.id())
    .bind(old.at)
    .bind(new.last_day)
    .bind(new.at)
    .bind(new.calendar.clone())
    .bind(new.provisional)
    .bind(new.rolled)
    .execute(&mut *tx)
    .await?;
    touch(tx, recorded).await
}

async fn touch(tx: &mut PgConnection, recorded: &Recorded) -> Result<(), sqlx::Error> {
    sqlx::query("update hazards set version = $2 where hazard_id = $1")
        .bind(recorded.stream.id())
        .bind(recorded.version.cast_signed())
        .execute(tx)
        .await
        .map(drop)
}

/// One case.
pub async fn get(tx: &mut PgConnection, hazard_id: &str) -> Result<Option<HazardRow>, sqlx::Error> {
    sqlx::query_as("select * from hazards where hazard_id = $1").bind(hazard_id).fetch_optional(tx).await
}

/// Cases, newest first, opened before a position; only those in `state` unless it is empty.
pub async fn list(
    tx: &mut PgConnection,
    state: &str,
    before: i64,
    limit: i64,
) -> Result<Vec<HazardRow>, sqlx::Error> {
    sqlx::query_as(
        "select * from hazards
         where ($1 = '' or state = $1) and opened_position < $2
         order by opened_position desc limit $3",
    )
    .bind(state)
    .bind(before)
    .bind(limit)
    .fetch_all(tx)
    .await
}
