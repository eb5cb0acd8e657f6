/** The tasks of one filter: pages of them, and what events have changed since. */
import { signal, type ReadonlySignal } from '@preact/signals'
import { ApiError } from '../../../client/api-error.ts'
import type { OrchestratorClient, Query } from '../../../client/client.ts'
import type { LiveEvent, Page } from '../../../client/types.ts'
import { isCountedAtOnce, isWanted, listQuery, type Filters } from './filters.ts'
import {
  missedIn,
  NO_ROWS,
  rowsOf,
  withFirstPage,
  withPage,
  withTask,
  withWaiting,
  type Rows,
} from './rows.ts'

const PAGE = 100
/** A list with gaps is read anew so often. */
const REREAD_MS = 2000
/** Those that may have ended unseen are asked for one by one, and not too many of them. */
const MAX_MISSED = 10

/** `counting`: it is being asked for; null: nobody has asked. */
export type Total = number | 'counting' | null

export interface ListPorts {
  readonly client: OrchestratorClient
  /** Of the service, Unix seconds. */
  now(): number
}

export class TaskList {
  readonly #rows = signal<Rows | null>(null)
  readonly #error = signal<unknown>(null)
  readonly #total = signal<Total>(null)
  readonly #isLoading = signal(false)
  /** null: not read yet. */
  readonly rows: ReadonlySignal<Rows | null> = this.#rows
  readonly error: ReadonlySignal<unknown> = this.#error
  readonly total: ReadonlySignal<Total> = this.#total
  /** A further page is on its way. */
  readonly isLoading: ReadonlySignal<boolean> = this.#isLoading
  /** Where the reader was when he left. */
  scrollTop = 0
  /** Whether somebody reads: then no row moves. */
  isReading = () => false
  #isRereading = false
  #rereadAt = 0

  constructor(
    readonly filters: Filters,
    private readonly ports: ListPorts,
  ) {}

  /** The first page: at first, and whenever events may have been missed. */
  async read(): Promise<void> {
    if (this.#isRereading) return
    this.#isRereading = true
    try {
      const page = await this.#page()
      const before = this.#rows.peek()
      this.#set(before ? withFirstPage(before, page) : rowsOf(page))
      if (before) await this.#readMissed(before, page)
      this.#error.value = null
      if (!before && isCountedAtOnce(this.filters)) void this.count()
    } catch (error) {
      this.#error.value = error
    } finally {
      this.#isRereading = false
      this.#rereadAt = Date.now()
    }
  }

  event(event: LiveEvent): void {
    const rows = this.#rows.peek()
    if (event.type !== 'task' || !rows) return
    const { task } = event.data
    this.#set(withTask(rows, task, isWanted(this.filters, task)))
  }

  /** Once a second: what waited for the reader is shown when he no longer reads. */
  settle(): void {
    const rows = this.#rows.peek()
    if (!rows || this.isReading()) return
    if (!rows.isTorn) this.#set(rows)
    else if (Date.now() - this.#rereadAt >= REREAD_MS) void this.showNewest()
  }

  /** What waits goes to the top; where too much does, the list begins anew. */
  async showNewest(): Promise<void> {
    const rows = this.#rows.peek() ?? NO_ROWS
    if (!rows.isTorn) {
      this.#rows.value = withWaiting(rows)
      return
    }
    this.#rereadAt = Date.now()
    try {
      this.#rows.value = rowsOf(await this.#page())
    } catch (error) {
      this.#error.value = error
    }
  }

  async more(): Promise<void> {
    const cursor = this.#rows.peek()?.cursor
    if (!cursor || this.#isLoading.peek() || this.#error.peek()) return
    this.#isLoading.value = true
    try {
      const page = await this.#page({ cursor })
      const rows = this.#rows.peek()
      // Begun anew in between, it is no longer the next one.
      if (rows?.cursor === cursor) this.#rows.value = withPage(rows, page)
    } catch (error) {
      this.#error.value = error
    } finally {
      this.#isLoading.value = false
    }
  }

  /** Once, and only when it is cheap or somebody asks. */
  async count(): Promise<void> {
    if (this.#total.peek() === 'counting') return
    this.#total.value = 'counting'
    const { client } = this.ports
    const counted = client.tasks({ ...this.#query(), limit: 1 })
    this.#total.value = await counted.then(
      ({ total }) => total,
      () => null,
    )
  }

  #query(): Query {
    return listQuery(this.filters, this.ports.now())
  }

  #page(more: Query = {}): Promise<Page> {
    return this.ports.client.tasks({ ...this.#query(), ...more, limit: PAGE, total: false })
  }

  #set(rows: Rows): void {
    const isMoving = rows.waiting.length > 0 && !rows.isTorn && !this.isReading()
    this.#rows.value = isMoving ? withWaiting(rows) : rows
  }

  /** Those that have ended while nobody told us. */
  async #readMissed(before: Rows, page: Page): Promise<void> {
    for (const id of missedIn(before, page).slice(0, MAX_MISSED)) {
      const task = await this.ports.client.task(id).catch((error: unknown) => {
        if (error instanceof ApiError) return null
        throw error
      })
      const rows = this.#rows.peek()
      if (task && rows) this.#rows.value = withTask(rows, task, false)
    }
  }
}
