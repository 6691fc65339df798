//! The view that is rebuilt: a row for every event, written a page at a time.

use async_trait::async_trait;
use decider::Recorded;
use eventlog::{View, ViewError, genesis};
use serde::Deserialize;
use sqlx::PgConnection;
use time::OffsetDateTime;

/// The view's name.
pub(in crate::bench) const VIEW: &str = "notes";

/// Keeps the rows.
pub(in crate::bench) struct Notes;

#[async_trait]
impl View for Notes {
    fn name(&self) -> &'static str {
        VIEW
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> &'static str {
        r#"create table notes (
             position    bigint not null,
             number      bigint not null,
             recorded_at timestamptz not null,
             stream      text collate "C" not null,
             kind        text collate "C" not null,
             constraint notes_pkey primary key (position)
         );
         create index notes_by_stream on notes (stream)"#
    }

    fn fills_by_key(&self) -> bool {
        true
    }

    async fn apply(&self, event: &Recorded, tx: &mut PgConnection) -> Result<(), ViewError> {
        self.apply_batch(std::slice::from_ref(event), tx).await
    }

    async fn apply_batch(&self, events: &[Recorded], tx: &mut PgConnection) -> Result<(), ViewError> {
        let mut columns = Columns::default();
        for event in events.iter().filter(|event| event.stream.category() != genesis::CATEGORY) {
            let (position, number) = (event.position.cast_signed(), number(&event.data)?);
            columns.push(position, event.stream.as_str(), &event.kind, number, event.recorded_at);
        }
        Ok(columns.insert(tx).await?)
    }
}

/// The number in an event's data.
pub(super) fn number(data: &[u8]) -> Result<i64, serde_json::Error> {
    #[derive(Deserialize)]
    struct Noted {
        data: Body,
    }
    #[derive(Deserialize)]
    struct Body {
        number: i64,
    }
    serde_json::from_slice(data).map(|noted: Noted| noted.data.number)
}

/// Rows turned on their side for `unnest`.
#[derive(Default)]
pub(super) struct Columns<'a> {
    positions: Vec<i64>,
    streams: Vec<&'a str>,
    kinds: Vec<&'a str>,
    numbers: Vec<i64>,
    recorded: Vec<OffsetDateTime>,
}

impl<'a> Columns<'a> {
    pub(super) fn push(
        &mut self,
        position: i64,
        stream: &'a str,
        kind: &'a str,
        number: i64,
        recorded_at: OffsetDateTime,
    ) {
        self.positions.push(position);
        self.streams.push(stream);
        self.kinds.push(kind);
        self.numbers.push(number);
        self.recorded.push(recorded_at);
    }

    async fn insert(self, tx: &mut PgConnection) -> Result<(), sqlx::Error> {
        let statement = "insert into notes (position, number, recorded_at, stream, kind)
            select unnest($1::bigint[]), unnest($2::bigint[]), unnest($3::timestamptz[]), unnest($4::text[]),
                unnest($5::text[])";
        self.run(statement, tx).await
    }

    /// The same into the baseline's table.
    pub(super) async fn insert_raw(self, tx: &mut PgConnection) -> Result<(), sqlx::Error> {
        let statement = "insert into raw_notes (position, number, recorded_at, stream, kind)
            select unnest($1::bigint[]), unnest($2::bigint[]), unnest($3::timestamptz[]), unnest($4::text[]),
                unnest($5::text[])";
        self.run(statement, tx).await
    }

    async fn run(self, statement: &'static str, tx: &mut PgConnection) -> Result<(), sqlx::Error> {
        sqlx::query(statement)
            .bind(self.positions)
            .bind(self.numbers)
            .bind(self.recorded)
            .bind(self.streams)
            .bind(self.kinds)
            .execute(tx)
            .await
            .map(drop)
    }
}
