/** A database full of tasks, made by Postgres itself; in the same mix as that of `history.ts`. */
import { SQL } from 'bun'
import { dayAt, firstIdOf, nameOf, startOf } from '../../../src/store/postgres/days.ts'
import { COMMON_DROPLET, RARE_DROPLET } from '../history.ts'

const PAYLOAD = '{"order":4711,"items":["apple","pear"],"note":"a payload of a usual size"}'
const TARGET = 'http://127.0.0.1:9000/work'

/** A UUIDv7 of the moment `at`, ms; the rest of it made of `n`. */
const ID = `(lpad(to_hex(at), 12, '0') || '7' || left(md5(n::text), 3) || '8'
    || right(md5(n::text), 15))::uuid`
const DROPLET = `case when n % 19991 = 11 then '${RARE_DROPLET}'
    when n % 2 = 0 then '${COMMON_DROPLET}' else 'droplet-' || (2 + n % 18) end`
/** Of 20,000: 1 cancelled, 20 timeouts, 400 errors, else success. */
const STATUS = `case when n % 19997 = 7 then 'cancelled' when n % 997 = 5 then 'timeout'
    when n % 47 = 3 then 'error' else 'success' end`

const ASKED = `asked as (insert into orchestrator.payload
    (id, path, payload, headers, timeout_ms, max_retries, delay_ms, hops)
  select id, '/work', '${PAYLOAD}', '{}', 30000, 3, 0, 0 from task)`

/** $1: the first number, $2: how many, $3: the first moment, ms, $4: ms between two. */
const task = (droplet: string) => `with task as materialized (
  select *, ${ID} as id, ${STATUS} as status, ${droplet} as droplet from (
    select n, $3::int8 + ((n - $1::int8) * $4::float8)::int8 as at
    from generate_series($1::int8, $1::int8 + $2::int8 - 1) n) numbers),
${ASKED}`

const ENDED_SQL = `${task(DROPLET)}
insert into orchestrator.history (id, mode, status, droplet_name, droplet_key, method, target_url,
  request_id, created_at, completed_at, duration_ms, attempts, retry_count, response_status,
  response_body, error_message)
select id, 'sync', status, droplet, droplet, 'POST', '${TARGET}', 'request-' || n, at, at + 3, 3,
  '[{"attempt":1,"startedAt":' || at || ',"durationMs":3,"responseStatus":200,"error":null}]', 0,
  case status when 'success' then 200 when 'error' then 404 end,
  case when status in ('success', 'error') then '${PAYLOAD}' end,
  case status when 'timeout' then 'no answer in 3 ms' when 'cancelled' then 'cancelled' end
from task`

/** As the store keeps them as it goes. */
const COUNT_SQL = `insert into orchestrator.counts (day, droplet_key, status, writer, tasks)
  select $1::int4, droplet_key, status, 'bench', count(*) from orchestrator.history
  where id >= $2::uuid and id < $3::uuid group by 2, 3`

const waitingSql = (droplet: string) => `${task(droplet)}
insert into orchestrator.live (id, fence, step, first_fence, resumed, claim_at, accepted_at, mode,
  status, droplet_name, droplet_key, method, target_url, request_id, created_at, delay_ms,
  timeout_ms, attempts, retry_count)
select id, 0, 0, 0, false, to_timestamp(at / 1000.0), to_timestamp(at / 1000.0), 'async', 'queued',
  droplet, droplet, 'POST', '${TARGET}', 'request-' || n, at, 0, 30000, '[]', 0
from task`

const DAY_MS = 86_400_000

/** One whole day of the history, with its partitions. `first`: the number of its first task. */
export async function fillDay(sql: SQL, day: number, first: number, count: number): Promise<void> {
  const [from, to] = [firstIdOf(day), firstIdOf(day + 1)]
  for (const parent of ['payload', 'history']) {
    await sql.unsafe(`create table orchestrator.${parent}_${nameOf(day)}
      partition of orchestrator.${parent} for values from ('${from}') to ('${to}')`)
  }
  await sql.unsafe(ENDED_SQL, [first, count, startOf(day), DAY_MS / count])
  await sql.unsafe(COUNT_SQL, [day, from, to])
}

/** Tasks of today that nobody owns, due since `from`, a hundred of them a ms. */
export async function fillQueue(
  sql: SQL,
  { from, first, count, droplet }: QueueOptions,
): Promise<void> {
  const name = droplet === null ? DROPLET : `'${droplet}'`
  await sql.unsafe(waitingSql(name), [first, count, from, 0.01])
  await sql.unsafe('vacuum analyze orchestrator.live')
}

interface QueueOptions {
  /** Wall clock, ms; its day has partitions. */
  from: number
  /** The number of the first. */
  first: number
  count: number
  /** null: in the mix of the history. */
  droplet: string | null
}

/** The newest days before the one of `now`, the oldest first. */
export function daysBefore(now: number, count: number): number[] {
  return Array.from({ length: count }, (_, n) => dayAt(now) - count + n)
}
