-- Every experiment, every trial ever run, every opening of the held-out vault, every model.
create table experiments (
    id text primary key,
    created bigint not null,
    data_version text not null,
    seed text not null,
    spec text not null
);

create table trials (
    experiment text not null references experiments (id),
    number bigint not null check (number >= 0),
    state text not null check (state in ('running', 'complete', 'pruned', 'failed')),
    params text not null,
    value double precision,
    intermediate text not null,
    seed text not null,
    started bigint not null,
    finished bigint,
    primary key (experiment, number)
);

create table vault_openings (
    experiment text primary key references experiments (id),
    data_version text not null,
    who text not null,
    at bigint not null,
    result text not null
);

create table models (
    name text not null,
    version text not null,
    digest text not null,
    created bigint not null,
    card text not null,
    artifact blob,
    path text,
    check ((artifact is null) <> (path is null)),
    primary key (name, version)
);
