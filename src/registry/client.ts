/** One request to the Registry, whatever it is for: limited in time and in size. */
import { fileURLToPath } from 'node:url'
import { readAnswerBody } from '../platform/answer-body.ts'
import { readRegularFile } from '../platform/regular-file.ts'
import { within, type Limited } from '../platform/time-limit.ts'
import type { Clock, Fetch, FetchInit } from '../ports.ts'
import { USER_AGENT } from '../version.ts'
import { parseJson } from './json-bytes.ts'

/** A list of 100,000 droplets takes about 30 MiB. */
export const MAX_REPLY_BYTES = 64 * 1024 * 1024

export interface RegistryClientOptions {
  /** Where the Registry is: http(s) without trailing slash, or the `file:` URL of a list. */
  url: string
  clock: Clock
  fetch: Fetch
  /** For the whole exchange, body included. */
  timeoutMs: number
  /** Ends what is in flight. */
  stop: AbortSignal
}

export interface RawReply {
  status: number
  body: Uint8Array
}

export interface Reply extends RawReply {
  /** The parsed body; undefined when it is not JSON. */
  json: unknown
}

/**
 * Sends JSON to a path of the Registry and reads JSON. A reply with any status is `ok`; no reply
 * in time, or one of more than MAX_REPLY_BYTES, is not.
 */
export async function exchange(
  client: RegistryClientOptions,
  method: string,
  path: string,
  body?: unknown,
): Promise<Limited<Reply>> {
  const reply = await request(client, method, path, body)
  if (!reply.ok) return reply
  const json = parseJson(reply.value.body)
  return { ok: true, value: { ...reply.value, json: json.ok ? json.value : undefined } }
}

/** Like `exchange`, but the body is left as it came. */
export function request(
  { url, clock, fetch, timeoutMs, stop }: RegistryClientOptions,
  method: string,
  path: string,
  body?: unknown,
): Promise<Limited<RawReply>> {
  return within(clock, timeoutMs, stop, async (signal) => {
    const init: FetchInit = {
      method,
      headers: { accept: 'application/json', 'user-agent': USER_AGENT },
      signal,
    }
    if (body !== undefined) {
      init.headers['content-type'] = 'application/json'
      init.body = JSON.stringify(body)
    }
    const response = await fetch(url + path, init)
    const limits = { maxBytes: MAX_REPLY_BYTES, signal, budget: null, turns: clock }
    const answer = await readAnswerBody(response, limits)
    if (!answer?.bytes) throw new Error(`the answer is larger than ${MAX_REPLY_BYTES} bytes`)
    return { status: response.status, body: answer.bytes }
  })
}

/** Reads the list at a `file:` URL as if it were a reply with status 200. */
export function readListFile(options: RegistryClientOptions): Promise<Limited<RawReply>> {
  const { url, clock, timeoutMs, stop } = options
  return within(clock, timeoutMs, stop, async (signal) => {
    const body = await readRegularFile(fileURLToPath(url), MAX_REPLY_BYTES, signal)
    return { status: 200, body }
  })
}
