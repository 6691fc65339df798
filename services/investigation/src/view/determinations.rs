//! Cause determinations as they stand, one row each.

use async_trait::async_trait;
use decider::Recorded;
use eventlog::{View, ViewError};
use law::{Due, Tier, clock};
use sqlx::{FromRow, PgConnection, types::Json};

use crate::{
    determination::{Event, Outcome},
    fire::Rung,
};

/// A determination as it stands.
#[derive(Debug, Clone, FromRow)]
pub struct DeterminationRow {
    pub fire_id: String,
    pub case_id: Option<String>,
    pub tier: String,
    pub state: String,
    pub cause: String,
    pub document: String,
    pub determine_by: Json<Due>,
    pub due: Option<Json<Due>>,
    pub extended: bool,
    pub open_appraisals: i32,
    pub version: i64,
    pub opened_position: i64,
}

/// Keeps the rows.
pub struct DeterminationsView;

#[async_trait]
impl View for DeterminationsView {
    fn name(&self) -> &'static str {
        "determinations"
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> &'static str {
        "create table determinations (
             fire_id text primary key,
             case_id text,
             tier text not null,
             state text not null default 'investigating',
             cause text not null default '',
             document text not null default '',
             determine_by jsonb not null,
             due jsonb,
             extended boolean not null default false,
             open_appraisals integer not null default 0,
             version bigint not null,
             opened_position bigint not null
         );
         create index determinations_by_age on determinations (opened_position desc)"
    }

    async fn apply(&self, recorded: &Recorded, tx: &mut PgConnection) -> Result<(), ViewError> {
        if recorded.stream.category() != "determination" {
            return Ok(());
        }
        match recorded.event::<Event>()? {
            Event::Opened { tier, determine_by, .. } => open(tx, recorded, tier, determine_by).await?,
            Event::Moved { to, .. } => move_to(tx, recorded, to).await?,
            Event::AppraisalCommissioned { .. } => suspend(tx, recorded).await?,
            Event::AppraisalReturned { determine_by, .. } => resume(tx, recorded, determine_by).await?,
            Event::Extended { determine_by, .. } => extend(tx, recorded, determine_by).await?,
            Event::Issued { document, cause, serve_by, .. } => {
                issue(tx, recorded, document, cause).await?;
                let word = if serve_by.is_some() { "issued" } else { "served" };
                state(tx, recorded, word, serve_by).await?;
            }
            Event::Served { review_by, .. } => state(tx, recorded, "served", review_by).await?,
            Event::ReviewRequested { accept_by, .. } => {
                state(tx, recorded, "review-requested", Some(accept_by)).await?;
            }
            Event::ReviewAccepted { decide_by, .. } => {
                state(tx, recorded, "review-accepted", Some(decide_by)).await?;
            }
            Event::ReviewRefused { review_by, .. } => {
                state(tx, recorded, "review-refused", review_by).await?;
            }
            Event::ReviewDecided { outcome: Outcome::Upheld, .. } => {
                state(tx, recorded, "upheld", None).await?
            }
            Event::ReviewDecided { outcome: Outcome::Redetermine, redetermine_by, .. } => {
                state(tx, recorded, "redetermine", redetermine_by).await?;
            }
            Event::SuitAccepted { review_ended: true, .. } => state(tx, recorded, "served", None).await?,
            Event::SuitAccepted { .. }
            | Event::CasualtiesNoted {}
            | Event::HarmNoted { .. }
            | Event::PartiesHeard { .. }
            | Event::Filed { .. }
            | Event::FileReturned { .. } => touch(tx, recorded).await?,
            Event::Clock { event: clock::Event::Rederived { old, new, .. }, .. } => {
                rederive(tx, recorded, old.due, new.map(|until| until.due)).await?;
            }
            Event::Clock { .. } => touch(tx, recorded).await?,
        }
        Ok(())
    }
}

async fn open(
    tx: &mut PgConnection,
    recorded: &Recorded,
    tier: Tier,
    determine_by: Due,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into determinations (fire_id, case_id, tier, determine_by, due, version, opened_position)
         values ($1, $2, $3, $4, $4, $5, $6)",
    )
    .bind(recorded.stream.id())
    .bind(recorded.meta.case_id.as_ref().map(decider::CaseId::as_str))
    .bind(Rung::from(tier).to_string())
    .bind(Json(determine_by))
    .bind(recorded.version.cast_signed())
    .bind(recorded.position.cast_signed())
    .execute(tx)
    .await
    .map(drop)
}

