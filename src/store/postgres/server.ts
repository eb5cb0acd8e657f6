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
  /** These two may be others than ours only behind a pooler, which lets us say nothing of them. */
  readonly isolation: string
  readonly arrayNulls: string
}

/** Detaching concurrently, and much that is measured here, began with this version. */
const OLDEST = 140_000

/** What a statement asks for `serverOf`. */
export const SERVER_COLUMNS = `current_setting('server_version') as name,
  current_setting('server_version_num')::int4 as number, pg_is_in_recovery() as standby,
  current_setting('transaction_read_only') = 'on' as read_only,
  current_setting('server_encoding') as encoding,
  current_setting('transaction_isolation') as isolation,
  current_setting('array_nulls') as array_nulls`

export function serverOf(row: PostgresRow): Server {
  const { name, number, encoding, isolation } = row
  const [isStandby, isReadOnly, arrayNulls] = [row.standby, row.read_only, row.array_nulls]
  return { name, number, isStandby, isReadOnly, encoding, isolation, arrayNulls } as Server
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
  if (encoding !== 'UTF8') {
    const advice = "make one with: create database … encoding 'UTF8' template template0"
    return { found: `has the encoding ${encoding}`, advice }
  }
  return (
    settingFault('default_transaction_isolation', server.isolation, 'read committed') ??
    settingFault('array_nulls', server.arrayNulls, 'on')
  )
}

function settingFault(name: string, value: string, needed: string): ServerFault | null {
  if (value === needed) return null
  const advice = `set it for the user with alter role … set ${name} = '${needed}'`
  return { found: `has ${name} ${value}`, advice }
}
