/** Tasks as they come, over a connection that is made anew when it breaks. */
import type { Query } from '../../client/client.ts'
import type { LiveEvent, TaskItem } from '../../client/types.ts'
import { systemClock } from '../../platform/clock.ts'
import { EXIT, hasColour } from '../command.ts'
import { table } from '../terminal/table.ts'
import { printText } from './print-text.ts'
import type { Call } from './service.ts'
import { taskColumns } from './task-table.ts'
import { interruption, isAway } from './waiting.ts'

/** Between two tries to connect, ms. */
const FIRST_PAUSE_MS = 500
const MAX_PAUSE_MS = 15_000

/**
 * Prints the newest `limit` tasks, the oldest first, then others, until Ctrl-C or until nobody
 * reads any more.
 */
export async function followTasks(call: Call, filters: Query, limit: string): Promise<number> {
  const stop = new AbortController()
  const signal = AbortSignal.any([interruption(call.io), stop.signal])
  const rows = new Rows(call, () => stop.abort())
  let failed: { error: unknown } | null = null
  const listFirst = async () => {
    try {
      const { tasks } = await call.client.tasks({ ...filters, limit }, signal)
      rows.add(tasks.toReversed())
    } catch (error) {
      if (!signal.aborted) failed = { error }
      stop.abort()
    }
  }
  try {
    await listen(call, filters, rows, listFirst, signal)
  } catch (error) {
    if (!signal.aborted) throw error
  }
  if (failed) throw (failed as { error: unknown }).error
  return EXIT.ok
}

/** `listFirst` is called once the events come: what was before them is in its list. */
async function listen(
  { client, io }: Call,
  filters: Query,
  rows: Rows,
  listFirst: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let listed: Promise<void> | null = null
  let pause = FIRST_PAUSE_MS
  let lastId: string | null = null
  const opened = () => {
    pause = FIRST_PAUSE_MS
    listed ??= listFirst()
  }
  while (!signal.aborted) {
    try {
      const query = { ...filters, kinds: 'task' }
      for await (const event of client.events(query, signal, lastId, opened)) {
        await listed
        rows.take(event)
        lastId = event.id ?? lastId
      }
    } catch (error) {
      if (!isAway(error) || !listed) throw error
    }
    if (signal.aborted) return
    io.stderr('The connection has ended; trying again\n')
    await systemClock.sleep(pause, signal)
    pause = Math.min(pause * 2, MAX_PAUSE_MS)
  }
}

/** Unfinished tasks whose status is remembered. With more, the same status may be printed twice. */
const MAX_KNOWN = 20_000

/** Prints tasks: one that was printed before only when its status is another. */
class Rows {
  /** Of tasks that have not ended, the status that was printed. */
  readonly #known = new Map<string, string>()
  #headings = true

  /** `closed` is called when nobody reads any more. */
  constructor(
    private readonly call: Call,
    private readonly closed: () => void,
  ) {}

  take({ type, data }: LiveEvent): void {
    if (type === 'task') this.add([data.task])
    if (type === 'reset') this.call.io.stderr('Some tasks may be missing here\n')
  }

  add(tasks: readonly TaskItem[]): void {
    const fresh = tasks.filter((task) => this.#isFresh(task))
    if (fresh.length > 0 && !this.#print(fresh)) this.closed()
  }

  #print(tasks: readonly TaskItem[]): boolean {
    const { io, json } = this.call
    if (json) return printText(io, tasks.map((task) => JSON.stringify(task)).join('\n'))
    const width = io.columns()
    const options = { width, colour: hasColour(io), headings: this.#headings, goesOn: true }
    this.#headings = false
    return io.stdout(table(taskColumns(systemClock.now(), width), tasks, options))
  }

  #isFresh({ id, status, completed_at }: TaskItem): boolean {
    const isFresh = this.#known.get(id) !== status
    this.#known.delete(id)
    if (completed_at === null) this.#known.set(id, status)
    // With a filter, the ends of some tasks are never told.
    const [oldest] = this.#known.keys()
    if (oldest !== undefined && this.#known.size > MAX_KNOWN) this.#known.delete(oldest)
    return isFresh
  }
}
