/**
 * Who a request is from, and what it may ask for. The one place that decides it: before its body is
 * read, and before anything about tasks is looked up or told.
 */
import { anyone, type Caller } from '../access/caller.ts'
import { keyOf } from '../access/droplet-names.ts'
import { expired, scopeMissing, unauthorized } from '../access/refusals.ts'
import { permits, SCOPES, type Access, type Scope } from '../access/scopes.ts'
import { formFault } from '../access/token-form.ts'
import { hasExpired, type Token, type TokenSet } from '../access/tokens.ts'
import { OrchestratorError } from '../errors.ts'
import type { Clock } from '../ports.ts'
import type { ResponseSettings } from './base.ts'
import type { Described } from './docs/describe.ts'

/** Has the tokens that may be used now. */
export interface TokenSource {
  readonly current: TokenSet
}

/** What Elysia hands to a hook, as much of it as is needed here. */
interface Asked {
  request: Request
  set: object
}

/** What an Elysia route takes. */
export interface Admitted {
  detail: object
  beforeHandle?: (asked: Asked) => void
}

// RFC 9110, section 11.1: the scheme in any case. Then RFC 6750, section 2.1.
const BEARER = /^bearer +(\S+)$/i
const IS_BEARER = /^bearer(?: |$)/i

export class Admission {
  /** `tokens`: null where there are none, and then everybody may ask for everything. */
  constructor(
    private readonly tokens: TokenSource | null,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

  /** The route, closed to those who may not use it. Without tokens it has no hook to run. */
  route({ detail, access }: Described): Admitted {
    if (this.tokens === null || access === 'open') return { detail }
    return { detail, beforeHandle: ({ request, set }) => this.#admit(request, set, access) }
  }

  /** Of a request that was admitted. `set` has its id. */
  callerOf(set: ResponseSettings): Caller {
    const requestId = String(set.headers['x-request-id'])
    if (this.tokens === null) return anyone(requestId)
    const { token } = set
    if (!token || token instanceof OrchestratorError) throw new Error('the route lets anybody in')
    return { identity: token.name, droplets: token.droplets, requestId }
  }

  /**
   * The name of the token that a request comes with; null: it has none that is valid, or none is
   * needed. May be asked before a route is found: the token is looked at once for each request.
   */
  identityOf(request: Request, set: ResponseSettings): string | null {
    const token = this.#tokenOf(request, set)
    return token instanceof OrchestratorError ? null : (token?.name ?? null)
  }

  /**
   * Whether the caller may still do what it was admitted for, and see the same: of one that stays
   * for long, its token may have been taken out of the file since then.
   */
  stillAdmits(request: Request, set: ResponseSettings, access: Scope): boolean {
    if (this.tokens === null) return true
    const { token: before } = set
    const token = this.#look(this.tokens.current, request.headers.get('authorization'))
    if (token instanceof OrchestratorError || before instanceof OrchestratorError) return false
    return (
      permits(token.scopes, access) && keyOf(token.droplets) === keyOf(before?.droplets ?? null)
    )
  }

  /** What the caller may do, without tokens everything; as the page asks. */
  scopesOf(set: ResponseSettings): readonly Scope[] {
    const { token } = set
    if (this.tokens === null) return SCOPES
    if (!token || token instanceof OrchestratorError) return []
    return SCOPES.filter((scope) => permits(token.scopes, scope))
  }

  #admit(request: Request, settings: object, access: Exclude<Access, 'open'>): void {
    const token = this.#tokenOf(request, settings as ResponseSettings)
    if (token instanceof OrchestratorError) throw token
    if (!token || access === 'token' || permits(token.scopes, access)) return
    throw scopeMissing(access)
  }

  /** null where there are no tokens. */
  #tokenOf({ headers }: Request, set: ResponseSettings): Token | OrchestratorError | null {
    if (this.tokens === null) return null
    return (set.token ??= this.#look(this.tokens.current, headers.get('authorization')))
  }

  #look(tokens: TokenSet, authorization: string | null): Token | OrchestratorError {
    // Another scheme says nothing about a token: RFC 6750, section 3.1.
    if (authorization === null || !IS_BEARER.test(authorization)) return unauthorized('missing')
    const text = BEARER.exec(authorization)?.[1] ?? ''
    const fault = formFault(text)
    if (fault) return unauthorized(fault)
    const token = tokens.find(text)
    if (!token) return unauthorized('unknown')
    const isOver = token.expiresAt !== null && hasExpired(token, this.clock.now())
    return isOver ? expired(token.expiresAt) : token
  }
}
