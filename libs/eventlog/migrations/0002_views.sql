-- Views: every generation of a view has a schema of its own, a checkpoint and a fenced lease.

create table view_generations (
    view         text collate "C" not null,
    generation   integer not null,
    version      integer not null,
    state        text    not null,
    position     bigint  not null default 0,
    parks        bigint  not null default 0,
    epoch        bigint  not null default 0,
    owner        uuid,
    leased_until timestamptz not null default '-infinity',
    schema_name  text    not null,
    constraint view_generations_pkey primary key (view, generation),
    constraint view_generations_state check (state in ('building', 'serving', 'retired'))
) with (fillfactor = 50);
create unique index view_generations_serving on view_generations (view) where state = 'serving';
create unique index view_generations_building on view_generations (view) where state = 'building';

create table view_parked (
    view       text collate "C" not null,
    generation integer not null,
    position   bigint  not null,
    stream     text collate "C" not null,
    reason     text    not null,
    constraint view_parked_pkey primary key (view, generation, position),
    constraint view_parked_generation foreign key (view, generation)
        references view_generations (view, generation) on delete cascade
);
create index view_parked_stream on view_parked (view, generation, stream);

-- Creating a schema is the owner's right; the generation then belongs to the role that fills it.
create function create_generation_schema(name text, keeper text) returns void
language plpgsql security definer set search_path from current as $$
begin
    if not starts_with(name, current_schema() || '_') or not pg_has_role(session_user, keeper, 'member') then
        raise exception 'schema % is not for % to keep', name, keeper using errcode = 'insufficient_privilege';
    end if;
    execute format('create schema if not exists %I authorization %I', name, keeper);
end
$$;

-- A number for all rows of all tables of a schema, whatever their order: equal rows, equal digest.
create function digest_of_schema(name text) returns text
language plpgsql stable as $$
declare
    part   text;
    result text := '';
    relation text;
begin
    for relation in select c.relname from pg_class c
        where c.relnamespace = name::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
        order by c.relname collate "C"
    loop
        execute format(
            'select format(''%%s:%%s:%%s'', count(*), coalesce(sum(hashtextextended(r::text, 1)), 0), '
            'coalesce(sum(hashtextextended(r::text, 2)), 0)) from %I.%I r', name, relation) into part;
        result := result || relation || '=' || part || ';';
    end loop;
    return encode(sha256(convert_to(result, 'UTF8')), 'hex');
end
$$;
