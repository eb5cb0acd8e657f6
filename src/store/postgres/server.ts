/** What a server is, and whether it is one for us. */
import type { PostgresRow } from '../../platform/postgres.ts'

export interface Server {
  /** `15.18` */
  readonly name: string
  /** 150018 */
  readonly number: number
  readonly isStandby: boolean
  /** By a setting: of the database, of the user or of the server. */
  readonly isReadOnly: boolean
  readonly encoding: string
}

/** Detaching concurrently, and much that is measured here, began with this version. */
const OLDEST = 140_000

/** What a statement asks for `serverOf`. */
export const SERVER_COLUMNS = `current_setting('server_version') as name,
  current_setting('server_version_num')::int4 as number, pg_is_in_recovery() as standby,
  current_setting('transaction_read_only') = 'on' as read_only,
  current_setting('server_encoding') as encoding`

export function serverOf(row: PostgresRow): Server {
  const { name, number, standby, read_only: isReadOnly, encoding } = row
  return { name, number, isStandby: standby, isReadOnly, encoding } as Server
}

export interface ServerFault {
  /** For people, after a name for it: `is a standby` */
  readonly found: string
  /** What to do. */
  readonly advice: string
}

/** null: it will do. */
export function serverFault(server: Server): ServerFault | null {
  const { name, number, isStandby, isReadOnly, encoding } = server
  if (number < OLDEST) return { found: `is Postgres ${name}`, advice: 'use version 14 or newer' }
  if (isStandby) {
    return { found: 'is a standby, which takes no writes', advice: 'name the primary in TASK_DB' }
  }
  if (isReadOnly) {
    return {
      found: 'is read-only: default_transaction_read_only is on',
      advice: 'set it off where it is on: alter database …, alter role … or the server',
    }
  }
  if (encoding === 'UTF8') return null
  const advice = "make one with: create database … encoding 'UTF8' template template0"
  return { found: `has the encoding ${encoding}`, advice }
}
