/** One task, read anew whenever something happens to it. */
import { signal, type ReadonlySignal } from '@preact/signals'
import type { OrchestratorClient } from '../../../client/client.ts'
import type { Task } from '../../../client/types.ts'
import { oneAtATime } from '../state/one-at-a-time.ts'
import { membersOf } from './raw-json.ts'
import type { RawTask } from './submission.ts'

export class TaskStore {
  readonly #task = signal<RawTask | null>(null)
  readonly #error = signal<unknown>(null)
  /** The last that could be read; null: nothing yet. */
  readonly task: ReadonlySignal<RawTask | null> = this.#task
  readonly error: ReadonlySignal<unknown> = this.#error
  readonly read = oneAtATime(() => this.#read())

  constructor(
    private readonly client: OrchestratorClient,
    private readonly id: string,
  ) {}

  async #read(): Promise<void> {
    try {
      const text = await this.client.text(`/tasks/${encodeURIComponent(this.id)}`)
      this.#task.value = rawTaskOf(text)
      this.#error.value = null
    } catch (error) {
      this.#error.value = error
    }
  }
}

function rawTaskOf(text: string): RawTask {
  const members = membersOf(text)
  return {
    task: JSON.parse(text) as Task,
    payload: members.get('payload') ?? 'null',
    meta: members.get('meta') ?? 'null',
    responseBody: members.get('response_body') ?? 'null',
  }
}
