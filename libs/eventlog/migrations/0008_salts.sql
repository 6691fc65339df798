-- A log's secret that salts of leaves are made of: whoever seals an event, and how often, comes to the same leaf.

alter table sealing add column salt_key bytea not null
    default decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex');
comment on column sealing.salt_key is
    'Made once, and never changed: with another one, leaves that an abandoned attempt wrote would not be met again.';
