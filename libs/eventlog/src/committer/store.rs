//! The statement that stores a batch: compares and sets the head, and inserts everything, all or nothing.
//!
//! Whatever is known of streams is true of the log as it ends at `tail`. The statement does nothing if the log ends elsewhere
//! by then: somebody else has appended, and the versions may have changed.

use sqlx::{PgConnection, Postgres, QueryBuilder};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Caller, Waiting,
    plan::{Placed, Plan, Touched},
};
use crate::DeadlineChange;

/// Where a stored batch came to stand.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Placement {
    /// The position before its first event.
    pub(super) before: i64,
    /// The recording time of its first event; the others follow by a microsecond each.
    pub(super) recorded_base: OffsetDateTime,
    /// The id before that of its first new stream.
    pub(super) streams_base: i64,
    /// Which of the ids that were to be looked up were known before.
    pub(super) repeats: Vec<Uuid>,
}

/// The ids by which a request would be recognised as a repeat.
pub(super) fn ids(waiting: &Waiting) -> impl Iterator<Item = Uuid> {
    let append = &waiting.checked.append;
    let events = append.events.iter().map(|event| event.id);
    events.chain(append.command.as_ref().map(|command| command.id))
}

/// What a batch must be checked against beside the head.
pub(super) struct Checks {
    /// Where the log ended when everything known of the streams was true.
    pub(super) tail: u64,
    /// Whether ids may stand in partitions before the one that is written to, where no index keeps them unique.
    pub(super) is_partitioned: bool,
    /// Ids to be looked up on the way.
    pub(super) looks: Vec<Uuid>,
}

/// Stores the batch; `None`, and nothing stored, if one of the checks fails.
pub(super) async fn store(
    db: &mut PgConnection,
    plan: &Plan,
    checks: &Checks,
    now: OffsetDateTime,
) -> Result<Option<Placement>, sqlx::Error> {
    let mut sql = QueryBuilder::new("with h as (");
    push_head(&mut sql, plan, checks, now);
    push_events(&mut sql, plan);
    push_streams(&mut sql, plan);
    push_deadlines(&mut sql, plan);
    push_tags(&mut sql, plan);
    push_commands(&mut sql, plan);
    sql.push(") select before, recorded_base, streams_base, ");
    if checks.looks.is_empty() {
        sql.push("'{}'::uuid[] as repeats");
    } else {
        sql.push("array(select id from events where id = any(");
        sql.push_bind(&checks.looks).push(") union all select id from commands where id = any(");
        sql.push_bind(&checks.looks).push(")) as repeats");
    }
    sql.push(" from h");
    sql.build_query_as().fetch_optional(db).await
}

type Sql = QueryBuilder<Postgres>;

fn push_head(sql: &mut Sql, plan: &Plan, checks: &Checks, now: OffsetDateTime) {
    let events = plan.events.cast_signed();
    sql.push("update head set position = position + ").push_bind(events);
    sql.push(", recorded_at = greatest(").push_bind(now);
    sql.push(", recorded_at + interval '1 microsecond') + ").push_bind(events - 1);
    sql.push("::bigint * interval '1 microsecond', streams = streams + ").push_bind(plan.new_streams());
    sql.push(" where position = ").push_bind(checks.tail.cast_signed());
    let unsure: Vec<&Touched> = plan.touched.iter().filter(|stream| !stream.is_sure).collect();
    if !unsure.is_empty() {
        let ids: Vec<i64> = unsure.iter().filter_map(|stream| stream.id).collect();
        let next: Vec<i64> = unsure.iter().map(|stream| stream.expected.cast_signed() + 1).collect();
        sql.push(" and not exists (select from unnest(").push_bind(ids).push("::bigint[], ").push_bind(next);
        sql.push("::bigint[]) as u(id, version), lateral (select from events e where e.stream_id = u.id and e.version = u.version) as moved)");
    }
    let guarded = if checks.is_partitioned { guarded(plan) } else { Vec::new() };
    if !guarded.is_empty() {
        sql.push(" and not exists (select from events where id = any(").push_bind(guarded).push("))");
    }
    sql.push(" returning position - ").push_bind(events).push(" as before, recorded_at - ");
    sql.push_bind(events - 1).push("::bigint * interval '1 microsecond' as recorded_base, streams - ");
    sql.push_bind(plan.new_streams()).push(" as streams_base");
}

/// Ids of events that did not come from commands: those of commands are unique because the commands are.
fn guarded(plan: &Plan) -> Vec<Uuid> {
    let requests = plan.placed.iter().filter(|placed| placed.waiting.caller == Caller::Api);
    requests.flat_map(|placed| placed.waiting.checked.append.events.iter().map(|event| event.id)).collect()
}

fn push_events(sql: &mut Sql, plan: &Plan) {
    sql.push(
        "), e as (
            insert into events (position, stream_id, version, recorded_at, occurred_at, id, kind, data, meta) select ",
    );
    match &plan.placed[..] {
        [placed] if plan.events == 1 => push_event(sql, plan, placed),
        _ => push_rows(sql, plan),
    }
}

