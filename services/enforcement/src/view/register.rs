//! Certificates and delegations as they stand: what a command's officers and powers are checked against.

use async_trait::async_trait;
use decider::{
    Recorded,
    authority::{Certificate, Delegation},
};
use eventlog::{View, ViewError};
use sqlx::{FromRow, PgConnection, types::Json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{certificate, delegation};

/// A delegation as it stands.
#[derive(Debug, Clone, FromRow)]
pub struct DelegationRow {
    pub id: String,
    pub legal_basis: String,
    /// The term of a draft is empty; that of an ended one ends with it.
    pub delegation: Json<Delegation>,
    pub state: String,
    pub version: i64,
    pub drafted_position: i64,
}

/// Keeps the register.
pub struct RegisterView;

#[async_trait]
impl View for RegisterView {
    fn name(&self) -> &'static str {
        "register"
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> &'static str {
        "create table certificates (number text primary key, certificate jsonb not null);
         create table delegations (
             id text primary key,
             delegate text not null,
             legal_basis text not null,
             delegation jsonb not null,
             state text not null,
             version bigint not null,
             drafted_position bigint not null
         );
         create index delegations_by_age on delegations (drafted_position desc);
         create index delegations_by_delegate on delegations (delegate, drafted_position desc)"
    }

    async fn apply(&self, recorded: &Recorded, tx: &mut PgConnection) -> Result<(), ViewError> {
        match recorded.stream.category() {
            "certificate" => of_certificate(recorded, tx).await,
            "delegation" => of_delegation(recorded, tx).await,
            _ => Ok(()),
        }
    }
}

async fn of_certificate(recorded: &Recorded, tx: &mut PgConnection) -> Result<(), ViewError> {
    match recorded.event::<certificate::Event>()? {
        certificate::Event::Issued { certificate } => {
            sqlx::query("insert into certificates values ($1, $2)")
                .bind(recorded.stream.id())
                .bind(Json(certificate))
                .execute(tx)
                .await?;
        }
        certificate::Event::Withdrawn { at, cause: _ } => {
            sqlx::query(
                "update certificates set certificate = jsonb_set(certificate, '{until}', $2) where number = $1",
            )
            .bind(recorded.stream.id())
            .bind(instant(at)?)
            .execute(tx)
            .await?;
        }
    }
    Ok(())
}

async fn of_delegation(recorded: &Recorded, tx: &mut PgConnection) -> Result<(), ViewError> {
    use delegation::Event;
    match recorded.event::<Event>()? {
        Event::Drafted { delegation, basis } => {
            // Known by its id, and in force at no time.
            let never = Delegation { until: delegation.from, ..delegation };
            sqlx::query("insert into delegations values ($1, $2, $3, $4, 'drafted', $5, $6)")
                .bind(recorded.stream.id())
                .bind(never.delegate.to_string())
                .bind(basis.to_string())
                .bind(Json(never))
                .bind(recorded.version.cast_signed())
                .bind(recorded.position.cast_signed())
                .execute(tx)
                .await?;
        }
        Event::Signed { .. } => sign(tx, recorded).await?,
        Event::Published { .. } => touch(tx, recorded).await?,
        Event::CameIntoForce { delegation, .. } | Event::Resumed { delegation, .. } => {
            sqlx::query(
                "update delegations set delegation = $2, state = 'in-force', version = $3 where id = $1",
            )
            .bind(recorded.stream.id())
            .bind(Json(delegation))
            .bind(recorded.version.cast_signed())
            .execute(tx)
            .await?;
        }
        Event::Suspended { at, .. } => end(tx, recorded, "suspended", at).await?,
        Event::Revoked { at, .. } => end(tx, recorded, "revoked", at).await?,
        Event::Expired { at } => end(tx, recorded, "expired", at).await?,
    }
    Ok(())
}

/// Two sign, in any order.
async fn sign(tx: &mut PgConnection, recorded: &Recorded) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update delegations
         set state = case state when 'drafted' then 'half-signed' else 'signed' end, version = $2
         where id = $1",
    )
    .bind(recorded.stream.id())
    .bind(recorded.version.cast_signed())
    .execute(tx)
    .await
    .map(drop)
}

async fn touch(tx: &mut PgConnection, recorded: &Recorded) -> Result<(), sqlx::Error> {
    sqlx::query("update delegations set version = $2 where id = $1")
        .bind(recorded.stream.id())
        .bind(recorded.version.cast_signed())
        .execute(tx)
        .await
        .map(drop)
}

/// Ends the term, unless it never began: a draft that is revoked stays in force at no time.
async fn end(
    tx: &mut PgConnection,
    recorded: &Recorded,
    state: &str,
    at: OffsetDateTime,
) -> Result<(), ViewError> {
    sqlx::query(
        "update delegations
         set delegation = case when state in ('drafted', 'half-signed', 'signed') then delegation
                               else jsonb_set(delegation, '{until}', $3) end,
             state = $2, version = $4
         where id = $1",
    )
    .bind(recorded.stream.id())
    .bind(state)
    .bind(instant(at)?)
    .bind(recorded.version.cast_signed())
    .execute(tx)
    .await?;
    Ok(())
}

fn instant(at: OffsetDateTime) -> Result<serde_json::Value, ViewError> {
    let text = at.format(&Rfc3339).map_err(|error| ViewError::Poison(error.to_string()))?;
    Ok(serde_json::Value::String(text))
}

/// The certificates with these numbers; a number that is not known is not among them.
pub async fn certificates(
    tx: &mut PgConnection,
    numbers: &[String],
) -> Result<Vec<Certificate>, sqlx::Error> {
    let rows: Vec<(Json<Certificate>,)> =
        sqlx::query_as("select certificate from certificates where number = any($1) order by number")
            .bind(numbers)
            .fetch_all(tx)
            .await?;
    Ok(rows.into_iter().map(|(row,)| row.0).collect())
}

/// One delegation.
pub async fn delegation(tx: &mut PgConnection, id: &str) -> Result<Option<Delegation>, sqlx::Error> {
    let row: Option<(Json<Delegation>,)> = sqlx::query_as("select delegation from delegations where id = $1")
        .bind(id)
        .fetch_optional(tx)
        .await?;
    Ok(row.map(|(row,)| row.0))
}

/// Delegations, newest first, drafted before a position; empty words ask for all.
pub async fn delegations(
    tx: &mut PgConnection,
    state: &str,
    delegate: &str,
    before: i64,
    limit: i64,
) -> Result<Vec<DelegationRow>, sqlx::Error> {
    sqlx::query_as(
        "select id, legal_basis, delegation, state, version, drafted_position from delegations
         where ($1 = '' or state = $1) and ($2 = '' or delegate = $2) and drafted_position < $3
         order by drafted_position desc limit $4",
    )
    .bind(state)
    .bind(delegate)
    .bind(before)
    .bind(limit)
    .fetch_all(tx)
    .await
}
