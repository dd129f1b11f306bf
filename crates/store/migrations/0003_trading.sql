-- From a signal to a fill. Money: cash in 1e-6, prices and quantities in 1e-8; time in microseconds.
create table signals (
    id text primary key,
    day text not null,
    book text not null,
    symbol text not null,
    payload text not null
);
create index signals_by_day on signals (day, book);

create table scores (
    signal text not null references signals (id),
    model text not null,
    model_version text not null,
    score double precision not null,
    payload text not null,
    primary key (signal, model)
);

create table intents (
    id text primary key,
    day text not null,
    book text not null,
    symbol text not null,
    state text not null check (state in
        ('planned', 'approved', 'rejected', 'expired', 'executed', 'refused')),
    created bigint not null,
    updated bigint not null,
    payload text not null
);
create index intents_by_day on intents (day, book);

create table approvals (
    intent text primary key references intents (id),
    who text not null,
    at bigint not null,
    decision text not null check (decision in ('approve', 'reject')),
    reason text not null
);

create table orders (
    id text primary key,
    intent text references intents (id),
    book text not null,
    symbol text not null,
    state text not null check (state in
        ('draft', 'sent', 'working', 'filled', 'cancelled', 'rejected', 'expired')),
    broker_id text,
    created bigint not null,
    updated bigint not null,
    request text not null
);
create index orders_by_state on orders (state);

create table order_changes (
    order_id text not null references orders (id),
    seq bigint not null,
    at bigint not null,
    state text not null,
    note text not null,
    primary key (order_id, seq)
);

create table fills (
    order_id text not null references orders (id),
    seq bigint not null,
    symbol text not null,
    instrument bigint not null,
    at bigint not null,
    qty bigint not null check (qty <> 0),
    price bigint not null,
    fee bigint not null,
    evidence text not null,
    primary key (order_id, seq)
);
create index fills_by_time on fills (at);

create table plans (
    id text primary key,
    book text not null,
    symbol text not null,
    status text not null check (status in ('open', 'closed')),
    updated bigint not null,
    state text not null
);

create table broker_sim (
    account text primary key,
    updated bigint not null,
    state text not null
);
