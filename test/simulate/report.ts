/** What a run says at its end. */
import type { Simulation } from './simulation.ts'
import { formatTime } from './world/trace.ts'

type Run = Pick<Simulation, 'world' | 'hours' | 'runs'> & { readonly nodes: number }

export function failureReport({ world, hours, nodes }: Run): string {
  const { violation, seed, trace } = world
  if (!violation) return ''
  const { invariant, text, taskId, step, at } = violation
  const ofTask = taskId === null ? [] : [`Log of ${taskId}:`, ...trace.ofTask(taskId), '']
  return [
    `VIOLATION of ${invariant}: ${taskId === null ? '' : `${taskId}: `}${text}`,
    `checker test/simulate/checkers/${invariant}.ts`,
    `seed ${seed}, step ${step}, simulated time ${formatTime(at)}`,
    '',
    ...ofTask,
    'Log of everything, its end:',
    ...trace.tail(),
    '',
    `Reproduce: bun run simulate --seed ${seed} --hours ${hours}${nodes > 1 ? ` --nodes ${nodes}` : ''}`,
  ].join('\n')
}

export function summary({ world, hours, runs }: Run, seconds: number): string {
  const { seed, step, trace, counts } = world
  return [
    `seed ${seed}: ${hours} h in ${seconds.toFixed(1)} s, ${step} events, trace ${trace.hash.toString(16)}`,
    'What happened:',
    ...table(counts),
    'How often each checker was asked:',
    ...table(runs),
  ].join('\n')
}

function table(counts: ReadonlyMap<string, number>): string[] {
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `  ${String(count).padStart(8)} ${name}`)
}
