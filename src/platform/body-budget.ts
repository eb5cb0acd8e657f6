/** What one reader holds of the budget. */
export interface BodyShare {
  /** Takes so many bytes more. A promise, which resolves when they are to be had: wait for it. */
  take(bytes: number): Promise<void> | undefined
  /** Gives some of it back. */
  give(bytes: number): void
  /** Gives all of it back, and ends: what is taken or given later does not count. */
  release(): void
}

interface Wait {
  readonly bytes: number
  readonly resume: () => void
}

/** What the budget knows of a share, and no more: its Set keeps it for long (see `Bag`). */
interface Share {
  held: number
  readonly waits: Set<Wait>
}

/**
 * So much each reader has besides the budget, bytes: an answer of 60 KB need not wait for large
 * ones, even if a decoder keeps all of it once more.
 */
export const FREE_BYTES = 128 * 1024

/**
 * The memory for the bodies that are being read at one time. Beyond `maxBytes` together, readers
 * wait. First come, first served: nobody takes anything while an older reader waits. But the
 * oldest always goes on, so that they can't all wait for each other. So one reader's own limit
 * comes on top, and the FREE_BYTES of each.
 */
export class BodyBudget {
  #used = 0
  /** The oldest first. */
  readonly #shares = new Set<Share>()
  /** How many waits there are: mostly none, and then none is looked for. */
  #waiting = 0

  constructor(private readonly maxBytes: number) {}

  /** A reader begins. When `signal` aborts, its wait ends by rejecting. */
  open(signal: AbortSignal): BodyShare {
    const share: Share = { held: 0, waits: new Set() }
    this.#shares.add(share)
    return {
      take: (bytes) => this.#take(share, bytes, signal),
      give: (bytes) => {
        if (!this.#shares.has(share)) return
        this.#hold(share, share.held - bytes)
        this.#resumeWaiting()
      },
      release: () => {
        this.#hold(share, 0)
        this.#shares.delete(share)
        // It may go on to its end.
        for (const wait of share.waits) this.#resume(share, wait)
        this.#resumeWaiting()
      },
    }
  }

  #take(share: Share, bytes: number, signal: AbortSignal): Promise<void> | undefined {
    if (!this.#shares.has(share)) return undefined
    const next = share.held + bytes
    const isFree = next <= FREE_BYTES || (this.#fits(share, next) && !this.#isBehind(share))
    if (!isFree) return this.#wait(share, bytes, signal)
    this.#hold(share, next)
    return undefined
  }

  /** Whether the reader may hold so many bytes in all. */
  #fits(share: Share, bytes: number): boolean {
    const [oldest] = this.#shares
    const used = this.#used + counted(bytes) - counted(share.held)
    return share === oldest || used <= this.maxBytes
  }

  /** Whether this reader or an older one waits. */
  #isBehind(share: Share): boolean {
    if (this.#waiting === 0) return false
    for (const older of this.#shares) {
      if (older.waits.size > 0) return true
      if (older === share) break
    }
    return false
  }

  async #wait(share: Share, bytes: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const wait = { bytes, resume: resolve }
    share.waits.add(wait)
    this.#waiting++
    const stop = () => {
      reject(signal.reason as Error)
      this.#resume(share, wait)
      this.#resumeWaiting()
    }
    signal.addEventListener('abort', stop, { once: true })
    await promise
    signal.removeEventListener('abort', stop)
  }

  #hold(share: Share, bytes: number): void {
    this.#used += counted(bytes) - counted(share.held)
    share.held = bytes
  }

  #resumeWaiting(): void {
    if (this.#waiting === 0) return
    for (const share of this.#shares) {
      for (const wait of share.waits) {
        const next = share.held + wait.bytes
        if (!this.#fits(share, next)) return
        this.#hold(share, next)
        this.#resume(share, wait)
      }
    }
  }

  #resume(share: Share, wait: Wait): void {
    if (share.waits.delete(wait)) this.#waiting--
    wait.resume()
  }
}

/** How much of what a reader holds counts. */
const counted = (bytes: number): number => Math.max(0, bytes - FREE_BYTES)
