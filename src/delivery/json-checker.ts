import { stateOf } from './json-states.ts'

/** JSON.parse takes about so many levels, too. */
const MAX_DEPTH = 500_000

const [WRONG, VALUE, AFTER, TEXT, KEY] = ['wrong', 'value', 'after', 'text', 'key'].map(stateOf)
const [OPEN_OBJECT, OPEN_ARRAY, CLOSE_OBJECT, CLOSE_ARRAY] = ['{', '[', '}', ']'].map(stateOf)
const [FIRST_KEY, NEXT_KEY, FIRST_ITEM] = ['first key', 'next key', 'first item'].map(stateOf)
const ENDS = new Set(['after', '0', '1', '1.5', '1e5'].map(stateOf))

/**
 * Tells, piece by piece, whether a text is JSON, without making the value of it: JSON.parse would
 * stop everything else for up to 150 ms a megabyte.
 */
export class JsonChecker {
  /** The state that opened each level. */
  readonly #levels: number[] = []
  #state = VALUE!

  /** `next`: of `transitions`, which takes longer to make than a text takes to check. */
  constructor(private readonly next: Uint8Array) {}

  /** False when what came so far can't be the beginning of JSON. */
  push(text: string): boolean {
    const { next } = this
    let state = this.#state
    for (let at = 0; at < text.length && state !== WRONG; at++) {
      const code = text.charCodeAt(at)
      if (code < 128) state = next[state * 128 + code]!
      else if (state !== TEXT && state !== KEY) state = WRONG!
      if (state >= OPEN_OBJECT!) state = this.#step(state)
    }
    this.#state = state
    return state !== WRONG
  }

  /** Whether all of it is JSON. */
  end(): boolean {
    return this.#levels.length === 0 && ENDS.has(this.#state)
  }

  /** The state after a character that opens or closes a level, or separates its members. */
  #step(state: number): number {
    const levels = this.#levels
    switch (state) {
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        if (levels.push(state) > MAX_DEPTH) return WRONG!
        return state === OPEN_OBJECT ? FIRST_KEY! : FIRST_ITEM!
      case CLOSE_OBJECT:
        return levels.pop() === OPEN_OBJECT ? AFTER! : WRONG!
      case CLOSE_ARRAY:
        return levels.pop() === OPEN_ARRAY ? AFTER! : WRONG!
      default:
        if (levels.length === 0) return WRONG!
        return levels.at(-1) === OPEN_OBJECT ? NEXT_KEY! : VALUE!
    }
  }
}
