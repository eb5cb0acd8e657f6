/** The history's verbs as promises, wherever they run. */
import type { SqliteHistory } from './sqlite/history.ts'

export const VERBS = [
  'commit',
  'trim',
  'find',
  'findByKey',
  'unfinished',
  'list',
  'close',
] as const satisfies (keyof SqliteHistory)[]
export type Verb = (typeof VERBS)[number]

export type Engine = {
  readonly [V in Verb]: (
    ...args: Parameters<SqliteHistory[V]>
  ) => Promise<ReturnType<SqliteHistory[V]>>
}

/** An engine of which each verb is a call of `ask`. */
export function engineOf(ask: (verb: Verb, args: unknown[]) => Promise<unknown>): Engine {
  const entries = VERBS.map((verb) => [verb, (...args: unknown[]) => ask(verb, args)])
  return Object.fromEntries(entries) as Engine
}

/** Runs in the caller's thread: for tests and the simulator. */
export function inlineEngine(history: SqliteHistory): Engine {
  return engineOf(async (verb, args) => callHistory(history, verb, args))
}

export function callHistory(history: SqliteHistory, verb: Verb, args: unknown[]): unknown {
  return (history[verb] as (...args: unknown[]) => unknown)(...args)
}
