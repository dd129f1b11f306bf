-- In SQLite only `integer primary key` is the key that rows lie by; any other is an index beside them,
-- and each turn of the journal would write both.
alter table journal rename to journal_before;
create table journal (
    seq integer primary key check (seq >= 1),
    at bigint not null,
    kind text not null,
    record text not null
);
insert into journal (seq, at, kind, record) select seq, at, kind, record from journal_before;
drop table journal_before;
