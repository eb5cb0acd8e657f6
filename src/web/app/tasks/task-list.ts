/** The tasks of one filter: pages of them, and what events have changed since. */
import { signal, type ReadonlySignal } from '@preact/signals'
import type { OrchestratorClient, Query } from '../../../client/client.ts'
import type { LiveEvent, Page, TaskItem } from '../../../client/types.ts'
import { oneAtATime } from '../state/one-at-a-time.ts'
import { isCountedAtOnce, isInTime, isWanted, listQuery, type Filters } from './filters.ts'
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
/** As much as the API gives at once. */
const MAX_PAGE = 1000
/** A list with gaps is read anew so often. */
const REREAD_MS = 2000
/** Opened within that time, a list is not counted again. */
const COUNTED_FOR_MS = 10_000
/** So many a second of those that may have ended unseen are asked for one by one. */
const ASKED_AT_ONCE = 8

/** `counting`: it is being asked for; null: nobody has asked. */
export type Total = number | 'counting' | null

export interface ListPorts {
  readonly client: OrchestratorClient
  /** Of the service, Unix seconds. */
  now(): number
  /** Resolves when `now` is more than what the browser believes. */
  known(): Promise<void>
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
  /** The first page: at first, and whenever events may have been missed. */
  readonly read = oneAtATime(() => this.#try(() => this.#readFirst()))
  #rereadAt = 0
  #countedAt = 0
  /** Shown as unfinished, and perhaps not up to date. */
  #doubtful: readonly string[] = []
  /** What events have told since each page was asked for that has not come yet. */
  readonly #meanwhile = new Set<TaskItem[]>()

  constructor(
    readonly filters: Filters,
    private readonly ports: ListPorts,
  ) {}

  event(event: LiveEvent): void {
    if (event.type !== 'task') return
    const { task } = event.data
    for (const tasks of this.#meanwhile) tasks.push(task)
    this.#apply(task)
  }

  /** Once a second: what waited for the reader is shown when he no longer reads. */
  settle(): void {
    void this.#askDoubtful()
    const rows = this.#rows.peek()
    if (!rows || this.isReading()) return
    // A page that is left open all day would else grow all day.
    const isBegunAnew = rows.isTorn || rows.shown.length > MAX_PAGE
    if (!isBegunAnew) this.#set(rows)
    else if (Date.now() - this.#rereadAt >= REREAD_MS) void this.#beginAnew()
  }

  /** What waits goes to the top; where too much does, the list begins anew. */
  async showNewest(): Promise<void> {
    const rows = this.#rows.peek() ?? NO_ROWS
    if (rows.isTorn) return this.#beginAnew()
    this.#rows.value = withWaiting(rows)
  }

  async more(): Promise<void> {
    const cursor = this.#rows.peek()?.cursor
    if (!cursor || this.#isLoading.peek() || this.#error.peek()) return
    this.#isLoading.value = true
    await this.#try(() =>
      this.#page({ cursor }, (page) => {
        const rows = this.#rows.peek()
        // Begun anew in between, it is no longer the next one.
        if (rows?.cursor === cursor) this.#rows.value = withPage(rows, page)
      }),
    )
    this.#isLoading.value = false
  }

  /** With each first page where it is cheap, else when somebody asks. */
  async count(): Promise<void> {
    if (this.#total.peek() === 'counting') return
    // A number from before stays until the new one comes.
    this.#total.value ??= 'counting'
    this.#countedAt = Date.now()
    const { client } = this.ports
    const counted = client.tasks({ ...this.#query(), limit: 1 })
    this.#total.value = await counted.then(
      ({ total }) => total,
      () => null,
    )
  }

  #isCountOld(): boolean {
    return isCountedAtOnce(this.filters) && Date.now() - this.#countedAt >= COUNTED_FOR_MS
  }

  async #readFirst(): Promise<void> {
    const known = this.#rows.peek()?.shown.length ?? 0
    const limit = Math.min(Math.max(known, PAGE), MAX_PAGE)
    await this.#page({ limit }, (page) => {
      const before = this.#rows.peek()
      const rows = before ? withFirstPage(before, page) : rowsOf(page)
      // Who comes back to the top wants what is new; nobody loses a place.
      this.#set(rows.isTorn && !this.isReading() ? rowsOf(page) : rows)
      this.#doubtful = before ? missedIn(before, page) : []
      if (this.#isCountOld()) void this.count()
    })
    this.#rereadAt = Date.now()
  }

  async #beginAnew(): Promise<void> {
    this.#rereadAt = Date.now()
    await this.#try(() => this.#page({}, (page) => (this.#rows.value = rowsOf(page))))
  }

  async #try(work: () => Promise<void>): Promise<void> {
    this.#error.value = await work().then(
      () => null,
      (error: unknown) => error,
    )
  }

  #query(): Query {
    return listQuery(this.filters, this.ports.now())
  }

  /** Events that come before the page may be newer than it: they are told again after it. */
  async #page(more: Query, show: (page: Page) => void): Promise<void> {
    const meanwhile: TaskItem[] = []
    this.#meanwhile.add(meanwhile)
    try {
      if (this.filters.since !== undefined) await this.ports.known()
      const query = { ...this.#query(), limit: PAGE, ...more, total: false }
      show(await this.ports.client.tasks(query))
      for (const task of meanwhile) this.#apply(task)
    } finally {
      this.#meanwhile.delete(meanwhile)
    }
  }

  #apply(task: TaskItem): void {
    const rows = this.#rows.peek()
    if (!rows) return
    const { filters, ports } = this
    const isOurs = isWanted(filters, task) && isInTime(filters, task, ports.now())
    this.#set(withTask(rows, task, isOurs))
  }

  #set(rows: Rows): void {
    const isMoving = rows.waiting.length > 0 && !rows.isTorn && !this.isReading()
    this.#rows.value = isMoving ? withWaiting(rows) : rows
  }

  async #askDoubtful(): Promise<void> {
    const asked = this.#doubtful.slice(0, ASKED_AT_ONCE)
    this.#doubtful = this.#doubtful.slice(ASKED_AT_ONCE)
    // What can't be found is not in the history any more; what can't be asked, the next read finds.
    const found = await Promise.all(asked.map((id) => this.ports.client.task(id).catch(() => null)))
    for (const task of found) {
      const rows = this.#rows.peek()
      if (task && rows) this.#rows.value = withTask(rows, task, false)
    }
  }
}
