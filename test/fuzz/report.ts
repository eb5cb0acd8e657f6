import type { FuzzResult } from './fuzz.ts'

/** For a person: what was run, what was worst, and how to repeat what failed. */
export function reportOf(result: FuzzResult, seconds: number): string {
  const { area, seed, runs, failure, worst, memoryMb } = result
  const memory = memoryMb ? `, ${memoryMb.map((mb) => mb.toFixed(0)).join(' to ')} MB` : ''
  const lines = [`${area}: ${runs} inputs in ${seconds.toFixed(1)} s${memory}`]
  for (const { ratio, cpuMs, bytes, input } of worst) {
    const cost = `${ratio.toFixed(1)} times a benign one's (${cpuMs.toFixed(1)} ms, ${bytes} bytes)`
    lines.push(`  cost ${cost}: ${input}`)
  }
  if (!failure) return lines.join('\n')
  const repeat = `bun run fuzz --only ${area} --seed ${seed}`
  return [
    ...lines,
    `FAILED ${area}: ${failure.error}`,
    `seed ${seed}, path ${failure.path}`,
    `input ${failure.input}`,
    `Repeat: ${failure.path ? `${repeat} --path ${failure.path}` : `${repeat} --runs ${runs}`}`,
  ].join('\n')
}
