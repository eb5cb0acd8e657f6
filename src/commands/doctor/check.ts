import type { Finding } from './finding.ts'
import type { DoctorWorld } from './world.ts'

export const GROUPS = ['configuration', 'machine', 'postgres', 'mesh', 'service'] as const
export type Group = (typeof GROUPS)[number]

/** Longer than REGISTRY_TIMEOUT can be: for checks that wait for the list. */
export const LIMIT_WITH_REGISTRY_MS = 310_000

/** A check of the doctor; `checks.ts` has the list. */
export interface Check {
  /** For `--skip`. */
  readonly name: string
  readonly group: Group
  /** Only where TASK_DB is a Postgres. */
  readonly isOfPostgres?: true
  /** How long it may take; not told: 10 s. */
  readonly limitMs?: number
  /** At least one finding. What it throws is a failure. */
  run(world: DoctorWorld): Promise<readonly Finding[]> | readonly Finding[]
}
