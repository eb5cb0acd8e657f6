/** Which methods a path knows: Elysia answers 404 to a wrong one. */
export class Routes {
  #patterns: { method: string; pattern: RegExp }[] = []

  /** Takes in the routes of an Elysia app, once it has them all. */
  learn(routes: readonly { method: string; path: string }[]): void {
    this.#patterns = routes.map(({ method, path }) => ({
      method,
      pattern: patternOf(path),
    }))
  }

  /** For `Allow`: sorted, HEAD beside GET; empty for an unknown path. */
  methodsOf(pathname: string): string[] {
    const methods = this.#patterns
      .filter(({ pattern }) => pattern.test(pathname))
      .flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
    return [...new Set(methods)].sort()
  }
}

/** A trailing slash makes no difference. */
function patternOf(path: string): RegExp {
  const segments = path.replace(/\/$/, '').split('/')
  const escaped = segments.map((each) => (each.startsWith(':') ? '[^/]+' : RegExp.escape(each)))
  return new RegExp(`^${escaped.join('/')}/?$`)
}
