//! The statement that stores a batch: compares and sets the head, and inserts everything, all or nothing.
//!
//! Whatever is known of streams is true of the log as it ends before the batch. The statement stores nothing if the log
//! ends elsewhere by then: somebody else has appended, and the versions may have changed.

use sqlx::{PgConnection, Postgres, QueryBuilder};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Caller, Waiting,
    end::Placement,
    plan::{Placed, Plan, Touched},
};
use crate::DeadlineChange;

/// What a batch must be checked against beside the head.
pub(super) struct Checks {
    /// Whether ids may stand in partitions before the one that is written to, where no index keeps them unique.
    pub(super) is_partitioned: bool,
    /// Ids to be looked up on the way.
    pub(super) looks: Vec<Uuid>,
}

/// The ids by which a request would be recognised as a repeat.
pub(super) fn ids(waiting: &Waiting) -> impl Iterator<Item = Uuid> {
    let append = &waiting.checked.append;
    let events = append.events.iter().map(|event| event.id);
    events.chain(append.command.as_ref().map(|command| command.id))
}

/// A batch as one statement.
pub(super) struct Statement {
    sql: QueryBuilder<Postgres>,
    events: u64,
    is_looking: bool,
}

impl Statement {
    pub(super) fn new(plan: &Plan, placement: &Placement, checks: &Checks) -> Self {
        let is_looking = !checks.looks.is_empty();
        let mut draft = Draft { sql: QueryBuilder::new("with h as ("), plan, placement, checks };
        draft.push_head();
        draft.push_streams();
        draft.push_deadlines();
        draft.push_tags();
        draft.push_commands();
        // The part that is not wrapped is the cheapest, and the events are the most.
        if is_looking {
            draft.sql.push(", e as (");
            draft.push_events();
            draft.sql.push(")");
            draft.push_looks();
        } else {
            draft.push_events();
        }
        Self { sql: draft.sql, events: plan.events, is_looking }
    }

    /// Stores the batch and returns those of the ids looked up that were there; `None`, and nothing stored, if a
    /// check fails.
    pub(super) async fn run(mut self, db: &mut PgConnection) -> Result<Option<Vec<Uuid>>, sqlx::Error> {
        if self.is_looking {
            return self.sql.build_query_scalar().fetch_optional(db).await;
        }
        let stored = self.sql.build().execute(db).await?.rows_affected();
        Ok((stored == self.events).then(Vec::new))
    }
}

struct Draft<'a> {
    sql: QueryBuilder<Postgres>,
    plan: &'a Plan,
    placement: &'a Placement,
    checks: &'a Checks,
}

