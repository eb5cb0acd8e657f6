/**
 * Connections for one purpose, and who watches them: a connection whose other end is gone without
 * a word answers nothing, for ever. Then all of them are given up, and new ones made.
 */
import {
  PostgresError,
  type PostgresClient,
  type PostgresQuery,
  type PostgresRow,
  type PostgresValue,
} from '../../platform/postgres.ts'
import type { Clock } from '../../ports.ts'

/** How often connections that have said nothing are asked for a word, ms. */
const WATCH_MS = 2000
/** How long that word may take, ms: it may come behind a statement that takes its time. */
const MAX_SILENCE_MS = 5000
/**
 * How long a statement may take, ms: as long as a caller of the store waits for a read. One that
 * waits for a disk takes no longer.
 */
const MAX_STATEMENT_MS = 8000

/** Of a statement that is given up here alone: the server was not told. */
const ENDED_HERE_ONLY = 'ERR_POSTGRES_QUERY_CANCELLED'

const UNANSWERED = 'it has not answered in time'

export class Pool {
  #client: PostgresClient
  /** Monotonic, ms. */
  #lastAnswer: number
  #underWay = 0
  #closed = false
  readonly #cancelTimers = new Set<() => void>()

  /** `connect` makes a client of at most `max` connections. */
  constructor(
    private readonly connect: (max: number) => PostgresClient,
    private readonly max: number,
    private readonly clock: Clock,
  ) {
    this.#client = connect(max)
    this.#lastAnswer = clock.monotonic()
    this.#watchLater()
  }

  /** `limitMs`: when the connections are given up. */
  query(
    text: string,
    values?: PostgresValue[],
    limitMs = MAX_STATEMENT_MS,
  ): Promise<PostgresRow[]> {
    return this.#limited(limitMs, (client) => client.query(text, values))
  }

  transaction<T>(
    work: (query: PostgresQuery) => Promise<T>,
    limitMs = MAX_STATEMENT_MS,
  ): Promise<T> {
    return this.#limited(limitMs, (client) => client.transaction(work))
  }

  /** A statement that only reads: it alone is ended when it takes too long, not its connection. */
  async read(text: string, values: PostgresValue[]): Promise<PostgresRow[]> {
    const limit = new AbortController()
    const stop = this.#after(MAX_STATEMENT_MS, () => limit.abort())
    const client = this.#client
    try {
      const read = () => client.query(text, values, limit.signal)
      return await this.#limited(MAX_STATEMENT_MS + MAX_SILENCE_MS, read)
    } catch (error) {
      // Another statement was behind it in the same connection.
      if (error instanceof PostgresError && error.code === ENDED_HERE_ONLY) this.#replace(client)
      throw error
    } finally {
      stop()
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const cancel of this.#cancelTimers) cancel()
    this.#cancelTimers.clear()
    await this.#client.close()
  }

  async #limited<T>(ms: number, work: (client: PostgresClient) => Promise<T>): Promise<T> {
    const client = this.#client
    const stop = this.#after(ms, () => this.#replace(client))
    this.#underWay++
    try {
      const result = await work(client)
      this.#lastAnswer = this.clock.monotonic()
      return result
    } catch (error) {
      const isAnswer = error instanceof PostgresError && error.state !== null
      if (isAnswer) this.#lastAnswer = this.clock.monotonic()
      // What Bun says then, that the connection was closed, is what we have done.
      else if (client !== this.#client) throw new PostgresError(UNANSWERED, null, 'UNANSWERED')
      throw error
    } finally {
      this.#underWay--
      stop()
    }
  }

  #watchLater(): void {
    this.#after(WATCH_MS, () => {
      const isSilent = this.clock.monotonic() - this.#lastAnswer >= WATCH_MS
      // Behind a slow statement it would wait. What it fails with, the next one will tell.
      if (isSilent && this.#underWay < this.max)
        this.query('select 1', [], MAX_SILENCE_MS).catch(() => {})
      this.#watchLater()
    })
  }

  /** What is under way in the old ones rejects. */
  #replace(client: PostgresClient): void {
    if (client !== this.#client || this.#closed) return
    this.#client = this.connect(this.max)
    void client.close()
  }

  #after(ms: number, callback: () => void): () => void {
    const forget = () => {
      cancel()
      this.#cancelTimers.delete(forget)
    }
    if (this.#closed) return () => {}
    const cancel = this.clock.after(ms, () => {
      this.#cancelTimers.delete(forget)
      callback()
    })
    this.#cancelTimers.add(forget)
    return forget
  }
}
