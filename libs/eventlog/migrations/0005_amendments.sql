-- How far a log has been looked through for decisions under rules that no longer hold; exactly one row.

create table amended (
    position bigint not null default 0
) with (fillfactor = 50);
insert into amended default values;

create or replace function grant_to(role_name text) returns void
language plpgsql set search_path from current as $$
declare
    here text := quote_ident(current_schema());
begin
    execute format('grant usage on schema %s to %I', here, role_name);
    execute format('grant select on all tables in schema %s to %I', here, role_name);
    execute format('grant insert on events, commands, tags, inbox, parked_message to %I', role_name);
    execute format('grant insert, update on streams, inbox_sources to %I', role_name);
    execute format('grant update (position, recorded_at, streams) on head to %I', role_name);
    execute format('grant update on amended to %I', role_name);
    execute format('grant insert, update, delete on view_generations, view_parked to %I', role_name);
    execute format('grant execute on function ensure_partition(bigint), prune(timestamptz), '
        'create_generation_schema(text, text) to %I', role_name);
    execute format('revoke all on table _sqlx_migrations from %I', role_name);
end
$$;
