//! Penalty cases as they stand, one row each, with their due dates.

use async_trait::async_trait;
use decider::Recorded;
use eventlog::{View, ViewError};
use law::{Due, LighterOf, clock};
use sqlx::{FromRow, PgConnection, types::Json};
use time::Date;

use crate::penalty::{Event, Subject};

/// A penalty case as it stands.
#[derive(Debug, Clone, FromRow)]
pub struct PenaltyRow {
    pub penalty_id: String,
    pub case_id: Option<String>,
    pub unit: String,
    pub act: String,
    pub item: Option<String>,
    pub department: Option<String>,
    pub authority: Option<String>,
    pub state: String,
    pub publication: String,
    pub fine_fen: i64,
    pub paid_fen: i64,
    pub decide_by: Option<Json<Due>>,
    pub defend_by: Option<Json<Due>>,
    pub pay_by: Option<Json<Due>>,
    pub withdraw_by: Option<Json<Due>>,
    pub act_on: Option<String>,
    pub lighter: Option<Json<LighterOf>>,
    pub version: i64,
    pub opened_position: i64,
}

/// Keeps the rows.
pub struct PenaltiesView;

#[async_trait]
impl View for PenaltiesView {
    fn name(&self) -> &'static str {
        "penalties"
    }

    fn version(&self) -> u32 {
        2
    }

    fn tables(&self) -> &'static str {
        "create table penalties (
             penalty_id text primary key,
             case_id text,
             unit text not null,
             act text not null,
             item text,
             department text,
             authority text,
             state text not null,
             publication text not null default 'unpublished',
             fine_fen bigint not null default 0,
             paid_fen bigint not null default 0,
             decide_by jsonb,
             defend_by jsonb,
             pay_by jsonb,
             withdraw_by jsonb,
             act_on text,
             lighter jsonb,
             version bigint not null,
             opened_position bigint not null
         );
         create index penalties_by_state on penalties (state, opened_position desc);
         create index penalties_by_unit on penalties (unit, opened_position desc);
         create index penalties_by_age on penalties (opened_position desc)"
    }

    async fn apply(&self, recorded: &Recorded, tx: &mut PgConnection) -> Result<(), ViewError> {
        if recorded.stream.category() != "penalty" {
            return Ok(());
        }
        match recorded.event::<Event>()? {
            Event::Referred { subject, .. } => open(tx, recorded, &subject).await?,
            event @ Event::Filed { .. } => file(tx, recorded, event).await?,
            Event::ActClaimed {} => state(tx, recorded, "claimed").await?,
            Event::ActTaken { .. } => state(tx, recorded, "barred").await?,
            Event::InvestigationConcluded { act_on, .. } => {
                state(tx, recorded, "concluded").await?;
                day_of_act(tx, recorded, act_on).await?;
            }
            Event::NoticeServed { fine_fen, defend_by, lighter, .. } => {
                notice(tx, recorded, fine_fen, &defend_by).await?;
                rules(tx, recorded, &lighter).await?;
            }
            Event::Decided { fine_fen, pay_by, lighter, .. } => {
                decide(tx, recorded, fine_fen, &pay_by).await?;
                rules(tx, recorded, &lighter).await?;
            }
            Event::Dismissed { .. } => state(tx, recorded, "dismissed").await?,
            Event::Published {} => publication(tx, recorded, "published", None).await?,
            Event::FinePaid { amount_fen, .. } => pay(tx, recorded, amount_fen).await?,
            Event::Revised { outcome, fine_fen, withdraw_by, .. } => {
                revise(tx, recorded, &outcome.to_string(), fine_fen).await?;
                if let Some(due) = withdraw_by {
                    publication(tx, recorded, "withdrawing", Some(&due)).await?;
                }
            }
            Event::PublicationWithdrawn { .. } => publication(tx, recorded, "withdrawn", None).await?,
            Event::LegallyReviewed { .. }
            | Event::EditionChosen { .. }
            | Event::DefenceReceived { .. }
            | Event::DefenceWaived { .. }
            | Event::DefenceLapsed { .. }
            | Event::HearingRequested {}
            | Event::HearingNoticed { .. }
            | Event::HearingClosed { .. } => touch(tx, recorded).await?,
            Event::Clock { event: clock::Event::Rederived { old, new: Some(new), .. }, .. } => {
                rederive(tx, recorded, &old.due, &new.due).await?;
            }
            Event::Clock { .. } => touch(tx, recorded).await?,
        }
        Ok(())
    }
}

/// A referred case has a row already when it is filed; a directly filed one gets it then.
async fn open(tx: &mut PgConnection, recorded: &Recorded, subject: &Subject) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into penalties (penalty_id, case_id, unit, act, state, version, opened_position)
         values ($1, $2, $3, $4, 'referred', $5, $6)
         on conflict (penalty_id) do update set version = excluded.version",
    )
    .bind(recorded.stream.id())
    .bind(recorded.meta.case_id.as_ref().map(decider::CaseId::as_str))
    .bind(subject.unit.as_str())
    .bind(subject.act.as_str())
    .bind(recorded.version.cast_signed())
    .bind(recorded.position.cast_signed())
    .execute(tx)
    .await
    .map(drop)
}

