/** What was asked for, as the body of a submission that asks for it again. */
import type { Task } from '../../../client/types.ts'

/** A task with those of its parts that are any JSON, as they were written. */
export interface RawTask {
  readonly task: Task
  /** JSON text. */
  readonly payload: string
  readonly meta: string
  readonly responseBody: string
}

/** The fields in the order of the API's documents; what is at its default is left out. */
export function bodyOf({ task, payload, meta }: RawTask, secrets: readonly string[]): string {
  const placeholders = secrets.map((name) => [name, `<${name.toLowerCase()}>`])
  const headers = { ...task.headers, ...Object.fromEntries(placeholders) }
  const members: [string, string | null][] = [
    ['droplet_name', JSON.stringify(task.droplet_name)],
    ['method', JSON.stringify(task.method)],
    ['path', JSON.stringify(task.path)],
    ['payload', payload === 'null' ? null : payload],
    ['meta', meta === 'null' ? null : meta],
    ['headers', Object.keys(headers).length === 0 ? null : JSON.stringify(headers)],
    ['timeout_ms', String(task.timeout_ms)],
    ['deadline_ms', task.deadline_ms === null ? null : String(task.deadline_ms)],
    ['max_retries', String(task.max_retries)],
  ]
  const given = members.filter(([, value]) => value !== null)
  return `{${given.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`
}
