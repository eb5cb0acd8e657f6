/** Callers who wait, who don't, who leave, who ask again, who change their minds. */
import type { Random } from '../crash/random.ts'

export interface Callers {
  /** Tasks that were accepted, as their callers were told. */
  readonly accepted: Set<string>
  /** How often each kind of answer came, by status or by what happened to the caller. */
  readonly answers: Map<string, number>
  /** Answers that nobody should get. */
  readonly faults: string[]
  /** Ends the load; resolves when nobody asks any more. */
  stop(): Promise<void>
}

const CALLERS = 24
const TASKS = '/orchestrator/tasks'

/** Whose tokens they have: for all droplets, for some, and one that is not known. */
type Bearer = (name: 'all' | 'some' | 'none') => Record<string, string>

export function startCallers(
  url: string,
  names: readonly string[],
  bearer: Bearer,
  random: Random,
): Callers {
  const accepted = new Set<string>()
  const answers = new Map<string, number>()
  const faults: string[] = []
  let stopped = false
  const { whole, chance } = random
  const count = (what: string) => answers.set(what, (answers.get(what) ?? 0) + 1)

  async function ask(method: string, path: string, init: RequestInit = {}) {
    const signal = AbortSignal.timeout(chance(0.15) ? whole(1, 300) : 60_000)
    // A connection each: those that are kept open would look like a leak.
    const token = chance(0.03) ? 'none' : chance(0.2) ? 'some' : 'all'
    const headers = { connection: 'close', ...bearer(token), ...init.headers }
    try {
      const answer = await fetch(url + path, { ...init, method, headers, signal, keepalive: false })
      // oxlint-disable-next-line typescript/no-explicit-any
      const body = (await answer.json()) as any
      const code = body?.error?.code
      count(code ?? `${answer.status}`)
      if (code === 'INTERNAL_ERROR' || code === 'STORE_UNAVAILABLE')
        faults.push(JSON.stringify(body))
      if ((token === 'none') !== (code === 'UNAUTHORIZED'))
        faults.push(`with the token '${token}' it got ${answer.status} ${code}`)
      // Other errors name a task that is not theirs: the one that has their key, or is to be.
      const isOwn = code === undefined || code === 'DROPLET_UNREACHABLE' || code === 'TIMEOUT'
      const id: unknown = body?.task_id ?? body?.error?.details?.task_id
      if (!isOwn || typeof id !== 'string') return null
      accepted.add(id)
      return id
    } catch {
      count('hung up')
      return null
    }
  }

  function submit(more: Record<string, string>) {
    const name = chance(0.03) ? 'nobody' : names[whole(0, names.length - 1)]!
    const task = {
      droplet_name: name,
      method: chance(0.5) ? 'POST' : 'GET',
      path: '/work',
      timeout_ms: whole(200, 2000),
      max_retries: whole(0, 2),
    }
    const key: Record<string, string> = chance(0.2)
      ? { 'idempotency-key': `key-${whole(0, 500)}` }
      : {}
    const headers = { 'content-type': 'application/json', ...key, ...more }
    return ask('POST', TASKS, { headers, body: JSON.stringify(task) })
  }

  async function once(): Promise<void> {
    if (chance(0.1))
      return void (await ask('GET', chance(0.5) ? `${TASKS}?limit=20` : '/orchestrator/metrics'))
    if (chance(0.02)) return void (await ask('GET', '/orchestrator/droplets?refresh=true'))
    if (chance(0.5)) return void (await submit({}))
    const id = await submit({ prefer: chance(0.5) ? 'respond-async' : 'wait=1' })
    if (id === null) return
    if (chance(0.3)) await ask('GET', `${TASKS}/${id}?wait=2`)
    if (chance(0.2)) await ask('POST', `${TASKS}/${id}/cancel`)
    if (chance(0.1)) await ask('POST', `${TASKS}/${id}/replay`)
  }

  const call = async () => {
    while (!stopped) {
      await once()
      await Bun.sleep(whole(0, 60))
    }
  }
  const calling = Promise.all(Array.from({ length: CALLERS }, call))
  return {
    accepted,
    answers,
    faults,
    async stop() {
      stopped = true
      await calling
    },
  }
}
