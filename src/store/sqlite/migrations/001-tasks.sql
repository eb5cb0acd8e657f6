-- A task and its attempts. Times are ms since the epoch; payload, meta, headers, attempts and
-- response_body are JSON text.
create table tasks (
  seq             integer primary key, -- the order of acceptance: the history's, and the cursor
  id              text not null unique,
  mode            text not null,
  status          text not null,
  droplet_name    text not null collate nocase,
  method          text not null,
  path            text not null,
  payload         text,
  meta            text,
  headers         text not null,
  timeout_ms      integer not null,
  deadline_ms     integer,
  max_retries     integer not null,
  delay_ms        integer not null,
  request_id      text not null,
  target_url      text not null,
  idempotency_key text,
  fingerprint     text,
  replay_of       text,
  created_at      integer not null,
  due_at          integer,
  attempts        text not null,
  retry_count     integer not null,
  completed_at    integer,
  duration_ms     integer,
  response_status integer,
  response_body   text,
  error_message   text
) strict;

create unique index tasks_idempotency_key on tasks (idempotency_key)
  where idempotency_key is not null;

-- One per filter, each ending in the order of the list. Finished tasks are most of them and
-- enter theirs once; the few that are unfinished change state in a small one of their own. That
-- costs a task 5 µs less than the same indexes over all (of 25).
create index tasks_status on tasks (status, seq) where completed_at is not null;
create index tasks_droplet_status on tasks (droplet_name, status, seq)
  where completed_at is not null;
create index tasks_unfinished on tasks (status, droplet_name, seq) where completed_at is null;

-- What is trimmed next.
create index tasks_completed on tasks (completed_at) where completed_at is not null;

-- How many finished ones there are: counting a million rows takes longer than a list may.
create table task_counts (
  droplet_name text not null collate nocase,
  status       text not null,
  tasks        integer not null,
  primary key (droplet_name, status)
) strict, without rowid;

-- Something to write when nothing else is, to see whether the disk takes it again.
create table heartbeat (id integer primary key check (id = 1), at integer not null) strict;
