//! Fires as they stand, one row each.

use std::collections::BTreeMap;

use async_trait::async_trait;
use decider::Recorded;
use eventlog::{View, ViewError};
use law::{Due, Level, Tier, clock};
use sqlx::{FromRow, PgConnection, types::Json};
use time::OffsetDateTime;

use crate::fire::{Duty, Event, Rung, Totals, Track};

/// A fire as it stands.
#[derive(Debug, Clone, FromRow)]
pub struct FireRow {
    pub fire_id: String,
    pub case_id: Option<String>,
    pub premises: String,
    pub area: String,
    pub unit: String,
    pub ignited_at: OffsetDateTime,
    pub alarm_at: OffsetDateTime,
    pub recompute_until: Json<Due>,
    pub state: String,
    pub level: String,
    pub cause_tier: String,
    pub government_tier: String,
    pub totals: Json<Totals>,
    pub scene_closed: bool,
    pub inquiry_id: Option<String>,
    /// The duties whose clocks run, by name.
    pub duties: Json<BTreeMap<String, Due>>,
    pub version: i64,
    pub raised_position: i64,
}

/// Keeps the rows.
pub struct FiresView;

#[async_trait]
impl View for FiresView {
    fn name(&self) -> &'static str {
        "fires"
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> &'static str {
        "create table fires (
             fire_id text primary key,
             case_id text,
             premises text not null,
             area text not null,
             unit text not null,
             ignited_at timestamptz not null,
             alarm_at timestamptz not null,
             recompute_until jsonb not null,
             state text not null default 'burning',
             level text not null default '',
             cause_tier text not null default 'county',
             government_tier text not null default 'county',
             totals jsonb not null,
             scene_closed boolean not null default false,
             inquiry_id text,
             duties jsonb not null default '{}',
             version bigint not null,
             raised_position bigint not null
         );
         create index fires_by_level on fires (level, raised_position desc);
         create index fires_by_age on fires (raised_position desc)"
    }

    async fn apply(&self, recorded: &Recorded, tx: &mut PgConnection) -> Result<(), ViewError> {
        if recorded.stream.category() != "fire" {
            return Ok(());
        }
        match recorded.event::<Event>()? {
            event @ Event::AlarmRaised { .. } => raise(tx, recorded, event).await?,
            Event::CasualtiesUpdated { totals, .. } => count(tx, recorded, totals).await?,
            Event::LevelDetermined { level, .. } => grade(tx, recorded, level).await?,
            Event::JurisdictionMoved { track: Track::Cause, to, .. } => move_cause(tx, recorded, to).await?,
            Event::JurisdictionMoved { track: Track::Government, to, .. } => {
                move_government(tx, recorded, to).await?;
            }
            Event::Extinguished { .. } => extinguish(tx, recorded).await?,
            Event::SceneClosed { .. } => scene(tx, recorded, true).await?,
            Event::SceneReleased {} => scene(tx, recorded, false).await?,
            Event::InquiryNoted { inquiry, .. } => inquire(tx, recorded, inquiry.as_str()).await?,
            Event::Clock { duty, event } => turn(tx, recorded, duty, &event).await?,
            Event::ReportDue { .. } | Event::Reported { .. } | Event::LossDeclared { .. } => {
                touch(tx, recorded).await?;
            }
        }
        Ok(())
    }
}

async fn raise(tx: &mut PgConnection, recorded: &Recorded, event: Event) -> Result<(), sqlx::Error> {
    let Event::AlarmRaised { premises, area, unit, ignited_at, alarm_at, recompute_until, .. } = event else {
        return Ok(());
    };
    sqlx::query(
        "insert into fires (fire_id, case_id, premises, area, unit, ignited_at, alarm_at, recompute_until, totals,
                            version, raised_position)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(recorded.stream.id())
    .bind(recorded.meta.case_id.as_ref().map(decider::CaseId::as_str))
    .bind(premises)
    .bind(area.as_str())
    .bind(unit.as_str())
    .bind(ignited_at)
    .bind(alarm_at)
    .bind(Json(recompute_until))
    .bind(Json(Totals::default()))
    .bind(recorded.version.cast_signed())
    .bind(recorded.position.cast_signed())
    .execute(tx)
    .await
    .map(drop)
}

async fn turn(
    tx: &mut PgConnection,
    recorded: &Recorded,
    duty: Duty,
    event: &clock::Event,
) -> Result<(), sqlx::Error> {
    match event.moves() {
        Some(Some(due)) => arm(tx, recorded, duty, due.clone()).await,
        Some(None) => stop(tx, recorded, duty).await,
        None => touch(tx, recorded).await,
    }
}

