/** A shared database that does what a test says, and remembers what it was asked. */
import type { FencedClaim, SharedDatabase } from '../../src/store/shared/database.ts'
import type { Claim } from '../../src/store/shared/work.ts'
import type { Task } from '../../src/task.ts'

export type Call = readonly [method: string, ...args: unknown[]]

/** Whatever is not scripted works, and finds nothing. Sessions are `session-1`, `session-2`… */
export function scriptedDatabase(script: Partial<SharedDatabase> = {}) {
  const calls: Call[] = []
  let sessions = 0
  let notified: Parameters<SharedDatabase['onNotify']>[0] = () => {}
  const defaults: SharedDatabase = {
    join: async () => `session-${++sessions}`,
    renew: async () => true,
    leave: async () => {},
    declareDead: async () => [],
    rescue: async () => 0,
    commit: async () => [],
    undo: async () => {},
    claim: async () => [],
    take: async () => null,
    unclaim: async () => {},
    release: async () => {},
    askToCancel: async () => false,
    cancelled: async () => [],
    ended: async () => [],
    unowned: async () => 0,
    unownedDueMs: async () => 0,
    nodes: async () => [],
    find: async () => null,
    findByKey: async () => null,
    list: async () => ({ tasks: [], total: 0, nextCursor: null }),
    trim: async () => false,
    notify: () => {},
    onNotify: (callback) => (notified = callback),
    whatFailed: (error) => (error instanceof TypeError ? 'program' : 'connection'),
    close: async () => {},
  }
  const database = Object.fromEntries(
    Object.entries(defaults).map(([method, standard]) => [
      method,
      (...args: unknown[]) => {
        calls.push([method, ...args])
        const scripted = script[method as keyof SharedDatabase] ?? standard
        return (scripted as (...args: unknown[]) => unknown)(...args)
      },
    ]),
  ) as unknown as SharedDatabase
  return {
    database,
    script,
    calls,
    /** The calls of one method, without its name. */
    of: (method: keyof SharedDatabase) =>
      calls.filter(([name]) => name === method).map(([, ...args]) => args),
    notify: (what: 'work' | 'cancel') => notified(what),
  }
}

/** As the database hands it out. */
export function claimOf(task: Task, fence = 2, overrides: Partial<Claim> = {}): FencedClaim {
  const { id, mode, dropletName, createdAt, delayMs, dueAt, timeoutMs, deadlineMs } = task
  const status = task.status === 'queued' ? 'queued' : 'running'
  const claimed = {
    id,
    mode,
    status,
    dropletName,
    createdAt,
    delayMs,
    dueAt,
    timeoutMs,
    deadlineMs,
  }
  const common = { waitMs: 0, ageMs: 0, isCancelAsked: false }
  return { task: claimed as Claim['task'], fence, ...common, ...overrides }
}