async fn file(tx: &mut PgConnection, recorded: &Recorded, event: Event) -> Result<(), sqlx::Error> {
    let Event::Filed { subject, item, department, authority, act_on, decide_by, .. } = event else {
        return Ok(());
    };
    open(&mut *tx, recorded, &subject).await?;
    sqlx::query(
        "update penalties
         set state = 'filed', item = $2, department = $3, authority = $4, decide_by = $5,
             case_id = coalesce(case_id, $6)
         where penalty_id = $1",
    )
    .bind(recorded.stream.id())
    .bind(item.as_str())
    .bind(department.to_string())
    .bind(authority.to_string())
    .bind(Json(decide_by))
    .bind(recorded.meta.case_id.as_ref().map(decider::CaseId::as_str))
    .execute(&mut *tx)
    .await?;
    day_of_act(tx, recorded, act_on).await
}

async fn day_of_act(tx: &mut PgConnection, recorded: &Recorded, act_on: Date) -> Result<(), sqlx::Error> {
    sqlx::query("update penalties set act_on = $2 where penalty_id = $1")
        .bind(recorded.stream.id())
        .bind(act_on.to_string())
        .execute(tx)
        .await
        .map(drop)
}

/// By which rules the fine is proposed, then decided.
async fn rules(tx: &mut PgConnection, recorded: &Recorded, lighter: &LighterOf) -> Result<(), sqlx::Error> {
    sqlx::query("update penalties set lighter = $2 where penalty_id = $1")
        .bind(recorded.stream.id())
        .bind(Json(lighter))
        .execute(tx)
        .await
        .map(drop)
}

async fn state(tx: &mut PgConnection, recorded: &Recorded, state: &str) -> Result<(), sqlx::Error> {
    // The answer about the act may come after the investigation; it does not set the case back.
    sqlx::query(
        "update penalties
         set state = case when $2 = 'claimed' and state <> 'filed' then state else $2 end, version = $3
         where penalty_id = $1",
    )
    .bind(recorded.stream.id())
    .bind(state)
    .bind(recorded.version.cast_signed())
    .execute(tx)
    .await
    .map(drop)
}

async fn notice(
    tx: &mut PgConnection,
    recorded: &Recorded,
    fine_fen: i64,
    defend_by: &Due,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update penalties set state = 'noticed', fine_fen = $2, defend_by = $3, version = $4
         where penalty_id = $1",
    )
    .bind(recorded.stream.id())
    .bind(fine_fen)
    .bind(Json(defend_by))
    .bind(recorded.version.cast_signed())
    .execute(tx)
    .await
    .map(drop)
}

async fn decide(
    tx: &mut PgConnection,
    recorded: &Recorded,
    fine_fen: i64,
    pay_by: &Due,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update penalties set state = 'decided', fine_fen = $2, pay_by = $3, version = $4
         where penalty_id = $1",
    )
    .bind(recorded.stream.id())
    .bind(fine_fen)
    .bind(Json(pay_by))
    .bind(recorded.version.cast_signed())
    .execute(tx)
    .await
    .map(drop)
}

async fn revise(
    tx: &mut PgConnection,
    recorded: &Recorded,
    outcome: &str,
    fine_fen: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query("update penalties set state = $2, fine_fen = $3, version = $4 where penalty_id = $1")
        .bind(recorded.stream.id())
        .bind(outcome)
        .bind(fine_fen)
        .bind(recorded.version.cast_signed())
        .execute(tx)
        .await
        .map(drop)
}

async fn pay(tx: &mut PgConnection, recorded: &Recorded, amount_fen: i64) -> Result<(), sqlx::Error> {
    sqlx::query("update penalties set paid_fen = paid_fen + $2, version = $3 where penalty_id = $1")
        .bind(recorded.stream.id())
        .bind(amount_fen)
        .bind(recorded.version.cast_signed())
        .execute(tx)
        .await
        .map(drop)
}

async fn publication(
    tx: &mut PgConnection,
    recorded: &Recorded,
    publication: &str,
    withdraw_by: Option<&Due>,
) -> Result<(), sqlx::Error> {
    sqlx::query("update penalties set publication = $2, withdraw_by = $3, version = $4 where penalty_id = $1")
        .bind(recorded.stream.id())
        .bind(publication)
        .bind(withdraw_by.map(Json))
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
        "update penalties
         set decide_by = case when decide_by = $2 then $3 else decide_by end,
             defend_by = case when defend_by = $2 then $3 else defend_by end,
             pay_by = case when pay_by = $2 then $3 else pay_by end,
             withdraw_by = case when withdraw_by = $2 then $3 else withdraw_by end,
             version = $4
         where penalty_id = $1",
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
    sqlx::query("update penalties set version = $2 where penalty_id = $1")
        .bind(recorded.stream.id())
        .bind(recorded.version.cast_signed())
        .execute(tx)
        .await
        .map(drop)
}

/// One case.
pub async fn penalty(tx: &mut PgConnection, penalty_id: &str) -> Result<Option<PenaltyRow>, sqlx::Error> {
    sqlx::query_as("select * from penalties where penalty_id = $1").bind(penalty_id).fetch_optional(tx).await
}

/// Cases, newest first, opened before a position; empty words ask for all.
pub async fn penalties(
    tx: &mut PgConnection,
    state: &str,
    unit: &str,
    before: i64,
    limit: i64,
) -> Result<Vec<PenaltyRow>, sqlx::Error> {
    sqlx::query_as(
        "select * from penalties
         where ($1 = '' or state = $1) and ($2 = '' or unit = $2) and opened_position < $3
         order by opened_position desc limit $4",
    )
    .bind(state)
    .bind(unit)
    .bind(before)
    .bind(limit)
    .fetch_all(tx)
    .await
}
