/** The log of a run: the latest lines, the lines of each task, and a hash of all of them. */
const TAIL_LINES = 40
const MAX_TASK_LINES = 200
/** A long log of a task keeps its first and its latest lines. */
const FIRST_TASK_LINES = 20

export class Trace {
  /** The same seed gives the same hash. */
  hash = 0
  readonly #recent: string[] = []
  readonly #ofTask = new Map<string, string[]>()

  constructor(private readonly now: () => number) {}

  log(text: string, taskId?: string): void {
    const line = `${formatTime(this.now())} ${taskId === undefined ? '' : `${taskId}: `}${text}`
    this.hash = Bun.hash.xxHash32(line, this.hash)
    this.#recent.push(line)
    if (this.#recent.length > 4 * TAIL_LINES) this.#recent.splice(0, 3 * TAIL_LINES)
    if (taskId === undefined) return
    const lines = this.#ofTask.get(taskId)
    if (!lines) this.#ofTask.set(taskId, [line])
    else if (lines.push(line) > MAX_TASK_LINES) lines.splice(FIRST_TASK_LINES, 1)
  }

  ofTask(taskId: string): readonly string[] {
    return this.#ofTask.get(taskId) ?? []
  }

  forgetTask(taskId: string): void {
    this.#ofTask.delete(taskId)
  }

  tail(): readonly string[] {
    return this.#recent.slice(-TAIL_LINES)
  }
}

/** `12h03m04.5670`. */
export function formatTime(ms: number): string {
  const pad = (value: number) => String(Math.floor(value)).padStart(2, '0')
  const minutes = ms / 60_000
  const seconds = ((ms / 1000) % 60).toFixed(4).padStart(7, '0')
  return `${pad(minutes / 60)}h${pad(minutes % 60)}m${seconds}`
}
