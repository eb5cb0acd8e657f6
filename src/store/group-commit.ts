/**
 * The task store over an engine: writes that arrive while a commit is under way share the next
 * one. That is what makes a synced commit per step affordable: 32 callers at once share two or
 * three, not sixty-four.
 */
import { errorText, OrchestratorError } from '../errors.ts'
import { rememberedBody } from './remembered-body.ts'
import type { Clock, Log } from '../ports.ts'
import type { Task } from '../task.ts'
import { readCursor } from './sqlite/cursor.ts'
import type { Engine } from './driver.ts'
import { changesOf } from './sqlite/rows.ts'
import type { Write } from './sqlite/history.ts'
import type { TaskQuery, TaskStore } from './store.ts'

/** One at the disk and one on its way there, so that neither thread waits for the other. */
const COMMITS_UNDER_WAY = 2
/** How soon a failed write is tried again, ms. */
const RETRY_MS = 1000
/** How often what is too old is looked for while nothing is written, ms. */
const TRIM_MS = 10_000

interface Pending {
  write: Write
  resolve(): void
  reject(error: Error): void
}

export class GroupCommitStore implements TaskStore {
  #writable = true
  #pending: Pending[] = []
  #underWay = 0
  #soon = false
  #quiet = Promise.withResolvers<void>()
  #callOffTimer: () => void = () => {}
  #closing: Promise<void> | null = null
  /** For the metrics: how many writes shared how many commits. */
  readonly stats = { commits: 0, writes: 0, failures: 0 }

  constructor(
    private readonly engine: Engine,
    private readonly ports: { clock: Clock; log: Log },
  ) {
    this.#trimLater()
  }

  get writable(): boolean {
    return this.#writable
  }

  insert(task: Task): Promise<void> {
    if (!this.#writable || this.#closing) return Promise.reject(storeUnavailable())
    return this.#enqueue(['insert', remembered(task)])
  }

  update(task: Task): Promise<void> {
    return this.#enqueue(['update', changesOf(remembered(task))])
  }

  resume(task: Task): Promise<void> {
    return this.#enqueue(['resume', changesOf(task)])
  }

  find(id: string) {
    return this.engine.find(id)
  }

  findByKey(idempotencyKey: string) {
    return this.engine.findByKey(idempotencyKey)
  }

  async list(query: TaskQuery) {
    if (query.cursor !== undefined) readCursor(query.cursor)
    return this.engine.list(query)
  }

  unfinished() {
    return this.engine.unfinished()
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  async #close(): Promise<void> {
    this.#callOffTimer()
    while (this.#underWay > 0) {
      this.#quiet = Promise.withResolvers<void>()
      await this.#quiet.promise
    }
    if (this.#pending.length > 0) await this.#commit()
    if (this.#pending.length > 0) {
      this.ports.log.error('the store could not be written', { lost: this.#pending.length })
    }
    await this.engine.close()
  }

  #enqueue(write: Write): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ write, resolve, reject })
      if (this.#writable) this.#commitSoon()
    })
  }

  /** When this turn is over: what it brings besides goes along. */
  #commitSoon(): void {
    if (this.#soon || this.#underWay >= COMMITS_UNDER_WAY) return
    this.#soon = true
    this.ports.clock.soon(() => {
      this.#soon = false
      if (this.#pending.length > 0 && this.#writable) void this.#commit()
    })
  }

  async #commit(): Promise<void> {
    const batch = this.#pending
    this.#pending = []
    this.#underWay++
    try {
      await this.engine.commit(
        batch.map(({ write }) => write),
        this.ports.clock.now(),
      )
      this.#committed(batch)
    } catch (error) {
      this.#failed(batch, error)
    }
    this.#underWay--
    if (this.#underWay === 0) this.#quiet.resolve()
    if (this.#writable && this.#pending.length > 0) this.#commitSoon()
  }

  #committed(batch: Pending[]): void {
    this.stats.commits++
    this.stats.writes += batch.length
    if (!this.#writable) {
      this.ports.log.info('the store can be written again')
      this.#writable = true
      this.#trimLater()
    }
    for (const { resolve } of batch) resolve()
  }

  /** New tasks are refused; what has happened already waits for the disk. */
  #failed(batch: Pending[], error: unknown): void {
    this.stats.failures++
    if (this.#writable) {
      this.ports.log.error('the store cannot be written', { error: errorText(error) })
    }
    this.#writable = false
    const updates = batch.filter(({ write: [kind] }) => kind !== 'insert')
    for (const { write, reject } of batch) if (write[0] === 'insert') reject(storeUnavailable())
    this.#pending = [...updates, ...this.#pending]
    this.#retryLater()
  }

  #retryLater(): void {
    this.#callOffTimer()
    if (this.#closing) return
    this.#callOffTimer = this.ports.clock.after(RETRY_MS, () => void this.#commit())
  }

  #trimLater(): void {
    this.#callOffTimer()
    if (this.#closing) return
    this.#callOffTimer = this.ports.clock.after(TRIM_MS, () => void this.#trim())
  }

  async #trim(): Promise<void> {
    try {
      while (!this.#closing && (await this.engine.trim(this.ports.clock.now()))) {
        await this.ports.clock.sleep(0)
      }
    } catch (error) {
      this.ports.log.warning('the history cannot be trimmed', { error: errorText(error) })
    }
    if (this.#writable) this.#trimLater()
  }
}

/** A task as the history keeps it: without bodies that are too large for it. */
function remembered(task: Task): Task {
  const responseBody = rememberedBody(task.responseBody)
  return responseBody === task.responseBody ? task : { ...task, responseBody }
}

/** What a new task is refused with while the disk takes none. */
export function storeUnavailable(): OrchestratorError {
  return new OrchestratorError(
    'STORE_UNAVAILABLE',
    'The task could not be written to disk; it was not started',
    {},
    { 'retry-after': '1' },
  )
}
