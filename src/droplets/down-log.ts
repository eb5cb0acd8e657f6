/** Says in the log when a droplet goes down, and when it is up again. */
import type { Log } from '../ports.ts'
import { isThere } from './is-there.ts'
import { redactUrls } from './redact.ts'

/** What a probe or an attempt was answered with. */
export interface Finding {
  /** HTTP status; null: no answer. */
  readonly status: number | null
  /** Why there was none. */
  readonly error: string | null
}

const FIRST_ROW = 2
const LONGEST_ROW = 64
const CALM_MS = 600_000

/**
 * A droplet is down when it has not answered twice in a row, and up again with its next answer.
 * After each `up again`, the next `down` takes a row twice as long, up to 64, until the droplet
 * has missed nothing for ten minutes: one that fails every other time, or whose probes fail while
 * tasks succeed, is told a few times and not all night.
 */
export class DownLog {
  #isDown = false
  #missedInRow = 0
  #rowNeeded = FIRST_ROW
  #lastMissAt = -Infinity

  constructor(
    private readonly log: Log,
    /** Its name and its URL, which has no query and no credentials. */
    private readonly droplet: { readonly name: string; readonly url: string },
  ) {}

  /** `now`: monotonic, ms. */
  note(finding: Finding, now: number): void {
    if (!isThere(finding.status)) return this.#miss(finding, now)
    this.#missedInRow = 0
    // With another 5xx it is there, but not well: neither is worth a line.
    if (!this.#isDown || finding.status! >= 500) return
    this.#isDown = false
    this.#rowNeeded = Math.min(2 * this.#rowNeeded, LONGEST_ROW)
    this.#tell('a droplet is up again', finding)
  }

  #miss(finding: Finding, now: number): void {
    if (now - this.#lastMissAt > CALM_MS) this.#rowNeeded = FIRST_ROW
    this.#lastMissAt = now
    if (++this.#missedInRow < this.#rowNeeded || this.#isDown) return
    this.#isDown = true
    this.#tell('a droplet is down', finding)
  }

  #tell(msg: string, { status, error }: Finding): void {
    const { name, url } = this.droplet
    this.log.info(msg, {
      droplet: name,
      url,
      response_status: status,
      ...(status === null && error !== null ? { error: redactUrls(error) } : {}),
    })
  }
}
