-- Times of columns in int8 are ms since the epoch by the clock of the node that wrote them; those
-- in timestamptz are the database's own. payload, meta, headers, secret_headers, attempts and
-- response_body are JSON in text: to the digit as it came.

-- The processes that use, or have used, this database. One row a session is renewed, however much
-- it owns; no index has what that changes.
create table orchestrator.nodes (
  session     uuid primary key default gen_random_uuid(),
  node        text not null,
  version     text not null,
  started_at  timestamptz not null default now(),
  seen        timestamptz not null default now(),
  lease_until timestamptz not null,
  dead        boolean not null default false
) with (fillfactor = 50);

-- Unfinished tasks, as much of them as claiming, listing and fencing need. It must stay small:
-- every claim looks through it. Room in each page, so that most updates touch no index; vacuum
-- comes early and does not rest, for what has ended lies in the way of the claims.
create table orchestrator.live (
  id              uuid primary key,
  owner           uuid,             -- a session; null: nobody, and then it may be claimed
  fence           int8 not null,    -- up by one at each new owner; every write names it
  step            int8 not null,    -- of the owner's writes, the last one's; older ones come too late
  claim           int8,             -- the number of the claim by which the owner has it
  first_fence     int8 not null,    -- at its insert or resume: nobody else has had it while equal
  resumed         boolean not null, -- it was in the history before
  claim_at        timestamptz not null,
  accepted_at     timestamptz not null default now(),
  expires_at      timestamptz,      -- its deadline; null: it has none; see also free-sql.ts
  cancel          boolean not null default false,
  mode            text not null,
  status          text not null,
  droplet_name    text not null,
  droplet_key     text collate "C" not null, -- for comparing: as nameKey() makes it
  method          text not null,
  target_url      text not null,
  request_id      text not null,
  replay_of       text,
  created_at      int8 not null,
  due_at          int8,
  delay_ms        int8 not null,
  timeout_ms      int8 not null,
  deadline_ms     int8,
  attempts        text not null,
  retry_count     int8 not null,
  response_status int8,
  response_body   text,
  error_message   text
) with (
  fillfactor = 70,
  autovacuum_vacuum_scale_factor = 0.01,
  autovacuum_vacuum_threshold = 1000,
  autovacuum_analyze_scale_factor = 0.05,
  autovacuum_vacuum_cost_delay = 0
);
create index live_claim on orchestrator.live (claim_at, id) where owner is null;
create index live_claim_by_droplet on orchestrator.live (droplet_key, claim_at, id)
  where owner is null;
-- What nobody has room for must end in time all the same.
create index live_expiring on orchestrator.live (expires_at)
  where owner is null and expires_at is not null;
create index live_owned on orchestrator.live (owner) where owner is not null;
create index live_cancel on orchestrator.live (owner) where cancel;

-- What was asked for. Written once; again only when an interrupted task runs again. Its primary
-- key is that of all tasks: a partition has all ids of a day, so it is unique over all of them.
create table orchestrator.payload (
  id              uuid primary key,
  path            text not null,
  payload         text,
  meta            text,
  headers         text not null,
  secret_headers  text, -- their names
  timeout_ms      int8 not null,
  deadline_ms     int8,
  max_retries     int8 not null,
  delay_ms        int8 not null,
  hops            int8 not null,
  trace_parent    text,
  trace_state     text,
  idempotency_key text,
  fingerprint     text
) partition by range (id);

-- The values of secret headers, of unfinished asynchronous tasks; deleted at their ends.
create table orchestrator.secrets (id uuid primary key, headers text not null);

-- Finished tasks. No default partition: what is in one would have to be moved out row by row.
create table orchestrator.history (
  id              uuid primary key,
  mode            text not null,
  status          text not null,
  droplet_name    text not null,
  droplet_key     text collate "C" not null,
  method          text not null,
  target_url      text not null,
  request_id      text not null,
  replay_of       text,
  created_at      int8 not null,
  completed_at    int8 not null,
  duration_ms     int8,
  attempts        text not null,
  retry_count     int8 not null,
  response_status int8,
  response_body   text,
  error_message   text
) partition by range (id);
create index on orchestrator.history (status, id);
create index on orchestrator.history (droplet_key, status, id);
create index on orchestrator.history (request_id, id);
create index on orchestrator.history (replay_of, id) where replay_of is not null;
create index on orchestrator.history (completed_at); -- what is too old

-- Idempotency keys: as long as their tasks.
create table orchestrator.keys (key text collate "C" primary key, id uuid not null);
create index on orchestrator.keys (id);

-- How many finished tasks there are, of each day of their ids: counting millions takes longer than
-- a list may. Each writer (a node's connection) has rows of its own, so that none waits for
-- another; one of them alone may be negative.
create table orchestrator.counts (
  day         int4 not null, -- since the epoch, UTC
  droplet_key text collate "C" not null,
  status      text not null,
  writer      text not null,
  tasks       int8 not null,
  primary key (day, droplet_key, status, writer)
) with (fillfactor = 50);

-- The day of an id: its first 48 bits are ms since the epoch (UUIDv7).
create function orchestrator.day_of(id uuid) returns int4
  language sql immutable strict parallel safe
  as $$ select (('x' || left(replace(id::text, '-', ''), 12))::bit(48)::int8 / 86400000)::int4 $$;
