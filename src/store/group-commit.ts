/**
 * The task store over an engine: writes that arrive while a commit is under way share the next
 * one. That is what makes a synced commit per step affordable: 32 callers at once share two or
 * three, not sixty-four.
 */
import { errorText, OrchestratorError } from '../errors.ts'
import type { Clock, Log } from '../ports.ts'
import type { Task } from '../task.ts'
import { readCursor } from './cursor.ts'
import type { Engine } from './engine.ts'
import { insertValues, updateValues } from './rows.ts'
import type { Write } from './sqlite.ts'
import type { TaskQuery, TaskStore } from './store.ts'

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
  #committing: Promise<void> | null = null
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
    return this.#enqueue(['insert', insertValues(task)])
  }

  update(task: Task): Promise<void> {
    return this.#enqueue(['update', updateValues(task)])
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
    while (this.#committing) await this.#committing
    if (this.#pending.length > 0) await this.#commit()
    if (this.#pending.length > 0) {
      this.ports.log.error('the store could not be written', { lost: this.#pending.length })
    }
    await this.engine.close()
  }

  #enqueue(write: Write): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ write, resolve, reject })
      // Later in this turn: what it brings besides goes along.
      if (this.#writable && !this.#committing)
        this.#committing = Promise.resolve().then(() => this.#drain())
    })
  }

  async #drain(): Promise<void> {
    do await this.#commit()
    while (this.#writable && this.#pending.length > 0)
    this.#committing = null
  }

  async #commit(): Promise<void> {
    const batch = this.#pending
    this.#pending = []
    try {
      await this.engine.commit(
        batch.map(({ write }) => write),
        this.ports.clock.now(),
      )
    } catch (error) {
      this.#failed(batch, error)
      return
    }
    this.stats.commits++
    this.stats.writes += batch.length
    if (!this.#writable) this.ports.log.info('the store can be written again')
    this.#writable = true
    for (const { resolve } of batch) resolve()
  }

  /** New tasks are refused; what has happened already waits for the disk. */
  #failed(batch: Pending[], error: unknown): void {
    this.stats.failures++
    if (this.#writable) {
      this.ports.log.error('the store cannot be written', { error: errorText(error) })
    }
    this.#writable = false
    const updates = batch.filter(({ write: [kind] }) => kind === 'update')
    for (const { write, reject } of batch) if (write[0] === 'insert') reject(storeUnavailable())
    this.#pending = [...updates, ...this.#pending]
    this.#retryLater()
  }

  #retryLater(): void {
    if (this.#closing) return
    this.#callOffTimer()
    this.#callOffTimer = this.ports.clock.after(RETRY_MS, () => {
      this.#committing = this.#drain().then(() => {
        if (this.#writable) this.#trimLater()
      })
    })
  }

  #trimLater(): void {
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

/** What a new task is refused with while the disk takes none. */
export function storeUnavailable(): OrchestratorError {
  return new OrchestratorError(
    'STORE_UNAVAILABLE',
    'The task could not be written to disk; it was not started',
    {},
    { 'retry-after': '1' },
  )
}
