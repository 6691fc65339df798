//! Claims as they stand, one row each.

use async_trait::async_trait;
use decider::{Id, Recorded};
use eventlog::{View, ViewError};
use law::{AreaCode, Due, clock};
use sqlx::{FromRow, PgConnection, types::Json};

use crate::{budget::BudgetKey, claim::Event};

/// A claim as it stands.
#[derive(Debug, Clone, FromRow)]
pub struct ClaimRow {
    pub claim_id: String,
    pub case_id: Option<String>,
    pub reporter_ref: String,
    pub area: String,
    pub matter_id: String,
    pub state: String,
    pub ground: String,
    pub rule: String,
    pub amount_fen: i64,
    pub fine_fen: i64,
    pub budget_id: String,
    pub funds: String,
    pub claim_by: Option<Json<Due>>,
    pub instruction: String,
    pub version: i64,
    pub noted_position: i64,
}

/// Keeps the rows.
pub struct ClaimsView;

#[async_trait]
impl View for ClaimsView {
    fn name(&self) -> &'static str {
        "claims"
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> &'static str {
        "create table claims (
             claim_id text primary key,
             case_id text,
             reporter_ref text not null default '',
             area text not null default '',
             matter_id text not null default '',
             state text not null default 'reported',
             ground text not null default '',
             rule text not null default '',
             amount_fen bigint not null default 0,
             fine_fen bigint not null default 0,
             budget_id text not null default '',
             funds text not null default 'none',
             claim_by jsonb,
             instruction text not null default '',
             version bigint not null,
             noted_position bigint not null
         );
         create index claims_by_state on claims (state, noted_position desc);
         create index claims_by_age on claims (noted_position desc)"
    }

    async fn apply(&self, recorded: &Recorded, tx: &mut PgConnection) -> Result<(), ViewError> {
        if recorded.stream.category() != "claim" {
            return Ok(());
        }
        let event = recorded.event::<Event>()?;
        // A fine may be heard of before the report, so any event may be the first of its row.
        touch(tx, recorded).await?;
        match event {
            Event::Noted { reporter_ref, area, matter, .. } => {
                note(tx, recorded, &reporter_ref, &area, &matter).await?;
            }
            Event::Verified { .. } => state(tx, recorded, "verified").await?,
            Event::Opened { .. } => state(tx, recorded, "open").await?,
            Event::Excluded { ground, .. } => exclude(tx, recorded, &ground.to_string()).await?,
            Event::AmountComputed { amount_fen, rule, fine_fen, .. } => {
                amount(tx, recorded, &rule.to_string(), amount_fen, fine_fen).await?;
            }
            Event::AmountReduced { amount_fen, fine_fen, .. } => {
                reduce(tx, recorded, amount_fen, fine_fen).await?
            }
            Event::AmountWithdrawn {} => withdraw(tx, recorded).await?,
            Event::FundsRequested { budget, .. } => funds(tx, recorded, &budget, "requested").await?,
            Event::FundsReserved { budget, .. } => funds(tx, recorded, &budget, "reserved").await?,
            Event::FundsQueued { budget } => funds(tx, recorded, &budget, "queued").await?,
            Event::FundsReleased { budget } => funds(tx, recorded, &budget, "none").await?,
            Event::ApprovedFirst { .. } => state(tx, recorded, "approved-first").await?,
            Event::ApprovedSecond { .. } => state(tx, recorded, "approved").await?,
            Event::ReporterNotified { claim_by } => notify(tx, recorded, claim_by).await?,
            Event::Proved {} => state(tx, recorded, "proved").await?,
            Event::PaymentInstructed { instruction, .. } => instruct(tx, recorded, &instruction).await?,
            Event::PaymentConfirmed { .. } => state(tx, recorded, "paid").await?,
            Event::PaymentFailed { .. } => state(tx, recorded, "payment-failed").await?,
            Event::PaymentUnknown { .. } => state(tx, recorded, "payment-unknown").await?,
            Event::Lapsed { .. } => state(tx, recorded, "lapsed").await?,
            Event::JointlyReported { .. }
            | Event::FineNoted { .. }
            | Event::CodeIssued { .. }
            | Event::PaymentReconciled { .. } => {}
            Event::Clock { event: clock::Event::Rederived { old, new: Some(new), .. }, .. } => {
                rederive(tx, recorded, &old.due, &new.due).await?;
            }
            Event::Clock { .. } => {}
        }
        Ok(())
    }
}

