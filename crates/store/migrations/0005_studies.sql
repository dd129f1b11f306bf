-- Losses of a trial after the first, and which process tries which trial until when.
alter table trials add column further text not null default '[]';

create table trial_claims (
    experiment text not null references experiments (id),
    number bigint not null check (number >= 0),
    worker text not null,
    expires bigint not null,
    primary key (experiment, number)
);
