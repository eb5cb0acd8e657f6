-- The values of secret headers, of unfinished asynchronous tasks: a row is deleted when its task
-- ends. SQLite zeroes what is deleted, but moves short rows from page to page and leaves copies
-- behind. The padding, as long as a page, keeps headers out of such pages: what is longer is on
-- overflow pages, which are one row's alone, are never copied, and are zeroed when they are freed.
create table secrets (
  task_id text primary key,
  padding blob not null,
  headers text not null -- JSON
) strict, without rowid;

-- Their names: a JSON array.
alter table tasks add column secret_headers text;
-- How often the request had come through an orchestrator.
alter table tasks add column hops integer not null default 0;
