//! The statement that stores a batch, the same on the fast and on the locked path.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::plan::Plan;
use crate::DeadlineChange;

/// Where a stored batch came to stand.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub(super) struct Placement {
    /// The position before its first event.
    pub(super) before: i64,
    /// The recording time of its first event; each further one is a microsecond later.
    pub(super) recorded_base: OffsetDateTime,
    /// The id before that of its first new stream.
    pub(super) streams_base: i64,
}

/// The batch in columns, as the SQL function `append` takes them.
#[derive(Default)]
struct Columns<'a> {
    new_names: Vec<&'a str>,
    new_versions: Vec<i64>,
    new_dues: Vec<Option<OffsetDateTime>>,
    old_ids: Vec<i64>,
    old_expected: Vec<i64>,
    old_versions: Vec<i64>,
    old_due_changes: Vec<bool>,
    old_dues: Vec<Option<OffsetDateTime>>,
    streams: Vec<i64>,
    versions: Vec<i64>,
    occurred: Vec<OffsetDateTime>,
    ids: Vec<Uuid>,
    kinds: Vec<&'a str>,
    datas: Vec<&'a [u8]>,
    metas: Vec<&'a [u8]>,
    tag_events: Vec<i64>,
    tags: Vec<&'a str>,
    command_ids: Vec<Uuid>,
    command_prints: Vec<&'a [u8]>,
    command_streams: Vec<&'a str>,
    command_versions: Vec<i64>,
    command_lasts: Vec<i64>,
    command_counts: Vec<i32>,
}

impl<'a> Columns<'a> {
    fn of(plan: &'a Plan) -> Self {
        let mut columns = Self::default();
        columns.add_streams(plan);
        columns.add_events(plan);
        columns.add_commands(plan);
        columns
    }

    fn add_streams(&mut self, plan: &'a Plan) {
        for stream in &plan.touched {
            let due = match stream.deadline {
                DeadlineChange::Set(at) => Some(at),
                DeadlineChange::Keep | DeadlineChange::Clear => None,
            };
            let version = stream.version.cast_signed();
            if let Some(id) = stream.id {
                self.old_ids.push(id);
                self.old_expected.push(stream.expected.cast_signed());
                self.old_versions.push(version);
                self.old_due_changes.push(stream.deadline != DeadlineChange::Keep);
                self.old_dues.push(due);
            } else {
                self.new_names.push(stream.name.as_str());
                self.new_versions.push(version);
                self.new_dues.push(due);
            }
        }
    }

    fn add_events(&mut self, plan: &'a Plan) {
        for placed in &plan.placed {
            let checked = &placed.waiting.checked;
            let touched = &plan.touched[placed.touched];
            let stream = touched.id.unwrap_or(-touched.new_ordinal);
            for (ordinal, event) in (1..).zip(&checked.append.events) {
                self.streams.push(stream);
                self.versions.push((placed.version_before + ordinal).cast_signed());
                self.occurred.push(checked.append.occurred_at);
                self.ids.push(event.id);
                self.kinds.push(&event.kind);
                self.datas.push(&event.data);
                self.metas.push(&checked.meta);
                self.tags.extend(event.tags.iter().map(String::as_str));
                let place = (placed.first + ordinal - 1).cast_signed();
                self.tag_events.resize(self.tags.len(), place);
            }
        }
    }

    fn add_commands(&mut self, plan: &'a Plan) {
        for placed in &plan.placed {
            let append = &placed.waiting.checked.append;
            let Some(command) = &append.command else { continue };
            self.command_ids.push(command.id);
            self.command_prints.push(&command.fingerprint);
            self.command_streams.push(append.stream.as_str());
            self.command_versions.push((placed.version_before + placed.events()).cast_signed());
            self.command_lasts.push(placed.last().cast_signed());
            self.command_counts
                .push(i32::try_from(placed.events()).expect("fewer events than `append_events_max`"));
        }
    }
}

/// Stores the batch, all or nothing. `seen` is where the log was last seen to end.
pub(super) async fn store(
    db: &mut PgConnection,
    plan: &Plan,
    seen: u64,
    now: OffsetDateTime,
) -> Result<Placement, sqlx::Error> {
    let columns = Columns::of(plan);
    sqlx::query_as(
        "select before, recorded_base, streams_base from append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
            $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)",
    )
    .bind(seen.cast_signed())
    .bind(now)
    .bind(columns.new_names)
    .bind(columns.new_versions)
    .bind(columns.new_dues)
    .bind(columns.old_ids)
    .bind(columns.old_expected)
    .bind(columns.old_versions)
    .bind(columns.old_due_changes)
    .bind(columns.old_dues)
    .bind(columns.streams)
    .bind(columns.versions)
    .bind(columns.occurred)
    .bind(columns.ids)
    .bind(columns.kinds)
    .bind(columns.datas)
    .bind(columns.metas)
    .bind(columns.tag_events)
    .bind(columns.tags)
    .bind(columns.command_ids)
    .bind(columns.command_prints)
    .bind(columns.command_streams)
    .bind(columns.command_versions)
    .bind(columns.command_lasts)
    .bind(columns.command_counts)
    .fetch_one(db)
    .await
}
