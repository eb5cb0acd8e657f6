/** What the suite asks of whoever brings a store: an empty database that can be opened again. */
import type { TaskEvent } from '../../../src/events.ts'
import type { Clock } from '../../../src/ports.ts'
import type { Retention, TaskPage, TaskQuery, TaskStore } from '../../../src/store/store.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { NOW } from '../../support/tasks.ts'

export interface OpenOptions {
  clock: Clock
  retention: Retention
  emit(event: TaskEvent): void
}

export interface Database extends AsyncDisposable {
  /** A store over this database; the one before it is closed, or its process is gone. */
  open(options: OpenOptions): Promise<TaskStore>
}

export interface Harness {
  readonly name: string
  /** A new, empty one. */
  createDatabase(): Promise<Database>
}

/** What a test works with. */
export interface Subject {
  readonly store: TaskStore
  readonly clock: FakeClock
  /** What the store has told, in order. */
  readonly events: TaskEvent[]
  /** Closes the store and opens another over the same database. */
  reopen(): Promise<void>
}

const RETENTION: Retention = { maxFinished: 1000, ttlMs: 3_600_000 }

/** Runs `work` on a store over a new database, and checks that it leaves nothing behind. */
export async function withStore(
  harness: Harness,
  work: (subject: Subject) => Promise<void>,
  retention = RETENTION,
): Promise<void> {
  const clock = new FakeClock(NOW)
  await using database = await harness.createDatabase()
  const events: TaskEvent[] = []
  const open = () => database.open({ clock, retention, emit: (event) => events.push(event) })
  const subject = {
    store: await open(),
    clock,
    events,
    async reopen() {
      await subject.store.close()
      subject.store = await open()
    },
  }
  try {
    await work(subject)
  } finally {
    await subject.store.close()
  }
  await clock.advance(0)
  if (clock.pending > 0) throw new Error(`the store leaves ${clock.pending} timers`)
}

/** A page of a list without a foreign cursor. */
export async function pageOf(store: TaskStore, query: Partial<TaskQuery> = {}): Promise<TaskPage> {
  const page = await store.list({ limit: 100, ...query })
  if (!page) throw new Error('the store does not know its own cursor')
  return page
}

/** Newest first. */
export async function idsOf(store: TaskStore, query: Partial<TaskQuery> = {}): Promise<string[]> {
  return (await pageOf(store, query)).tasks.map(({ id }) => id)
}
