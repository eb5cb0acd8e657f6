/** The stream of one who watches. */
import { HEARTBEAT } from './event-text.ts'

/** So many bytes may wait for a reader: some 1,000 events. */
export const MAX_WAITING_BYTES = 512 * 1024
/** For all readers together. */
const MAX_ALL_WAITING_BYTES = 64 * 1024 * 1024
/** Handed on at once: what Bun has taken stays with it until the reader reads or is gone. */
const MAX_PIECE_BYTES = 64 * 1024

const encoder = new TextEncoder()

/** How many bytes may wait for each of so many readers: of many, less for each. */
export function mayWait(readers: number): number {
  return Math.min(MAX_WAITING_BYTES, MAX_ALL_WAITING_BYTES / readers)
}

export class Reader {
  readonly stream: ReadableStream<Uint8Array>
  #controller!: ReadableStreamDefaultController<Uint8Array>
  /** Whole messages; others may have the same ones waiting, so they are copied when they go. */
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  /** Whether it could take more, but nothing has waited for it. */
  #isAsking = false
  #isOpen = true
  #isIdle = true

  /**
   * `gone`: called once, when the stream is over, whoever has ended it. `mayWait`: how many bytes
   * may wait for it now.
   */
  constructor(
    private readonly gone: () => void,
    private readonly mayWait: () => number = () => MAX_WAITING_BYTES,
  ) {
    // It keeps nothing of its own: so what waits can be taken away again.
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => void (this.#controller = controller),
        pull: () => this.#give(),
        cancel: () => {
          this.#forget()
          this.#end()
        },
      },
      { highWaterMark: 0 },
    )
  }

  /** Whether nothing was sent since the last look. */
  wasIdle(): boolean {
    const was = this.#isIdle
    this.#isIdle = true
    return was
  }

  /**
   * One who does not read is sent `farewell`, which it gets if it ever reads on, and neither what
   * waits nor anything more: events would else fill the memory. To one for whom nothing waits yet,
   * much may be sent at once.
   */
  send(messages: readonly Uint8Array[], farewell: () => string): void {
    if (!this.#isOpen) return
    this.#isIdle = false
    const isBehind = this.#waiting.length > 0
    for (const message of messages) this.#add(message)
    if (isBehind && this.#waitingBytes > this.mayWait()) {
      this.#forget()
      this.close(farewell())
    } else if (this.#isAsking) this.#give()
  }

  heartbeat(farewell: () => string): void {
    this.send([encode(HEARTBEAT)], farewell)
  }

  /** Ends the stream when all that waits is read, after a last message if there is one. May be called again. */
  close(last = ''): void {
    if (!this.#isOpen) return
    if (last !== '') this.#add(encode(last))
    this.#end()
    if (this.#isAsking) this.#give()
  }

  #add(message: Uint8Array): void {
    this.#waiting.push(message)
    this.#waitingBytes += message.length
  }

  #forget(): void {
    this.#waiting = []
    this.#waitingBytes = 0
  }

  /** To be called when it can take more. */
  #give(): void {
    const piece = this.#take()
    this.#isAsking = piece === null
    if (piece !== null) this.#controller.enqueue(piece)
    if (!this.#isOpen && this.#waiting.length === 0) this.#controller.close()
  }

  /** As much of what waits as goes at once. */
  #take(): Uint8Array | null {
    let count = 0
    let bytes = 0
    while (count < this.#waiting.length && (count === 0 || bytes < MAX_PIECE_BYTES)) {
      bytes += this.#waiting[count++]!.length
    }
    if (count === 0) return null
    const taken = this.#waiting.splice(0, count)
    this.#waitingBytes -= bytes
    return count === 1 ? taken[0]! : Buffer.concat(taken, bytes)
  }

  #end(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.gone()
  }
}

export function encode(text: string): Uint8Array {
  return encoder.encode(text)
}
