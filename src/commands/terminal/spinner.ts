import { systemClock } from '../../platform/clock.ts'
import type { Clock } from '../../ports.ts'
import type { CommandIo } from '../command.ts'

const FRAMES = ['|', '/', '-', '\\']
const FRAME_MS = 100
/** What is over sooner would only flash. */
const QUIET_MS = 300

/**
 * Says on stderr, while the work goes on, what is waited for and how long that has taken; only on
 * a terminal that can take it away again.
 */
export async function spinning<T>(
  io: Pick<CommandIo, 'isErrorTerminal' | 'stderr' | 'env'>,
  what: string,
  work: Promise<T>,
  clock: Pick<Clock, 'monotonic' | 'after'> = systemClock,
): Promise<T> {
  if (!io.isErrorTerminal || io.env.TERM === 'dumb') return work
  const start = clock.monotonic()
  let frame = 0
  const draw = () => {
    const seconds = Math.floor((clock.monotonic() - start) / 1000)
    io.stderr(`\r${FRAMES[frame++ % FRAMES.length]} ${what}, ${seconds} s\x1b[K`)
    stop = clock.after(FRAME_MS, draw)
  }
  let stop = clock.after(QUIET_MS, draw)
  try {
    return await work
  } finally {
    stop()
    if (frame > 0) io.stderr('\r\x1b[K')
  }
}
