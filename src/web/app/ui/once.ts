/** Makes it when it is first wanted: what `Intl` makes takes long, and the page waits for it. */
export function once<T extends object>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}
