/** Several nodes: a node that can reach the database has a lease within seconds. */
import type { Checker, Context } from '../check/checker.ts'

/** To notice that, to end what ran, and to try again. */
const MAX_MS = 40_000

export function leasesComeBack({ world, cluster }: Context): Checker {
  /** When each node last had one. */
  const hadAt = new Map<string, number>()
  return {
    watchAll: () =>
      cluster!.nodes.flatMap(({ name, store, supervisor }) => {
        const serving = supervisor.serving
        if (!serving || serving.process.draining || store.hasLease) hadAt.set(name, world.now)
        const ms = world.now - Math.max(hadAt.get(name) ?? 0, store.cutOffUntil)
        return ms <= MAX_MS ? [] : [{ text: `${name} gets no lease for ${ms} ms`, taskId: null }]
      }),
  }
}
