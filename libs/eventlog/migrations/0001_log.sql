-- The log: one head row, events in partitions by position, streams with their versions and deadlines.
-- Names are unqualified: migrations run inside the log's own schema.

-- No index and no check: every append updates the row, and each would cost it a tenth of its time.
create table head (
    log_id         uuid        not null default gen_random_uuid(),
    position       bigint      not null default 0,
    recorded_at    timestamptz not null default 'epoch',
    streams        bigint      not null default 0,
    partition_size bigint      not null default 16777216
) with (fillfactor = 50);
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
comment on table events is 'What happened, for ever: update, delete and truncate are refused, also to the owner.';

-- A stream's version is that of its last event; nothing else counts it.
create table streams (
    stream_id bigint not null,
    due_at    timestamptz,
    name      text collate "C" not null,
    constraint streams_pkey primary key (stream_id),
    constraint streams_name unique (name)
);
create index streams_due_at on streams (due_at) where due_at is not null;

-- What was answered to whom; rows older than any retry may be pruned.
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
        execute format('create unique index %I on %I (id)', part || '_id', part);
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

-- The version of a stream; 0 if there is none.
create function version_of(stream bigint) returns bigint
language sql stable as $$
    select coalesce((select version from events where stream_id = stream order by version desc limit 1), 0)
$$;

-- Changes the deadline of a stream beside the appends, unless the stream has moved: then its append knows better.
create function set_due(stream bigint, expected bigint, due timestamptz) returns boolean
language plpgsql as $$
begin
    perform from head for update;
    update streams set due_at = due
        where stream_id = stream and due_at is distinct from due and version_of(stream) = expected;
    return found;
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

-- Forgets what was answered before an instant: repeats of older commands are no longer recognised.
create function prune(instant timestamptz) returns bigint
language plpgsql security definer set search_path from current as $$
declare
    done bigint;
begin
    delete from commands where recorded_at <= instant;
    get diagnostics done = row_count;
    return done;
end
$$;
