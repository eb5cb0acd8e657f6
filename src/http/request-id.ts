const ACCEPTABLE = /^[\w.:-]{1,128}$/

/** The caller's X-Request-ID when it is fit for a log line, else a fresh one. */
export function requestIdOf(request: Request, newId: () => string): string {
  const given = request.headers.get('x-request-id')
  return given !== null && ACCEPTABLE.test(given) ? given : newId()
}
