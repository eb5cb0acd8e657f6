/** Each bug is planted between the service and one of its ports; the checker named must find it. */
import { expect, test } from 'bun:test'
import { EventBus } from '../../src/events.ts'
import type { Gate, Permit, Refusal } from '../../src/droplets/gate.ts'
import type { MeshGate } from '../../src/droplets/mesh-gate.ts'
import type { Clock, Fetch } from '../../src/ports.ts'
import type { StoreDriver, Write } from '../../src/store/driver.ts'
import { INTERRUPTED, isFinished, type Attempt, type Task } from '../../src/task.ts'
import type { PlantedBugs } from './service/planted-bugs.ts'
import { Simulation } from './simulation.ts'
import type { World } from './world/world.ts'

/** With most seeds another checker may come first. */
const MAX_SEEDS = 30
const HOURS = 20

/** A commit that stores something else than the service asked for. */
function storing(change: (write: Write[1], kind: Write[0]) => object): PlantedBugs {
  const changed = ([kind, task]: Write) => [kind, { ...task, ...change(task, kind) }] as Write
  return driver(({ commit }) => ({ commit: (writes, now) => commit(writes.map(changed), now) }))
}

function lastAttempt(task: Write[1], change: (attempt: Attempt) => object): object {
  const last = task.attempts.at(-1)
  return last ? { attempts: [...task.attempts.slice(0, -1), { ...last, ...change(last) }] } : {}
}

function driver(bug: (driver: StoreDriver) => Partial<StoreDriver>): PlantedBugs {
  return { driver: (port) => ({ ...port, ...bug(port) }) }
}

function clock(bug: (clock: Clock) => Partial<Clock>): PlantedBugs {
  return { clock: (port) => ({ ...port, ...bug(port) }) }
}

function fetching(bug: (fetch: Fetch) => Fetch): PlantedBugs {
  return { fetch: bug }
}

function gate(bug: (gate: MeshGate, world: World) => Partial<Gate>): PlantedBugs {
  return {
    gate: (own, world) => ({
      admit: () => own.admit(),
      enter: (...args) => own.enter(...args),
      hasRoom: (droplet) => own.hasRoom(droplet),
      enterNow: (...args) => own.enterNow(...args),
      isShut: (droplet) => own.isShut(droplet),
      onRoom: (callback) => own.onRoom(callback),
      ...bug(own, world),
    }),
  }
}

/** A gate whose permits come back otherwise than they were given back. */
function releasing(release: (permit: Permit, world: World) => Permit['release']): PlantedBugs {
  return gate((own, world) => {
    const changed = (entry: Permit | Refusal) =>
      entry.admitted
        ? { ...FREE, sending: () => entry.sending(), release: release(entry, world) }
        : entry
    return {
      enter(...args) {
        const entry = own.enter(...args)
        return entry instanceof Promise ? entry.then(changed) : changed(entry)
      },
    }
  })
}

/** A permit that the gate has not given. */
const FREE: Permit = { admitted: true, sending() {}, release() {} }
const CIRCUIT_OPEN: Refusal = {
  admitted: false,
  kind: 'passed over',
  reason: 'circuit open: says a bug',
}

