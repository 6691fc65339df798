//! What has happened to the clocks of a service, one row an event: as of any moment, a strip is folded from it.

use async_trait::async_trait;
use decider::Recorded;
use eventlog::{View, ViewError, foreign};
use law::clock::Event;
use serde::Deserialize;
use sqlx::{FromRow, PgConnection, types::Json};
use time::OffsetDateTime;

/// The name of the view, and of its table.
pub(crate) const NAME: &str = "clocks";
/// Rows of one case that are read at most: a thousand clocks with a dozen events each.
const ROWS_MAX: i64 = 12_000;

/// Something that happened to a clock.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct ClockRow {
    pub stream: String,
    pub duty: String,
    pub occurred_at: OffsetDateTime,
    pub recorded_at: OffsetDateTime,
    pub event: Json<Event>,
}

/// Keeps the rows.
pub(crate) struct ClocksView;

/// What every decider's event of a clock looks like.
#[derive(Deserialize)]
struct Stored {
    data: Told,
}

#[derive(Deserialize)]
struct Told {
    duty: String,
    event: Event,
}

#[async_trait]
impl View for ClocksView {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> &'static str {
        "create table clocks (
             position bigint primary key,
             case_id text,
             stream text not null,
             duty text not null,
             occurred_at timestamptz not null,
             recorded_at timestamptz not null,
             event jsonb not null
         );
         create index clocks_by_case on clocks (case_id, stream);
         create index clocks_by_stream on clocks (stream, position)"
    }

    fn fills_by_key(&self) -> bool {
        true
    }

    async fn apply(&self, recorded: &Recorded, tx: &mut PgConnection) -> Result<(), ViewError> {
        // The clocks of all deciders have one name for their events; a client may use it too, and means no clock of ours.
        if recorded.kind != "Clock" || foreign::is_foreign(&recorded.data) {
            return Ok(());
        }
        let Told { duty, event } = serde_json::from_slice::<Stored>(&recorded.data)?.data;
        sqlx::query("insert into clocks values ($1, $2, $3, $4, $5, $6, $7)")
            .bind(recorded.position.cast_signed())
            .bind(recorded.meta.case_id.as_ref().map(decider::CaseId::as_str))
            .bind(recorded.stream.as_str())
            .bind(duty)
            .bind(recorded.occurred_at)
            .bind(recorded.recorded_at)
            .bind(Json(event))
            .execute(tx)
            .await?;
        Ok(())
    }
}

/// How far back is looked; what is `None` limits nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cut {
    pub recorded_by: Option<OffsetDateTime>,
    /// Said to have occurred by then, whenever it was recorded.
    pub happened_by: Option<OffsetDateTime>,
    /// Up to this position of the log.
    pub log_position: Option<i64>,
}

/// What had happened to the clocks of a case, as far as is looked back.
pub(crate) async fn of_case(
    tx: &mut PgConnection,
    case_id: &str,
    cut: &Cut,
) -> Result<Vec<ClockRow>, sqlx::Error> {
    sqlx::query_as(
        "select stream, duty, occurred_at, recorded_at, event from clocks
         where stream in (select stream from clocks where case_id = $1)
           and recorded_at <= coalesce($2, 'infinity') and occurred_at <= coalesce($3, 'infinity')
           and position <= coalesce($4, position)
         order by position limit $5",
    )
    .bind(case_id)
    .bind(cut.recorded_by)
    .bind(cut.happened_by)
    .bind(cut.log_position)
    .bind(ROWS_MAX)
    .fetch_all(tx)
    .await
}
