import { originalLength, readAnswerBody } from '../platform/answer-body.ts'
import { BodyBudget } from '../platform/body-budget.ts'
import type { Clock } from '../ports.ts'
import type { JsonText } from '../task.ts'
import { truncationMarker } from '../truncation.ts'
import { bodyToJson, isSmall, largeBodyToJson, type AnswerBytes } from './answer.ts'

/** What answers may take of the memory together, while they are read: bytes, at least. */
const MIN_BUDGET_BYTES = 64 * 1024 * 1024

export interface ReadAnswer {
  body: JsonText | null
  truncated?: true
}

const nothing = () => {}

/**
 * Reads droplets' answers: at bounded memory, each of them and all together, and without holding
 * up anything else. Large ones are made into JSON one after the other and in slices.
 */
export class AnswerReader {
  readonly #clock: Clock
  readonly #maxBytes: number
  readonly #budget: BodyBudget
  /** Settles when the last large answer is done. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor({ clock, maxResponseBytes }: { clock: Clock; maxResponseBytes: number }) {
    this.#clock = clock
    this.#maxBytes = maxResponseBytes
    this.#budget = new BodyBudget(Math.max(MIN_BUDGET_BYTES, 2 * maxResponseBytes))
  }

  /**
   * The body as JSON text, null when it is empty; or the marker of a body over
   * `maxResponseBytes`, coded or decoded. Rejects as `readAnswerBody` does.
   */
  async read(response: Response, signal: AbortSignal): Promise<ReadAnswer> {
    const options = { maxBytes: this.#maxBytes, signal, budget: this.#budget }
    const body = await readAnswerBody(response, options)
    if (body === null) return { body: this.#tooLarge(response), truncated: true }
    const answer = { ...body, contentType: response.headers.get('content-type') }
    try {
      return { body: isSmall(answer) ? bodyToJson(answer) : await this.#convert(answer, signal) }
    } finally {
      body.release()
    }
  }

  #tooLarge(response: Response): JsonText {
    const message = "The droplet's answer is larger than TASK_MAX_RESPONSE_BYTES"
    return truncationMarker(originalLength(response), this.#maxBytes, message)
  }

  #convert(answer: AnswerBytes, signal: AbortSignal): Promise<JsonText> {
    const pause = async (): Promise<void> => {
      await new Promise<void>((resolve) => this.#clock.soon(resolve))
      signal.throwIfAborted()
    }
    const converted = this.#turn.then(async () => {
      signal.throwIfAborted()
      return largeBodyToJson(answer, pause)
    })
    this.#turn = converted.catch(nothing)
    return converted
  }
}
