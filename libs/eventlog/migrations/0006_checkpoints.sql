-- The audit trail: what has been signed, one root for a size, and who may sign now.

create table checkpoints (
    size      bigint      not null,
    epoch     bigint      not null,
    sealed_at timestamptz not null default clock_timestamp(),
    root      bytea       not null,
    note      text        not null,
    constraint checkpoints_pkey primary key (size)
);
comment on table checkpoints is 'Stored before any byte of a checkpoint leaves: one root for a size, for ever.';

create trigger checkpoints_append_only before update or delete or truncate on checkpoints
    for each statement execute function refuse_change();
alter table checkpoints enable always trigger checkpoints_append_only;

create table sealing (
    epoch        bigint      not null default 0,
    owner        uuid,
    leased_until timestamptz not null default '-infinity'
) with (fillfactor = 50);
insert into sealing default values;
comment on table sealing is 'The lease of the one process that seals; exactly one row. A later lease has a higher epoch.';

create or replace function refuse_change() returns trigger
language plpgsql as $$
begin
    raise exception '% are append-only: % of %.% is refused',
        regexp_replace(tg_table_name, '_p[0-9]+$', ''), lower(tg_op), tg_table_schema, tg_table_name
        using errcode = 'FH009', hint = 'what is wrong is corrected by a further entry';
end
$$;

create or replace function grant_to(role_name text) returns void
language plpgsql set search_path from current as $$
declare
    here text := quote_ident(current_schema());
begin
    execute format('grant usage on schema %s to %I', here, role_name);
    execute format('grant select on all tables in schema %s to %I', here, role_name);
    execute format('grant insert on events, commands, tags, inbox, parked_message, checkpoints to %I', role_name);
    execute format('grant insert, update on streams, inbox_sources to %I', role_name);
    execute format('grant update (position, recorded_at, streams) on head to %I', role_name);
    execute format('grant update on amended, sealing to %I', role_name);
    execute format('grant insert, update, delete on view_generations, view_parked to %I', role_name);
    execute format('grant execute on function ensure_partition(bigint), prune(timestamptz), '
        'create_generation_schema(text, text) to %I', role_name);
    execute format('revoke all on table _sqlx_migrations from %I', role_name);
end
$$;
