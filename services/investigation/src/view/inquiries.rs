//! Governments' inquiries as they stand, one row each.

use async_trait::async_trait;
use decider::Recorded;
use eventlog::{View, ViewError};
use law::{Due, Level, clock};
use sqlx::{FromRow, PgConnection, types::Json};

use crate::{fire::Rung, inquiry::Event};

/// An inquiry as it stands.
#[derive(Debug, Clone, FromRow)]
pub struct InquiryRow {
    pub inquiry_id: String,
    pub case_id: Option<String>,
    pub fire_id: String,
    pub government: String,
    pub tier: String,
    pub level: String,
    pub state: String,
    pub report_by: Json<Due>,
    pub due: Option<Json<Due>>,
    pub open_appraisals: i32,
    pub version: i64,
    pub formed_position: i64,
}

/// Keeps the rows.
pub struct InquiriesView;

#[async_trait]
impl View for InquiriesView {
    fn name(&self) -> &'static str {
        "inquiries"
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> &'static str {
        "create table inquiries (
             inquiry_id text primary key,
             case_id text,
             fire_id text not null,
             government text not null,
             tier text not null,
             level text not null,
             state text not null default 'inquiring',
             report_by jsonb not null,
             due jsonb,
             open_appraisals integer not null default 0,
             version bigint not null,
             formed_position bigint not null
         );
         create index inquiries_by_fire on inquiries (fire_id)"
    }

    async fn apply(&self, recorded: &Recorded, tx: &mut PgConnection) -> Result<(), ViewError> {
        if recorded.stream.category() != "inquiry" {
            return Ok(());
        }
        match recorded.event::<Event>()? {
            event @ Event::Formed { .. } => form(tx, recorded, event).await?,
            Event::LevelNoted { level } => grade(tx, recorded, level).await?,
            Event::Extended { report_by, .. } => extend(tx, recorded, report_by).await?,
            Event::AppraisalCommissioned { .. } => suspend(tx, recorded).await?,
            Event::AppraisalReturned { report_by, .. } => resume(tx, recorded, report_by).await?,
            Event::ReportSubmitted { reply_by, .. } => {
                state(tx, recorded, "reported", Some(reply_by)).await?
            }
            Event::Replied { level, evaluate_by, .. } => {
                grade(tx, recorded, level).await?;
                state(tx, recorded, "replied", Some(evaluate_by)).await?;
            }
            Event::Published {} => publish(tx, recorded).await?,
            Event::Evaluated { .. } => state(tx, recorded, "evaluated", None).await?,
            Event::Superseded { .. } => state(tx, recorded, "superseded", None).await?,
            Event::Clock { event: clock::Event::Rederived { old, new, .. }, .. } => {
                rederive(tx, recorded, old.due, new.map(|until| until.due)).await?;
            }
            Event::Clock { .. } => touch(tx, recorded).await?,
        }
        Ok(())
    }
}

async fn form(tx: &mut PgConnection, recorded: &Recorded, event: Event) -> Result<(), sqlx::Error> {
    let Event::Formed { fire, government, tier, level, report_by, .. } = event else {
        return Ok(());
    };
    sqlx::query(
        "insert into inquiries (inquiry_id, case_id, fire_id, government, tier, level, report_by, due, version,
                                formed_position)
         values ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9)",
    )
    .bind(recorded.stream.id())
    .bind(recorded.meta.case_id.as_ref().map(decider::CaseId::as_str))
    .bind(fire.as_str())
    .bind(government.to_string())
    .bind(Rung::from(tier).to_string())
    .bind(level.to_string())
    .bind(Json(report_by))
    .bind(recorded.version.cast_signed())
    .bind(recorded.position.cast_signed())
    .execute(tx)
    .await
    .map(drop)
}

async fn grade(tx: &mut PgConnection, recorded: &Recorded, level: Level) -> Result<(), sqlx::Error> {
    sqlx::query("update inquiries set level = $2, version = $3 where inquiry_id = $1")
        .bind(recorded.stream.id())
        .bind(level.to_string())
        .bind(recorded.version.cast_signed())
        .execute(tx)
        .await
        .map(drop)
}

async fn extend(tx: &mut PgConnection, recorded: &Recorded, report_by: Due) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update inquiries
         set report_by = $2, version = $3, due = case when state = 'suspended' then null else $2 end
         where inquiry_id = $1",
    )
    .bind(recorded.stream.id())
    .bind(Json(report_by))
    .bind(recorded.version.cast_signed())
    .execute(tx)
    .await
    .map(drop)
}

async fn suspend(tx: &mut PgConnection, recorded: &Recorded) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update inquiries
         set open_appraisals = open_appraisals + 1, version = $2,
             due = case when state = 'inquiring' then null else due end,
             state = case when state = 'inquiring' then 'suspended' else state end
         where inquiry_id = $1",
    )
    .bind(recorded.stream.id())
    .bind(recorded.version.cast_signed())
    .execute(tx)
    .await
    .map(drop)
}

/// The last appraisal to return lets the clock run again; one that returns after the report changes nothing.
async fn resume(tx: &mut PgConnection, recorded: &Recorded, report_by: Due) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update inquiries
         set open_appraisals = open_appraisals - 1, report_by = $2, version = $3,
             due = case when state = 'suspended' and open_appraisals = 1 then $2 else due end,
             state = case when state = 'suspended' and open_appraisals = 1 then 'inquiring' else state end
         where inquiry_id = $1",
    )
    .bind(recorded.stream.id())
    .bind(Json(report_by))
    .bind(recorded.version.cast_signed())
    .execute(tx)
    .await
    .map(drop)
}

/// Publishing leaves the evaluation due.
async fn publish(tx: &mut PgConnection, recorded: &Recorded) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update inquiries set state = case when state = 'evaluated' then state else 'published' end, version = $2
         where inquiry_id = $1",
    )
    .bind(recorded.stream.id())
    .bind(recorded.version.cast_signed())
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
    sqlx::query("update inquiries set state = $2, due = $3, version = $4 where inquiry_id = $1")
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
        "update inquiries
         set due = case when due = $2 then $3 else due end, version = $4,
             report_by = case when report_by = $2 then coalesce($3, report_by) else report_by end
         where inquiry_id = $1",
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
    sqlx::query("update inquiries set version = $2 where inquiry_id = $1")
        .bind(recorded.stream.id())
        .bind(recorded.version.cast_signed())
        .execute(tx)
        .await
        .map(drop)
}

/// One inquiry.
pub async fn inquiry(tx: &mut PgConnection, inquiry_id: &str) -> Result<Option<InquiryRow>, sqlx::Error> {
    sqlx::query_as("select * from inquiries where inquiry_id = $1").bind(inquiry_id).fetch_optional(tx).await
}
