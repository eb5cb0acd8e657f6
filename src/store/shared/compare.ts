/** Whether all of a history has arrived where it was moved to. */
import { isDeepStrictEqual } from 'node:util'
import { nameKey } from '../../droplets/droplet.ts'
import { isFinished, type FinalStatus, type Task } from '../../task.ts'
import { allOf, type MovePorts, type MoveSource, type MoveTarget } from './move.ts'

export interface Comparison {
  readonly compared: number
  readonly finished: number
  readonly unfinished: number
  /** Of the unfinished ones, those that a node there has gone on with since. */
  readonly wentOn: number
  /** The first of them, each a line for people. */
  readonly differences: readonly string[]
  readonly differing: number
}

const MAX_TOLD = 10

/** What no step of a task changes. */
const REQUEST = [
  ...['id', 'mode', 'dropletName', 'method', 'path', 'payload', 'meta', 'headers', 'timeoutMs'],
  ...['deadlineMs', 'maxRetries', 'delayMs', 'requestId', 'hops', 'trace', 'idempotencyKey'],
  ...['fingerprint', 'replayOf', 'createdAt'],
] as readonly (keyof Task)[]

/**
 * Each task field by field; and whether the target counts as many finished ones of each droplet and
 * status as it has of these: others may be there, too. `refused`: why a task is missing there, by its id.
 */
export async function compareTasks(
  source: MoveSource,
  target: MoveTarget,
  ports: Pick<MovePorts, 'stop' | 'done'>,
  refused: ReadonlyMap<string, string>,
): Promise<Comparison> {
  const seen = { finished: 0, unfinished: 0, wentOn: 0 }
  const counts = new Counts()
  const wrong = new Told()
  for (const batch of allOf(source)) {
    if (ports.stop.aborted) break
    const found = await Promise.all(batch.map(({ id }) => target.find(id)))
    for (const [index, task] of batch.entries()) {
      const there = found[index]!
      if (there && isFinished(task)) counts.add(task)
      seen[isFinished(task) ? 'finished' : 'unfinished']++
      if (there && hasGoneOn(task, there)) seen.wentOn++
      const difference = differenceOf(task, there, refused)
      if (difference !== null) wrong.add(`task ${task.id} ${difference}`)
    }
    ports.done(batch.length)
  }
  // Stopped, it has not seen all of them.
  if (!ports.stop.aborted) for (const line of await counts.missingIn(target)) wrong.add(line)
  const compared = seen.finished + seen.unfinished
  return { ...seen, compared, differences: wrong.first, differing: wrong.count }
}

/** There may be as many as tasks. */
class Told {
  readonly first: string[] = []
  count = 0

  add(line: string): void {
    if (this.count++ < MAX_TOLD) this.first.push(line)
  }
}

function differenceOf(
  task: Task,
  there: Task | null,
  refused: ReadonlyMap<string, string>,
): string | null {
  if (!there) return `is not there: ${refused.get(task.id) ?? 'it has gone since'}`
  const all = Object.keys(task) as (keyof Task)[]
  const fields = hasGoneOn(task, there) ? REQUEST : all
  const different = fields.filter((field) => !isDeepStrictEqual(task[field], there[field]))
  return different.length === 0 ? null : `differs in ${different.join(', ')}`
}

/** Nodes that run there already take what is unfinished. */
function hasGoneOn(task: Task, there: Task): boolean {
  if (isFinished(task)) return false
  return there.status !== task.status || there.attempts.length !== task.attempts.length
}

/** Finished tasks that are there, by droplet and status. */
class Counts {
  readonly #counts = new Map<string, Map<FinalStatus, number>>()

  add({ dropletName, status }: Task): void {
    const key = nameKey(dropletName)
    const ofDroplet = this.#counts.get(key) ?? new Map<FinalStatus, number>()
    const final = status as FinalStatus
    ofDroplet.set(final, (ofDroplet.get(final) ?? 0) + 1)
    this.#counts.set(key, ofDroplet)
  }

  async missingIn(target: MoveTarget): Promise<string[]> {
    const lines: string[] = []
    for (const [droplet, statuses] of this.#counts) {
      for (const [status, expected] of statuses) {
        const page = await target.list({ droplets: [droplet], status, limit: 1 })
        const total = page?.total ?? 0
        if (total >= expected) continue
        lines.push(`droplet ${droplet}, ${status}: ${expected} are there, ${total} are counted`)
      }
    }
    return lines
  }
}
