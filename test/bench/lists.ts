/** How long `GET /orchestrator/tasks` takes, by what is asked for. */
import type { Service } from './bench.ts'
import { COMMON_DROPLET, RARE_DROPLET } from './history.ts'
import { load } from './load.ts'
import type { Limit, Report } from './report.ts'

interface Page {
  total: number | null
  next_cursor: string | null
  tasks: { id: string }[]
}

const QUERIES: Record<string, string> = {
  'no filter': '',
  'status, common': 'status=success',
  'status, one in 50': 'status=error',
  'status, one in 1,000': 'status=timeout',
  'status, one in 20,000': 'status=cancelled',
  'status, none': 'status=running',
  failed: 'status=failed',
  'droplet, common': `droplet_name=${COMMON_DROPLET}`,
  'droplet, one in 20,000': `droplet_name=${RARE_DROPLET}`,
  'droplet, unknown': 'droplet_name=nobody',
  'droplet and status, common': `droplet_name=${COMMON_DROPLET}&status=success`,
  'droplet and status, rare': `droplet_name=${COMMON_DROPLET}&status=cancelled`,
  'droplet in capitals, and status': `droplet_name=DROPLET-3&status=error`,
}

/** What is counted one by one, in steps: the longer the history, the longer it takes. */
const COUNTED_QUERIES: Record<string, string> = {
  'response status': 'response_status=404',
  'mode, none': 'mode=async',
  'all but the oldest': 'created_after=1',
  'failed, all but the oldest': 'status=failed&created_after=1',
  'droplet and response class': `droplet_name=${COMMON_DROPLET}&response_status=4xx`,
  'request id': 'request_id=request-77',
  'replay of': 'replay_of=nothing',
}

/** Each filter combination, and pages in the middle; one caller at a time. */
export async function measureLists(
  service: Service,
  report: Report,
  limit: Limit,
  expected: number,
): Promise<void> {
  const tasks = `${service.url}/orchestrator/tasks`
  const first = await pageOf(tasks)
  if (first.total === null || first.total < expected)
    throw new Error(`${first.total} tasks instead of ${expected}`)
  const middle = `cursor=${await middleCursor(tasks)}`
  const queries = {
    ...QUERIES,
    'a page in the middle': middle,
    'in the middle, by droplet and status': `${QUERIES['droplet and status, common']}&${middle}`,
  }
  for (const [name, query] of Object.entries(queries)) {
    await measure(report, name, `${tasks}?${query}`, limit)
  }
  for (const [name, query] of Object.entries(COUNTED_QUERIES)) {
    await measure(report, name, `${tasks}?${query}`)
    await measure(report, `${name}, not counted`, `${tasks}?${query}&total=false`)
  }
  await measure(report, '1,000 a page', `${tasks}?limit=1000`)
}

async function measure(report: Report, name: string, url: string, limit?: Limit): Promise<void> {
  const { total } = await pageOf(url)
  const { p50Ms, p99Ms } = await load({ url, connections: 1, seconds: 1 })
  const matches = total === null ? '' : `${total.toLocaleString('en')} match`
  report.add(`${name}, p50`, p50Ms, 'ms', limit, matches)
  report.add(`${name}, p99`, p99Ms, 'ms', limit)
}

/** Far enough from the newest that whoever counts his way there is seen. */
async function middleCursor(tasks: string): Promise<string> {
  let cursor: string | null = null
  for (let page = 0; page < 5; page++) {
    const { next_cursor }: Page = await pageOf(`${tasks}?limit=1000&cursor=${cursor ?? ''}`)
    cursor = next_cursor
  }
  if (cursor === null) throw new Error('no page in the middle')
  return cursor
}

async function pageOf(url: string): Promise<Page> {
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as Page
}