async fn touch(tx: &mut PgConnection, recorded: &Recorded) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into claims (claim_id, case_id, version, noted_position) values ($1, $2, $3, $4)
         on conflict (claim_id) do update set version = excluded.version",
    )
    .bind(recorded.stream.id())
    .bind(recorded.meta.case_id.as_ref().map(decider::CaseId::as_str))
    .bind(recorded.version.cast_signed())
    .bind(recorded.position.cast_signed())
    .execute(tx)
    .await
    .map(drop)
}

async fn note(
    tx: &mut PgConnection,
    recorded: &Recorded,
    reporter_ref: &Id,
    area: &AreaCode,
    matter: &Id,
) -> Result<(), sqlx::Error> {
    sqlx::query("update claims set reporter_ref = $2, area = $3, matter_id = $4 where claim_id = $1")
        .bind(recorded.stream.id())
        .bind(reporter_ref.as_str())
        .bind(area.as_str())
        .bind(matter.as_str())
        .execute(tx)
        .await
        .map(drop)
}

async fn state(tx: &mut PgConnection, recorded: &Recorded, state: &str) -> Result<(), sqlx::Error> {
    sqlx::query("update claims set state = $2, ground = '' where claim_id = $1")
        .bind(recorded.stream.id())
        .bind(state)
        .execute(tx)
        .await
        .map(drop)
}

async fn exclude(tx: &mut PgConnection, recorded: &Recorded, ground: &str) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update claims set state = 'excluded', ground = $2, amount_fen = 0, claim_by = null where claim_id = $1",
    )
    .bind(recorded.stream.id())
    .bind(ground)
    .execute(tx)
    .await
    .map(drop)
}

async fn amount(
    tx: &mut PgConnection,
    recorded: &Recorded,
    rule: &str,
    amount_fen: i64,
    fine_fen: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update claims set state = 'computed', rule = $2, amount_fen = $3, fine_fen = $4 where claim_id = $1",
    )
    .bind(recorded.stream.id())
    .bind(rule)
    .bind(amount_fen)
    .bind(fine_fen)
    .execute(tx)
    .await
    .map(drop)
}

async fn reduce(
    tx: &mut PgConnection,
    recorded: &Recorded,
    amount_fen: i64,
    fine_fen: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query("update claims set amount_fen = $2, fine_fen = $3 where claim_id = $1")
        .bind(recorded.stream.id())
        .bind(amount_fen)
        .bind(fine_fen)
        .execute(tx)
        .await
        .map(drop)
}

async fn withdraw(tx: &mut PgConnection, recorded: &Recorded) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update claims set state = 'open', rule = '', amount_fen = 0, fine_fen = 0, claim_by = null
         where claim_id = $1",
    )
    .bind(recorded.stream.id())
    .execute(tx)
    .await
    .map(drop)
}

async fn funds(
    tx: &mut PgConnection,
    recorded: &Recorded,
    budget: &BudgetKey,
    funds: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query("update claims set budget_id = $2, funds = $3 where claim_id = $1")
        .bind(recorded.stream.id())
        .bind(budget.id().as_str())
        .bind(funds)
        .execute(tx)
        .await
        .map(drop)
}

async fn notify(tx: &mut PgConnection, recorded: &Recorded, claim_by: Due) -> Result<(), sqlx::Error> {
    sqlx::query("update claims set state = 'notified', claim_by = $2 where claim_id = $1")
        .bind(recorded.stream.id())
        .bind(Json(claim_by))
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
    sqlx::query("update claims set claim_by = $3 where claim_id = $1 and claim_by = $2")
        .bind(recorded.stream.id())
        .bind(Json(old))
        .bind(Json(new))
        .execute(tx)
        .await
        .map(drop)
}

async fn instruct(tx: &mut PgConnection, recorded: &Recorded, instruction: &Id) -> Result<(), sqlx::Error> {
    sqlx::query("update claims set state = 'paying', instruction = $2 where claim_id = $1")
        .bind(recorded.stream.id())
        .bind(instruction.as_str())
        .execute(tx)
        .await
        .map(drop)
}

/// One claim.
pub async fn get(tx: &mut PgConnection, claim_id: &str) -> Result<Option<ClaimRow>, sqlx::Error> {
    sqlx::query_as("select * from claims where claim_id = $1").bind(claim_id).fetch_optional(tx).await
}

/// Claims, newest first, noted before a position; only those in `state` unless it is empty.
pub async fn list(
    tx: &mut PgConnection,
    state: &str,
    before: i64,
    limit: i64,
) -> Result<Vec<ClaimRow>, sqlx::Error> {
    sqlx::query_as(
        "select * from claims
         where ($1 = '' or state = $1) and noted_position < $2
         order by noted_position desc limit $3",
    )
    .bind(state)
    .bind(before)
    .bind(limit)
    .fetch_all(tx)
    .await
}
