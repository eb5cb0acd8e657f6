/** Where the page is: all of it in the part of the address after `#`, so that links can be sent. */
import { signal, type ReadonlySignal } from '@preact/signals'

export interface Location {
  /** Decoded: `#/tasks/a%2Fb` is ['tasks', 'a/b']; of the start it is empty. */
  readonly path: readonly string[]
  readonly query: URLSearchParams
}

/** Values of a query; what is undefined, null or empty is left out. */
export type LinkQuery = Readonly<Record<string, string | number | null | undefined>>

export class Router {
  readonly #location = signal(parseHash(window.location.hash))
  readonly location: ReadonlySignal<Location> = this.#location

  constructor() {
    window.addEventListener('hashchange', () => this.#read())
  }

  /** `hash`: as of `link`. With `isReplaced` the back button does not come here again. */
  go(hash: string, isReplaced = false): void {
    if (hash === window.location.hash) return
    if (isReplaced) history.replaceState(history.state, '', hash)
    else history.pushState(null, '', hash)
    this.#read()
  }

  /** Changes some parameters and keeps the others; null takes one away. */
  setQuery(changes: LinkQuery, isReplaced = false): void {
    const { path, query } = this.#location.peek()
    this.go(link(path, { ...Object.fromEntries(query), ...changes }), isReplaced)
  }

  #read(): void {
    this.#location.value = parseHash(window.location.hash)
  }
}

/** `link(['tasks', id])`, `link(['tasks'], { status: 'error' })`. */
export function link(path: readonly string[], query: LinkQuery = {}): string {
  const given = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') given.append(name, String(value))
  }
  const text = path.map((part) => encodeURIComponent(part)).join('/')
  return `#/${text}${given.size === 0 ? '' : `?${given}`}`
}

export function parseHash(hash: string): Location {
  const [path = '', query = ''] = hash.replace(/^#?\/?/, '').split(/\?(.*)/s)
  const parts = path.split('/').filter((part) => part !== '')
  return { path: parts.map(decoded), query: new URLSearchParams(query) }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
