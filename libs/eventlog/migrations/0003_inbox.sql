-- What this department has been told by others: position by position, with the time.

create table inbox (
    position bigint      not null,
    at       timestamptz not null,
    event_id uuid        not null,
    source   text collate "C" not null,
    constraint inbox_pkey primary key (source, position)
);

create table inbox_sources (
    source   text collate "C" not null,
    position bigint not null default 0,
    constraint inbox_sources_pkey primary key (source)
) with (fillfactor = 50);

create table parked_message (
    source   text collate "C" not null,
    position bigint      not null,
    at       timestamptz not null,
    reason   text        not null,
    message  bytea       not null,
    constraint parked_message_pkey primary key (source, position)
);
