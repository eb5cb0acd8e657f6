import type { CommandGroup } from '../command.ts'
import { TASK_CANCEL } from './task-cancel.ts'
import { TASK_LIST } from './task-list.ts'
import { TASK_REPLAY } from './task-replay.ts'
import { TASK_SHOW } from './task-show.ts'
import { TASK_SUBMIT } from './task-submit.ts'

export const TASK: CommandGroup = {
  name: 'task',
  synopsis: 'submit|list|show|cancel|replay …',
  summary: 'send tasks to a running service, and see what became of them',
  details: `
'orchestrator task submit --help' tells more of one; so for the others.

  orchestrator task submit echo GET /hello
  orchestrator task list --status error
`,
  commands: [TASK_SUBMIT, TASK_LIST, TASK_SHOW, TASK_CANCEL, TASK_REPLAY],
}
