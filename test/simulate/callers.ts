/** The callers: what they ask for, and what they do when they get no answer. */
import { toRequest } from '../../src/http/submission.ts'
import type { Caller } from '../../src/tasks/task-service.ts'
import { METHODS, type SubmitBody } from '../../src/task.ts'
import type { Call, Calls } from './calls.ts'
import type { SimDroplet } from './droplets.ts'
import { isOver } from './known.ts'
import type { Ledger } from './ledger.ts'
import type { Life } from './life.ts'
import type { Prng } from './prng.ts'
import type { World } from './world.ts'

interface Submission {
  body: SubmitBody
  mode: 'sync' | 'async'
  waitMs: number
  key: string | null
}

/** Submissions with a key that are remembered, to be sent again. */
const REMEMBERED = 30
const LONGEST_DELAY_S = 5400

export class Callers {
  readonly #chance: Prng
  readonly #withKey: Submission[] = []
  #keys = 0
  #requests = 0

  constructor(
    private readonly world: World,
    private readonly ledger: Ledger,
    private readonly calls: Calls,
    private readonly droplets: readonly SimDroplet[],
    /** The service, when it can be reached, and the id that it gave last. */
    private readonly door: { life(): Life | null; lastId: string | null },
  ) {
    this.#chance = world.chance.fork('callers')
  }

  act(): void {
    const chance = this.#chance
    const what = chance.weighted({
      submit: 60,
      twins: 8,
      'use a key again': 10,
      cancel: 14,
      find: 12,
      list: 3,
      replay: 7,
      flood: 4,
    })
    if (what === 'submit') return this.#submit(this.#something())
    if (what === 'cancel') return this.#cancel()
    if (what === 'find') return this.#find()
    if (what === 'list') return this.#list()
    if (what === 'replay') return this.#replay()
    if (what === 'use a key again') return this.#again()
    if (what === 'flood') return this.#flood()
    const twin = { ...this.#something(), key: this.#newKey() }
    this.#remember(twin)
    for (let copies = chance.whole(2, 3); copies > 0; copies--) {
      this.world.after(chance.chance(0.5) ? 0 : chance.between(0, 20), () => this.#submit(twin))
    }
  }

  #submit(submission: Submission): void {
    const life = this.door.life()
    if (!life) return
    const { body, mode, waitMs, key } = submission
    const caller = this.#caller(mode, waitMs, key)
    const request = JSON.stringify(body)
    this.door.lastId = null
    const answer = life.service.submit(toRequest(body, life.config.task), caller)
    const taskId = this.door.lastId
    this.world.note(`submit ${mode} ${key} wait ${waitMs} ${request}`, taskId ?? undefined)
    const patienceMs = mode === 'sync' ? Infinity : waitMs + life.config.registry.timeoutMs
    const call: Call = {
      ...this.#call(life, 'submit', taskId, patienceMs),
      key,
      request,
      onLost: () => {
        if (key === null || this.#chance.chance(0.2)) return
        this.world.after(this.#chance.between(0, 90_000), () => this.#submit(submission))
      },
    }
    this.calls.make(call, answer, (result) => this.calls.submitted(call, result, mode))
  }

  #again(): void {
    if (this.#withKey.length === 0) return
    const chance = this.#chance
    const before = chance.pick(this.#withKey)
    if (chance.chance(0.75)) return this.#submit(before)
    this.#submit({ ...this.#something(), key: before.key })
  }

  /** Many at once for one droplet, which must leave room for the others. */
  #flood(): void {
    const droplet_name = this.#dropletName()
    for (let rest = this.#chance.whole(3, 12); rest > 0; rest--) {
      const { body } = this.#something()
      this.#submit({ body: { ...body, droplet_name }, mode: 'async', waitMs: 0, key: null })
    }
  }

  #cancel(): void {
    const life = this.door.life()
    const id = this.#someId(0.85)
    if (!life || id === null) return
    this.world.note('cancel', id)
    const known = this.ledger.tasks.get(id)
    if (known && !isOver(known)) known.cancelAsked = true
    const call = this.#call(life, 'cancel', id, 0)
    this.calls.make(call, life.service.cancel(id), (task) => this.calls.cancelled(id, task))
  }

  #find(): void {
    const life = this.door.life()
    const id = this.#someId(0.6)
    if (!life || id === null) return
    const waitMs = this.#chance.chance(0.6) ? this.#chance.whole(1, 60) * 1000 : 0
    const call = this.#call(life, 'find', id, waitMs)
    this.calls.make(call, life.service.find(id, waitMs), (task) => this.calls.found(id, task))
  }

  #list(): void {
    const life = this.door.life()
    if (!life) return
    const call = this.#call(life, 'list', null, 0)
    this.calls.make(call, life.service.list({ limit: 10, status: 'running' }), ({ tasks }) => {
      const other = tasks.find((task) => task.status !== 'running')
      this.world.expect(!other, 'the list of what runs has others', other?.id)
    })
  }

