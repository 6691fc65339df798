//! Proposed and adopted rule packs and calendars, one row each.

use async_trait::async_trait;
use decider::Recorded;
use eventlog::{View, ViewError};
use sqlx::{FromRow, PgConnection, types::Json};
use time::OffsetDateTime;

use crate::rulebook::{Counted, Differences, Event};

/// A proposal as it stands.
#[derive(Debug, Clone, FromRow)]
pub struct RulesRow {
    pub proposal_id: String,
    pub kind: String,
    pub version: String,
    pub state: String,
    pub proposed_by: String,
    pub approved_by: Option<String>,
    pub effective_from: Option<OffsetDateTime>,
    pub file: String,
    pub differences: Option<Json<Differences>>,
    pub counted: Option<Json<Vec<Counted>>>,
    pub cause: Option<String>,
    pub proposed_position: i64,
}

/// Keeps the rows.
pub struct RulesView;

#[async_trait]
impl View for RulesView {
    fn name(&self) -> &'static str {
        "rules"
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> &'static str {
        "create table rules (
             proposal_id text primary key,
             kind text not null,
             version text not null,
             state text not null,
             proposed_by text not null,
             approved_by text,
             effective_from timestamptz,
             file text not null,
             differences jsonb,
             counted jsonb,
             cause text,
             proposed_position bigint not null
         );
         create unique index rules_proposed on rules (proposed_position)"
    }

    async fn apply(&self, recorded: &Recorded, tx: &mut PgConnection) -> Result<(), ViewError> {
        if recorded.stream.category() != "rulebook" {
            return Ok(());
        }
        let id = recorded.stream.id();
        match recorded.event::<Event>()? {
            event @ Event::Proposed { .. } => propose(tx, recorded, event).await?,
            Event::DryRun { differences, counted } => {
                sqlx::query("update rules set differences = $2, counted = $3 where proposal_id = $1")
                    .bind(id)
                    .bind(Json(differences))
                    .bind(Json(counted))
                    .execute(tx)
                    .await?;
            }
            Event::Approved { by, effective_from } => {
                sqlx::query(
                    "update rules set state = 'approved', approved_by = $2, effective_from = $3
                     where proposal_id = $1",
                )
                .bind(id)
                .bind(by.as_str())
                .bind(effective_from)
                .execute(tx)
                .await?;
            }
            Event::Adopted { adoption } => {
                sqlx::query("update rules set state = 'adopted', version = $2 where proposal_id = $1")
                    .bind(id)
                    .bind(adoption.version)
                    .execute(tx)
                    .await?;
            }
            Event::Withdrawn { cause } => {
                sqlx::query("update rules set state = 'withdrawn', cause = $2 where proposal_id = $1")
                    .bind(id)
                    .bind(cause)
                    .execute(tx)
                    .await?;
            }
        }
        Ok(())
    }
}

async fn propose(tx: &mut PgConnection, recorded: &Recorded, event: Event) -> Result<(), sqlx::Error> {
    let Event::Proposed { proposal, version, by } = event else {
        return Ok(());
    };
    sqlx::query(
        "insert into rules
             (proposal_id, kind, version, state, proposed_by, effective_from, file, proposed_position)
         values ($1, $2, $3, 'proposed', $4, $5, $6, $7)",
    )
    .bind(recorded.stream.id())
    .bind(proposal.kind.as_str())
    .bind(version)
    .bind(by.as_str())
    .bind(proposal.effective_from)
    .bind(proposal.file)
    .bind(recorded.position.cast_signed())
    .execute(tx)
    .await
    .map(drop)
}

/// Proposals in a state, or all, newest first.
pub async fn rules(
    tx: &mut PgConnection,
    state: &str,
    before: i64,
    limit: i64,
) -> Result<Vec<RulesRow>, sqlx::Error> {
    sqlx::query_as(
        "select * from rules where ($1 = '' or state = $1) and proposed_position < $2
         order by proposed_position desc limit $3",
    )
    .bind(state)
    .bind(before)
    .bind(limit)
    .fetch_all(tx)
    .await
}
