/**
 * The thread that parses a long list. It gets the bytes, and answers with everything but the
 * droplets; then with one slice of them for each message that asks for more.
 */
import { SLICE, type Droplet } from '../droplets/droplet.ts'
import { parseListText, type ParsedText } from './list-text.ts'

/** Its droplets come in slices; `count` says how many there are. */
export type FirstAnswer = ParsedText & { count: number }

declare const self: Worker

answer()

function answer(): void {
  let droplets: readonly Droplet[] = []
  let from = 0
  self.addEventListener('message', ({ data }: MessageEvent<Uint8Array | 'more'>) => {
    // As text: one string crosses faster than many objects.
    if (data === 'more') {
      self.postMessage(JSON.stringify(droplets.slice(from, from + SLICE)))
      from += SLICE
    } else {
      const parsed = parseListText(data)
      if (parsed.ok) droplets = parsed.list.droplets
      self.postMessage(JSON.stringify(withoutDroplets(parsed)))
    }
  })
}

function withoutDroplets(parsed: ParsedText): FirstAnswer {
  if (!parsed.ok) return { ...parsed, count: 0 }
  const { list } = parsed
  return { ...parsed, list: { ...list, droplets: [] }, count: list.droplets.length }
}
