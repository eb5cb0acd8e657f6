/** Runs the inputs of one area against a service of its own. */
import fc from 'fast-check'
import type { AnyArea } from './area.ts'
import { benignTask, TASKS } from './areas/submission.ts'
import { CostMeter, type Cost } from './cost.ts'
import { openWorld, ownCpuMs, type Launch, type World } from './world.ts'

export interface FuzzOptions {
  readonly launch: Launch
  readonly seed: number
  readonly runs: number
  /** Of an earlier failure: only its input is run. */
  readonly path?: string
}

export interface FuzzResult {
  readonly area: string
  readonly seed: number
  readonly runs: number
  /** null: all went well. */
  readonly failure: Failure | null
  /** The inputs that cost most for their size, whether that was too much or not. */
  readonly worst: readonly Cost[]
  /** Resident memory after a tenth of the inputs, and after the last; null in this process. */
  readonly memoryMb: readonly [number, number] | null
}

export interface Failure {
  /** To the shrunk input. */
  readonly path: string
  readonly input: string
  readonly error: string
}

/** Garbage that is not collected yet, and pages that are not given back. */
const MAX_GROWTH_MB = 100
const MAX_SHOWN = 4000
/** How long a smaller input that fails is looked for; what is left then passes. */
const SHRINK_MS = 30_000

export async function fuzz(area: AnyArea, options: FuzzOptions): Promise<FuzzResult> {
  const { inputs, name, benign } = area
  await using world = await openWorld(options.launch, area.setup)
  const meter = new CostMeter(benign ? ownCpuMs : () => world.cpuMs())
  await meter.calibrate(benign ?? ((bytes) => benignTask(world, bytes)))
  const memory = new MemoryLimit(world, Math.ceil(options.runs / 10))
  let shrinkUntil = Infinity
  const property = fc.asyncProperty(inputs, async (input) => {
    if (performance.now() > shrinkUntil) return
    try {
      await meter.measure(shown(input), () => area.run(input, world))
      await world.health()
      memory.look()
    } catch (error) {
      shrinkUntil = Math.min(shrinkUntil, performance.now() + SHRINK_MS)
      throw error
    }
  })
  const { seed, path, runs } = options
  const details = await fc.check(property, { seed, numRuns: runs, ...(path ? { path } : {}) })
  const { counterexample, counterexamplePath, errorInstance, numRuns } = details
  const failure = counterexample
    ? {
        path: counterexamplePath ?? '',
        input: shown(counterexample[0]),
        error: errorInstance instanceof Error ? errorInstance.message : String(errorInstance),
      }
    : await faultAfterwards(world, memory)
  return { area: name, seed, runs: numRuns, failure, worst: meter.worst, memoryMb: memory.seen }
}

/** The shown text of an input: it is JavaScript, and tells `-0`, `undefined` and halves of pairs. */
function shown(input: unknown): string {
  const text = fc.stringify(input)
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}… (${text.length} characters)` : text
}

/** What no single input shows. */
async function faultAfterwards(world: World, memory: MemoryLimit): Promise<Failure | null> {
  const errors = world.errors()
  const fault =
    errors.length > 0
      ? `it logged an error: ${errors.slice(0, 5).join('\n')}`
      : (secretInLog(world) ?? (await unfinished(world)) ?? memory.fault())
  return fault === null ? null : { path: '', input: 'all of them', error: fault }
}

function secretInLog(world: World): string | null {
  const log = world.log()
  const shown = world.secrets.find((secret) => log.includes(secret))
  if (shown === undefined) return null
  const at = log.indexOf(shown)
  return `it logged a secret: ${log.slice(Math.max(0, at - 200), at + shown.length)}`
}

/** Cancels what waits for its next attempt; then nothing may be left. */
async function unfinished(world: World): Promise<string | null> {
  const ask = (path: string, method = 'GET') =>
    fetch(world.url + path, { method, headers: world.headers() })
  for (const status of ['queued', 'running']) {
    const listed = await ask(`${TASKS}?status=${status}&limit=1000`)
    const { tasks } = (await listed.json()) as { tasks: { id: string }[] }
    for (const { id } of tasks) await ask(`${TASKS}/${id}/cancel`, 'POST')
  }
  const answer = await ask('/orchestrator/metrics')
  const { tasks } = (await answer.json()) as { tasks: { queued: number; running: number } }
  return tasks.queued + tasks.running === 0
    ? null
    : `${tasks.queued} tasks are queued and ${tasks.running} running, and can't be cancelled`
}

class MemoryLimit {
  readonly #world: World
  readonly #warmUp: number
  #inputs = 0
  #firstMb: number | null = null
  #lastMb: number | null = null

  constructor(world: World, warmUp: number) {
    this.#world = world
    this.#warmUp = warmUp
  }

  look(): void {
    if (++this.#inputs % 50 !== 0 && this.#inputs !== this.#warmUp) return
    this.#lastMb = this.#world.memoryMb()
    if (this.#inputs <= this.#warmUp) this.#firstMb = this.#lastMb
  }

  get seen(): readonly [number, number] | null {
    return this.#firstMb === null || this.#lastMb === null ? null : [this.#firstMb, this.#lastMb]
  }

  fault(): string | null {
    if (!this.seen) return null
    const [first, last] = this.seen
    if (last - first <= MAX_GROWTH_MB) return null
    return `its memory grew from ${first.toFixed(0)} to ${last.toFixed(0)} MB`
  }
}
