/** How long a test waits for what really happens: on sockets, on the disk, in other processes. */
import { setDefaultTimeout } from 'bun:test'

/**
 * When a wait gives up. It only keeps a test that hangs from hanging for ever, so it is far longer
 * than a busy machine needs.
 */
export const PATIENCE_MS = 60_000

/** How long one test may take. A wait that gives up comes first, and says what it waited for. */
export const TEST_LIMIT_MS = 2 * PATIENCE_MS

const STEP_MS = 2

/**
 * For a file whose tests use sockets, the disk or processes; called before the first test. Bun
 * ends a test after 5 s by itself, which a busy machine exceeds.
 */
export function allowRealTime(): void {
  setDefaultTimeout(TEST_LIMIT_MS)
}

/** Asks again and again, in real time, until there is something; then returns it. */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
): Promise<NonNullable<T>> {
  for (const giveUp = performance.now() + PATIENCE_MS; ;) {
    const found = await look()
    if (found) return found
    if (performance.now() > giveUp) throw new Error(`${what}: not within ${PATIENCE_MS / 1000} s`)
    await Bun.sleep(STEP_MS)
  }
}
