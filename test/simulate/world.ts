/** What outlives the service's process: time, chance, the story so far, and the verdict. */
import { Prng } from './prng.ts'
import { Timeline } from './timeline.ts'

export interface Violation {
  text: string
  taskId: string | null
  step: number
  /** Simulated ms. */
  at: number
}

const EPOCH = Date.UTC(2026, 0, 1)
const RECENT_LINES = 40
const LONGEST_STORY = 200

export class World {
  readonly timeline = new Timeline()
  readonly chance: Prng
  /** Events that have happened. */
  step = 0
  /** Of everything that was noted: the same seed gives the same. */
  hash = 0
  violation: Violation | null = null
  readonly recent: string[] = []
  readonly counts = new Map<string, number>()
  readonly #stories = new Map<string, string[]>()
  #wallOffset = 0

  constructor(readonly seed: number) {
    this.chance = new Prng(seed)
  }

  get now(): number {
    return this.timeline.now
  }

  /** Wall clock, ms. */
  get wall(): number {
    return Math.floor(EPOCH + this.now + this.#wallOffset)
  }

  jump(ms: number): void {
    this.#wallOffset += ms
  }

  after(ms: number, run: () => void): () => void {
    return this.timeline.after(ms, run)
  }

  note(text: string, taskId?: string): void {
    const line = `${time(this.now)} ${taskId === undefined ? '' : `${taskId}: `}${text}`
    this.hash = Bun.hash.xxHash32(line, this.hash)
    this.recent.push(line)
    if (this.recent.length > 4 * RECENT_LINES) this.recent.splice(0, 3 * RECENT_LINES)
    if (taskId === undefined) return
    const story = this.#stories.get(taskId)
    if (!story) this.#stories.set(taskId, [line])
    else if (story.push(line) > LONGEST_STORY) story.splice(20, 1)
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1)
  }

  /** The first violation counts; what follows may follow from it. */
  violate(text: string, taskId: string | null = null): void {
    this.violation ??= { text, taskId, step: this.step, at: this.now }
  }

  expect(holds: boolean, text: string, taskId?: string): void {
    if (!holds) this.violate(text, taskId)
  }

  story(taskId: string): readonly string[] {
    return this.#stories.get(taskId) ?? []
  }

  forget(taskId: string): void {
    this.#stories.delete(taskId)
  }

  /** The last lines, whatever they are about. */
  lately(): readonly string[] {
    return this.recent.slice(-RECENT_LINES)
  }
}

/** `12h03m04.567`. */
export function time(ms: number): string {
  const pad = (value: number, width = 2) => String(Math.floor(value)).padStart(width, '0')
  const seconds = ms / 1000
  return `${pad(seconds / 3600)}h${pad((seconds / 60) % 60)}m${((ms / 1000) % 60).toFixed(4).padStart(7, '0')}`
}
