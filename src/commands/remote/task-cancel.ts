import { taskPath } from '../../client/client.ts'
import { EXIT, type Command } from '../command.ts'
import { printText } from './print-text.ts'
import { atService, idOf, SERVICE_FLAGS, type Call } from './service.ts'

export const TASK_CANCEL: Command = {
  name: 'task cancel',
  synopsis: 'ID',
  summary: 'end a task that is queued or running',
  details: `
${SERVICE_FLAGS}
  orchestrator task cancel 01a2154d-ea5d-75e7-8142-ddaa81d2b4d2
`,
  run: (args, io) => atService(TASK_CANCEL, { max: 1 }, args, io, cancel),
}

async function cancel(call: Call): Promise<number> {
  const id = idOf(call)
  const text = await call.client.send(`${taskPath(id)}/cancel`, { method: 'POST' })
  if (call.json) printText(call.io, text)
  else call.io.stdout(`Task ${id} is cancelled.\n`)
  return EXIT.ok
}
