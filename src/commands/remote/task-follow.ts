/** Tasks as they come, over a connection that is made anew when it breaks. */
import { Unreachable } from '../../client/api-error.ts'
import type { Query } from '../../client/client.ts'
import type { LiveEvent, TaskItem } from '../../client/types.ts'
import { systemClock } from '../../platform/clock.ts'
import { EXIT, hasColour } from '../command.ts'
import { table } from '../terminal/table.ts'
import type { Call } from './service.ts'
import { taskColumns } from './task-table.ts'
import { interruption } from './waiting.ts'

/** Between two tries to connect, ms. */
const FIRST_PAUSE_MS = 500
const MAX_PAUSE_MS = 15_000

/** Prints the newest `limit` tasks, the oldest first, then others, until Ctrl-C. */
export async function followTasks(call: Call, filters: Query, limit: string): Promise<number> {
  const signal = interruption(call.io)
  try {
    await followUntil(call, filters, limit, signal)
  } catch (error) {
    if (!signal.aborted) throw error
  }
  return EXIT.ok
}

async function followUntil(
  call: Call,
  filters: Query,
  limit: string,
  signal: AbortSignal,
): Promise<void> {
  const { client, io } = call
  const printed = new Printed(call)
  const query = { ...filters, kinds: 'task' }
  let lastId: string | null = null
  let pause = FIRST_PAUSE_MS
  let wasOpen = false
  while (!signal.aborted) {
    // What comes after the stream is open is in it; what came before is in the list.
    const listed = Promise.withResolvers<void>()
    const opened = () => {
      pause = FIRST_PAUSE_MS
      const first = wasOpen ? Promise.resolve() : listFirst(call, printed, filters, limit, signal)
      wasOpen = true
      first.then(listed.resolve, listed.reject)
    }
    try {
      for await (const event of client.events(query, signal, lastId, opened)) {
        await listed.promise
        printed.event(event)
        lastId = event.id ?? lastId
      }
    } catch (error) {
      if (!(error instanceof Unreachable) || !wasOpen) throw error
    }
    if (signal.aborted) return
    io.stderr('The connection has ended; trying again\n')
    await systemClock.sleep(pause, signal)
    pause = Math.min(pause * 2, MAX_PAUSE_MS)
  }
}

async function listFirst(
  { client }: Call,
  printed: Printed,
  filters: Query,
  limit: string,
  signal: AbortSignal,
): Promise<void> {
  const { tasks } = await client.tasks({ ...filters, limit }, signal)
  printed.tasks(tasks.toReversed())
}

/** What has been printed: a task again only with another status. */
class Printed {
  /** Of the tasks that have not ended. */
  readonly #status = new Map<string, string>()
  #headings = true

  constructor(private readonly call: Call) {}

  event({ type, data }: LiveEvent): void {
    if (type === 'task') this.tasks([data.task])
    if (type === 'reset') this.call.io.stderr('Some tasks may be missing here\n')
  }

  tasks(tasks: readonly TaskItem[]): void {
    const fresh = tasks.filter((task) => this.#isFresh(task))
    if (fresh.length === 0) return
    const { io, json } = this.call
    if (json) return io.stdout(fresh.map((task) => `${JSON.stringify(task)}\n`).join(''))
    const width = io.columns()
    const options = { width, colour: hasColour(io), headings: this.#headings, goesOn: true }
    io.stdout(table(taskColumns(systemClock.now(), width), fresh, options))
    this.#headings = false
  }

  #isFresh({ id, status, completed_at }: TaskItem): boolean {
    const isFresh = this.#status.get(id) !== status
    if (completed_at === null) this.#status.set(id, status)
    else this.#status.delete(id)
    return isFresh
  }
}
