/** What there is to be done at one moment. */
export interface Load {
  /** Tasks that wait for their first attempt. */
  readonly queued: number
  /** Tasks that are being worked on, or wait for another attempt. */
  readonly running: number
  /** How long the asynchronous task that is due for the longest time has waited, ms; null: none. */
  readonly oldestAgeMs: number | null
}
