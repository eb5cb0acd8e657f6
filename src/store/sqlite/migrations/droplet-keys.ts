import type { Database } from 'bun:sqlite'
import { nameKey } from '../../../droplets/droplet.ts'

// task_counts has each name of a finished task, but in one of its spellings only.
const NAMES_SQL = `select droplet_name collate binary as name from tasks
  union select droplet_name collate binary from task_counts`

/** The key of each droplet's name in the database: SQLite's lower() knows ASCII only. */
export function makeDropletKeys(db: Database): void {
  db.run('create temp table droplet_keys (name text primary key, key text not null) strict')
  const insert = db.query('insert into droplet_keys values (?, ?)')
  for (const { name } of db.query<{ name: string }, []>(NAMES_SQL).all()) {
    insert.run(name, nameKey(name))
  }
}
