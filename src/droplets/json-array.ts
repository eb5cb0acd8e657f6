import { SLICE } from './droplet.ts'

/**
 * The JSON text of a list of droplets, or of what is known of them, a line for each, in pieces:
 * none takes longer than a few ms.
 */
export function* jsonArray<T>(
  items: readonly T[],
  view: (item: T) => unknown,
): Generator<string, void> {
  for (let from = 0; from < items.length; from += SLICE) {
    const lines = items.slice(from, from + SLICE).map((item) => `\n${JSON.stringify(view(item))}`)
    yield (from === 0 ? '[' : ',') + lines.join(',')
  }
  yield items.length === 0 ? '[]' : '\n]'
}
