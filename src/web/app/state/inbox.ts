/** Events as they come, given out together, once a frame: more often nobody sees. */
import { batch } from '@preact/signals'
import type { LiveEvent } from '../../../client/types.ts'

export class Inbox {
  #events: LiveEvent[] = []
  #isAwaited = false

  constructor(
    private readonly deliver: (event: LiveEvent) => void,
    /** Calls it once, soon. */
    private readonly soon: (run: () => void) => void,
  ) {}

  add(event: LiveEvent): void {
    this.#events.push(event)
    if (this.#isAwaited) return
    this.#isAwaited = true
    this.soon(() => this.#empty())
  }

  /** What has not been given out is forgotten. */
  clear(): void {
    this.#events = []
  }

  #empty(): void {
    this.#isAwaited = false
    const events = this.#events
    this.#events = []
    batch(() => events.forEach((event) => this.deliver(event)))
  }
}
