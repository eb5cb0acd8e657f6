/** An Idempotency-Key belongs to one task for as long as the history remembers that task. */
import type { Checker, Context } from '../check/checker.ts'

export function oneTaskPerKey({ disk }: Context): Checker {
  const holders = new Map<string, string>()
  return {
    written({ task, after, submitted }) {
      const key = after.idempotency_key as string | null
      if (!submitted || key === null) return null
      const holder = holders.get(key) ?? task.id
      holders.set(key, task.id)
      const isTaken = holder !== task.id && disk.has(holder)
      return isTaken ? `its Idempotency-Key is ${holder}'s` : null
    },
  }
}
