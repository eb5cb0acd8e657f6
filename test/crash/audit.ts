/** What must be true after the last crash, however many there were. */
import type { Service } from '../support/binary-service.ts'
import type { Reply } from '../support/orchestrator.ts'
import type { Seen } from './droplets.ts'

export interface Sent {
  mode: 'sync' | 'async'
  key: string | null
  path: string
  /** The lives to which it was sent. */
  rounds: number[]
  /** null when the connection broke before an answer. */
  reply: Reply | null
}

/** In the path of whatever is sent with an Idempotency-Key: it may run again when sent again. */
export const KEYED = 'keyed=1'

export async function faultsOf(service: Service, sent: Sent[], seen: Seen[]): Promise<string[]> {
  const faults: string[] = []
  const expect = (holds: boolean, fault: string) => void (holds || faults.push(fault))
  const tasks = await everyTask(service)
  const requests = Map.groupBy(seen, ({ taskId }) => taskId)

  for (const { mode, reply, key } of sent) {
    if (!reply) continue
    expect([200, 202].includes(reply.status), `an answer of ${reply.status}: ${reply.text}`)
    const id = reply.json.task_id
    const task = tasks.get(id)
    expect(task !== undefined, `${id} was promised to its caller and is not there`)
    if (!task) continue
    expect(task.status === 'success', `${id} (${mode}) was promised and is ${task.status}`)
    const delivered = requests.get(id)?.filter(({ status, ended }) => status === 200 && ended) ?? []
    expect(delivered.length > 0, `${id} (${mode}) is a success that its droplet never saw`)
    // Who was answered at once was sent once; a key that is sent again may run again.
    if (mode === 'sync' && key === null) {
      expect(delivered.length === 1, `${id} was answered, and sent ${delivered.length} times`)
    }
  }
  for (const [id, ofTask] of requests) {
    const task = tasks.get(id)
    expect(task !== undefined, `${id} was sent and is not in the history`)
    for (const [earlier, later] of pairsOf(ofTask)) {
      expect(later.attempt > earlier.attempt, `${id}: attempt ${later.attempt} twice`)
      const over = earlier.life < later.life || (earlier.ended ?? Infinity) <= later.begun
      expect(over, `${id}: attempts ${earlier.attempt} and ${later.attempt} overlap`)
    }
    if (task?.error_message === 'interrupted by a restart') {
      const lives = new Set(ofTask.map(({ life }) => life))
      expect(
        lives.size === 1 || task.target_url.includes(KEYED),
        `${id} was interrupted, and sent again`,
      )
    }
  }
  for (const task of tasks.values()) {
    const fine = task.status === 'success' || task.error_message === 'interrupted by a restart'
    expect(fine, `${task.id} ended as ${task.status}: ${task.error_message}`)
  }
  return faults
}

function pairsOf(seen: Seen[]): [Seen, Seen][] {
  return seen.slice(1).map((later, index) => [seen[index]!, later])
}

interface Row {
  id: string
  status: string
  error_message: string | null
  target_url: string
}

async function everyTask({ get }: Service): Promise<Map<string, Row>> {
  const tasks = new Map<string, Row>()
  for (let cursor: string | null = ''; cursor !== null;) {
    const { json } = await get(`/orchestrator/tasks?limit=1000&cursor=${cursor}`)
    for (const task of json.tasks as Row[]) tasks.set(task.id, task)
    cursor = json.next_cursor
  }
  return tasks
}
