/** One request to the Registry, whatever it does: bounded in time and in size. */
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Clock, Fetch, FetchInit } from '../ports.ts'
import { SERVICE, VERSION } from '../version.ts'
import { within, type Limited } from '../platform/time-limit.ts'

/** A list of 50,000 droplets takes about 16 MiB. */
export const MOST_BYTES = 16 * 1024 * 1024

export interface FarEnd {
  clock: Clock
  fetch: Fetch
  /** For the whole exchange, body included. */
  timeoutMs: number
  /** Ends what is in flight. */
  stop: AbortSignal
}

export interface Reply {
  status: number
  /** The parsed body; undefined when it is not JSON. */
  json: unknown
}

/** Sends JSON, reads JSON. Any status is a reply; no answer in time, or one too large, isn't. */
export function exchange(
  farEnd: FarEnd,
  method: string,
  url: string,
  body?: unknown,
): Promise<Limited<Reply>> {
  return within(farEnd.clock, farEnd.timeoutMs, farEnd.stop, async (signal) => {
    const init: FetchInit = {
      method,
      headers: { accept: 'application/json', 'user-agent': `${SERVICE}/${VERSION}` },
      signal,
    }
    if (body !== undefined) {
      init.headers['content-type'] = 'application/json'
      init.body = JSON.stringify(body)
    }
    const response = await farEnd.fetch(url, init)
    return { status: response.status, json: parse(await readText(response.body, signal)) }
  })
}

/** Reads a `file:` URL; a relative one counts from the working directory. */
export function readListFile(farEnd: FarEnd, url: string): Promise<Limited<Reply>> {
  return within(farEnd.clock, farEnd.timeoutMs, farEnd.stop, async (signal) => {
    const file = Bun.file(fileURLToPath(new URL(url, pathToFileURL('./'))))
    return { status: 200, json: parse(await readText(file.stream(), signal)) }
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

async function readText(
  stream: ReadableStream<Uint8Array> | null,
  signal: AbortSignal,
): Promise<string> {
  if (!stream) return ''
  const reader = stream.getReader()
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return text + decoder.decode()
      size += value.length
      if (size > MOST_BYTES) throw new Error(`the answer is larger than ${MOST_BYTES} bytes`)
      text += decoder.decode(value, { stream: true })
      // The race is over, but what comes fast enough could be read for ever.
      signal.throwIfAborted()
    }
  } finally {
    // Not awaited: the far end may not care.
    reader.cancel().catch(() => {})
  }
}
