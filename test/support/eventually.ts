/** Asks again and again, in real time, until there is something; fails after `limitMs`. */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  limitMs = 15_000,
): Promise<NonNullable<T>> {
  const giveUp = performance.now() + limitMs
  for (;;) {
    const found = await look()
    if (found) return found
    if (performance.now() > giveUp) throw new Error(`${what}: not within ${limitMs / 1000} s`)
    await Bun.sleep(5)
  }
}