impl Draft<'_> {
    fn push_head(&mut self) {
        let (before, after) = (self.placement.before, self.placement.after);
        self.sql.push("update head set position = ").push_bind(after.position.cast_signed());
        self.sql.push(", recorded_at = ").push_bind(after.recorded_at);
        self.sql.push(", streams = ").push_bind(after.streams);
        self.sql.push(" where position = ").push_bind(before.position.cast_signed());
        let unsure: Vec<&Touched> = self.plan.touched.iter().filter(|stream| !stream.is_sure).collect();
        if !unsure.is_empty() {
            let ids: Vec<i64> = unsure.iter().filter_map(|stream| stream.id).collect();
            let next: Vec<i64> = unsure.iter().map(|stream| stream.expected.cast_signed() + 1).collect();
            self.sql.push(" and not exists (select from unnest(").push_bind(ids);
            self.sql.push("::bigint[], ").push_bind(next);
            self.sql.push("::bigint[]) as u(id, version), lateral (select from events e where e.stream_id = u.id and e.version = u.version) as moved)");
        }
        let guarded = if self.checks.is_partitioned { guarded(self.plan) } else { Vec::new() };
        if !guarded.is_empty() {
            self.sql.push(" and not exists (select from events where id = any(");
            self.sql.push_bind(guarded).push("))");
        }
        self.sql.push(" returning position)");
    }

    fn push_looks(&mut self) {
        self.sql.push(" select array(select id from events where id = any(").push_bind(&self.checks.looks);
        self.sql.push(") union all select id from commands where id = any(").push_bind(&self.checks.looks);
        self.sql.push(")) from h");
    }

    fn push_events(&mut self) {
        self.sql.push(
            " insert into events (position, stream_id, version, recorded_at, occurred_at, id, kind, data, meta) select ",
        );
        match &self.plan.placed[..] {
            [placed] if self.plan.events == 1 => self.push_event(placed),
            _ => self.push_rows(),
        }
    }

    /// A lone event goes without arrays, which spares its caller a tenth of the wait.
    fn push_event(&mut self, placed: &Placed) {
        let (append, stream) = (&placed.waiting.checked.append, &self.plan.touched[placed.touched]);
        let event = &append.events[0];
        self.sql.push_bind(self.placement.position(1).cast_signed()).push("::bigint, ");
        self.sql.push_bind(self.placement.stream_id(stream)).push("::bigint, ");
        self.sql.push_bind(placed.version_before.cast_signed() + 1).push("::bigint, ");
        self.sql.push_bind(self.placement.recorded_at(1)).push("::timestamptz, ");
        self.sql.push_bind(append.occurred_at).push("::timestamptz, ").push_bind(event.id).push("::uuid, ");
        self.sql.push_bind(event.kind.as_str()).push("::text, ").push_bind(&event.data[..]).push("::bytea, ");
        self.sql.push_bind(&placed.waiting.checked.meta[..]).push("::bytea from h");
    }

    fn push_rows(&mut self) {
        let mut columns = Events::default();
        for placed in &self.plan.placed {
            let (append, stream) = (&placed.waiting.checked.append, &self.plan.touched[placed.touched]);
            for (event, version) in append.events.iter().zip(placed.version_before + 1..) {
                columns.streams.push(self.placement.stream_id(stream));
                columns.versions.push(version.cast_signed());
                columns.occurred.push(append.occurred_at);
                columns.ids.push(event.id);
                columns.kinds.push(&event.kind);
                columns.datas.push(&event.data);
                columns.metas.push(&placed.waiting.checked.meta);
            }
        }
        self.sql.push_bind(self.placement.before.position.cast_signed());
        self.sql.push("::bigint + e.ordinal, e.stream, e.version, ").push_bind(self.placement.recorded_at(1));
        self.sql.push("::timestamptz + (e.ordinal - 1) * interval '1 microsecond', e.occurred, e.id, e.kind, e.data, e.meta");
        self.sql.push(" from h, unnest(").push_bind(columns.streams).push("::bigint[], ");
        self.sql.push_bind(columns.versions).push("::bigint[], ").push_bind(columns.occurred);
        self.sql.push("::timestamptz[], ").push_bind(columns.ids);
        self.sql.push("::uuid[], ").push_bind(columns.kinds);
        self.sql.push("::text[], ").push_bind(columns.datas);
        self.sql.push("::bytea[], ").push_bind(columns.metas);
        self.sql.push(
            "::bytea[]) with ordinality as e(stream, version, occurred, id, kind, data, meta, ordinal)",
        );
    }

    fn push_streams(&mut self) {
        let new: Vec<&Touched> = self.plan.touched.iter().filter(|stream| stream.id.is_none()).collect();
        if new.is_empty() {
            return;
        }
        let ids: Vec<i64> = new.iter().map(|stream| self.placement.stream_id(stream)).collect();
        let names: Vec<&str> = new.iter().map(|stream| stream.name.as_str()).collect();
        let dues: Vec<Option<OffsetDateTime>> = new.iter().map(|stream| due(stream.deadline)).collect();
        self.sql.push(", s as (insert into streams (stream_id, due_at, name) select n.id, n.due, n.name");
        self.sql.push(" from h, unnest(").push_bind(ids).push("::bigint[], ").push_bind(dues);
        self.sql.push("::timestamptz[], ").push_bind(names).push("::text[]) as n(id, due, name))");
    }

    fn push_deadlines(&mut self) {
        let changed = self.plan.touched.iter().filter(|stream| stream.deadline != DeadlineChange::Keep);
        let (ids, dues): (Vec<i64>, Vec<_>) =
            changed.filter_map(|stream| Some((stream.id?, due(stream.deadline)))).unzip();
        if ids.is_empty() {
            return;
        }
        self.sql.push(", d as (update streams s set due_at = o.due").push(" from h, unnest(").push_bind(ids);
        self.sql.push("::bigint[], ").push_bind(dues);
        self.sql.push("::timestamptz[]) as o(id, due) where s.stream_id = o.id)");
    }

    fn push_tags(&mut self) {
        let (mut positions, mut tags) = (Vec::new(), Vec::new());
        for placed in &self.plan.placed {
            for (event, place) in placed.waiting.checked.append.events.iter().zip(placed.first..) {
                tags.extend(event.tags.iter().map(String::as_str));
                positions.resize(tags.len(), self.placement.position(place).cast_signed());
            }
        }
        if tags.is_empty() {
            return;
        }
        self.sql
            .push(", t as (insert into tags (tag, position) select t.tag, t.position")
            .push(" from h, unnest(");
        self.sql.push_bind(positions).push("::bigint[], ").push_bind(tags);
        self.sql.push("::text[]) as t(position, tag))");
    }

    fn push_commands(&mut self) {
        let mut columns = Commands::default();
        for placed in &self.plan.placed {
            let append = &placed.waiting.checked.append;
            let Some(command) = &append.command else { continue };
            columns.ids.push(command.id);
            columns.prints.push(&command.fingerprint);
            columns.streams.push(append.stream.as_str());
            columns.versions.push((placed.version_before + placed.events()).cast_signed());
            columns.positions.push(self.placement.position(placed.last()).cast_signed());
            columns.recorded.push(self.placement.recorded_at(placed.last()));
            columns.counts.push(i32::try_from(placed.events()).expect("a batch has fewer events"));
        }
        if columns.ids.is_empty() {
            return;
        }
        self.sql.push(
            ", c as (insert into commands (id, version, position, recorded_at, events, stream, fingerprint)
                select c.id, c.version, c.position, c.recorded, c.count, c.stream, c.print",
        );
        self.sql.push(" from h, unnest(").push_bind(columns.ids).push("::uuid[], ").push_bind(columns.prints);
        self.sql
            .push("::bytea[], ")
            .push_bind(columns.streams)
            .push("::text[], ")
            .push_bind(columns.versions);
        self.sql.push("::bigint[], ").push_bind(columns.positions);
        self.sql.push("::bigint[], ").push_bind(columns.recorded);
        self.sql.push("::timestamptz[], ").push_bind(columns.counts);
        self.sql.push("::integer[]) as c(id, print, stream, version, position, recorded, count))");
    }
}

/// Ids of events that did not come from commands: those of commands are unique because the commands are.
fn guarded(plan: &Plan) -> Vec<Uuid> {
    let requests = plan.placed.iter().filter(|placed| placed.waiting.caller == Caller::Api);
    requests.flat_map(|placed| placed.waiting.checked.append.events.iter().map(|event| event.id)).collect()
}

fn due(change: DeadlineChange) -> Option<OffsetDateTime> {
    match change {
        DeadlineChange::Set(at) => Some(at),
        DeadlineChange::Keep | DeadlineChange::Clear => None,
    }
}

#[derive(Default)]
struct Events<'a> {
    streams: Vec<i64>,
    versions: Vec<i64>,
    occurred: Vec<OffsetDateTime>,
    ids: Vec<Uuid>,
    kinds: Vec<&'a str>,
    datas: Vec<&'a [u8]>,
    metas: Vec<&'a [u8]>,
}

#[derive(Default)]
struct Commands<'a> {
    ids: Vec<Uuid>,
    prints: Vec<&'a [u8]>,
    streams: Vec<&'a str>,
    versions: Vec<i64>,
    positions: Vec<i64>,
    recorded: Vec<OffsetDateTime>,
    counts: Vec<i32>,
}
