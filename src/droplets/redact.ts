import type { SecretHeaders, TaskRequest } from '../task.ts'

const REDACTED = 'REDACTED'

const SECRET_HEADERS = new Set(['authorization', 'proxy-authorization', 'cookie', 'x-api-key'])

/** Whether the values of a header are secret; its name in any case. */
export function isSecretHeader(name: string): boolean {
  return SECRET_HEADERS.has(name.toLowerCase())
}

/** Which of the headers may be shown, and which may not. */
export function splitHeaders(
  headers: TaskRequest['headers'],
): Pick<TaskRequest, 'headers' | 'secretHeaders'> {
  const names = Object.keys(headers)
  if (!names.some(isSecretHeader)) return { headers, secretHeaders: null }
  const { shown = [], secret = [] } = Object.groupBy(Object.entries(headers), ([name]) =>
    isSecretHeader(name) ? 'secret' : 'shown',
  )
  return { headers: Object.fromEntries(shown), secretHeaders: Object.fromEntries(secret) }
}

/** Headers of which only the names are known. */
export function withoutValues(names: readonly string[] | null): SecretHeaders | null {
  return names && Object.fromEntries(names.map((name) => [name, null]))
}

/**
 * The URL, with `REDACTED` for each value in its query and fragment, so that it can be logged
 * and listed: values may be secret, the names of parameters are not. A part without `=` could be
 * either, and counts as a value.
 */
export function redactQuery(url: string): string {
  const start = url.search(/[?#]/)
  if (start === -1) return url
  return url.slice(0, start) + url.slice(start).replace(/[^?&#][^&#]*/g, redactPart)
}

function redactPart(part: string): string {
  const nameEnd = part.indexOf('=') + 1
  return part.slice(0, nameEnd) + REDACTED
}

/** The text, with each URL in it as `redactQuery` writes it. */
export function redactUrls(text: string): string {
  return text.replace(/https?:\/\/[^\s"'<>]+/gi, redactQuery)
}
