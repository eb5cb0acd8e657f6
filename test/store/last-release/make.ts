/**
 * Makes the database of a released version, for test/e2e/upgrade.test.ts: with tasks in every state,
 * killed in the middle of its work. Takes the path of that version's binary:
 *
 *     bun test/store/last-release/make.ts /tmp/released/dist/orchestrator
 *
 * Its files are next to this one: the database and its write-ahead log, and what the old version
 * said of each task.
 */
import { Database } from 'bun:sqlite'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

const [binary] = process.argv.slice(2)
if (!binary) throw new Error('which binary?')

const folder = mkdtempSync(join(tmpdir(), 'last-release-'))
const database = join(folder, 'orchestrator.db')

/** The droplets: each answers as its name says. */
const answers: Record<string, () => Response | Promise<Response>> = {
  '/echo': () => Response.json({ fine: true }),
  '/absent': () => new Response('"no"', { status: 404 }),
  '/flaky': () => new Response('"busy"', { status: 503 }),
  '/hang': () => new Promise<Response>(() => {}),
}
const mesh = Bun.serve({
  ...{ port: 0, hostname: '127.0.0.1', idleTimeout: 0 },
  fetch: (request) => answers[`/${new URL(request.url).pathname.split('/')[1]!}`]!(),
})
const droplets = Object.keys(answers).map((path) => ({
  name: path.slice(1),
  endpoint: mesh.url.origin + path,
}))
writeFileSync(join(folder, 'droplets.json'), JSON.stringify({ droplets }))

const port = 18_473
const service = Bun.spawn([binary], {
  env: {
    ...{
      HOST: '127.0.0.1',
      PORT: String(port),
      DROPLET_PROBE_INTERVAL: '0',
      BREAKER_THRESHOLD: '0',
    },
    ...{ REGISTRY_URL: `file:${join(folder, 'droplets.json')}`, REGISTRY_CACHE_DIR: folder },
    TASK_DB: database,
  },
  stdout: 'ignore',
})

const api = `http://127.0.0.1:${port}/orchestrator`
const ASYNC = { prefer: 'respond-async' }

async function submit(droplet: string, body: object = {}, headers: Record<string, string> = {}) {
  const response = await fetch(`${api}/tasks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ droplet_name: droplet, path: '/', ...body }),
  })
  const reply = (await response.json()) as { task_id?: string; error?: { details: object } }
  return (reply.task_id ?? (reply.error?.details as { task_id?: string })?.task_id)!
}

async function post(path: string): Promise<string> {
  return ((await (await fetch(api + path, { method: 'POST' })).json()) as { task_id: string })
    .task_id
}

const show = async (id: string) => (await fetch(`${api}/tasks/${id}`)).json()
const until = async (isSo: () => Promise<boolean>) => {
  while (!(await isSo().catch(() => false))) await Bun.sleep(5)
}

await until(async () => (await fetch(`${api}/ready`)).ok)

const secret = { authorization: 'Bearer of-the-last-release' }
const large = { method: 'POST', payload: { text: 'x'.repeat(20_000) } }
const success = await submit(
  'ECHO',
  { path: '/a?b=c', meta: { n: 1 }, headers: { 'X-A': 'é', ...secret }, deadline_ms: 60_000 },
  { 'idempotency-key': 'finished', 'x-request-id': 'r-1', 'X-Orchestrator-Hops': '3' },
)
const replayable = await submit('echo', { method: 'PUT', payload: { n: 1.1 } })
const finished = {
  success,
  replayed: await post(`/tasks/${replayable}/replay`),
  async: await submit('echo', { method: 'POST', payload: { n: 1 } }, ASYNC),
  absent: await submit('absent', { method: 'DELETE' }),
  failed: await submit('flaky', { max_retries: 0 }),
  timeout: await submit('hang', { timeout_ms: 20, max_retries: 0 }),
  cancelled: await submit('echo', { delay_seconds: 600 }, ASYNC),
}
await post(`/tasks/${finished.cancelled}/cancel`)
await until(async () => ((await show(finished.async)) as { status: string }).status === 'success')

// In the tables, by the time it is killed.
const unfinished: Record<string, string> = {
  delayed: await submit('echo', { delay_seconds: 5, headers: secret, ...large }, ASYNC),
  running: await submit('hang', { headers: secret, timeout_ms: 600_000 }, ASYNC),
  retrying: await submit('flaky', { max_retries: 10 }, ASYNC),
}
void submit('hang', { timeout_ms: 600_000 }, { 'idempotency-key': 'interrupted' }).catch(() => {})
await until(async () => {
  const { attempts } = (await show(unfinished.retrying!)) as { attempts: unknown[] }
  return attempts.length === 2
})
const [interrupted] = (
  (await (await fetch(`${api}/tasks?mode=sync&status=running`)).json()) as {
    tasks: { id: string }[]
  }
).tasks.map(({ id }) => id)

// In the journal alone.
unfinished.justBegun = await submit('hang', { headers: secret, timeout_ms: 600_000 }, ASYNC)
const shown = await Promise.all(Object.values(finished).map(show))
const last = await Promise.all([
  submit('echo', { meta: { last: true } }, { 'idempotency-key': 'just-finished' }),
  submit('hang', { delay_seconds: 5, headers: { cookie: 'of-the-last-release' } }, ASYNC),
])
service.kill('SIGKILL')
await service.exited
unfinished.justQueued = last[1]

for (const suffix of ['', '-wal']) copyFileSync(database + suffix, join(folder, `copy${suffix}`))
const copy = new Database(join(folder, 'copy'))
const journal = copy.query('select format, length(lines) as length from journal').all()
const version = copy.query('pragma user_version').get()
copy.close()
if (journal.length === 0) throw new Error('it was killed too late: nothing is in its journal')
for (const suffix of ['', '-wal']) {
  const bytes = gzipSync(readFileSync(database + suffix), { level: 9 })
  writeFileSync(join(import.meta.dir, `orchestrator.db${suffix}.gz`), bytes)
}
const said = { finished: shown, unfinished, justFinished: last[0], interrupted }
writeFileSync(join(import.meta.dir, 'tasks.json'), `${JSON.stringify(said, null, 2)}\n`)
console.log({ version, journal, finished: shown.length, unfinished, interrupted })
rmSync(folder, { recursive: true })
process.exit(0)
