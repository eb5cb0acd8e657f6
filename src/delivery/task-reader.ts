import { errorText } from '../errors.ts'
import type { Clock, Log } from '../ports.ts'
import type { TaskStore } from '../store/store.ts'
import type { Task } from '../task.ts'

export interface TaskReaderPorts {
  store: Pick<TaskStore, 'find'>
  clock: Clock
  log: Log
}

/** The wait before a failed read is repeated, ms. */
const READ_RETRY_MS = 1000

/** Reads tasks for those who can do nothing without them. */
export class TaskReader {
  /** Of the tasks whose last read failed: one line in the log for all of them. */
  readonly #failing = new Set<string>()

  constructor(private readonly ports: TaskReaderPorts) {}

  /**
   * While the store can't be read, again every second, until `isOver`. null: there is no such
   * task, or it is over. Never rejects.
   */
  async read(id: string, isOver: () => boolean): Promise<Task | null> {
    for (let first = true; first || !isOver(); first = false) {
      try {
        const task = await this.ports.store.find(id)
        this.#worked(id)
        return task
      } catch (error) {
        if (isOver()) break
        this.#failed(id, error)
      }
      await this.ports.clock.sleep(READ_RETRY_MS)
    }
    this.#failing.delete(id)
    return null
  }

  #failed(id: string, error: unknown): void {
    const { log } = this.ports
    if (this.#failing.size === 0) {
      log.error('the store cannot be read', { error: errorText(error) })
    }
    this.#failing.add(id)
  }

  #worked(id: string): void {
    if (!this.#failing.delete(id) || this.#failing.size > 0) return
    this.ports.log.info('the store can be read again')
  }
}
