/** Readers who asked for the same and may see the same. */
import { eventText, resetText } from './event-text.ts'
import { encode, type Reader } from './reader.ts'
import { selects, type Kind, type Selection } from './selection.ts'
import type { EventIds, TaskChange } from './task-change.ts'
import type { View } from './view.ts'

/** At most so often it is told that events were left out, ms. */
const RESET_EVERY_MS = 2000

export class Channel {
  readonly readers = new Set<Reader>()
  /** In the order in which they happened. */
  #waiting: TaskChange[] = []
  /** How many may be sent now. */
  #allowance: number
  /** The first change that was left out and not told of yet; null: there is none. */
  #leftOut: TaskChange | null = null
  #resetTick = -Infinity

  constructor(
    readonly view: View,
    readonly selection: Selection,
    private readonly ids: EventIds,
  ) {
    this.#allowance = selection.taskRate ?? Infinity
  }

  wants(kind: Kind): boolean {
    return this.selection.kinds.has(kind)
  }

  shows(change: TaskChange): boolean {
    return selects(this.selection, change) && this.view.shows(change.task.dropletName)
  }

  /** To be sent with the next flush. */
  add(change: TaskChange): void {
    if (this.shows(change)) this.#waiting.push(change)
  }

  /** Whether something waits for the next flush, or to be told of. */
  get isBehind(): boolean {
    return this.#waiting.length > 0 || this.#leftOut !== null
  }

  /** Whoever comes back with this id is sent all that its readers were not sent yet. */
  get lastId(): string {
    const next = this.#leftOut ?? this.#waiting[0]
    return this.ids.of(next ? next.seq - 1 : this.ids.latestSeq)
  }

  /** Sends what waits, as far as it may. `sinceMs`: since the last time. `tick`: monotonic ms. */
  flush(sinceMs: number, tick: number): void {
    const changes = this.selection.taskRate === null ? this.#takeAll() : this.#takeSome(sinceMs)
    const messages = changes.map((change) => {
      if (!this.#leftOut) return change.messageOf(this.ids)
      return encode(eventText('task', this.lastId, change.text()))
    })
    if (this.#leftOut && tick - this.#resetTick >= RESET_EVERY_MS) {
      this.#leftOut = null
      this.#resetTick = tick
      const reset = resetText(this.lastId, 'there were more events than you asked for')
      messages.push(encode(reset))
    }
    if (messages.length > 0) this.#sendAll(messages)
  }

  send(text: string): void {
    this.#sendAll([encode(text)])
  }

  #sendAll(messages: readonly Uint8Array[]): void {
    for (const reader of this.readers) reader.send(messages, this.farewell)
  }

  /** For readers that were sent nothing else lately. */
  heartbeat(): void {
    for (const reader of this.readers) if (reader.wasIdle()) reader.heartbeat(this.farewell)
  }

  readonly farewell = () => resetText(this.lastId, 'you read too slowly')

  #takeAll(): TaskChange[] {
    const all = this.#waiting
    this.#waiting = []
    return all
  }

  /** Of each task its latest change. What is too much waits; what waits too long is left out. */
  #takeSome(sinceMs: number): TaskChange[] {
    const taskRate = this.selection.taskRate!
    this.#allowance = Math.min(taskRate, this.#allowance + (taskRate * sinceMs) / 1000)
    const latest = latestOfEach(this.#waiting)
    const taken = latest.slice(0, Math.floor(this.#allowance))
    const left = latest.slice(taken.length)
    this.#allowance -= taken.length
    this.#waiting = left.slice(-taskRate)
    if (this.#waiting.length < left.length) this.#leftOut ??= left[0]!
    return taken
  }
}

/** In their order: a task that has changed again goes to the end. */
function latestOfEach(changes: readonly TaskChange[]): TaskChange[] {
  const latest = new Map<string, TaskChange>()
  for (const change of changes) {
    latest.delete(change.task.id)
    latest.set(change.task.id, change)
  }
  return [...latest.values()]
}
