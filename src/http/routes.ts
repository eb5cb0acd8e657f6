/** Which methods a path knows: Elysia answers 404 to a wrong one. */
export class Routes {
  #known: { method: string; segments: string[] }[] = []

  /** Takes in the routes of an Elysia app, once it has them all. */
  learn(routes: readonly { method: string; path: string }[]): void {
    this.#known = routes.map(({ method, path }) => ({ method, segments: segmentsOf(path) }))
  }

  /** For `Allow`: sorted, HEAD beside GET; empty for an unknown path. */
  methodsOf(path: string): string[] {
    const given = segmentsOf(path)
    const methods = this.#known
      .filter(({ segments }) => matches(given, segments))
      .flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
    return [...new Set(methods)].sort()
  }
}

/** A trailing slash makes no difference. */
function segmentsOf(path: string): string[] {
  return (path.endsWith('/') ? path.slice(0, -1) : path).split('/')
}

function matches(given: string[], segments: string[]): boolean {
  if (given.length !== segments.length) return false
  return segments.every((segment, at) =>
    segment.startsWith(':') ? given[at] !== '' : given[at] === segment,
  )
}
