/** Moves a whole history into a database that nodes share. May be done again at any time. */
import type { Task } from '../../task.ts'
import type { SharedDatabase } from './database.ts'
import { sharedWrite } from './shared-write.ts'

export type MoveTarget = Pick<SharedDatabase, 'commit' | 'find' | 'list' | 'notify'>

/** Batch by batch, in the order in which the tasks were accepted. */
export interface MoveSource {
  batches(part: 'finished' | 'unfinished'): Iterable<readonly Task[]>
}

export interface MovePorts {
  readonly now: () => number
  /** Ends it after the batch that is under way. */
  readonly stop: AbortSignal
  /** So many tasks more are done. */
  done(tasks: number): void
}

export interface Moved {
  readonly added: number
  /** Of an earlier run. */
  readonly present: number
  /** Why a task could not be written, by its id, for people. */
  readonly refused: ReadonlyMap<string, string>
}

/**
 * What is unfinished comes last: nodes that run there begin with it at once, and whoever ends this
 * before has nothing there that would be sent twice. Nobody owns it there; its first owner goes on
 * with it as after a restart. Rejects when the target fails; what was written until then stays.
 */
export async function moveTasks(
  source: MoveSource,
  target: MoveTarget,
  ports: MovePorts,
): Promise<Moved> {
  let added = 0
  let present = 0
  const refused = new Map<string, string>()
  for (const batch of allOf(source)) {
    if (ports.stop.aborted) break
    const missing = await missingOf(batch, target)
    const writes = missing.map((task) => sharedWrite('insert', task, null, ports.now()))
    const refusals = writes.length > 0 ? await target.commit(writes, ports.now()) : []
    for (const { index, reason } of refusals) refused.set(missing[index]!.id, textOf(reason))
    added += missing.length - refusals.length
    present += batch.length - missing.length
    ports.done(batch.length)
  }
  if (added > 0) target.notify('work')
  return { added, present, refused }
}

/** The same order for both passes. */
export function* allOf(source: MoveSource): Generator<readonly Task[]> {
  yield* source.batches('finished')
  yield* source.batches('unfinished')
}

async function missingOf(batch: readonly Task[], target: MoveTarget): Promise<Task[]> {
  const found = await Promise.all(batch.map(({ id }) => target.find(id)))
  return batch.filter((_, index) => found[index] === null)
}

function textOf(reason: Awaited<ReturnType<MoveTarget['commit']>>[number]['reason']): string {
  if (typeof reason !== 'string') return reason.error
  return reason === 'key taken' ? 'another task there has its Idempotency-Key' : reason
}
