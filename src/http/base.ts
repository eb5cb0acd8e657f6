/** What all routes share: where they are, and what they answer with. */
export const BASE = '/orchestrator'
export const JSON_TYPE = 'application/json'

/** The path of a task, as `Location` names it. */
export function taskLocation(id: string): string {
  return `${BASE}/tasks/${id}`
}

/** What an Elysia handler may set on its response. */
export interface ResponseSettings {
  status?: number | string
  headers: Record<string, string | number>
}

/** For routes that read their body themselves, with `readJson`, or not at all. */
export const UNPARSED = { parse: 'none' } as const
