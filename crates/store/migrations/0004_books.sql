-- What is held and what it is worth; what happened, in order; what went wrong; who pulled the brake.
create table positions (
    book text not null,
    symbol text not null,
    qty bigint not null,
    average_price bigint not null,
    opened bigint not null,
    updated bigint not null,
    plan text,
    payload text not null,
    primary key (book, symbol)
);

create table ledger_entries (
    journal bigint not null,
    line bigint not null,
    at bigint not null,
    account text not null,
    currency text not null,
    amount bigint not null,
    primary key (journal, line)
);
create index ledger_entries_by_account on ledger_entries (account, currency);

create table journal (
    seq bigint primary key check (seq >= 1),
    at bigint not null,
    kind text not null,
    record text not null
);

create table equity (
    book text not null,
    day text not null,
    currency text not null,
    cash bigint not null,
    positions bigint not null,
    primary key (book, day)
);

create table incidents (
    id text primary key,
    at bigint not null,
    severity text not null check (severity in ('notice', 'warning', 'critical')),
    kind text not null,
    detail text not null,
    resolved bigint,
    resolution text
);

create table kill_switch (
    seq bigint primary key check (seq >= 1),
    state text not null check (state in ('armed', 'pulled')),
    who text not null,
    why text not null,
    at bigint not null
);
