import type { PostgresState } from '../../store/postgres/inspect.ts'
import { ok, type Finding } from './finding.ts'
import type { DoctorWorld } from './world.ts'

/** For checks that need to see into Postgres: why that cannot be is for the check of the database. */
export async function withTables(
  world: Pick<DoctorWorld, 'postgres'>,
  look: (state: PostgresState) => Finding[],
): Promise<Finding[]> {
  const state = await world.postgres().catch(() => null)
  return state ? look(state) : [ok('not known without the database')]
}
