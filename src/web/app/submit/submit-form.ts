/** What is typed, and what became of it: kept while other views are looked at. */
import { effect, signal, type ReadonlySignal } from '@preact/signals'
import { ApiError } from '../../../client/api-error.ts'
import { replyOf, submitHeaders, type OrchestratorClient } from '../../../client/client.ts'
import type { Accepted, Outcome, Task } from '../../../client/types.ts'
import type { Live } from '../state/live.ts'
import type { Session } from '../state/session.ts'
import {
  EMPTY_FORM,
  errorsByField,
  faultsOf,
  submissionOf,
  type FieldErrors,
  type Form,
} from './form.ts'
import { membersOf } from '../task/raw-json.ts'
import { randomId } from './random-id.ts'

export type SubmitState =
  | { readonly kind: 'typing' }
  /** `task`: as it was last seen; null: no event has told of it yet. `since`: Unix ms. */
  | {
      readonly kind: 'waiting'
      readonly since: number
      readonly isAsync: boolean
      readonly task: Task | null
    }
  /** `body`: of the droplet's answer, JSON text with all its digits; null: it had none. */
  | { readonly kind: 'answered'; readonly outcome: Outcome; readonly body: string | null }
  | { readonly kind: 'accepted'; readonly accepted: Accepted }
  /** `taskId`: of the task that failed; null: there is no task. */
  | { readonly kind: 'failed'; readonly error: unknown; readonly taskId: string | null }

export class SubmitForm {
  readonly #form = signal<Form>(EMPTY_FORM)
  readonly #state = signal<SubmitState>({ kind: 'typing' })
  readonly #errors = signal<FieldErrors>({})
  /** The task that it was filled in from; null: it was typed. */
  readonly source = signal<string | null>(null)
  readonly form: ReadonlySignal<Form> = this.#form
  readonly state: ReadonlySignal<SubmitState> = this.#state
  /** What the API, or a look before it, found wrong with the last try. */
  readonly errors: ReadonlySignal<FieldErrors> = this.#errors

  constructor(
    private readonly session: Session,
    private readonly live: Live,
  ) {
    // What was typed and answered with one token is nothing for who comes next.
    effect(() => {
      if (session.client.value) this.#forget()
    })
  }

  fill(form: Form, source: string | null): void {
    this.#form.value = form
    this.#errors.value = {}
    this.source.value = source
    if (this.#state.peek().kind !== 'waiting') this.#state.value = { kind: 'typing' }
  }

  /** An error at a field is gone once the field is changed. */
  change(changes: Partial<Form>): void {
    this.#form.value = { ...this.#form.peek(), ...changes }
    const left = Object.entries(this.#errors.peek()).filter(([name]) => !(name in changes))
    this.#errors.value = Object.fromEntries(left)
  }

  async submit(): Promise<void> {
    if (this.#state.peek().kind === 'waiting') return
    const form = this.#form.peek()
    this.#errors.value = faultsOf(form)
    if (Object.keys(this.#errors.peek()).length > 0) return
    const requestId = randomId()
    const { isAsync, idempotencyKey } = form
    this.#state.value = { kind: 'waiting', since: Date.now(), isAsync, task: null }
    const unfollow = this.#follow(requestId)
    const client = this.session.client.peek()
    const isLate = () => client !== this.session.client.peek()
    const headers = submitHeaders({
      requestId,
      idempotencyKey: idempotencyKey.trim() || undefined,
      prefer: isAsync ? 'respond-async' : undefined,
    })
    try {
      const body = submissionOf(form)
      const text = await client.send('/tasks', { method: 'POST', body, headers })
      if (!isLate()) this.#state.value = stateOf(text)
    } catch (error) {
      if (!isLate()) this.#fail(error)
    } finally {
      unfollow()
    }
  }

  #forget(): void {
    this.#form.value = EMPTY_FORM
    this.#state.value = { kind: 'typing' }
    this.#errors.value = {}
    this.source.value = null
  }

  #fail(error: unknown): void {
    const details = error instanceof ApiError ? error.details : {}
    this.#errors.value = fieldErrorsOf(error)
    const taskId = typeof details.task_id === 'string' ? details.task_id : null
    this.#state.value = { kind: 'failed', error, taskId }
  }

  /** The task of our request, while its answer is waited for. */
  #follow(requestId: string): () => void {
    const client = this.session.client.peek()
    let isReading = false
    const read = async () => {
      if (isReading) return
      isReading = true
      const id = this.#taskId() ?? (await firstOf(client, requestId))
      const task = id === null ? null : await client.task(id).catch(() => null)
      const state = this.#state.peek()
      const isLate = client !== this.session.client.peek()
      if (task && state.kind === 'waiting' && !isLate) this.#state.value = { ...state, task }
      isReading = false
    }
    return this.live.subscribe({
      kinds: ['task'],
      tasks: { request_id: requestId },
      read: () => void read(),
      // Another view may have widened what the stream tells of.
      event: ({ type, data }) => {
        const id = this.#taskId()
        if (type === 'task' && (id === null || id === data.task.id)) void read()
      },
    })
  }

  #taskId(): string | null {
    const state = this.#state.peek()
    return state.kind === 'waiting' ? (state.task?.id ?? null) : null
  }
}

function stateOf(text: string): SubmitState {
  const reply = replyOf<Outcome | Accepted>(text)
  if ('location' in reply) return { kind: 'accepted', accepted: reply }
  const body = membersOf(text).get('response_body') ?? 'null'
  return { kind: 'answered', outcome: reply, body: body === 'null' ? null : body }
}

async function firstOf(client: OrchestratorClient, request_id: string): Promise<string | null> {
  const query = { request_id, limit: 1, total: false }
  const page = await client.tasks(query).catch(() => null)
  return page?.tasks[0]?.id ?? null
}

function fieldErrorsOf(error: unknown): FieldErrors {
  if (!(error instanceof ApiError)) return {}
  if (error.code === 'DROPLET_NOT_FOUND') return { droplet_name: error.message }
  if (error.code.startsWith('IDEMPOTENCY_KEY')) return { idempotencyKey: error.message }
  return errorsByField(error.details)
}
