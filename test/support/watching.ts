/** One who watches the events of a service. */
import { OrchestratorClient, type Query } from '../../src/client/client.ts'
import type { LiveEvent } from '../../src/client/types.ts'
import { eventually } from './eventually.ts'

export interface Watching extends AsyncDisposable {
  /** All that has come so far. */
  readonly events: LiveEvent[]
  /** Whether the service has ended the stream. */
  readonly isOver: boolean
  /** Those of the tasks, as `change status`. */
  changes(): string[]
  /** The first event that fits, once it has come. */
  seen(what: string, fits: (event: LiveEvent) => boolean): Promise<LiveEvent>
}

/** Resolves once the first event is there. */
export async function watch(
  url: string,
  query: Query = {},
  { token = null, lastEventId = null }: { token?: string | null; lastEventId?: string | null } = {},
): Promise<Watching> {
  const client = new OrchestratorClient({ url: `${url}/orchestrator`, token, fetch })
  const events: LiveEvent[] = []
  const leaving = new AbortController()
  let isOver = false
  const reading = (async () => {
    for await (const event of client.events(query, leaving.signal, lastEventId)) events.push(event)
    isOver = true
  })().catch((error: unknown) => {
    if (!leaving.signal.aborted) throw error
  })
  await Promise.race([eventually('the first event', () => events[0]), reading])
  return {
    events,
    get isOver() {
      return isOver
    },
    changes: () =>
      events.flatMap((event) =>
        event.type === 'task' ? [`${event.data.change} ${event.data.task.status}`] : [],
      ),
    seen: (what, fits) => eventually(what, () => events.find(fits)),
    async [Symbol.asyncDispose]() {
      leaving.abort()
      await reading
    },
  }
}
