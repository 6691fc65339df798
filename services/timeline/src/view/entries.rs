//! Entries and cases as rows, written a batch at a time: this view takes in what all other services do.

use async_trait::async_trait;
use decider::{Decider, Recorded};
use eventlog::{View, ViewError};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::EntryRow;
use crate::entry::Entry;

/// Keeps the rows.
pub struct EntriesView;

#[async_trait]
impl View for EntriesView {
    fn name(&self) -> &'static str {
        "entries"
    }

    fn version(&self) -> u32 {
        1
    }

    // Few indexes on purpose: a case is small enough to be sorted by either clock when it is asked for.
    fn tables(&self) -> &'static str {
        r#"create table entries (
             source text collate "C" not null,
             position bigint not null,
             case_id text collate "C" not null,
             event_id uuid not null,
             stream text not null,
             department text not null,
             actor text not null,
             kind text not null,
             occurred_at timestamptz not null,
             recorded_at timestamptz not null,
             known_at timestamptz not null,
             cause_source text collate "C",
             cause_position bigint,
             addressed_to text[] not null,
             body text,
             log_position bigint not null,
             constraint entries_pkey primary key (source, position)
         );
         create index entries_by_case on entries (case_id);
         create index entries_by_cause on entries (cause_source, cause_position) where cause_source is not null;
         create table cases (
             case_id text collate "C" primary key,
             entries bigint not null,
             departments text[] not null,
             first_occurred_at timestamptz not null,
             last_recorded_at timestamptz not null,
             first_position bigint not null
         );
         create index cases_by_age on cases (first_position desc)"#
    }

    fn fills_by_key(&self) -> bool {
        true
    }

    async fn apply(&self, recorded: &Recorded, tx: &mut PgConnection) -> Result<(), ViewError> {
        self.apply_batch(std::slice::from_ref(recorded), tx).await
    }

    async fn apply_batch(&self, events: &[Recorded], tx: &mut PgConnection) -> Result<(), ViewError> {
        let mut columns = Columns::default();
        for recorded in events.iter().filter(|recorded| recorded.stream.category() == Entry::NAME) {
            columns.push(EntryRow::of(recorded)?);
        }
        columns.insert(tx).await?;
        Ok(())
    }
}

/// The rows of a batch, turned on their side for `unnest`.
#[derive(Default)]
struct Columns {
    source: Vec<String>,
    position: Vec<i64>,
    case_id: Vec<String>,
    event_id: Vec<Uuid>,
    stream: Vec<String>,
    department: Vec<String>,
    actor: Vec<String>,
    kind: Vec<String>,
    occurred_at: Vec<OffsetDateTime>,
    recorded_at: Vec<OffsetDateTime>,
    known_at: Vec<OffsetDateTime>,
    cause_source: Vec<Option<String>>,
    cause_position: Vec<Option<i64>>,
    /// Joined by commas: PostgreSQL has no ragged arrays.
    addressed_to: Vec<String>,
    body: Vec<Option<String>>,
    log_position: Vec<i64>,
}

impl Columns {
    fn push(&mut self, row: EntryRow) {
        self.source.push(row.source);
        self.position.push(row.position);
        self.case_id.push(row.case_id);
        self.event_id.push(row.event_id);
        self.stream.push(row.stream);
        self.department.push(row.department);
        self.actor.push(row.actor);
        self.kind.push(row.kind);
        self.occurred_at.push(row.occurred_at);
        self.recorded_at.push(row.recorded_at);
        self.known_at.push(row.known_at);
        self.cause_source.push(row.cause_source);
        self.cause_position.push(row.cause_position);
        self.addressed_to.push(row.addressed_to.join(","));
        self.body.push(row.body);
        self.log_position.push(row.log_position);
    }

    async fn insert(self, tx: &mut PgConnection) -> Result<(), sqlx::Error> {
        sqlx::query(
            "with told as (
                 select * from unnest($1::text[], $2::bigint[], $3::text[], $4::uuid[], $5::text[], $6::text[],
                                      $7::text[], $8::text[], $9::timestamptz[], $10::timestamptz[],
                                      $11::timestamptz[], $12::text[], $13::bigint[], $14::text[], $15::text[],
                                      $16::bigint[])
                      as t (source, position, case_id, event_id, stream, department, actor, kind, occurred_at,
                            recorded_at, known_at, cause_source, cause_position, addressed_to, body, log_position)
             ), inserted as (
                 insert into entries
                 select source, position, case_id, event_id, stream, department, actor, kind, occurred_at,
                        recorded_at, known_at, cause_source, cause_position, string_to_array(addressed_to, ','),
                        body, log_position
                 from told
             )
             insert into cases
             select case_id, count(*), array_agg(distinct department order by department), min(occurred_at),
                    max(recorded_at), min(log_position)
             from told where case_id <> '' group by case_id order by case_id
             on conflict (case_id) do update
             set entries = cases.entries + excluded.entries,
                 departments = array(select distinct unnest(cases.departments || excluded.departments) order by 1),
                 first_occurred_at = least(cases.first_occurred_at, excluded.first_occurred_at),
                 last_recorded_at = greatest(cases.last_recorded_at, excluded.last_recorded_at)",
        )
        .bind(self.source)
        .bind(self.position)
        .bind(self.case_id)
        .bind(self.event_id)
        .bind(self.stream)
        .bind(self.department)
        .bind(self.actor)
        .bind(self.kind)
        .bind(self.occurred_at)
        .bind(self.recorded_at)
        .bind(self.known_at)
        .bind(self.cause_source)
        .bind(self.cause_position)
        .bind(self.addressed_to)
        .bind(self.body)
        .bind(self.log_position)
        .execute(tx)
        .await
        .map(drop)
    }
}
