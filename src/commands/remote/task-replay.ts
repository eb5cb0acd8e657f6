import { taskPath } from '../../client/client.ts'
import type { Command } from '../command.ts'
import { atService, idOf, SERVICE_FLAGS, type Call } from './service.ts'
import { readHeaders } from './submission.ts'
import { send } from './task-submit.ts'
import { readWait, waitWithValue } from './waiting.ts'

export const TASK_REPLAY: Command = {
  name: 'task replay',
  synopsis: "ID [--header 'Name: value'…] [--async] [--wait [S]]",
  summary: 'send a task once more, as a new one',
  details: `
Secret headers are not kept: name those that the task had.

  --header LINE        'Authorization: Bearer …', sent to the droplet; may be repeated
  --key KEY            the Idempotency-Key of the new task
  --async              print the new task's id at once
  --wait [S]           follow the new task until it ends, S seconds at most
${SERVICE_FLAGS}
  orchestrator task replay 01a2154d-ea5d-75e7-8142-ddaa81d2b4d2 --async
`,
  run: (args, io) => atService(TASK_REPLAY, OPTIONS, waitWithValue(args), io, replay),
}

const OPTIONS = {
  flags: { key: '', wait: '' },
  lists: ['header'],
  switches: ['async'],
  max: 1,
} as const

async function replay(call: Call<typeof OPTIONS.flags, 'header', 'async'>): Promise<number> {
  const { flags, lists, switches } = call
  const wait = readWait(flags.wait)
  return send(call, `${taskPath(idOf(call))}/replay`, {
    body: JSON.stringify({ headers: readHeaders(lists.header) }),
    idempotencyKey: flags.key,
    wait,
    isAsync: switches.async || wait !== null,
  })
}
