/** A Postgres as a release before has left it. */
import { MIGRATIONS } from '../../src/store/postgres/migrations/index.ts'
import type { TestDatabase } from './postgres.ts'

/** Makes the schema of this version in an empty database. */
export async function makeSchema({ query }: TestDatabase, version: number): Promise<void> {
  await query('create schema orchestrator')
  await query('create table orchestrator.meta (version int4 not null, tested timestamptz)')
  await query('insert into orchestrator.meta values ($1, now())', [version])
  for (const migration of MIGRATIONS.slice(0, version)) await query(migration)
}

/** A node of that release begins a session; returns it. */
export async function joinAsBefore({ query }: TestDatabase, name: string): Promise<string> {
  const [row] = await query(
    `insert into orchestrator.nodes (node, version, lease_until)
      values ($1, '1.0.0', now() + interval '600 s') returning session`,
    [name],
  )
  return row.session
}