/// A lone event goes without arrays, which spares its caller a tenth of the wait.
fn push_event(sql: &mut Sql, plan: &Plan, placed: &Placed) {
    let (append, stream) = (&placed.waiting.checked.append, &plan.touched[placed.touched]);
    let event = &append.events[0];
    sql.push("h.before + 1, ");
    match stream.id {
        Some(id) => sql.push_bind(id).push("::bigint, "),
        None => sql.push("h.streams_base + 1, "),
    };
    sql.push_bind(placed.version_before.cast_signed() + 1).push("::bigint, h.recorded_base, ");
    sql.push_bind(append.occurred_at).push("::timestamptz, ").push_bind(event.id).push("::uuid, ");
    sql.push_bind(event.kind.as_str()).push("::text, ").push_bind(&event.data[..]).push("::bytea, ");
    sql.push_bind(&placed.waiting.checked.meta[..]).push("::bytea from h");
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

fn push_rows(sql: &mut Sql, plan: &Plan) {
    let mut columns = Events::default();
    for placed in &plan.placed {
        let (append, stream) = (&placed.waiting.checked.append, &plan.touched[placed.touched]);
        for (event, version) in append.events.iter().zip(placed.version_before + 1..) {
            // New streams are known by their ordinals until the statement gives them ids.
            columns.streams.push(stream.id.unwrap_or(-stream.new_ordinal));
            columns.versions.push(version.cast_signed());
            columns.occurred.push(append.occurred_at);
            columns.ids.push(event.id);
            columns.kinds.push(&event.kind);
            columns.datas.push(&event.data);
            columns.metas.push(&placed.waiting.checked.meta);
        }
    }
    sql.push(
        "h.before + e.ordinal, case when e.stream < 0 then h.streams_base - e.stream else e.stream end, e.version,
            h.recorded_base + (e.ordinal - 1) * interval '1 microsecond', e.occurred, e.id, e.kind, e.data, e.meta
            from h, unnest(",
    );
    sql.push_bind(columns.streams).push("::bigint[], ").push_bind(columns.versions).push("::bigint[], ");
    sql.push_bind(columns.occurred).push("::timestamptz[], ").push_bind(columns.ids).push("::uuid[], ");
    sql.push_bind(columns.kinds).push("::text[], ").push_bind(columns.datas).push("::bytea[], ");
    sql.push_bind(columns.metas)
        .push("::bytea[]) with ordinality as e(stream, version, occurred, id, kind, data, meta, ordinal)");
}

fn push_streams(sql: &mut Sql, plan: &Plan) {
    let new = || plan.touched.iter().filter(|stream| stream.id.is_none());
    if new().next().is_none() {
        return;
    }
    let names: Vec<&str> = new().map(|stream| stream.name.as_str()).collect();
    let dues: Vec<Option<OffsetDateTime>> = new().map(|stream| due(stream.deadline)).collect();
    sql.push("), s as (insert into streams (stream_id, due_at, name) select h.streams_base + n.ordinal, n.due, n.name from h, unnest(");
    sql.push_bind(names).push("::text[], ").push_bind(dues);
    sql.push("::timestamptz[]) with ordinality as n(name, due, ordinal)");
}

fn push_deadlines(sql: &mut Sql, plan: &Plan) {
    let changed = plan.touched.iter().filter(|stream| stream.deadline != DeadlineChange::Keep);
    let (ids, dues): (Vec<i64>, Vec<_>) =
        changed.filter_map(|stream| Some((stream.id?, due(stream.deadline)))).unzip();
    if ids.is_empty() {
        return;
    }
    sql.push("), d as (update streams s set due_at = o.due from h, unnest(").push_bind(ids);
    sql.push("::bigint[], ").push_bind(dues).push("::timestamptz[]) as o(id, due) where s.stream_id = o.id");
}

fn due(change: DeadlineChange) -> Option<OffsetDateTime> {
    match change {
        DeadlineChange::Set(at) => Some(at),
        DeadlineChange::Keep | DeadlineChange::Clear => None,
    }
}

fn push_tags(sql: &mut Sql, plan: &Plan) {
    let (mut places, mut tags) = (Vec::new(), Vec::new());
    for placed in &plan.placed {
        for (event, place) in placed.waiting.checked.append.events.iter().zip(placed.first..) {
            tags.extend(event.tags.iter().map(String::as_str));
            places.resize(tags.len(), place.cast_signed());
        }
    }
    if tags.is_empty() {
        return;
    }
    sql.push("), t as (insert into tags (tag, position) select t.tag, h.before + t.event from h, unnest(");
    sql.push_bind(places).push("::bigint[], ").push_bind(tags).push("::text[]) as t(event, tag)");
}

#[derive(Default)]
struct Commands<'a> {
    ids: Vec<Uuid>,
    prints: Vec<&'a [u8]>,
    streams: Vec<&'a str>,
    versions: Vec<i64>,
    lasts: Vec<i64>,
    counts: Vec<i32>,
}

fn push_commands(sql: &mut Sql, plan: &Plan) {
    let mut columns = Commands::default();
    for placed in &plan.placed {
        let append = &placed.waiting.checked.append;
        let Some(command) = &append.command else { continue };
        columns.ids.push(command.id);
        columns.prints.push(&command.fingerprint);
        columns.streams.push(append.stream.as_str());
        columns.versions.push((placed.version_before + placed.events()).cast_signed());
        columns.lasts.push(placed.last().cast_signed());
        columns.counts.push(i32::try_from(placed.events()).expect("a batch has fewer events"));
    }
    if columns.ids.is_empty() {
        return;
    }
    sql.push(
        "), c as (
            insert into commands (id, version, position, recorded_at, events, stream, fingerprint)
            select c.id, c.version, h.before + c.last, h.recorded_base + (c.last - 1) * interval '1 microsecond',
                c.count, c.stream, c.print
            from h, unnest(",
    );
    sql.push_bind(columns.ids).push("::uuid[], ").push_bind(columns.prints).push("::bytea[], ");
    sql.push_bind(columns.streams).push("::text[], ").push_bind(columns.versions).push("::bigint[], ");
    sql.push_bind(columns.lasts).push("::bigint[], ").push_bind(columns.counts);
    sql.push("::integer[]) as c(id, print, stream, version, last, count)");
}
