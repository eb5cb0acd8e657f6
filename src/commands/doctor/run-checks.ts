import { errorText } from '../../errors.ts'
import { within } from '../../platform/time-limit.ts'
import type { Clock } from '../../ports.ts'
import type { Check, Group } from './check.ts'
import { failure, worst, type Finding, type Level } from './finding.ts'
import type { DoctorWorld } from './world.ts'

const LIMIT_MS = 10_000

export interface Result {
  readonly name: string
  readonly group: Group
  readonly level: Level
  readonly findings: readonly Finding[]
}

/** All at once, each with its time limit. Never rejects. */
export function runChecks(checks: readonly Check[], world: DoctorWorld): Promise<Result[]> {
  return Promise.all(
    checks.map(async (check) => resultOf(check, await findingsOf(check, world, world.clock))),
  )
}

export function resultOf(
  { name, group }: Pick<Check, 'name' | 'group'>,
  findings: readonly Finding[],
): Result {
  return { name, group, level: worst(findings.map(({ level }) => level)), findings }
}

async function findingsOf(
  check: Check,
  world: DoctorWorld,
  clock: Clock,
): Promise<readonly Finding[]> {
  const limitMs = check.limitMs ?? LIMIT_MS
  const done = await within(clock, limitMs, null, async () => {
    try {
      return await check.run(world)
    } catch (error) {
      return [failure(errorText(error), 'this is unexpected: please report it')]
    }
  })
  if (done.ok) return done.value
  return [failure(`no result within ${limitMs / 1000} s`, 'see whether this machine is overloaded')]
}
