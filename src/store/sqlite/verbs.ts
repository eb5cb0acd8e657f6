/** The history's methods as the promises of a `StoreDriver`, wherever they run. */
import type { RefusedWrite, StoreDriver, Write } from '../driver.ts'
import type { SqliteHistory } from './history.ts'
import { packed, secretsOf } from './lines.ts'
import { listInSteps } from './list-in-steps.ts'
import type { ListStep } from './list.ts'

const VERBS = [
  'commit',
  'catchUp',
  'trim',
  'find',
  'findByKey',
  'claim',
  'list',
  'movedFile',
  'close',
] as const satisfies (keyof StoreDriver & keyof SqliteHistory)[]
export type Verb = (typeof VERBS)[number]

/** A driver of which each verb is a call of `ask`. */
export function driverOf(ask: (verb: Verb, args: unknown[]) => Promise<unknown>): StoreDriver {
  const entries = VERBS.map((verb) => [verb, (...args: unknown[]) => ask(verb, args)])
  const asIs = Object.fromEntries(entries) as StoreDriver
  return {
    ...asIs,
    commit: (writes, now) => ask('commit', commitArguments(writes, now)) as Promise<RefusedWrite[]>,
    list: (query, mayBeBehind) =>
      listInSteps(
        (each, from) => ask('list', [each, from, mayBeBehind]) as Promise<ListStep | null>,
        query,
      ),
  }
}

/** For `SqliteHistory.commit`. */
export function commitArguments(writes: readonly Write[], now: number): unknown[] {
  return [packed(writes), now, secretsOf(writes)]
}

export function callHistory(history: SqliteHistory, verb: Verb, args: unknown[]): unknown {
  return (history[verb] as (...args: unknown[]) => unknown)(...args)
}
