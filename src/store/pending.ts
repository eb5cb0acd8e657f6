/** Writes that wait for a commit, in the order of their arrival. */
import type { Step } from './committed-events.ts'
import type { Write } from './driver.ts'
import { storeUnavailable, type WriteResult } from './store.ts'

/**
 * A commit must end within its time limit, also on a slow disk: after an outage all tasks that run
 * write their ends at once. In Postgres 1,000 ends of 7 KB take 0.3 s.
 */
const MAX_WRITES = 1000
/** Of what a group carries: Postgres takes a statement of 1 GB at most. */
const MAX_CHARACTERS = 16 * 2 ** 20

export interface PendingWrite extends Step {
  /** The place in the order of arrival. */
  readonly order: number
  readonly write: Write
  resolve(result: WriteResult): void
  reject(error: Error): void
}

export class PendingWrites {
  #all: PendingWrite[] = []
  #arrivals = 0

  get size(): number {
    return this.#all.length
  }

  /** Resolves once it is written, or refused. */
  add(step: Step, write: Write): Promise<WriteResult> {
    return new Promise((resolve, reject) => {
      this.#all.push({ ...step, order: this.#arrivals++, write, resolve, reject })
    })
  }

  takeAll(): PendingWrite[] {
    return this.#all.splice(0)
  }

  /** The oldest: as many as one commit may have. */
  takeGroup(): PendingWrite[] {
    let characters = 0
    const end = this.#all.findIndex(({ kind, task }, index) => {
      const bodies = kind === 'update' ? [task.responseBody] : [task.payload, task.meta]
      for (const body of bodies) characters += (body ?? '').length
      return index === MAX_WRITES || (index > 0 && characters > MAX_CHARACTERS)
    })
    return this.#all.splice(0, end === -1 ? this.#all.length : end)
  }

  /** For what could not be written. Of two groups the later one may come back first. */
  putBack(group: readonly PendingWrite[]): void {
    this.#all = [...group, ...this.#all].sort((a, b) => a.order - b.order)
  }
}

/** Rejects what would begin a task, and returns the rest. */
export function refuseNew(group: readonly PendingWrite[], fault: string | null): PendingWrite[] {
  for (const { kind, reject } of group) if (kind !== 'update') reject(storeUnavailable(fault))
  return group.filter(({ kind }) => kind === 'update')
}
