/** Tells the other nodes that there is something for them; all of it may be lost. */
import type { PostgresClient } from '../../platform/postgres.ts'
import type { Clock } from '../../ports.ts'
import type { Pool } from './pool.ts'

export type WakeUp = 'work' | 'cancel'

const CHANNEL = 'orchestrator'
/** Of those within this time, ms, one is told: each takes a lock of the whole server. */
const GATHER_MS = 20
/** How soon it tries to listen again, ms. */
const RETRY_MS = 2000

const NOTIFY_SQL = 'select pg_notify($1, $2)'

export class WakeUps {
  readonly #gathered = new Map<WakeUp, () => void>()
  #client: PostgresClient | null = null
  #cancelRetry = () => {}
  #closed = false

  constructor(
    private readonly pool: Pick<Pool, 'query'>,
    private readonly connect: () => PostgresClient,
    private readonly clock: Clock,
  ) {}

  notify(what: WakeUp): void {
    if (this.#closed || this.#gathered.has(what)) return
    const cancel = this.clock.after(GATHER_MS, () => {
      this.#gathered.delete(what)
      this.pool.query(NOTIFY_SQL, [CHANNEL, what]).catch(() => {})
    })
    this.#gathered.set(what, cancel)
  }

  /** Has a connection of its own. What was told while it was away is unknown: so it may be any. */
  onNotify(callback: (what: WakeUp) => void): void {
    const both = () => {
      callback('work')
      callback('cancel')
    }
    const told = (text: string) => {
      if (text === 'work' || text === 'cancel') callback(text)
    }
    this.#listen(told, both)
  }

  #listen(told: (text: string) => void, both: () => void): void {
    const client = (this.#client ??= this.connect())
    const again = () => {
      if (this.#closed) return
      this.#cancelRetry = this.clock.after(RETRY_MS, () => this.#listen(told, both))
    }
    client.listen(CHANNEL, told, again).then(both, again)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancelRetry()
    for (const cancel of this.#gathered.values()) cancel()
    this.#gathered.clear()
    await this.#client?.close()
  }
}
