/** Notices that the database's file is no longer the one at its path. */
import type { Clock, Log } from '../ports.ts'
import type { StoreDriver } from './driver.ts'

const LOOK_MS = 5000

export class FileWatch {
  #fault: string | null = null
  #cancelTimer: () => void = () => {}
  #stopped = false

  constructor(
    private readonly driver: Pick<StoreDriver, 'movedFile'>,
    private readonly ports: { clock: Clock; log: Log },
  ) {
    this.#lookLater()
  }

  /** What is wrong with the file, for people; null: nothing. */
  get fault(): string | null {
    return this.#fault
  }

  stop(): void {
    this.#stopped = true
    this.#cancelTimer()
  }

  #lookLater(): void {
    if (this.#stopped) return
    this.#cancelTimer = this.ports.clock.after(LOOK_MS, () => void this.#look())
  }

  /** A database that does not answer is no matter of its file: what is known stays. */
  async #look(): Promise<void> {
    const moved = await this.driver.movedFile().catch(() => undefined)
    if (moved !== undefined) this.#found(moved)
    this.#lookLater()
  }

  #found(moved: Awaited<ReturnType<StoreDriver['movedFile']>>): void {
    const fault = moved && `the database file was ${moved.became}`
    if (fault === this.#fault) return
    this.#fault = fault
    if (!moved) return this.ports.log.info('the database file is back')
    this.ports.log.error(
      `${fault}: no new tasks are taken, for nobody would find them; ` +
        'put it back, or restart to use what is there now',
      { database: moved.file },
    )
  }
}
