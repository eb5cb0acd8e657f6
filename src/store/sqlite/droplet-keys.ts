/** Which droplets a list is about, each by the key of its name. */
import { nameKey } from '../../droplets/droplet.ts'
import type { TaskFilter } from '../store.ts'
import type { Connection } from './connection.ts'

/**
 * The keys that begin so and have tasks. They are asked for first, and the list is then one of
 * droplets by name: with a range of keys, no index would be in the order of the list.
 * SQLite compares bytes, and none in UTF-8 is 0xff: so the range ends there.
 */
const KEYS_SQL = `select droplet_key as key from task_counts
    where droplet_key >= ?1 and droplet_key < ?1 || x'ff'
  union select droplet_key from tasks indexed by tasks_unfinished
    where completed_at is null and status in ('queued', 'running')
    and droplet_key >= ?1 and droplet_key < ?1 || x'ff'`

/** Each once; undefined: the filter names no droplets. */
export function dropletKeys(
  connection: Connection,
  { droplets, dropletPrefixes }: Pick<TaskFilter, 'droplets' | 'dropletPrefixes'>,
): string[] | undefined {
  if (!droplets && !dropletPrefixes) return undefined
  const keys = new Set(droplets?.map(nameKey))
  for (const prefix of dropletPrefixes ?? []) {
    for (const { key } of connection.all(KEYS_SQL, nameKey(prefix))) keys.add(key as string)
  }
  return [...keys]
}
