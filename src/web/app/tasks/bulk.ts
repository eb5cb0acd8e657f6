/** Cancels or replays all tasks of a filter, page by page, some at a time. */
import { ApiError } from '../../../client/api-error.ts'
import type { OrchestratorClient, Query } from '../../../client/client.ts'
import { momentOf } from './filters.ts'

export type BulkAction = 'cancel' | 'replay'

/** As far as it is used here. */
export type BulkClient = Pick<OrchestratorClient, 'tasks' | 'cancel' | 'replay'>

export interface BulkJob {
  readonly action: BulkAction
  /** Each is gone through, to its last page. */
  readonly queries: readonly Query[]
  /** Of this work: one that is sent again after a lost answer replays no task twice. */
  readonly key: string
}

export interface BulkProgress {
  readonly done: number
  readonly failed: number
  /** How many failed for which reason. */
  readonly reasons: ReadonlyMap<string, number>
}

export interface BulkTools {
  readonly client: BulkClient
  /** Ends it after the requests that are under way. */
  readonly signal: AbortSignal
  /** Resolves early when the signal is aborted. */
  sleep(ms: number): Promise<void>
  report(progress: BulkProgress): void
}

const AT_ONCE = 8
const PAGE = 200
/** How often one task is tried when the service asks for patience, or does not answer. */
const TRIES = 5
/** Whatever the service, or a proxy before it, asks for. */
const MAX_WAIT_SECONDS = 60

/**
 * The queries of a job. A replay looks only at what was accepted before `now` (of the service,
 * Unix seconds), else it would find its own replays; a cancel only at what has not ended.
 */
export function queriesOf(action: BulkAction, query: Query, now: number): Query[] {
  if (action === 'replay') {
    const asked = momentOf(String(query.created_before ?? '')) ?? Infinity
    return [{ ...query, created_before: Math.min(asked / 1000, now).toFixed(3) }]
  }
  const statuses = ['queued', 'running']
  const asked = statuses.filter((status) => (query.status ?? status) === status)
  return asked.map((status) => ({ ...query, status }))
}

/** Rejects when a page cannot be read. */
export async function runBulk(job: BulkJob, tools: BulkTools): Promise<BulkProgress> {
  const { client, signal } = tools
  let progress: BulkProgress = { done: 0, failed: 0, reasons: new Map() }
  const tell = (failure: string | null) => {
    progress = after(progress, failure)
    tools.report(progress)
  }
  for (const query of job.queries) {
    let cursor: string | null = ''
    while (cursor !== null && !signal.aborted) {
      const page = { ...query, limit: PAGE, total: false, cursor }
      const { tasks, next_cursor } = await client.tasks(page)
      await eachOf(tasks, async ({ id }) => {
        if (!signal.aborted) tell(await failureOf(job, tools, id))
      })
      cursor = next_cursor
    }
  }
  return progress
}

function after({ done, failed, reasons }: BulkProgress, failure: string | null): BulkProgress {
  if (failure === null) return { done: done + 1, failed, reasons }
  const counted = new Map(reasons).set(failure, (reasons.get(failure) ?? 0) + 1)
  return { done, failed: failed + 1, reasons: counted }
}

async function eachOf<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const left = all.values()
  const worker = async () => {
    for (const one of left) await work(one)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

/** null: it is done. */
async function failureOf(job: BulkJob, tools: BulkTools, id: string): Promise<string | null> {
  for (let attempt = 1; ; attempt++) {
    try {
      await act(job, tools.client, id)
      return null
    } catch (error) {
      const wait = waitAfter(error, attempt)
      if (wait === null || attempt === TRIES || tools.signal.aborted) return reasonOf(error)
      await tools.sleep(wait)
    }
  }
}

function act({ action, key }: BulkJob, client: BulkClient, id: string): Promise<unknown> {
  if (action === 'cancel') return client.cancel(id)
  return client.replay(id, {}, { prefer: 'respond-async', idempotencyKey: `${key}-${id}` })
}

/** ms; null: it would fail again. */
function waitAfter(error: unknown, attempt: number): number | null {
  if (!(error instanceof ApiError)) return 500 * 2 ** attempt
  if (error.status !== 429 && error.status !== 503) return null
  return Math.min(error.retryAfterSeconds ?? attempt, MAX_WAIT_SECONDS) * 1000
}

/** The same for all tasks that failed alike: no ids in it. */
function reasonOf(error: unknown): string {
  if (!(error instanceof ApiError)) return 'The service did not answer'
  const fields = error.details.errors as { path: string; message: string }[] | undefined
  const [first] = fields ?? []
  return first ? `${first.path.slice(1)} ${first.message}` : error.message
}
