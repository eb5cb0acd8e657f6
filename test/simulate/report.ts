/** What a run says at its end. */
import type { Simulation } from './simulation.ts'
import { time } from './world.ts'

export function failureReport({ world, hours }: Simulation): string {
  const { violation, seed } = world
  if (!violation) return ''
  const { text, taskId, step, at } = violation
  const story = taskId === null ? [] : [`The story of ${taskId}:`, ...world.story(taskId), '']
  return [
    `VIOLATION: ${taskId === null ? '' : `${taskId}: `}${text}`,
    `seed ${seed}, step ${step}, simulated time ${time(at)}`,
    '',
    ...story,
    'What happened last:',
    ...world.lately(),
    '',
    `Again: bun run simulate --seed ${seed} --hours ${hours}`,
  ].join('\n')
}

export function summary({ world, hours }: Simulation, seconds: number): string {
  const counts = [...world.counts].sort(([a], [b]) => (a < b ? -1 : 1))
  return [
    `seed ${world.seed}: ${hours} h in ${seconds.toFixed(1)} s, ${world.step} events, trace ${world.hash.toString(16)}`,
    ...counts.map(([what, count]) => `  ${String(count).padStart(8)} ${what}`),
  ].join('\n')
}
