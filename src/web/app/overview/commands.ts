/** The first commands of somebody who has just started the service; they work as they stand. */

import { shellText } from '../ui/shell-text.ts'

export interface FirstCommand {
  readonly title: string
  readonly command: string
}

/** `base`: of the API, as this browser sees it. */
export function firstCommands(base: string, droplet: string, needsToken: boolean): FirstCommand[] {
  const token = needsToken ? [`-H "Authorization: Bearer $ORCHESTRATOR_TOKEN"`] : []
  const body = JSON.stringify({ droplet_name: droplet, method: 'GET', path: '/health' })
  const submit = [
    `curl -X POST ${shellText(`${base}/tasks`)}`,
    ...token,
    `-H 'Content-Type: application/json'`,
  ]
  return [
    {
      title: 'Ask the droplet for its health, and wait for the answer',
      command: broken([...submit, `-d ${shellText(body)}`]),
    },
    {
      title: 'The same without waiting: the task goes on by itself',
      command: broken([...submit, `-H 'Prefer: respond-async'`, `-d ${shellText(body)}`]),
    },
    {
      title: 'See what became of them',
      command: broken([`curl ${shellText(`${base}/tasks?limit=5`)}`, ...token]),
    },
  ]
}

const broken = (parts: readonly string[]) => parts.join(' \\\n  ')
