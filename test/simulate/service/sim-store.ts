/** What the service keeps its tasks in, as the rest of the simulation sees it. */
import type { Clock, Log } from '../../../src/ports.ts'
import type { StoreDriver } from '../../../src/store/driver.ts'
import type { SimProcess } from './sim-process.ts'

export interface SimStore {
  /** Until when the service has to wait for it, simulated ms. */
  readonly disturbedUntil: number
  /** Until when it may refuse writes, simulated ms. */
  readonly brokenUntil: number
  /** No question of the current process is unanswered. */
  readonly idle: boolean
  /** Whether the history has the task. */
  has(id: string): boolean
  /** What one process has of it. Rejects when it cannot be opened. */
  driver(process: SimProcess, ports: { clock: Clock; log: Log }): StoreDriver | Promise<StoreDriver>
}
