import type { RawTask } from '../task/submission.ts'
import { EMPTY_FORM, type Form } from './form.ts'

/** The form that asks for the same again. Values of secret headers are not known: their lines are empty. */
export function formOf({ task, payload, meta }: RawTask): Form {
  const secrets = task.secret_headers.map((name) => ({ name, value: '' }))
  const headers = Object.entries(task.headers as Record<string, string>).map(([name, value]) => ({
    name,
    value,
  }))
  return {
    ...EMPTY_FORM,
    droplet_name: task.droplet_name,
    method: task.method,
    path: task.path,
    payload: payload === 'null' ? '' : indented(payload),
    headers: [...headers, ...secrets],
    meta: meta === 'null' ? '' : meta,
    timeout_ms: String(task.timeout_ms),
    deadline_ms: task.deadline_ms === null ? '' : String(task.deadline_ms),
    max_retries: String(task.max_retries),
    isAsync: task.mode === 'async',
  }
}

/** Easier to change; but not where a digit or a name that is there twice would change with it. */
function indented(json: string): string {
  try {
    const value: unknown = JSON.parse(json)
    return JSON.stringify(value) === json ? JSON.stringify(value, null, 2) : json
  } catch {
    // Deeper than the stack.
    return json
  }
}
