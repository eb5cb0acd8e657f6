/** The disk and the store's thread on it: the real SQLite history, which outlives crashes. */
import { errorText } from '../../src/errors.ts'
import { callHistory, engineOf, type Engine, type Verb } from '../../src/store/driver.ts'
import { SqliteHistory, type Retention, type Write } from '../../src/store/sqlite/history.ts'
import type { Prng } from './prng.ts'
import type { CrashPoint, Process } from './process.ts'
import type { World } from './world.ts'

export type DiskMood = 'well' | 'slow' | 'takes no writes' | 'fails'

export interface DiskWatch {
  /** The service asks for a commit. */
  asked(writes: readonly Write[]): void
  /** It is on disk; the service doesn't know yet. */
  durable(process: Process, writes: readonly Write[]): void
  /** The service is about to know. */
  acknowledged(writes: readonly Write[]): void
  /** The list of what is left unfinished reaches a process that has just begun. */
  recovering(): void
  /** Whether the process crashes here. */
  crashesAt(point: CrashPoint): boolean
}

interface Question {
  verb: Verb
  args: unknown[]
  answer(value: unknown): void
  fail(error: Error): void
}

/** Longer than that, and waiting for it excuses the service. */
const PROMPT_MS = 100
/** A store that was refused a write tries again after 1 s. */
const RETRY_MS = 1200

export class SimDisk {
  readonly history: SqliteHistory
  mood: DiskMood = 'well'
  readonly #chance: Prng
  #troubledUntil = 0
  #open = 0

  constructor(
    private readonly world: World,
    retention: Retention,
    private readonly watch: DiskWatch,
  ) {
    this.history = new SqliteHistory(':memory:', retention)
    this.#chance = world.chance.fork('disk')
  }

  /** Until when it gave the service reason to wait, or does. */
  get troubledUntil(): number {
    if (this.mood !== 'well') this.#troubledUntil = this.world.now + RETRY_MS
    return this.#troubledUntil
  }

  /** No question of the process that runs now is unanswered. */
  get idle(): boolean {
    return this.#open === 0
  }

  set(mood: DiskMood): void {
    void this.troubledUntil
    this.mood = mood
    this.world.note(`disk: ${mood}`)
  }

  /** Answers one process's questions, in order; what is unanswered at its crash is lost. */
  engine(process: Process): Engine {
    const { world } = this
    const line: Question[] = []
    let busy = false
    let closed = false
    this.#open = 0

    const next = () => {
      const question = line.shift()
      busy = question !== undefined
      if (!question) return
      const ms = this.#latency(question.verb)
      if (ms > PROMPT_MS) this.#troubledUntil = Math.max(this.#troubledUntil, world.now + ms)
      world.after(ms, () => {
        if (process.alive) perform(question)
      })
    }
    const perform = ({ verb, args, answer, fail }: Question) => {
      const writes = verb === 'commit' ? (args[0] as readonly Write[]) : null
      if (writes && this.watch.crashesAt('before the commit')) return
      let reply: () => void
      try {
        const value = this.#perform(verb, args)
        reply = () => {
          if (writes) this.watch.acknowledged(writes)
          if (verb === 'unfinished') this.watch.recovering()
          answer(value)
        }
      } catch (error) {
        const text = errorText(error)
        world.expect(!/constraint/i.test(text), `SQLite refuses a write: ${text}`)
        world.note(`disk: ${verb} fails`)
        reply = () => fail(new Error(text))
        world.after(0, acknowledge)
        return
      }
      if (writes) this.watch.durable(process, writes)
      if (writes && this.watch.crashesAt('after the commit')) return
      world.after(this.#chance.between(0.01, 0.2), acknowledge)

      function acknowledge() {
        if (!process.alive) return
        settle()
        reply()
        next()
      }
    }
    const settle = () => void this.#open--

    return engineOf((verb, args) => {
      // As a process that is gone, or a thread that was ended: no answer ever.
      if (!process.alive || closed) return new Promise(() => {})
      if (verb === 'commit') this.watch.asked(args[0] as readonly Write[])
      closed = verb === 'close'
      this.#open++
      return new Promise((answer, fail) => {
        // Through JSON, as the thread does it.
        line.push({ verb, args: JSON.parse(JSON.stringify(args)) as unknown[], answer, fail })
        if (!busy) next()
      })
    })
  }

  #perform(verb: Verb, args: unknown[]): unknown {
    if (verb === 'close') return null
    if (this.mood === 'fails') throw new Error('disk I/O error')
    const writes = verb === 'commit' || verb === 'trim'
    if (this.mood === 'takes no writes' && writes) {
      throw new Error('database or disk is full')
    }
    return callHistory(this.history, verb, args) ?? null
  }

  #latency(verb: Verb): number {
    const chance = this.#chance
    if (this.mood === 'slow') return chance.between(10, 3000)
    if (chance.chance(0.002)) return chance.between(50, 400)
    return verb === 'commit' ? chance.between(0.2, 6) : chance.between(0.02, 0.5)
  }
}
