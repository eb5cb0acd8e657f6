/** Who uses the page: the token, kept as long as the tab is open, and what it permits. */
import { computed, signal, type ReadonlySignal } from '@preact/signals'
import { ApiError } from '../../../client/api-error.ts'
import { OrchestratorClient } from '../../../client/client.ts'
import type { Overview } from '../../../client/types.ts'
import { kept } from './storage.ts'

export type Access = Overview['access']

/** `out`: a token is asked for; `reason`: why the last one is no good. */
export type SessionState =
  { readonly kind: 'in' } | { readonly kind: 'out'; readonly reason: string | null }

/** The page is at `/orchestrator/`, below whatever a proxy puts before it. */
const API = '.'
/** A connection that died while the laptop slept would be waited for much longer. */
const READ_TIMEOUT_MS = 30_000
const TOKEN = kept('sessionStorage', 'orchestrator-token')

export class Session {
  readonly #token = signal(TOKEN.read())
  readonly #state = signal<SessionState>({ kind: 'in' })
  /** null: not known yet. */
  readonly access = signal<Access | null>(null)
  readonly state: ReadonlySignal<SessionState> = this.#state
  readonly hasToken = computed(() => this.#token.value !== null)
  readonly mayWrite = computed(() => this.#permits('tasks:write'))
  readonly isAdmin = computed(() => this.#permits('admin'))
  /** Another one after each signing in. */
  readonly client = computed(() => this.#clientWith(this.#token.value))

  signIn(token: string): void {
    TOKEN.write(token)
    this.access.value = null
    this.#token.value = token
    this.#state.value = { kind: 'in' }
  }

  signOut(reason: string | null = null): void {
    TOKEN.write(null)
    this.access.value = null
    this.#token.value = null
    this.#state.value = { kind: 'out', reason }
  }

  #permits(scope: Access['scopes'][number]): boolean {
    const scopes = this.access.value?.scopes ?? []
    return scopes.includes(scope) || scopes.includes('admin')
  }

  #clientWith(token: string | null): OrchestratorClient {
    return new OrchestratorClient({
      url: API,
      token,
      readLimit: () => AbortSignal.timeout(READ_TIMEOUT_MS),
      fetch: async (url, init) => {
        const response = await fetch(url, { ...init, cache: 'no-store' })
        // A late answer to the token before says nothing about this one.
        if (response.status === 401 && token === this.#token.peek()) {
          const { message } = await ApiError.of(response.clone())
          this.signOut(token === null ? null : message)
        }
        return response
      },
    })
  }
}
