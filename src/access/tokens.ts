/** The tokens that may be used at one moment. */
import { timingSafeEqual } from 'node:crypto'
import type { DropletNames } from './droplet-names.ts'
import type { Scope } from './scopes.ts'
import { hashOf } from './token-form.ts'

export interface Token {
  /** Whose it is. Two tokens with one name are the old and the new one of a rotation. */
  readonly name: string
  readonly scopes: ReadonlySet<Scope>
  /** What it may be used for; null: all droplets. */
  readonly droplets: DropletNames | null
  /** The first moment at which it is no longer valid; wall clock, ms. null: it stays valid. */
  readonly expiresAt: number | null
  /** SHA-256 of the token, in hexadecimal digits. */
  readonly hash: string
}

/** Never changes: a file that is read again makes a new one. */
export class TokenSet {
  readonly #byHash: ReadonlyMap<string, Token>

  constructor(readonly tokens: readonly Token[]) {
    this.#byHash = new Map(tokens.map((token) => [token.hash, token]))
  }

  /**
   * The time of the look-up in the Map depends on the hash only, and to choose a hash is to break
   * SHA-256: so it tells nothing of the tokens that there are.
   */
  find(text: string): Token | null {
    const hash = hashOf(text)
    const token = this.#byHash.get(hash)
    return token && timingSafeEqual(Buffer.from(token.hash), Buffer.from(hash)) ? token : null
  }
}

export function hasExpired({ expiresAt }: Pick<Token, 'expiresAt'>, now: number): boolean {
  return expiresAt !== null && expiresAt <= now
}
