/** A database full of tasks that have ended, made by the real migrations, without running them. */
import { Database } from 'bun:sqlite'
import { MIGRATIONS } from '../../src/store/sqlite/migrations/index.ts'

/** Most tasks are of a few droplets; the last is used once in 20,000 tasks. */
export const COMMON_DROPLET = 'droplet-1'
export const RARE_DROPLET = 'rare'

/** All within the last hours: nothing is old enough to be trimmed. */
const SPAN_MS = 6 * 3600 * 1000

// Of 20,000: 1 cancelled, 20 timeouts, 400 errors, else success. Primes, so that statuses and
// droplets mix.
const FILL = `
insert into tasks (id, mode, status, droplet_name, droplet_key, method, path, payload, meta, headers,
  timeout_ms, deadline_ms, max_retries, delay_ms, request_id, target_url, created_at, due_at,
  attempts, retry_count, completed_at, duration_ms, response_status, response_body, error_message)
with recursive numbers(n) as (select 0 union all select n + 1 from numbers where n + 1 < ?1),
task as (
  select n, ?2 + cast(n * ?3 / ?1 as integer) as at,
    case when n % 19997 = 7 then 'cancelled' when n % 997 = 5 then 'timeout'
      when n % 47 = 3 then 'error' else 'success' end as status,
    case when n % 19991 = 11 then '${RARE_DROPLET}'
      when n % 2 = 0 then '${COMMON_DROPLET}' else 'droplet-' || (2 + n % 18) end as droplet
  from numbers)
select printf('%08x-%04x-7000-%s', at / 65536, at % 65536, lower(hex(randomblob(8)))),
  'sync', status, droplet, droplet, 'POST', '/work',
  '{"order":4711,"items":["apple","pear"],"note":"a payload of a usual size"}', null, '{}',
  30000, null, 3, 0, printf('request-%d', n), 'http://127.0.0.1:9000/work', at, null,
  printf('[{"attempt":1,"startedAt":%d,"durationMs":3,"responseStatus":200,"error":null}]', at),
  0, at + 3, 3, case status when 'success' then 200 when 'error' then 404 end,
  case when status in ('success', 'error')
    then '{"order":4711,"items":["apple","pear"],"note":"a payload of a usual size"}' end,
  case status when 'timeout' then 'no answer in 3 ms' when 'cancelled' then 'cancelled' end
from task`

const COUNT = `insert into task_counts
  select droplet_key, status, count(*) from tasks group by droplet_key, status`

/** Makes the database `file` with `count` tasks: 10 s or so for a million. */
export function fillHistory(file: string, count: number): void {
  using db = new Database(file, { create: true, strict: true })
  // Nobody needs it when the machine fails meanwhile.
  db.run('pragma journal_mode = wal')
  db.run('pragma synchronous = off')
  db.transaction(() => {
    for (const { before, sql } of MIGRATIONS) {
      before?.(db)
      db.run(sql)
    }
    db.run(`pragma user_version = ${MIGRATIONS.length}`)
    db.query(FILL).run(count, Date.now() - SPAN_MS, SPAN_MS)
    // Kept by the store as it goes, or by triggers: counted here, either is right.
    db.run('delete from task_counts')
    db.run(COUNT)
  }).immediate()
  db.run('pragma wal_checkpoint(truncate)')
}
