/** What all routes share: where they are, and what they answer with. */
import type { Token } from '../access/tokens.ts'
import type { OrchestratorError } from '../errors.ts'
import type { Task } from '../task.ts'

export const BASE = '/orchestrator'
export const JSON_TYPE = 'application/json'

/** The path of a task, as `Location` names it. */
export function taskLocation(id: string): string {
  return `${BASE}/tasks/${id}`
}

/** What an Elysia handler may set on its response; and what the log is to say of the request. */
export interface ResponseSettings {
  status?: number | string
  headers: Record<string, string | number>
  /** When the request came; monotonic, ms. Until its line is logged. */
  startTick?: number | undefined
  /** What it came with, once that was looked at; an error: why that is no valid token. */
  token?: Token | OrchestratorError
  /** The task that it is about. */
  task?: Pick<Task, 'id' | 'dropletName' | 'trace'>
  /** The error that it is answered with. */
  error?: OrchestratorError
}

/** For routes that read their body themselves, with `readJson`, or not at all. */
export const UNPARSED = { parse: 'none' } as const