async fn arm(tx: &mut PgConnection, recorded: &Recorded, duty: Duty, due: Due) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update fires set duties = duties || jsonb_build_object($2::text, $3::jsonb), version = $4
         where fire_id = $1",
    )
    .bind(recorded.stream.id())
    .bind(duty.to_string())
    .bind(Json(due))
    .bind(recorded.version.cast_signed())
    .execute(tx)
    .await
    .map(drop)
}

async fn stop(tx: &mut PgConnection, recorded: &Recorded, duty: Duty) -> Result<(), sqlx::Error> {
    sqlx::query("update fires set duties = duties - $2::text, version = $3 where fire_id = $1")
        .bind(recorded.stream.id())
        .bind(duty.to_string())
        .bind(recorded.version.cast_signed())
        .execute(tx)
        .await
        .map(drop)
}

async fn count(tx: &mut PgConnection, recorded: &Recorded, totals: Totals) -> Result<(), sqlx::Error> {
    sqlx::query("update fires set totals = $2, version = $3 where fire_id = $1")
        .bind(recorded.stream.id())
        .bind(Json(totals))
        .bind(recorded.version.cast_signed())
        .execute(tx)
        .await
        .map(drop)
}

async fn grade(tx: &mut PgConnection, recorded: &Recorded, level: Level) -> Result<(), sqlx::Error> {
    sqlx::query("update fires set level = $2, version = $3 where fire_id = $1")
        .bind(recorded.stream.id())
        .bind(level.to_string())
        .bind(recorded.version.cast_signed())
        .execute(tx)
        .await
        .map(drop)
}

async fn move_cause(tx: &mut PgConnection, recorded: &Recorded, to: Tier) -> Result<(), sqlx::Error> {
    sqlx::query("update fires set cause_tier = $2, version = $3 where fire_id = $1")
        .bind(recorded.stream.id())
        .bind(Rung::from(to).to_string())
        .bind(recorded.version.cast_signed())
        .execute(tx)
        .await
        .map(drop)
}

async fn move_government(tx: &mut PgConnection, recorded: &Recorded, to: Tier) -> Result<(), sqlx::Error> {
    sqlx::query("update fires set government_tier = $2, version = $3 where fire_id = $1")
        .bind(recorded.stream.id())
        .bind(Rung::from(to).to_string())
        .bind(recorded.version.cast_signed())
        .execute(tx)
        .await
        .map(drop)
}

async fn extinguish(tx: &mut PgConnection, recorded: &Recorded) -> Result<(), sqlx::Error> {
    sqlx::query("update fires set state = 'extinguished' where fire_id = $1")
        .bind(recorded.stream.id())
        .execute(tx)
        .await
        .map(drop)
}

async fn scene(tx: &mut PgConnection, recorded: &Recorded, closed: bool) -> Result<(), sqlx::Error> {
    sqlx::query("update fires set scene_closed = $2, version = $3 where fire_id = $1")
        .bind(recorded.stream.id())
        .bind(closed)
        .bind(recorded.version.cast_signed())
        .execute(tx)
        .await
        .map(drop)
}

async fn inquire(tx: &mut PgConnection, recorded: &Recorded, inquiry_id: &str) -> Result<(), sqlx::Error> {
    sqlx::query("update fires set inquiry_id = $2, version = $3 where fire_id = $1")
        .bind(recorded.stream.id())
        .bind(inquiry_id)
        .bind(recorded.version.cast_signed())
        .execute(tx)
        .await
        .map(drop)
}

async fn touch(tx: &mut PgConnection, recorded: &Recorded) -> Result<(), sqlx::Error> {
    sqlx::query("update fires set version = $2 where fire_id = $1")
        .bind(recorded.stream.id())
        .bind(recorded.version.cast_signed())
        .execute(tx)
        .await
        .map(drop)
}

/// One fire.
pub async fn fire(tx: &mut PgConnection, fire_id: &str) -> Result<Option<FireRow>, sqlx::Error> {
    sqlx::query_as("select * from fires where fire_id = $1").bind(fire_id).fetch_optional(tx).await
}

/// Fires, newest first, raised before a position; only those of `level` unless it is empty.
pub async fn fires(
    tx: &mut PgConnection,
    level: &str,
    before: i64,
    limit: i64,
) -> Result<Vec<FireRow>, sqlx::Error> {
    sqlx::query_as(
        "select * from fires
         where ($1 = '' or level = $1) and raised_position < $2
         order by raised_position desc limit $3",
    )
    .bind(level)
    .bind(before)
    .bind(limit)
    .fetch_all(tx)
    .await
}
