import type { Clock } from '../ports.ts'
import { EXIT, type CommandIo } from './command.ts'

/**
 * A second SIGINT within this time is the same press of Ctrl-C, ms. The terminal sends it to all
 * processes of a command, and `bun run` and npm send it on to ours once more.
 */
const SAME_PRESS_MS = 500

/**
 * Resolves at the first SIGTERM or SIGINT; the second ends the process at once, and says so.
 * `running`: how many tasks are.
 */
export function stopSignal(
  io: Pick<CommandIo, 'onStopSignal' | 'stderr' | 'exit'>,
  clock: Pick<Clock, 'monotonic'>,
  running: () => number,
): Promise<void> {
  return new Promise((resolve) => {
    let first: { readonly name: string; readonly tick: number } | null = null
    io.onStopSignal((name) => {
      const tick = clock.monotonic()
      if (!first) {
        first = { name, tick }
        return resolve()
      }
      const areBothCtrlC = first.name === 'SIGINT' && name === 'SIGINT'
      if (areBothCtrlC && tick - first.tick < SAME_PRESS_MS) return
      const count = running()
      io.stderr(`ended at once; ${count} ${count === 1 ? 'task was' : 'tasks were'} running\n`)
      io.exit(EXIT.interrupted)
    })
  })
}
