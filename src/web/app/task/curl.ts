/** The call that submits a task again, for a shell. */

import { shellText } from '../ui/shell-text.ts'

export interface Call {
  /** Absolute. */
  readonly url: string
  /** JSON. */
  readonly body: string
  readonly isAsync: boolean
  readonly needsToken: boolean
}

export function curlOf({ url, body, isAsync, needsToken }: Call): string {
  return [
    `curl -X POST ${shellText(url)}`,
    // In double quotes: the shell fills it in.
    ...(needsToken ? ['-H "Authorization: Bearer $ORCHESTRATOR_TOKEN"'] : []),
    `-H 'Content-Type: application/json'`,
    ...(isAsync ? [`-H 'Prefer: respond-async'`] : []),
    `--data-raw ${shellText(body)}`,
  ].join(' \\\n  ')
}
