/** SQLite in memory, as on a disk that its log fills: only what is given back makes room again. */
import { Connection } from '../../../src/store/sqlite/connection.ts'
import type { Prng } from '../world/prng.ts'

/** Commits until the log has filled the disk: another number each time. */
const MIN_COMMITS = 5
const MAX_COMMITS = 60

export class SmallDiskConnection extends Connection {
  #room = MAX_COMMITS

  constructor(
    private readonly random: Prng,
    private readonly onRoomMade: () => void,
  ) {
    super(':memory:')
  }

  override transaction<T>(work: () => T): T {
    return super.transaction(() => {
      const result = work()
      if (this.#room-- > 0) return result
      throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' })
    })
  }

  /** Before it is full, so that it comes to that now and then all the same. */
  override isDiskTight(): boolean {
    return this.#room < 2
  }

  override freeSpace(): boolean {
    this.#room = this.random.integer(MIN_COMMITS, MAX_COMMITS)
    this.onRoomMade()
    return true
  }
}
