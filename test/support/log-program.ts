/**
 * A process that logs on stdout as the service does: COUNT lines, a hundred in each turn of the
 * event loop. Then it says so on stderr, waits until its stdin ends, and exits with a last line.
 */
import { LineWriter } from '../../src/platform/line-writer.ts'
import { systemLog } from '../../src/platform/log.ts'
import { nonBlockingOutput } from '../../src/platform/non-blocking-output.ts'
import { systemClock } from '../../src/platform/clock.ts'

const count = Number(process.argv[2])
const writer = new LineWriter(nonBlockingOutput(1), systemClock)
const log = systemLog({ level: 'INFO', format: 'json' }, systemClock, writer)
for (let line = 0; line < count; line++) {
  log.info('line', { line, padding: 'é'.repeat(80) })
  if (line % 100 === 99) await new Promise((resolve) => systemClock.soon(() => resolve(null)))
}
await Bun.write(Bun.stderr, 'logged\n')
await Bun.stdin.text()
log.info('last')
writer.flush(1000)
process.exit(0)
