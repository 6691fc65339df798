-- The log: one head row, events in partitions by position, streams with their versions and deadlines.
-- Names are unqualified: migrations run inside the log's own schema.

create table head (
    log_id         uuid        not null default gen_random_uuid(),
    position       bigint      not null default 0,
    recorded_at    timestamptz not null default 'epoch',
    streams        bigint      not null default 0,
    partition_size bigint      not null default 16777216,
    one            boolean     not null default true,
    constraint head_is_one unique (one),
    constraint head_one check (one),
    constraint head_partition_size check (partition_size > 0)
) with (fillfactor = 10);
insert into head default values;
comment on table head is 'The end of the log and the fence between its writers; exactly one row.';

-- Eight-byte columns first: no padding. Data and meta are bytes, because hashes cover bytes.
create table events (
    position    bigint      not null,
    stream_id   bigint      not null,
    version     bigint      not null,
    recorded_at timestamptz not null,
    occurred_at timestamptz not null,
    id          uuid        not null,
    kind        text collate "C" not null,
    data        bytea       not null,
    meta        bytea       not null,
    constraint events_pkey primary key (position)
) partition by range (position);
create index events_recorded_at on events using brin (recorded_at);
comment on table events is 'What happened, for ever: update, delete and truncate are refused, also to the owner.';

create table streams (
    stream_id bigint not null,
    version   bigint not null,
    due_at    timestamptz,
    name      text collate "C" not null,
    constraint streams_pkey primary key (stream_id),
    constraint streams_name unique (name)
) with (fillfactor = 80);
create index streams_due_at on streams (due_at) where due_at is not null;

-- Two memories of what was done before; rows older than any retry may be pruned.
create table event_ids (
    id       uuid   not null,
    position bigint not null,
    constraint event_ids_pkey primary key (id)
);
create index event_ids_position on event_ids using brin (position);

create table commands (
    id          uuid        not null,
    version     bigint      not null,
    position    bigint      not null,
    recorded_at timestamptz not null,
    events      integer     not null,
    stream      text collate "C" not null,
    fingerprint bytea       not null,
    refusal     bytea,
    constraint commands_pkey primary key (id)
);
create index commands_recorded_at on commands using brin (recorded_at);

create table tags (
    tag      text collate "C" not null,
    position bigint not null,
    constraint tags_pkey primary key (tag, position)
);

-- Rule 9: what was recorded is neither changed nor removed. Fires for everyone, the owner and replication included.
create function refuse_change() returns trigger
language plpgsql as $$
begin
    raise exception 'events are append-only: % of %.% is refused', lower(tg_op), tg_table_schema, tg_table_name
        using errcode = 'FH009', hint = 'a wrong event is corrected by a further event';
end
$$;
create trigger events_append_only before update or delete or truncate on events
    for each statement execute function refuse_change();
alter table events enable always trigger events_append_only;

-- Creates the partition that holds a position, if there is none. Attaching, unlike creating in place, does not
-- stop readers. Returns the first position beyond the partition.
create function ensure_partition(wanted bigint) returns bigint
language plpgsql security definer set search_path from current as $$
declare
    size bigint := (select partition_size from head);
    low  bigint := wanted / size * size;
    part text   := format('events_p%s', wanted / size);
begin
    if to_regclass(part) is null then
        perform pg_advisory_xact_lock(hashtextextended(current_schema() || '.events', 0));
    end if;
    if to_regclass(part) is null then
        execute format('create table %I (like events including defaults)', part);
        execute format('alter table %I add constraint range check (position >= %s and position < %s)',
            part, low, low + size);
        execute format('create unique index %I on %I (stream_id, version)', part || '_stream', part);
        execute format('create trigger events_append_only before update or delete or truncate on %I '
            'for each statement execute function refuse_change()', part);
        execute format('alter table %I enable always trigger events_append_only', part);
        execute format('alter table events attach partition %I for values from (%s) to (%s)',
            part, low, low + size);
        execute format('alter table %I drop constraint range', part);
    end if;
    return low + size;
end
$$;

-- Fixes the size of partitions while there is none, and creates the first.
create function prepare_partitions(size bigint) returns void
language plpgsql set search_path from current as $$
begin
    update head set partition_size = size
        where not exists (select from pg_inherits where inhparent = 'events'::regclass);
    perform ensure_partition((select position + 1 from head));
end
$$;

