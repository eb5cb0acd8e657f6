import { errorText } from '../../errors.ts'
import type { Log } from '../../ports.ts'

/**
 * Something that is asked of the database again and again. That it fails is worth one line in the
 * log, however often it does, and so is that it works again.
 */
export class RepeatedFailure {
  #failures = 0

  /** `least`: so many in a row are no accident. */
  constructor(
    private readonly log: Log,
    private readonly what: string,
    private readonly least: number,
  ) {}

  failed(error: unknown): void {
    if (++this.#failures !== this.least) return
    const message = 'the database does not do what is asked of it'
    this.log.warning(message, { what: this.what, error: errorText(error) })
  }

  worked(): void {
    if (this.#failures >= this.least) {
      this.log.info('the database does what is asked of it again', { what: this.what })
    }
    this.#failures = 0
  }
}
