/** The stream of one who watches. */
import { HEARTBEAT } from './event-text.ts'

/** So many bytes may wait for a reader: some 2,000 events. */
const MAX_WAITING_BYTES = 512 * 1024

const encoder = new TextEncoder()

export class Reader {
  readonly stream: ReadableStream<Uint8Array>
  #controller!: ReadableStreamDefaultController<Uint8Array>
  #isOpen = true
  #isIdle = true

  /** `gone`: called once, when the stream is over, whoever has ended it. */
  constructor(private readonly gone: () => void) {
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => void (this.#controller = controller),
        cancel: () => this.#end(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: MAX_WAITING_BYTES }),
    )
  }

  /** Whether nothing was sent since the last look. */
  wasIdle(): boolean {
    const was = this.#isIdle
    this.#isIdle = true
    return was
  }

  /**
   * `bytes`: whole messages. One who does not read is sent `farewell`, which it gets if it ever reads
   * on, and no more: events would else fill the memory.
   */
  send(bytes: Uint8Array, farewell: () => string): void {
    if (!this.#isOpen) return
    this.#isIdle = false
    this.#controller.enqueue(bytes)
    if ((this.#controller.desiredSize ?? 0) <= 0) this.close(farewell())
  }

  heartbeat(farewell: () => string): void {
    this.send(encode(HEARTBEAT), farewell)
  }

  /** Ends the stream, after a last message if there is one. May be called again. */
  close(last = ''): void {
    if (!this.#isOpen) return
    if (last !== '') this.#controller.enqueue(encode(last))
    this.#controller.close()
    this.#end()
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
