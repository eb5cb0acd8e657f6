/** Lines of text on their way out: never in the way of the service, never more than 1 MB. */
import type { Clock } from '../ports.ts'
import type { NonBlockingOutput } from './non-blocking-output.ts'

/** How much may wait for a reader that stalls, bytes; beyond that, lines are dropped. */
const MAX_WAITING = 1024 * 1024
/** From here on lines are kept again: not one between two that are dropped. */
const ENOUGH_ROOM = MAX_WAITING / 2
/** A pipe takes 64 KiB: the reader can have all of what was dropped within the megabyte. */
const FULL_RETRY_MS = 5
const BROKEN_RETRY_MS = 1000

/**
 * The lines of one turn of the event loop go out together, in their order and whole. What the
 * reader does not take waits for it; what can't wait is dropped and counted.
 */
export class LineWriter {
  /** What waits: bytes first, then text that has not been encoded. Lengths are in bytes. */
  #bytes: Uint8Array = new Uint8Array()
  #text = ''
  #textLength = 0
  #dropped = 0
  /** Whether the next try has its time already. */
  #scheduled = false
  #stalled = false
  /** A line that says how many lines are missing before it. Null: none does. */
  droppedLine: ((count: number) => string) | null = null

  constructor(
    private readonly output: NonBlockingOutput,
    private readonly clock: Pick<Clock, 'soon' | 'after'>,
  ) {}

  /** Without its end. Text of several lines counts as one. */
  write(line: string): void {
    const length = Buffer.byteLength(line)
    if (!this.#hasRoomFor(length)) return void this.#dropped++
    if (this.#dropped > 0) this.#reportDropped()
    this.#add(line, length)
    if (this.#scheduled) return
    this.#scheduled = true
    this.clock.soon(this.#tryAgain)
  }

  /**
   * Before an exit: writes all that waits, and waits for a slow reader, at most about `limitMs`.
   * Nothing else runs meanwhile.
   */
  flush(limitMs: number): void {
    for (let waitedMs = 0; ; waitedMs += FULL_RETRY_MS) {
      const state = this.#drain()
      if (state !== 'full' || waitedMs >= limitMs) return
      Bun.sleepSync(FULL_RETRY_MS)
    }
  }

  #hasRoomFor(length: number): boolean {
    const limit = this.#dropped > 0 ? ENOUGH_ROOM : MAX_WAITING
    if (this.#waiting + length <= limit) return true
    // One turn can log more than a megabyte to a reader that is quick.
    if (!this.#stalled) this.#stalled = this.#drain() !== 'empty'
    return this.#waiting + length <= limit
  }

  get #waiting(): number {
    return this.#bytes.length + this.#textLength
  }

  #add(line: string, length: number): void {
    this.#text += `${line}\n`
    this.#textLength += length + 1
  }

  #reportDropped(): void {
    const line = this.droppedLine?.(this.#dropped)
    this.#dropped = 0
    if (line !== undefined) this.#add(line, Buffer.byteLength(line))
  }

  readonly #tryAgain = (): void => {
    this.#scheduled = false
    const state = this.#drain()
    this.#stalled = state !== 'empty'
    if (state === 'empty') return
    this.#scheduled = true
    this.clock.after(state === 'full' ? FULL_RETRY_MS : BROKEN_RETRY_MS, this.#tryAgain)
  }

  /** Writes what the reader takes now. */
  #drain(): 'empty' | 'full' | 'broken' {
    for (;;) {
      const isText = this.#bytes.length === 0
      if (isText && this.#text === '' && this.#dropped > 0) this.#reportDropped()
      const waiting = isText ? this.#text : this.#bytes
      if (waiting.length === 0) return 'empty'
      const written = this.output.write(waiting)
      if (typeof written !== 'number') return written
      this.#forget(written, isText)
    }
  }

  #forget(written: number, isText: boolean): void {
    if (!isText) {
      this.#bytes = this.#bytes.subarray(written)
      return
    }
    // Most often all of it is written: then it need not be encoded here.
    const isAll = written === this.#textLength
    if (!isAll) this.#bytes = Buffer.from(this.#text).subarray(written)
    this.#text = ''
    this.#textLength = 0
  }
}
