/** Notices that a file of the database is no longer the one at its path, or no longer whole. */
import type { Clock, Log } from '../ports.ts'
import type { MovedFile, StoreDriver } from './driver.ts'

const CHECK_MS = 5000

export class FileWatch {
  #fault: string | null = null
  #cancelTimer: () => void = () => {}
  #stopped = false

  constructor(
    private readonly driver: Pick<StoreDriver, 'movedFile'>,
    private readonly ports: { clock: Clock; log: Log },
  ) {
    this.#checkLater()
  }

  /** What is wrong with the file, for people; null: nothing. */
  get fault(): string | null {
    return this.#fault
  }

  stop(): void {
    this.#stopped = true
    this.#cancelTimer()
  }

  #checkLater(): void {
    if (this.#stopped) return
    this.#cancelTimer = this.ports.clock.after(CHECK_MS, () => void this.#check())
  }

  /** A database that does not answer is no matter of its file: what is known stays. */
  async #check(): Promise<void> {
    const moved = await this.driver.movedFile().catch(() => undefined)
    if (moved !== undefined) this.#found(moved)
    this.#checkLater()
  }

  #found(moved: MovedFile | null): void {
    const fault = moved && faultOf(moved)
    if (fault === this.#fault) return
    this.#fault = fault
    if (!moved) return this.ports.log.info('the files of the database are back')
    const why = 'no new tasks are taken, for nobody would find them'
    this.ports.log.error(`${fault} (${why})`, { database: moved.file })
  }
}

function faultOf({ role, became }: MovedFile): string {
  const remedy =
    became === 'truncated'
      ? 'stop the service and restore a backup of the database'
      : 'put it back or restart the service'
  return `the ${role} was ${became}: ${remedy}`
}