async fn move_to(tx: &mut PgConnection, recorded: &Recorded, to: Tier) -> Result<(), sqlx::Error> {
    sqlx::query("update determinations set tier = $2, version = $3 where fire_id = $1")
        .bind(recorded.stream.id())
        .bind(Rung::from(to).to_string())
        .bind(recorded.version.cast_signed())
        .execute(tx)
        .await
        .map(drop)
}

async fn suspend(tx: &mut PgConnection, recorded: &Recorded) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update determinations
         set open_appraisals = open_appraisals + 1, version = $2,
             due = case when state = 'investigating' then null else due end,
             state = case when state = 'investigating' then 'suspended' else state end
         where fire_id = $1",
    )
    .bind(recorded.stream.id())
    .bind(recorded.version.cast_signed())
    .execute(tx)
    .await
    .map(drop)
}

/// The last appraisal to return lets the clock run again; one that returns after the determination changes nothing.
async fn resume(tx: &mut PgConnection, recorded: &Recorded, determine_by: Due) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update determinations
         set open_appraisals = open_appraisals - 1, determine_by = $2, version = $3,
             due = case when state = 'suspended' and open_appraisals = 1 then $2 else due end,
             state = case when state = 'suspended' and open_appraisals = 1 then 'investigating' else state end
         where fire_id = $1",
    )
    .bind(recorded.stream.id())
    .bind(Json(determine_by))
    .bind(recorded.version.cast_signed())
    .execute(tx)
    .await
    .map(drop)
}

async fn extend(tx: &mut PgConnection, recorded: &Recorded, determine_by: Due) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update determinations
         set extended = true, determine_by = $2, version = $3,
             due = case when state = 'suspended' then null else $2 end
         where fire_id = $1",
    )
    .bind(recorded.stream.id())
    .bind(Json(determine_by))
    .bind(recorded.version.cast_signed())
    .execute(tx)
    .await
    .map(drop)
}

async fn issue(
    tx: &mut PgConnection,
    recorded: &Recorded,
    document: String,
    cause: String,
) -> Result<(), sqlx::Error> {
    sqlx::query("update determinations set document = $2, cause = $3 where fire_id = $1")
        .bind(recorded.stream.id())
        .bind(document)
        .bind(cause)
        .execute(tx)
        .await
        .map(drop)
}

async fn state(
    tx: &mut PgConnection,
    recorded: &Recorded,
    state: &str,
    due: Option<Due>,
) -> Result<(), sqlx::Error> {
    sqlx::query("update determinations set state = $2, due = $3, version = $4 where fire_id = $1")
        .bind(recorded.stream.id())
        .bind(state)
        .bind(due.map(Json))
        .bind(recorded.version.cast_signed())
        .execute(tx)
        .await
        .map(drop)
}

/// Whatever was due then is due as another calendar or pack says.
async fn rederive(
    tx: &mut PgConnection,
    recorded: &Recorded,
    old: Due,
    new: Option<Due>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update determinations
         set due = case when due = $2 then $3 else due end, version = $4,
             determine_by = case when determine_by = $2 then coalesce($3, determine_by) else determine_by end
         where fire_id = $1",
    )
    .bind(recorded.stream.id())
    .bind(Json(old))
    .bind(new.map(Json))
    .bind(recorded.version.cast_signed())
    .execute(tx)
    .await
    .map(drop)
}

async fn touch(tx: &mut PgConnection, recorded: &Recorded) -> Result<(), sqlx::Error> {
    sqlx::query("update determinations set version = $2 where fire_id = $1")
        .bind(recorded.stream.id())
        .bind(recorded.version.cast_signed())
        .execute(tx)
        .await
        .map(drop)
}

/// One determination.
pub async fn determination(
    tx: &mut PgConnection,
    fire_id: &str,
) -> Result<Option<DeterminationRow>, sqlx::Error> {
    sqlx::query_as("select * from determinations where fire_id = $1").bind(fire_id).fetch_optional(tx).await
}