-- Advances the head by a batch and stores it, all or nothing. Streams are checked set-wise: one that is not at
-- the version the caller saw raises FH001, and nothing is written. Positions, recording times and the ids of new
-- streams are counted from the head row, which stays locked until the commit: their order is the commits' order.
create function append(
    seen              bigint,
    now_              timestamptz,
    new_names         text[],
    new_versions      bigint[],
    new_dues          timestamptz[],
    old_ids           bigint[],
    old_expected      bigint[],
    old_versions      bigint[],
    old_due_changes   boolean[],
    old_dues          timestamptz[],
    event_streams     bigint[],
    event_versions    bigint[],
    event_occurred    timestamptz[],
    event_ids_        uuid[],
    event_kinds       text[],
    event_datas       bytea[],
    event_metas       bytea[],
    tag_events        bigint[],
    tag_texts         text[],
    command_ids       uuid[],
    command_prints    bytea[],
    command_streams   text[],
    command_versions  bigint[],
    command_lasts     bigint[],
    command_counts    integer[],
    out before        bigint,
    out recorded_base timestamptz,
    out streams_base  bigint
)
language plpgsql as $$
declare
    count_ bigint := cardinality(event_ids_);
    done   bigint;
begin
    update head set
        position = head.position + count_,
        recorded_at = greatest(now_, head.recorded_at + interval '1 microsecond')
            + (count_ - 1) * interval '1 microsecond',
        streams = head.streams + cardinality(new_names)
    returning head.position - count_, head.recorded_at - (count_ - 1) * interval '1 microsecond',
        head.streams - cardinality(new_names)
    into before, recorded_base, streams_base;
    if before < seen then
        raise exception 'the log ends at %, but was seen at %', before, seen using errcode = 'FH002';
    end if;

    if cardinality(old_ids) > 0 then
        update streams s set
            version = o.version,
            due_at = case when o.due_changes then o.due else s.due_at end
        from unnest(old_ids, old_expected, old_versions, old_due_changes, old_dues)
            as o(id, expected, version, due_changes, due)
        where s.stream_id = o.id and s.version = o.expected;
        get diagnostics done = row_count;
        if done <> cardinality(old_ids) then
            raise exception 'a stream has moved' using errcode = 'FH001';
        end if;
    end if;
    if cardinality(new_names) > 0 then
        insert into streams (stream_id, version, due_at, name)
        select streams_base + n.ordinal, n.version, n.due, n.name
        from unnest(new_names, new_versions, new_dues) with ordinality as n(name, version, due, ordinal);
    end if;

    insert into events (position, stream_id, version, recorded_at, occurred_at, id, kind, data, meta)
    select before + e.ordinal, case when e.stream < 0 then streams_base - e.stream else e.stream end, e.version,
        recorded_base + (e.ordinal - 1) * interval '1 microsecond', e.occurred, e.id, e.kind, e.data, e.meta
    from unnest(event_streams, event_versions, event_occurred, event_ids_, event_kinds, event_datas, event_metas)
        with ordinality as e(stream, version, occurred, id, kind, data, meta, ordinal);
    insert into event_ids (id, position)
    select e.id, before + e.ordinal from unnest(event_ids_) with ordinality as e(id, ordinal);

    if cardinality(tag_events) > 0 then
        insert into tags (tag, position)
        select t.tag, before + t.event from unnest(tag_events, tag_texts) as t(event, tag);
    end if;
    if cardinality(command_ids) > 0 then
        insert into commands (id, version, position, recorded_at, events, stream, fingerprint)
        select c.id, c.version, before + c.last,
            recorded_base + (c.last - 1) * interval '1 microsecond', c.count, c.stream, c.print
        from unnest(command_ids, command_prints, command_streams, command_versions, command_lasts, command_counts)
            as c(id, print, stream, version, last, count);
    end if;
end
$$;

-- The last position recorded at or before an instant: recording times increase with the position.
create function position_at(instant timestamptz) returns bigint
language plpgsql stable as $$
declare
    low  bigint := 0;
    high bigint := (select position from head);
    mid  bigint;
begin
    while low < high loop
        mid := (low + high + 1) / 2;
        if (select recorded_at from events where position = mid) <= instant then low := mid; else high := mid - 1; end if;
    end loop;
    return low;
end
$$;

-- Forgets what was done before an instant: repeats of older appends and commands are no longer recognised.
create function prune(instant timestamptz) returns bigint
language plpgsql security definer set search_path from current as $$
declare
    last bigint := position_at(instant);
    ids  bigint;
    done bigint;
begin
    delete from event_ids where position <= last;
    get diagnostics ids = row_count;
    delete from commands where recorded_at <= instant;
    get diagnostics done = row_count;
    return ids + done;
end
$$;
