/** What one reader holds of the budget. */
export interface BodyShare {
  /** Takes so many bytes more. A promise, which resolves when they are to be had: wait for it. */
  take(bytes: number): Promise<void> | undefined
  /** Gives some of it back. */
  give(bytes: number): void
  /** Gives all of it back, and ends: to be called last. Safe twice. */
  release(): void
}

interface Share extends BodyShare {
  held: number
  waiting: { bytes: number; resume: () => void } | null
}

/**
 * The memory for the bodies that are being read at one time. Beyond `maxBytes` together, readers
 * wait; but the oldest always goes on, so that they can't all wait for each other. So one reader's
 * own limit comes on top.
 */
export class BodyBudget {
  #used = 0
  /** The oldest first. */
  readonly #shares = new Set<Share>()

  constructor(private readonly maxBytes: number) {}

  /** A reader begins. When `signal` aborts, its wait ends by rejecting. */
  open(signal: AbortSignal): BodyShare {
    const share: Share = {
      held: 0,
      waiting: null,
      take: (bytes) => this.#take(share, bytes, signal),
      give: (bytes) => this.#give(share, bytes),
      release: () => {
        this.#shares.delete(share)
        this.#give(share, share.held)
      },
    }
    this.#shares.add(share)
    return share
  }

  #take(share: Share, bytes: number, signal: AbortSignal): Promise<void> | undefined {
    if (!this.#isFree(share, bytes)) return this.#wait(share, bytes, signal)
    this.#used += bytes
    share.held += bytes
    return undefined
  }

  #isFree(share: Share, bytes: number): boolean {
    const [oldest] = this.#shares
    return share === oldest || this.#used + bytes <= this.maxBytes
  }

  #wait(share: Share, bytes: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = () => reject(signal.reason as Error)
      if (signal.aborted) return stop()
      signal.addEventListener('abort', stop, { once: true })
      const resume = () => {
        signal.removeEventListener('abort', stop)
        resolve()
      }
      share.waiting = { bytes, resume }
    })
  }

  #give(share: Share, bytes: number): void {
    this.#used -= bytes
    share.held -= bytes
    this.#resumeWaiting()
  }

  /** In their order: a small piece must not overtake an older reader for ever. */
  #resumeWaiting(): void {
    for (const share of this.#shares) {
      const { waiting } = share
      if (!waiting) continue
      if (!this.#isFree(share, waiting.bytes)) return
      share.waiting = null
      this.#used += waiting.bytes
      share.held += waiting.bytes
      waiting.resume()
    }
  }
}
