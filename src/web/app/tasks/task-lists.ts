/** The lists that were looked at last: who comes back finds them as he left them. */
import type { Session } from '../state/session.ts'
import { keyOf, type Filters } from './filters.ts'
import { TaskList, type ListPorts } from './task-list.ts'

const KEPT = 4

export class TaskLists {
  #lists = new Map<string, TaskList>()
  #client: ListPorts['client'] | null = null

  constructor(
    private readonly session: Session,
    private readonly clock: Omit<ListPorts, 'client'>,
  ) {}

  of(filters: Filters): TaskList {
    const client = this.session.client.peek()
    // Another token sees other tasks.
    if (client !== this.#client) this.#lists = new Map()
    this.#client = client
    const key = keyOf(filters)
    const list = this.#lists.get(key) ?? new TaskList(filters, { client, ...this.clock })
    this.#lists.delete(key)
    this.#lists.set(key, list)
    if (this.#lists.size > KEPT) this.#lists.delete(this.#lists.keys().next().value!)
    return list
  }
}
