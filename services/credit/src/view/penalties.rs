//! Penalties as this department was told of them: what a proposal may rest on.

use async_trait::async_trait;
use decider::Recorded;
use eventlog::{View, ViewError};
use sqlx::PgConnection;

use crate::subject::Event;

/// Keeps the rows.
pub struct PenaltiesView;

#[async_trait]
impl View for PenaltiesView {
    fn name(&self) -> &'static str {
        "penalties"
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> &'static str {
        "create table penalties (
             penalty_id text primary key,
             unit text not null,
             authority text not null
         )"
    }

    async fn apply(&self, recorded: &Recorded, tx: &mut PgConnection) -> Result<(), ViewError> {
        if recorded.stream.category() != "subject" {
            return Ok(());
        }
        match recorded.event::<Event>()? {
            Event::PenaltyNoted { penalty, authority, .. } => {
                sqlx::query("insert into penalties (penalty_id, unit, authority) values ($1, $2, $3) on conflict do nothing")
                    .bind(penalty.as_str())
                    .bind(recorded.stream.id())
                    .bind(authority.to_string())
                    .execute(tx)
                    .await?;
            }
            Event::PenaltyRevoked { penalty } => {
                sqlx::query("delete from penalties where penalty_id = $1")
                    .bind(penalty.as_str())
                    .execute(tx)
                    .await?;
            }
            Event::GroundMet { .. } | Event::ListingNoted { .. } | Event::BasisLost { .. } => {}
        }
        Ok(())
    }
}

/// The id and the authority of the unit's penalties in force among these ids.
pub async fn penalties(
    tx: &mut PgConnection,
    unit: &str,
    ids: &[String],
) -> Result<Vec<(String, String)>, sqlx::Error> {
    sqlx::query_as(
        "select penalty_id, authority from penalties where unit = $1 and penalty_id = any($2) order by penalty_id",
    )
    .bind(unit)
    .bind(ids)
    .fetch_all(tx)
    .await
}
