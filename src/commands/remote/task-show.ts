import { taskPath } from '../../client/client.ts'
import { EXIT, type Command } from '../command.ts'
import { printText } from './print-text.ts'
import { follow } from './result.ts'
import { atService, idOf, SERVICE_FLAGS, type Call } from './service.ts'
import { taskDetails } from './task-details.ts'
import { interruption, readWait, waitWithValue } from './waiting.ts'

export const TASK_SHOW: Command = {
  name: 'task show',
  synopsis: 'ID [--wait [S]]',
  summary: 'show a task: its attempts, its request and its answer',
  details: `
  --wait [S]           follow it until it ends, S seconds at most; then print its answer, with
                       exit code 1 when it did not succeed
${SERVICE_FLAGS}
  orchestrator task show 01a2154d-ea5d-75e7-8142-ddaa81d2b4d2
`,
  run: (args, io) => atService(TASK_SHOW, OPTIONS, waitWithValue(args), io, show),
}

const OPTIONS = { flags: { wait: '' }, max: 1 } as const

async function show(call: Call<typeof OPTIONS.flags>): Promise<number> {
  const id = idOf(call)
  const wait = readWait(call.flags.wait)
  if (wait !== null) return follow(call, id, wait, interruption(call.io))
  const text = await call.client.text(taskPath(id))
  if (call.json) printText(call.io, text)
  else call.io.stdout(taskDetails(text, call.io))
  return EXIT.ok
}
