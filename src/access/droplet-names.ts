/** The droplets of a token: some by their whole names, some by how their names begin. */
import { nameKey } from '../droplets/droplet.ts'
import { MAX_NAME_LENGTH } from '../task.ts'

export class DropletNames {
  /** Whole names, each as `nameKey` gives it. */
  readonly names: readonly string[]
  /** Beginnings of names, as keys too. */
  readonly prefixes: readonly string[]
  readonly #known: ReadonlySet<string>

  /** Each pattern is a name, or the beginning of names with a `*` after it. */
  constructor(readonly patterns: readonly string[]) {
    const isPrefix = (pattern: string) => pattern.endsWith('*')
    this.names = patterns.filter((pattern) => !isPrefix(pattern)).map(nameKey)
    this.prefixes = patterns.filter(isPrefix).map((pattern) => nameKey(pattern.slice(0, -1)))
    this.#known = new Set(this.names)
  }

  has(name: string): boolean {
    const key = nameKey(name)
    return this.#known.has(key) || this.prefixes.some((prefix) => key.startsWith(prefix))
  }
}

/** The same for two that allow the same in the same words; null is all droplets. */
export function keyOf(droplets: DropletNames | null): string {
  return droplets === null ? '*' : JSON.stringify([droplets.names, droplets.prefixes])
}

/** What is wrong with a pattern, for people; null: nothing. */
export function patternFault(pattern: string): string | null {
  if (pattern === '') return 'is empty'
  if (pattern.length > MAX_NAME_LENGTH) return `is longer than ${MAX_NAME_LENGTH} characters`
  if (/[\s,\p{Cc}]/u.test(pattern))
    return 'has white space or a comma in it: name several one by one; of such a name write the beginning and *'
  return pattern.slice(0, -1).includes('*') ? 'has a * that is not its end' : null
}
