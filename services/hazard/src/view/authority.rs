//! Certificates and delegations as this department knows them: what a command's officers are checked against.

use async_trait::async_trait;
use decider::{
    Department, Recorded,
    authority::{Certificate, Delegation},
};
use eventlog::{View, ViewError};
use sqlx::PgConnection;

use crate::authority::Event;

/// Most delegations of one department that are looked at, the longest first.
const DELEGATIONS_MAX: i64 = 200;

/// Keeps the register.
pub struct AuthorityView;

#[async_trait]
impl View for AuthorityView {
    fn name(&self) -> &'static str {
        "authority"
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> &'static str {
        "create table certificates (number text primary key, certificate jsonb not null);
         create table delegations (id text primary key, delegation jsonb not null)"
    }

    async fn apply(&self, recorded: &Recorded, tx: &mut PgConnection) -> Result<(), ViewError> {
        if recorded.stream.category() != "authority" {
            return Ok(());
        }
        let id = recorded.stream.id();
        match recorded.event::<Event>()? {
            Event::CertificateNoted { certificate } => {
                sqlx::query(
                    "insert into certificates values ($1, $2)
                     on conflict (number) do update set certificate = excluded.certificate",
                )
                .bind(id)
                .bind(sqlx::types::Json(certificate))
                .execute(tx)
                .await?;
            }
            Event::CertificateEnded { at } => {
                sqlx::query(
                    "update certificates set certificate = jsonb_set(certificate, '{until}', $2) where number = $1",
                )
                .bind(id)
                .bind(until(at)?)
                .execute(tx)
                .await?;
            }
            Event::DelegationNoted { delegation } => {
                sqlx::query(
                    "insert into delegations values ($1, $2)
                     on conflict (id) do update set delegation = excluded.delegation",
                )
                .bind(id)
                .bind(sqlx::types::Json(delegation))
                .execute(tx)
                .await?;
            }
            Event::DelegationEnded { at } => {
                sqlx::query(
                    "update delegations set delegation = jsonb_set(delegation, '{until}', $2) where id = $1",
                )
                .bind(id)
                .bind(until(at)?)
                .execute(tx)
                .await?;
            }
        }
        Ok(())
    }
}

fn until(at: time::OffsetDateTime) -> Result<serde_json::Value, ViewError> {
    let text = at
        .format(&time::format_description::well_known::Rfc3339)
        .map_err(|error| ViewError::Poison(error.to_string()))?;
    Ok(serde_json::Value::String(text))
}

/// The certificates with these numbers; a number that is not known is not among them.
pub async fn certificates(
    tx: &mut PgConnection,
    numbers: &[String],
) -> Result<Vec<Certificate>, sqlx::Error> {
    let rows: Vec<(sqlx::types::Json<Certificate>,)> =
        sqlx::query_as("select certificate from certificates where number = any($1) order by number")
            .bind(numbers)
            .fetch_all(tx)
            .await?;
    Ok(rows.into_iter().map(|(row,)| row.0).collect())
}

/// One delegation.
pub async fn delegation(tx: &mut PgConnection, id: &str) -> Result<Option<Delegation>, sqlx::Error> {
    let row: Option<(sqlx::types::Json<Delegation>,)> =
        sqlx::query_as("select delegation from delegations where id = $1")
            .bind(id)
            .fetch_optional(tx)
            .await?;
    Ok(row.map(|(row,)| row.0))
}

/// What one department has been delegated, in force or not; what ends last comes first.
pub async fn delegations(tx: &mut PgConnection, to: &Department) -> Result<Vec<Delegation>, sqlx::Error> {
    let rows: Vec<(sqlx::types::Json<Delegation>,)> = sqlx::query_as(
        "select delegation from delegations where delegation->>'delegate' = $1
         order by (delegation->>'until')::timestamptz desc, id limit $2",
    )
    .bind(to.to_string())
    .bind(DELEGATIONS_MAX)
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|(row,)| row.0).collect())
}
