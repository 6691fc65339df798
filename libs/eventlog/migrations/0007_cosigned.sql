-- Finality: checkpoints that as many witnesses have cosigned as the configuration asks for.

create table cosigned (
    size        bigint      not null,
    cosigned_at timestamptz not null default clock_timestamp(),
    note        text        not null,
    constraint cosigned_pkey primary key (size)
);
comment on table cosigned is 'The note of a checkpoint with the lines of its witnesses, as it was published.';

create trigger cosigned_append_only before update or delete or truncate on cosigned
    for each statement execute function refuse_change();
alter table cosigned enable always trigger cosigned_append_only;

create or replace function grant_to(role_name text) returns void
language plpgsql set search_path from current as $$
declare
    here text := quote_ident(current_schema());
begin
    execute format('grant usage on schema %s to %I', here, role_name);
    execute format('grant select on all tables in schema %s to %I', here, role_name);
    execute format('grant insert on events, commands, tags, inbox, parked_message, checkpoints, cosigned to %I',
        role_name);
    execute format('grant insert, update on streams, inbox_sources to %I', role_name);
    execute format('grant update (position, recorded_at, streams) on head to %I', role_name);
    execute format('grant update on amended, sealing to %I', role_name);
    execute format('grant insert, update, delete on view_generations, view_parked to %I', role_name);
    execute format('grant execute on function ensure_partition(bigint), prune(timestamptz), '
        'create_generation_schema(text, text) to %I', role_name);
    execute format('revoke all on table _sqlx_migrations from %I', role_name);
end
$$;
