/** The line that `systemctl status` shows of the service. */
import type { Engine } from '../engine.ts'
import type { Clock } from '../ports.ts'
import { problemsOf } from '../telemetry/problems.ts'
import { counted } from './terminal/texts.ts'

const MINUTE_MS = 60_000

type Sources = Pick<Engine, 'metrics' | 'tasks' | 'registry' | 'health' | 'gate' | 'store'>

/**
 * `412 tasks/min, 2 droplets down`: before that, what stops tasks. How many tasks have ended in the
 * last minute is counted from one call to the next, so that it costs the tasks nothing.
 */
export function statusLine(engine: Sources, clock: Pick<Clock, 'monotonic'>): () => string {
  const { metrics, tasks, health, gate } = engine
  const readings = [{ tick: clock.monotonic(), total: metrics.total }]

  function endedLastMinute(): number {
    const now = { tick: clock.monotonic(), total: metrics.total }
    readings.push(now)
    while (readings[1]!.tick <= now.tick - MINUTE_MS) readings.shift()
    return now.total - readings[0]!.total
  }

  return () => {
    const { queued } = tasks
    const numbers = [
      `${endedLastMinute()} tasks/min`,
      ...(queued > 0 ? [`${queued} queued`] : []),
      ...some(health.unreachableCount(), 'droplet', 'down'),
      ...some(gate.stats().openCircuits, 'circuit', 'open'),
    ]
    // Droplets are only counted: the line is short.
    const problems = problemsOf(engine, [], tasks.load(), engine.store.shared)
    return [...problems.map(({ message }) => message), numbers.join(', ')].join('; ')
  }
}

/** The line while the service stops: what that waits for. */
export function stoppingLine({ running }: Pick<Engine['tasks'], 'running'>): string {
  return `stopping: ${counted(running, 'task')} running`
}

function some(count: number, what: string, how: string): string[] {
  return count > 0 ? [`${counted(count, what)} ${how}`] : []
}
