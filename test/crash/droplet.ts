/** The droplet of the crash test: does as the path says, and remembers every request. */
import { answeringServer, json, type Received, type Wire } from '../support/scripted-server.ts'

/** One request, as the droplet saw it. Times by the test's own clock, ms. */
export interface Delivery {
  readonly taskId: string
  readonly attempt: number
  /** Its secret header. */
  readonly authorization: string | undefined
  /** How often the service had been killed by then. */
  readonly round: number
  readonly from: number
  /** When it was answered, or cut off; null while neither. */
  until: number | null
  /** What it was answered with; null when it was cut off. */
  status: number | null
}

export interface CrashDroplet extends AsyncDisposable {
  readonly url: string
  readonly deliveries: readonly Delivery[]
  /** From here on deliveries belong to the next round. */
  nextRound(): void
}

/**
 * `/work?fail=1&ms=50` answers 503 to the first attempt that it sees of a task, and takes 50 ms
 * for each answer.
 */
export function crashDroplet(): CrashDroplet {
  const deliveries: Delivery[] = []
  const seen = new Map<string, number>()
  let round = 0

  const answer = (request: Received) => async (wire: Wire) => {
    const query = new URL(request.url, 'http://droplet').searchParams
    const taskId = request.headers['x-task-id'] ?? ''
    const times = (seen.get(taskId) ?? 0) + 1
    seen.set(taskId, times)
    const delivery: Delivery = {
      taskId,
      attempt: Number(request.headers['x-attempt']),
      authorization: request.headers.authorization,
      round,
      from: performance.now(),
      until: null,
      status: null,
    }
    deliveries.push(delivery)
    const end = performance.now() + Number(query.get('ms') ?? 0)
    // In small steps, because the request ends when a killed caller's connection closes.
    while (performance.now() < end && !wire.closed) await Bun.sleep(2)
    const status = times <= Number(query.get('fail') ?? 0) ? 503 : 200
    delivery.until = performance.now()
    if (wire.closed) return
    delivery.status = status
    await json({ times }, status)(wire)
  }

  const server = answeringServer(answer)
  return {
    url: server.url,
    deliveries,
    nextRound: () => void round++,
    [Symbol.asyncDispose]: () => server.stop(),
  }
}
