/** A client of Postgres, as a few functions over Bun.SQL. */
import { SQL } from 'bun'
import { isPooled } from '../config/postgres-url.ts'

/** A row, each column by its name. int8 comes as text, and JSON stays the text that it is. */
export type PostgresRow = Record<string, unknown>

/** Parameters: plain values, or arrays of them. */
export type PostgresValue = string | number | boolean | null | readonly PostgresValue[]

/** One statement; values are $1, $2, … */
export type PostgresQuery = (text: string, values?: PostgresValue[]) => Promise<PostgresRow[]>

/** What Postgres, or the way to it, has failed with. The message is one for people. */
export class PostgresError extends Error {
  constructor(
    message: string,
    /** SQLSTATE of the server; null: the connection has failed, and what was asked may be done. */
    readonly state: string | null,
    /** What Bun knows it by. */
    readonly code: string,
    /** The function of the server that has failed: its messages may be in any language. */
    readonly routine: string | null = null,
  ) {
    super(message)
    this.name = 'PostgresError'
  }
}

export interface PostgresClient {
  /** `signal` asks the server to end it: then it rejects, unless it ends first. */
  query(text: string, values?: PostgresValue[], signal?: AbortSignal): Promise<PostgresRow[]>
  /** Commits when `work` resolves, else rolls back. On one connection, which it has for itself. */
  transaction<T>(work: (query: PostgresQuery) => Promise<T>): Promise<T>
  /**
   * On a connection of its own. `onEnd`: that is gone. It is not made anew by itself: Bun would, and
   * tell of each try on stderr. Rejects where it cannot be had.
   */
  listen(channel: string, onNotify: (text: string) => void, onEnd: () => void): Promise<void>
  /** At once: what is under way rejects. Never rejects itself. */
  close(): Promise<void>
}

/**
 * How the server plans statements. A plan is kept until the statistics are renewed, which may take
 * a minute; and after an idle time these say that next to nothing is there. A plan of such a moment
 * reads a table through, however much comes until then: so none may where an index serves.
 * `jit`: by their estimates, statements over many partitions are worth compiling: that takes a
 * second, where most of them take milliseconds.
 */
const PLANS = { enable_seqscan: 'off', jit: 'off' }

/**
 * Whatever the server, the database or the user has by default. By another isolation, who is second
 * to change a row gets an error; by a limit of theirs, who waits for a moment; an array could have
 * texts for its nulls; and of times the last digits could be missing.
 */
const MEANINGS = {
  default_transaction_isolation: 'read committed',
  lock_timeout: '0',
  array_nulls: 'on',
  extra_float_digits: '1',
}

/** A process that is paused in a transaction would keep what it has locked for as long. */
const IDLE = { idle_in_transaction_session_timeout: '10s' }

/**
 * The server cuts longer names, bytes. PgBouncer then finds there another one than ours, and sets
 * it again before each transaction.
 */
const MAX_NAME = 63

/**
 * Connects when it is first asked something. `url` may have `prepare=false` for a pooler. `name`, in
 * ASCII: what pg_stat_activity calls the connections, unless the URL has an `application_name`.
 * `maxStatementMs`: when the server ends a statement, though nobody waits for it any more; 0: never.
 */
export function postgresClient(
  url: string,
  name: string,
  max: number,
  maxStatementMs = 0,
): PostgresClient {
  const { address, prepare, isNamed } = optionsOf(url)
  const naming = isNamed ? {} : { application_name: name.slice(0, MAX_NAME) }
  // A pooler refuses the other parameters; and without prepared statements no plan is kept.
  const limits = { ...IDLE, statement_timeout: `${maxStatementMs}` }
  const connection = prepare ? { ...naming, ...PLANS, ...MEANINGS, ...limits } : naming
  const options = { prepare, connection, connectionTimeout: 5 }
  const sql = new SQL(address, { ...options, max })
  let listener: SQL | null = null
  let isClosed = false
  return {
    query: (text, values = [], signal) => run(sql, text, values, signal),
    transaction: (work) =>
      failing(
        sql.begin((transaction) => work((text, values = []) => run(transaction, text, values))),
      ),
    async listen(channel, onNotify, onEnd) {
      const own = new SQL(address, { ...options, max: 1, onclose: () => end() })
      const end = () => {
        if (listener !== own) return
        listener = null
        void closeNow(own)
        onEnd()
      }
      try {
        await failing(own.listen(channel, onNotify))
        if (isClosed) return await closeNow(own)
        listener = own
      } catch (error) {
        await closeNow(own)
        throw error
      }
    },
    async close() {
      const own = listener
      isClosed = true
      listener = null
      await Promise.all([closeNow(sql), own && closeNow(own)])
    },
  }
}

async function closeNow(sql: SQL): Promise<void> {
  await sql.close({ timeout: 0 }).catch(() => {})
}

/** PgBouncer in transaction mode wants no named statements. */
function optionsOf(url: string): { address: string; prepare: boolean; isNamed: boolean } {
  const address = new URL(url)
  const isNamed = address.searchParams.has('application_name')
  address.searchParams.delete('prepare')
  return { address: address.href, prepare: !isPooled(url), isNamed }
}

async function run(
  sql: Pick<SQL, 'unsafe'>,
  text: string,
  values: PostgresValue[],
  signal?: AbortSignal,
): Promise<PostgresRow[]> {
  const query = sql.unsafe<PostgresRow[]>(text, values)
  const cancel = () => void query.cancel()
  signal?.addEventListener('abort', cancel)
  try {
    return await failing(query)
  } finally {
    signal?.removeEventListener('abort', cancel)
  }
}

async function failing<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof SQL.PostgresError)) throw error
    const { code, errno, message, routine } = error
    throw new PostgresError(message, textOrNull(errno), code, textOrNull(routine))
  }
}

const textOrNull = (value: unknown) => (typeof value === 'string' ? value : null)
