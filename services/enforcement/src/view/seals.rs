//! Sealed places as they stand, one row each: the last decision on each place.

use async_trait::async_trait;
use decider::Recorded;
use eventlog::{View, ViewError};
use law::{Due, clock};
use sqlx::{FromRow, PgConnection, types::Json};

use crate::seal::Event;

/// A sealed place as it stands.
#[derive(Debug, Clone, FromRow)]
pub struct SealRow {
    pub seal_id: String,
    pub case_id: Option<String>,
    pub unit: String,
    pub premises: String,
    pub authority: String,
    pub document: String,
    pub state: String,
    pub until: Json<Due>,
    pub serve_by: Json<Due>,
    pub served: bool,
    pub decisions: i32,
    pub version: i64,
}

/// Keeps the rows.
pub struct SealsView;

#[async_trait]
impl View for SealsView {
    fn name(&self) -> &'static str {
        "seals"
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> &'static str {
        "create table seals (
             seal_id text primary key,
             case_id text,
             unit text not null,
             premises text not null,
             authority text not null,
             document text not null,
             state text not null,
             until jsonb not null,
             serve_by jsonb not null,
             served boolean not null default false,
             decisions integer not null default 1,
             version bigint not null
         )"
    }

    async fn apply(&self, recorded: &Recorded, tx: &mut PgConnection) -> Result<(), ViewError> {
        if recorded.stream.category() != "seal" {
            return Ok(());
        }
        match recorded.event::<Event>()? {
            event @ Event::Ordered { .. } => order(tx, recorded, event).await?,
            Event::Served { .. } => serve(tx, recorded).await?,
            Event::Broken { .. } => state(tx, recorded, "broken").await?,
            Event::Lifted { cause } => state(tx, recorded, &cause.to_string()).await?,
            Event::Clock { event: clock::Event::Rederived { old, new: Some(new), .. }, .. } => {
                rederive(tx, recorded, &old.due, &new.due).await?;
            }
            Event::Regularised { .. } | Event::Clock { .. } => touch(tx, recorded).await?,
        }
        Ok(())
    }
}

async fn order(tx: &mut PgConnection, recorded: &Recorded, event: Event) -> Result<(), sqlx::Error> {
    let Event::Ordered { unit, premises, authority, document, until, serve_by, .. } = event else {
        return Ok(());
    };
    sqlx::query(
        "insert into seals (seal_id, case_id, unit, premises, authority, document, state, until, serve_by, version)
         values ($1, $2, $3, $4, $5, $6, 'sealed', $7, $8, $9)
         on conflict (seal_id) do update
         set unit = excluded.unit, premises = excluded.premises, authority = excluded.authority,
             document = excluded.document, state = excluded.state, until = excluded.until,
             serve_by = excluded.serve_by, served = false, decisions = seals.decisions + 1,
             version = excluded.version",
    )
    .bind(recorded.stream.id())
    .bind(recorded.meta.case_id.as_ref().map(decider::CaseId::as_str))
    .bind(unit.as_str())
    .bind(premises)
    .bind(authority.to_string())
    .bind(document)
    .bind(Json(until))
    .bind(Json(serve_by))
    .bind(recorded.version.cast_signed())
    .execute(tx)
    .await
    .map(drop)
}

async fn serve(tx: &mut PgConnection, recorded: &Recorded) -> Result<(), sqlx::Error> {
    sqlx::query("update seals set served = true, version = $2 where seal_id = $1")
        .bind(recorded.stream.id())
        .bind(recorded.version.cast_signed())
        .execute(tx)
        .await
        .map(drop)
}

async fn state(tx: &mut PgConnection, recorded: &Recorded, state: &str) -> Result<(), sqlx::Error> {
    sqlx::query("update seals set state = $2, version = $3 where seal_id = $1")
        .bind(recorded.stream.id())
        .bind(state)
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
        "update seals
         set until = case when until = $2 then $3 else until end,
             serve_by = case when serve_by = $2 then $3 else serve_by end, version = $4
         where seal_id = $1",
    )
    .bind(recorded.stream.id())
    .bind(Json(old))
    .bind(Json(new))
    .bind(recorded.version.cast_signed())
    .execute(tx)
    .await
    .map(drop)
}

async fn touch(tx: &mut PgConnection, recorded: &Recorded) -> Result<(), sqlx::Error> {
    sqlx::query("update seals set version = $2 where seal_id = $1")
        .bind(recorded.stream.id())
        .bind(recorded.version.cast_signed())
        .execute(tx)
        .await
        .map(drop)
}

/// One sealed place.
pub async fn seal(tx: &mut PgConnection, seal_id: &str) -> Result<Option<SealRow>, sqlx::Error> {
    sqlx::query_as("select * from seals where seal_id = $1").bind(seal_id).fetch_optional(tx).await
}
