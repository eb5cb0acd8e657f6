import type { Droplet } from '../droplets/droplet.ts'
import type { StopSignal } from '../ports.ts'
import type { ParsedText } from './list-text.ts'
import type { FirstAnswer } from './list-worker.ts'

// In the binary, import.meta.url is the bundle's root, and the thread's file is below it.
const WORKER = import.meta.url.includes('/$bunfs/')
  ? './registry/list-worker.ts'
  : './list-worker.ts'

/**
 * Parses a long list in a thread of its own, which is gone afterwards with all its memory. The
 * droplets come over in slices, each in a turn of its own. Rejects when the thread fails, and
 * when `stop` aborts.
 */
export async function parseInThread(
  bytes: Uint8Array,
  stop: StopSignal | null,
): Promise<ParsedText> {
  const worker = new Worker(new URL(WORKER, import.meta.url), { name: 'list' })
  const ended = Promise.withResolvers<never>()
  ended.promise.catch(() => {})
  const stopped = () => ended.reject(new Error('stopped'))
  stop?.addEventListener('abort', stopped)
  worker.addEventListener('error', ({ message }) =>
    ended.reject(new Error(`the thread that parses the list has failed: ${message}`)),
  )
  try {
    if (stop?.aborted) stopped()
    return await Promise.race([collect(worker, bytes), ended.promise])
  } finally {
    stop?.removeEventListener('abort', stopped)
    worker.terminate()
  }
}

async function collect(worker: Worker, bytes: Uint8Array): Promise<ParsedText> {
  const isWhole = bytes.byteLength === bytes.buffer.byteLength
  const { buffer } = isWhole ? bytes : bytes.slice()
  const { count, ...first } = (await ask(worker, new Uint8Array(buffer), [buffer])) as FirstAnswer
  if (!first.ok) return first
  const droplets: Droplet[] = []
  while (droplets.length < count) {
    for (const each of (await ask(worker, 'more', [])) as Droplet[]) {
      droplets.push(Object.freeze(each))
    }
  }
  return { ...first, list: { ...first.list, droplets } }
}

function ask(worker: Worker, message: unknown, transfer: ArrayBufferLike[]): Promise<unknown> {
  return new Promise((resolve) => {
    const take = ({ data }: MessageEvent<string>) => resolve(JSON.parse(data) as unknown)
    worker.addEventListener('message', take, { once: true })
    worker.postMessage(message, transfer as ArrayBuffer[])
  })
}
