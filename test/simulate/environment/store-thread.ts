/** The store's thread in one process: it answers questions to the disk one after the other. */
import { errorText } from '../../../src/errors.ts'
import {
  DatabaseLocked,
  type RefusedWrite,
  type StoreDriver,
  type Write,
} from '../../../src/store/driver.ts'
import { commitArguments, driverOf, type Verb } from '../../../src/store/sqlite/verbs.ts'
import type { SimProcess } from '../service/sim-process.ts'
import type { SimDisk } from './sim-disk.ts'

interface Question {
  verb: Verb
  args: unknown[]
  /** Of a commit: its writes. */
  group: readonly Write[] | null
  resolve(value: unknown): void
  reject(error: Error): void
}

export class StoreThread {
  /** Questions without an answer. */
  pending = 0
  readonly driver: StoreDriver = {
    ...driverOf((verb, args) => this.#ask(verb, args)),
    commit: (writes, now) =>
      this.#ask('commit', commitArguments(writes, now), writes) as Promise<RefusedWrite[]>,
  }
  readonly #queue: Question[] = []
  #busy = false
  #closed = false

  constructor(
    private readonly disk: SimDisk,
    private readonly process: SimProcess,
  ) {}

  #ask(verb: Verb, args: unknown[], group: readonly Write[] | null = null): Promise<unknown> {
    // A process that is gone, or a thread that was ended, never answers.
    if (!this.process.alive || this.#closed) return new Promise(() => {})
    if (group) this.disk.observer.commitRequested(group)
    this.#closed = verb === 'close'
    this.pending++
    return new Promise((resolve, reject) => {
      // The real thread gets the arguments as JSON too.
      const copy = JSON.parse(JSON.stringify(args)) as unknown[]
      this.#queue.push({ verb, args: copy, group, resolve, reject })
      if (!this.#busy) this.#next()
    })
  }

  #next(): void {
    const question = this.#queue.shift()
    this.#busy = question !== undefined
    if (!question) return
    this.#later(this.disk.latencyMs(question.verb), () => this.#perform(question))
  }

  #perform({ verb, args, group, resolve, reject }: Question): void {
    const { disk, process } = this
    const { observer, crashPoints } = disk
    if (group && crashPoints.reached('before the commit', process)) return
    let value: unknown
    try {
      value = disk.perform(verb, args)
    } catch (error) {
      const text = errorText(error)
      disk.world.log(`disk: ${verb} fails`)
      const failure = error instanceof DatabaseLocked ? error : new Error(text)
      return this.#later(0, () => this.#reply(() => reject(failure)))
    }
    const writes = group && this.#written(group, value as RefusedWrite[])
    if (writes) observer.committed(process, writes)
    if (writes && crashPoints.reached('after the commit', process)) return
    this.#later(disk.random.between(0.01, 0.2), () =>
      this.#reply(() => {
        if (writes) observer.acknowledged(process, writes)
        if (verb === 'claim') observer.recovering()
        resolve(value)
      }),
    )
  }

  #written(group: readonly Write[], refused: readonly RefusedWrite[]): readonly Write[] {
    for (const { index, reason } of refused) this.disk.observer.refused(group[index]!, reason)
    return group.filter((_, place) => refused.every(({ index }) => index !== place))
  }

  #reply(settle: () => void): void {
    this.pending--
    settle()
    this.#next()
  }

  /** Nothing happens in a process that has crashed meanwhile. */
  #later(ms: number, run: () => void): void {
    this.disk.world.after(ms, () => {
      if (this.process.alive) run()
    })
  }
}