  #replay(): void {
    const life = this.door.life()
    const id = this.#someId(0.2)
    if (!life || id === null) return
    const caller = this.#caller(this.#chance.pick(['sync', 'async']), 0, null)
    const call = this.#call(life, 'replay', id, Infinity)
    this.calls.make(call, life.service.replay(id, caller), (result) => {
      const { task } = result
      this.world.expect(task.replayOf === id && task.id !== id, 'no replay', task.id)
      this.calls.submitted({ ...call, taskId: task.id }, result, caller.mode)
    })
  }

  #something(): Submission {
    const chance = this.#chance
    const method = chance.pick(METHODS)
    const mode = chance.chance(0.55) ? 'async' : 'sync'
    const key = chance.chance(0.3) ? this.#newKey() : null
    const waitMs = mode === 'async' && chance.chance(0.35) ? chance.whole(1, 60) * 1000 : 0
    const body: SubmitBody = {
      droplet_name: this.#dropletName(),
      method,
      path: `/work/${++this.#requests}`,
      ...(method === 'GET' ? {} : { payload: { request: this.#requests } }),
      ...(chance.chance(0.6) ? { timeout_ms: chance.pick([50, 500, 2000, 10_000, 60_000]) } : {}),
      ...(chance.chance(0.3) ? { deadline_ms: chance.pick([100, 1500, 8000, 60_000]) } : {}),
      ...(chance.chance(0.4) ? { max_retries: chance.pick([0, 1, 2, 5, 10]) } : {}),
      ...(mode === 'async' && chance.chance(0.25)
        ? { delay_seconds: chance.pick([0.5, 3, 30, 600, LONGEST_DELAY_S]) }
        : {}),
    }
    const submission: Submission = { body, mode, waitMs, key }
    if (key !== null) this.#remember(submission)
    return submission
  }

  #dropletName(): string {
    const chance = this.#chance
    if (chance.chance(0.01)) return 'ghost'
    // A few of them get most of the work.
    const { name } = this.droplets[Math.floor(chance.next() ** 2 * this.droplets.length)]!
    return chance.chance(0.2) ? name.toUpperCase() : name
  }

  /** Of an unfinished task rather, the newest more often. */
  #someId(unfinished: number): string | null {
    const from = this.#chance.chance(unfinished)
      ? this.ledger.unfinished
      : this.ledger.tasks.values()
    const known = [...from]
    const place = Math.floor(Math.sqrt(this.#chance.next()) * known.length)
    return known[place]?.id ?? null
  }

  #caller(mode: 'sync' | 'async', waitMs: number, idempotencyKey: string | null): Caller {
    return { requestId: `r${this.#requests}`, mode, waitMs, idempotencyKey }
  }

  #call({ process }: Life, kind: Call['kind'], taskId: string | null, patienceMs: number): Call {
    return { kind, process, at: this.world.now, taskId, patienceMs, key: null, request: null }
  }

  #newKey(): string {
    return `key-${++this.#keys}`
  }

  #remember(submission: Submission): void {
    this.#withKey.push(submission)
    if (this.#withKey.length > REMEMBERED) this.#withKey.shift()
  }
}
