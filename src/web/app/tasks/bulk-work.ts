/** One work on all tasks of a filter: counted, confirmed, carried out, and then told of. */
import { effect, signal, type ReadonlySignal } from '@preact/signals'
import type { OrchestratorClient, Query } from '../../../client/client.ts'
import type { Session } from '../state/session.ts'
import { randomId } from '../submit/random-id.ts'
import { queriesOf, runBulk, type BulkAction, type BulkProgress } from './bulk.ts'
import { inWords, listQuery, type Filters } from './filters.ts'

interface Asked {
  readonly action: BulkAction
  /** The filter, in words. */
  readonly words: string
  readonly queries: readonly Query[]
}

export type BulkState =
  | { readonly kind: 'none' }
  /** `count` null: it is being counted. */
  | (Asked & { readonly kind: 'asked'; readonly count: number | null; readonly error: unknown })
  | (Asked & {
      readonly kind: 'running' | 'ended'
      readonly count: number
      readonly progress: BulkProgress
      /** Somebody has stopped it. */
      readonly isStopped: boolean
      /** Why it could not go on; null: it could. */
      readonly error: unknown
    })

const NOTHING_DONE: BulkProgress = { done: 0, failed: 0, reasons: new Map() }

export class Bulk {
  readonly #state = signal<BulkState>({ kind: 'none' })
  readonly state: ReadonlySignal<BulkState> = this.#state
  #abort = new AbortController()

  constructor(
    private readonly session: Session,
    /** Of the service, Unix seconds. */
    private readonly now: () => number,
  ) {
    // A work ends with the token that it was begun with.
    effect(() => {
      if (session.client.value) this.#forget()
    })
  }

  /** Counts what the filter holds now, once; nothing is done before `start`. */
  async ask(action: BulkAction, filters: Filters): Promise<void> {
    if (this.#state.peek().kind === 'running') return
    const now = this.now()
    const queries = queriesOf(action, listQuery(filters, now), now)
    const asked = { action, words: wordsOf(action, filters), queries }
    const counting: BulkState = { ...asked, kind: 'asked', count: null, error: null }
    this.#state.value = counting
    const client = this.session.client.peek()
    const result = await countOf(client, queries).then(
      (count) => ({ ...counting, count }),
      (error: unknown) => ({ ...counting, error }),
    )
    if (this.#state.peek() === counting) this.#state.value = result
  }

  async start(): Promise<void> {
    const asked = this.#state.peek()
    if (asked.kind !== 'asked' || asked.count === null) return
    const { action, words, queries, count } = asked
    const abort = (this.#abort = new AbortController())
    const base = { action, words, queries, count, isStopped: false, error: null }
    let progress = NOTHING_DONE
    const client = this.session.client.peek()
    const tell = (kind: 'running' | 'ended', error: unknown = null) => {
      if (client !== this.session.client.peek()) return
      this.#state.value = { ...base, kind, progress, error, isStopped: abort.signal.aborted }
    }
    tell('running')
    window.addEventListener('beforeunload', stay)
    const tools = {
      client,
      signal: abort.signal,
      sleep: (ms: number) => sleep(ms, abort.signal),
      report: (latest: BulkProgress) => {
        progress = latest
        tell('running')
      },
    }
    await runBulk({ action, queries, key: `bulk-${randomId()}` }, tools).then(
      () => tell('ended'),
      (error: unknown) => tell('ended', error),
    )
    window.removeEventListener('beforeunload', stay)
  }

  /** What is under way ends; nothing more begins. */
  stop(): void {
    this.#abort.abort()
  }

  #forget(): void {
    this.#abort.abort()
    this.#state.value = { kind: 'none' }
  }

  close(): void {
    if (this.#state.peek().kind !== 'running') this.#state.value = { kind: 'none' }
  }
}

/** The browser asks first: who leaves the page ends the work. */
function stay(event: Event): void {
  event.preventDefault()
}

function wordsOf(action: BulkAction, filters: Filters): string {
  const isNarrowed = action === 'replay' || filters.status !== undefined
  return isNarrowed ? inWords(filters) : inWords(filters).replace(/^all\b/, 'all unfinished')
}

async function countOf(client: OrchestratorClient, queries: readonly Query[]): Promise<number> {
  const pages = await Promise.all(queries.map((query) => client.tasks({ ...query, limit: 1 })))
  return pages.reduce((sum, { total }) => sum + (total ?? 0), 0)
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
