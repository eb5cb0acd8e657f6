/** The history's methods as the promises of a `StoreDriver`, wherever they run. */
import type { StoreDriver } from '../driver.ts'
import type { SqliteHistory } from './history.ts'
import { listInSteps } from './list-in-steps.ts'
import type { ListStep } from './list.ts'

const VERBS = [
  'commit',
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
  const list: StoreDriver['list'] = (query) =>
    listInSteps((each, from) => ask('list', [each, from]) as Promise<ListStep | null>, query)
  return { ...(Object.fromEntries(entries) as StoreDriver), list }
}

export function callHistory(history: SqliteHistory, verb: Verb, args: unknown[]): unknown {
  return (history[verb] as (...args: unknown[]) => unknown)(...args)
}