const BUGS: Readonly<Record<string, PlantedBugs>> = {
  'aborts-have-a-reason': clock(({ after }) => ({ after: (ms, run) => after(ms * 0.9, run) })),
  'answers-are-true': driver(({ find }) => ({
    find: async (id) => {
      const task = await find(id)
      return task && { ...task, errorMessage: 'not what is on disk' }
    },
  })),
  'async-spends-nothing': gate(() => ({ hasRoom: () => true })),
  'attempts-are-append-only': storing(({ attempts }) => ({
    attempts: attempts.map((each) => ({ ...each, startedAt: each.startedAt + attempts.length })),
  })),
  'attempts-are-true': storing((task) =>
    lastAttempt(task, ({ responseStatus }) => (responseStatus ? { responseStatus: 299 } : {})),
  ),
  'attempts-never-overlap': fetching((fetch) => (url, init) => {
    void fetch(url, init).catch(() => {})
    return fetch(url, init)
  }),
  'attempts-share-a-trace': fetching((fetch) => (url, init) => {
    const { traceparent } = init.headers
    // Probes and the Registry have none.
    if (traceparent === undefined) return fetch(url, init)
    const sameSpan = traceparent.replace(/-[\da-f]{16}-/, `-${'b'.repeat(16)}-`)
    return fetch(url, { ...init, headers: { ...init.headers, traceparent: sameSpan } })
  }),
  'backoff-kept': clock(({ sleep }) => ({ sleep: (ms, signal) => sleep(ms * 0.9, signal) })),
  'circuits-are-right': releasing((permit) => (result) => {
    permit.release(result && { outcome: 'unreachable', status: null, durationMs: 1 })
  }),
  'circuits-close-again': fetching((fetch) => (url, init) => {
    return url.endsWith('/health') ? Promise.reject(new Error('lost')) : fetch(url, init)
  }),
  'dead-droplets-cost-nothing': gate((own) => ({
    enter: (entrant, stop) => own.enter({ ...entrant, isNew: false }, stop),
  })),
  'deadline-kept': clock(({ monotonic }) => ({ monotonic: () => monotonic() / 2 })),
  'droplet-limit-kept': gate(() => ({ enter: () => FREE })),
  'ends-for-a-reason': storing(({ status }) =>
    status === 'timeout' ? { status: 'error', errorMessage: INTERRUPTED } : {},
  ),
  'every-call-is-answered': driver(() => ({ list: () => new Promise(() => {}) })),
  // Every other one that had to wait learns late that it may go.
  'first-come-first-served': gate((own, world) => {
    let waits = 0
    return {
      enter(...args) {
        const entry = own.enter(...args)
        if (!(entry instanceof Promise) || ++waits % 2 === 0) return entry
        return entry.then((each) => {
          return new Promise((resolve) => void world.after(300, () => resolve(each)))
        })
      },
    }
  }),
  'gate-waits-are-short': gate((own) => ({
    enter: (entrant, stop) => {
      return own.enter({ ...entrant, timeoutMs: 60_000 + entrant.timeoutMs }, stop)
    },
  })),
  // The first list that ever came, again and again.
  'mesh-is-known': fetching((fetch) => {
    let first: string | null = null
    return async (url, init) => {
      const response = await fetch(url, init)
      if (!url.endsWith('8000/droplets') || init.method !== 'GET' || !response.ok) return response
      const text = await response.text()
      first ??= text
      return new Response(first, { status: response.status })
    }
  }),
  'no-endless-loop': clock(({ soon }) => ({
    soon: (run) => {
      const again = () => soon(again)
      again()
      soon(run)
    },
  })),
  // SQLite takes whole numbers only.
  'no-unexpected-errors': storing(({ createdAt }) => ({ createdAt: createdAt + 0.5 })),
  'outcome-is-true': storing(({ status }) => (status === 'success' ? { responseBody: '1' } : {})),
  'permits-are-given-back': releasing((permit) => (result) => {
    if (result?.status !== 201) permit.release(result)
  }),
  'probes-are-spaced': gate((own) => ({
    enter: (entrant, stop) => {
      return own.of(entrant.droplet).circuit === 'open' ? FREE : own.enter(entrant, stop)
    },
  })),
  'recorded-before-sent': driver(({ commit }) => ({
    commit: async (...args) => {
      void commit(...args).catch(() => {})
      return []
    },
  })),
  'refusals-have-a-reason': driver(({ find }) => ({
    find: async (id) => {
      const task = await find(id)
      return task?.status === 'running' ? null : task
    },
  })),
  'request-matches-task': fetching(
    (fetch) => (url, init) => fetch(url, { ...init, body: `${init.body} ` }),
  ),
  'retries-are-allowed': storing((task) => ('maxRetries' in task ? { maxRetries: 0 } : {})),
  // Who has waited for a circuit never becomes its probe.
  'short-outages-are-ridden-out': gate((own) => {
    const isOpen = (droplet: string) => own.of(droplet).circuit === 'open'
    return {
      enter(entrant, stop) {
        const { droplet } = entrant
        const wasOpen = isOpen(droplet)
        const entry = own.enter(entrant, stop)
        if (!(entry instanceof Promise) || !wasOpen) return entry
        return entry.then((each) => {
          if (!each.admitted || !isOpen(droplet)) return each
          each.release(null)
          return CIRCUIT_OPEN
        })
      },
    }
  }),
  'time-limit-kept': clock(({ after }) => ({ after: (ms, run) => after(ms + 4000, run) })),
  'total-limit-kept': gate(() => ({ admit: () => () => {} })),
  transitions: storing((task) => (isFinished(task as Task) ? { dueAt: 1 } : {})),
  'writes-are-known': storing(({ id }) => ({ id: `${id}x` })),
}

for (const [checker, bugs] of Object.entries(BUGS)) {
  test(`${checker} finds a planted bug`, async () => {
    expect(await violated(bugs, checker)).toContain(checker)
  })
}

test('counters-are-right finds a planted bug', async () => {
  const { on } = EventBus.prototype
  // Nobody hears of attempts that end.
  EventBus.prototype.on = function (this: EventBus, type, subscriber) {
    if (type !== 'attempt ended') on.call(this, type, subscriber as never)
  }
  try {
    const checker = 'counters-are-right'
    expect(await violated({}, checker)).toContain(checker)
  } finally {
    EventBus.prototype.on = on
  }
})

/** Which invariants the seeds violate, up to the first that violates the one that is meant. */
async function violated(bugs: PlantedBugs, meant: string): Promise<(string | undefined)[]> {
  const invariants: (string | undefined)[] = []
  for (let seed = 1; seed <= MAX_SEEDS && invariants.at(-1) !== meant; seed++) {
    const simulation = new Simulation(seed, HOURS, bugs)
    await simulation.run()
    invariants.push(simulation.world.violation?.invariant)
  }
  return invariants
}
