const ACCEPTABLE = /^[\w.:-]+$/
const MAX_LENGTH = 128

/** As JSON Schema has it. */
export const REQUEST_ID = { type: 'string', pattern: ACCEPTABLE.source, maxLength: MAX_LENGTH }

/** The caller's X-Request-ID when it is fit for a log line, else a fresh one. */
export function requestIdOf(request: Request, newId: () => string): string {
  const given = request.headers.get('x-request-id')
  const fits = given !== null && given.length <= MAX_LENGTH && ACCEPTABLE.test(given)
  return fits ? given : newId()
}
