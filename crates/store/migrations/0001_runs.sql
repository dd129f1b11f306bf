-- Who ran what, with which inputs; and the steps of a day.
create table runs (
    id text primary key,
    kind text not null,
    state text not null check (state in ('running', 'done', 'failed', 'interrupted')),
    started bigint not null,
    finished bigint,
    config_digest text not null,
    data_version text not null,
    code_revision text not null,
    seed text not null,
    args text not null,
    error text
);
create index runs_by_start on runs (started);

create table steps (
    day text not null,
    book text not null,
    name text not null,
    state text not null check (state in ('pending', 'running', 'done', 'failed', 'skipped')),
    input_digest text not null,
    started bigint,
    finished bigint,
    output text not null,
    error text,
    primary key (day, book, name)
);

create table kv (
    name text primary key,
    body text not null,
    updated bigint not null
);
