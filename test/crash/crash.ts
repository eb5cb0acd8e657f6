/** Kills the binary again and again under load, and counts what is lost: nothing may be. */
import { eventually } from '../support/eventually.ts'
import { serviceHome, type Service } from '../support/binary-service.ts'
import { faultsOf, KEYED, type Sent } from './audit.ts'
import { startDroplet } from './droplets.ts'

export interface CrashResult {
  rounds: number
  accepted: number
  answered: number
  unanswered: number
  requests: number
  /** Empty, if all is well. */
  faults: string[]
}

const ENV = { LOG_LEVEL: 'WARNING', TASK_MAX_HISTORY: '1000000' }
const CALLERS = 6
/** What one round sends at most. */
const MOST_PER_CALLER = 150

export async function crashTest(rounds: number, seed: number): Promise<CrashResult> {
  const random = generator(seed)
  await using droplet = startDroplet()
  using home = serviceHome({ echo: droplet.url })
  const sent: Sent[] = []
  for (let round = 1; round <= rounds; round++) {
    droplet.life = round
    await using service = await home.start({ ...ENV, LOG_LEVEL: 'INFO' })
    const load = { stopped: false }
    const callers = Array.from({ length: CALLERS }, () => call(service, sent, round, random, load))
    await Bun.sleep(150 + random() * 700)
    service.signal('SIGKILL')
    load.stopped = true
    await Promise.all(callers)
    await service.exited
  }
  droplet.life = rounds + 1
  await using service = await home.start({ ...ENV, LOG_LEVEL: 'INFO' })
  await eventually('all is finished', () => unfinished(service).then((n) => n === 0), 60_000)
  const faults = await faultsOf(service, sent, droplet.seen)
  return {
    rounds,
    accepted: sent.filter(({ reply }) => reply?.status === 202).length,
    answered: sent.filter(({ reply }) => reply?.status === 200).length,
    unanswered: sent.filter(({ reply }) => reply === null).length,
    requests: droplet.seen.length,
    faults,
  }
}

async function unfinished({ get }: Service): Promise<number> {
  const [queued, running] = await Promise.all(
    ['queued', 'running'].map((status) => get(`/orchestrator/tasks?limit=1&status=${status}`)),
  )
  return queued!.json.total + running!.json.total
}

/** One caller: sends one after the other, and keys that got no answer once more. */
async function call(
  service: Service,
  sent: Sent[],
  round: number,
  random: () => number,
  load: { stopped: boolean },
): Promise<void> {
  const open = sent.filter(({ key, reply }) => key !== null && reply === null)
  for (let n = 0; n < MOST_PER_CALLER && !load.stopped; n++) {
    const again = random() < 0.2 ? open.splice(Math.floor(random() * open.length), 1)[0] : undefined
    const draft = again ?? newTask(random)
    if (!again) sent.push(draft)
    draft.rounds.push(round)
    const headers = {
      ...(draft.mode === 'async' ? { prefer: 'respond-async' } : {}),
      ...(draft.key ? { 'idempotency-key': draft.key } : {}),
    }
    // Another caller may have the key in hand: 409 is no answer of ours.
    const reply = await service
      .submit({ path: draft.path, method: 'POST', payload: {} }, headers)
      .catch(() => null)
    if (reply?.status !== 409) draft.reply ??= reply
  }
}

function newTask(random: () => number): Sent {
  const key = random() < 0.3 ? crypto.randomUUID() : null
  const paths = ['/quick?', '/flaky?', `/slow?ms=${Math.floor(random() * 120)}&`]
  const path = paths[Math.floor(random() * paths.length)]! + (key ? KEYED : '')
  return { mode: random() < 0.5 ? 'sync' : 'async', key, path, rounds: [], reply: null }
}

/** mulberry32: small, seeded, good enough to choose with. */
function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
