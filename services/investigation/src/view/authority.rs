//! Certificates as this department knows them: what a command's officers are checked against.

use async_trait::async_trait;
use decider::{Recorded, authority::Certificate};
use eventlog::{View, ViewError};
use sqlx::{PgConnection, types::Json};

use crate::authority::Event;

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
        "create table certificates (number text primary key, certificate jsonb not null)"
    }

    async fn apply(&self, recorded: &Recorded, tx: &mut PgConnection) -> Result<(), ViewError> {
        if recorded.stream.category() != "authority" {
            return Ok(());
        }
        let id = recorded.stream.id();
        match recorded.event::<Event>()? {
            Event::CertificateNoted { certificate } => note(tx, id, certificate).await?,
            Event::CertificateEnded { at } => end(tx, id, until(at)?).await?,
        }
        Ok(())
    }
}

async fn note(tx: &mut PgConnection, number: &str, certificate: Certificate) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into certificates values ($1, $2)
         on conflict (number) do update set certificate = excluded.certificate",
    )
    .bind(number)
    .bind(Json(certificate))
    .execute(tx)
    .await
    .map(drop)
}

async fn end(tx: &mut PgConnection, number: &str, until: serde_json::Value) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update certificates set certificate = jsonb_set(certificate, '{until}', $2) where number = $1",
    )
    .bind(number)
    .bind(until)
    .execute(tx)
    .await
    .map(drop)
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
    let rows: Vec<(Json<Certificate>,)> =
        sqlx::query_as("select certificate from certificates where number = any($1) order by number")
            .bind(numbers)
            .fetch_all(tx)
            .await?;
    Ok(rows.into_iter().map(|(row,)| row.0).collect())
}
