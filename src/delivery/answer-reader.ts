import { isSmallAndPlain, originalLength, readAnswerBody } from '../platform/answer-body.ts'
import { BodyBudget } from '../platform/body-budget.ts'
import { inTurns, nextTurn, SharedTurns } from '../platform/turns.ts'
import type { Clock } from '../ports.ts'
import type { JsonText } from '../task.ts'
import { truncationMarker } from '../truncation.ts'
import { bodyToJson, isSmall, largeBodyToJson, type AnswerBytes } from './answer.ts'
import { transitions } from './json-states.ts'

/** What answers may take of the memory together, while they are read: bytes, at least. */
const MIN_BUDGET_BYTES = 64 * 1024 * 1024

export interface ReadAnswer {
  body: JsonText | null
  truncated?: true
}

/**
 * Reads droplets' answers: at bounded memory, each of them and all together, and without holding
 * up anything else. All that takes long goes in slices, of which a turn of the event loop has one,
 * each answer in its turn: so a short answer needs few turns, however many long ones there are,
 * and these are no more than the budget lets in.
 */
export class AnswerReader {
  readonly #maxBytes: number
  readonly #budget: BodyBudget
  readonly #turns: SharedTurns
  readonly #states = transitions()

  constructor({ clock, maxResponseBytes }: { clock: Clock; maxResponseBytes: number }) {
    this.#maxBytes = maxResponseBytes
    this.#budget = new BodyBudget(Math.max(MIN_BUDGET_BYTES, 2 * maxResponseBytes))
    this.#turns = new SharedTurns(clock)
  }

  /**
   * The body as JSON text, null when it is empty; or the marker of a body over
   * `maxResponseBytes`, coded or decoded. Rejects as `readAnswerBody` does.
   */
  async read(response: Response, signal: AbortSignal): Promise<ReadAnswer> {
    if (!isSmallAndPlain(response, this.#maxBytes)) return this.#readAny(response, signal)
    // Nearly all are.
    const bytes = await response.bytes()
    return { body: bodyToJson({ bytes, headers: response.headers, coding: null }) }
  }

  async #readAny(response: Response, signal: AbortSignal): Promise<ReadAnswer> {
    const options = { maxBytes: this.#maxBytes, signal, budget: this.#budget, turns: this.#turns }
    const answer = await readAnswerBody(response, options)
    if (answer === null) return { body: this.#tooLarge(response), truncated: true }
    const { bytes, coding, release } = answer
    try {
      return { body: await this.#toJson({ bytes, headers: response.headers, coding }, signal) }
    } finally {
      release()
    }
  }

  async #toJson(answer: AnswerBytes, signal: AbortSignal): Promise<JsonText | null> {
    if (isSmall(answer)) return bodyToJson(answer)
    await nextTurn(this.#turns)
    signal.throwIfAborted()
    return inTurns(largeBodyToJson(answer, this.#states), this.#turns, signal)
  }

  #tooLarge(response: Response): JsonText {
    const message = "The droplet's answer is larger than TASK_MAX_RESPONSE_BYTES"
    return truncationMarker(originalLength(response), this.#maxBytes, message)
  }
}
