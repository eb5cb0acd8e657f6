import { SLICE } from './turns.ts'

/** The JSON text of a list, a line for each item, in pieces: none takes longer than a few ms. */
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
