import type { Query } from '../../client/client.ts'
import type { Page } from '../../client/types.ts'
import { systemClock } from '../../platform/clock.ts'
import { STATUS_FILTERS } from '../../task.ts'
import { EXIT, hasColour, type Command } from '../command.ts'
import { table } from '../terminal/table.ts'
import { counted } from '../terminal/texts.ts'
import { printText } from './print-text.ts'
import { atService, Misuse, SERVICE_FLAGS, type Call } from './service.ts'
import { FILTER_FLAGS, filterQuery } from './task-filters.ts'
import { followTasks } from './task-follow.ts'
import { taskColumns } from './task-table.ts'

export const TASK_LIST: Command = {
  name: 'task list',
  synopsis: '[--status STATUS] [--droplet NAME] … [--limit N] [--all] [--follow]',
  summary: 'list tasks, the newest first',
  details: `
  --status STATUS      ${STATUS_FILTERS.join(', ')}
  --droplet NAME       only tasks of this droplet
  --response-status N  its answer: 404, or a class such as 5xx
  --created-after T    accepted then or later: Unix seconds, or such as 2026-11-25T14:00:00+01:00
  --created-before T   accepted before
  --request-id ID      of the request with this X-Request-ID
  --replay-of ID       replays of this task
  --mode MODE          sync or async
  --limit N            how many, 1 to 1000; 100 when it is not told
  --cursor TEXT        from where the page before it ended
  --all                all pages
  --follow             go on: a line when a task comes, and each time that its status changes;
                       in a pipe one JSON object a line. Ctrl-C ends it
${SERVICE_FLAGS}
  orchestrator task list --status error --created-after 2026-11-25T00:00:00Z
  orchestrator task list --droplet mailer --follow
  orchestrator task list --status timeout --all --json | jq -r '.tasks[].id'
`,
  values: { '--status': STATUS_FILTERS, '--droplet': 'droplets', '--mode': ['sync', 'async'] },
  run: (args, io) => atService(TASK_LIST, OPTIONS, args, io, list),
}

const OPTIONS = {
  flags: { ...FILTER_FLAGS, limit: '', cursor: '' },
  switches: ['all', 'follow'],
} as const

/** Of one page, where all are wanted. */
const MAX_LIMIT = '1000'
/** How many of those that are there already `--follow` begins with. */
const FOLLOW_LIMIT = '10'

async function list(call: Call<Record<string, string>, never, 'all' | 'follow'>): Promise<number> {
  const { flags, switches } = call
  const { limit = '', cursor = '' } = flags
  const filters = filterQuery(flags)
  if (switches.follow) {
    if (switches.all || cursor !== '')
      throw new Misuse('--follow goes with neither --all nor --cursor')
    return followTasks(call, filters, limit || FOLLOW_LIMIT)
  }
  const query = { ...filters, cursor, limit: limit || (switches.all ? MAX_LIMIT : '') }
  if (switches.all) await listAll(call, query)
  else await listPage(call, query)
  return EXIT.ok
}

async function listPage(call: Call, query: Query): Promise<void> {
  const text = await call.client.text('/tasks', query)
  if (call.json) return void printText(call.io, text)
  const page = JSON.parse(text) as Page
  printRows(call, page, true, false)
  const shown = `${page.tasks.length} of ${counted(page.total ?? page.tasks.length, 'task')}`
  const more =
    page.next_cursor === null ? '' : `; go on with --cursor ${page.next_cursor}, or --all`
  call.io.stdout(page.total === 0 ? 'No tasks.\n' : `${shown}${more}\n`)
}

/** One document as the API's, with the tasks of all pages; nothing is kept of a page meanwhile. */
async function listAll(call: Call, query: Query): Promise<void> {
  const { io, json, client } = call
  let count = 0
  let cursor = query.cursor
  if (json) io.stdout('{"tasks":[')
  for (;;) {
    const page = await client.tasks({ ...query, cursor })
    const isRead = json
      ? io.stdout(page.tasks.map((task, at) => separated(task, count + at)).join(''))
      : printRows(call, page, count === 0, true)
    if (!isRead) return
    count += page.tasks.length
    if (page.next_cursor !== null) {
      cursor = page.next_cursor
      continue
    }
    if (json) io.stdout(`],"total":${page.total},"limit":${page.limit},"next_cursor":null}\n`)
    else io.stdout(count === 0 ? 'No tasks.\n' : `${counted(count, 'task')}\n`)
    return
  }
}

const separated = (task: object, at: number) => `${at === 0 ? '' : ','}${JSON.stringify(task)}`

/** false: nobody reads any more. */
function printRows({ io }: Call, { tasks }: Page, headings: boolean, goesOn: boolean): boolean {
  if (tasks.length === 0) return true
  const width = io.columns()
  const options = { width, colour: hasColour(io), headings, goesOn }
  return io.stdout(table(taskColumns(systemClock.now(), width), tasks, options))
}
