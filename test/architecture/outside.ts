/** The world outside: time, chance, timers, the network, and the process itself. */
import type { Source } from './source.ts'
import { usesOf, type Use } from './uses.ts'

/** Only src/platform and src/ports.ts use these; the rest gets a port. */
const AMBIENT = [
  // Time.
  'Date',
  'Temporal.Now',
  'performance',
  'perf_hooks',
  'process.hrtime',
  'process.uptime',
  'Bun.nanoseconds',
  // Chance.
  'Math.random',
  'crypto',
  'Bun.randomUUIDv7',
  'Bun.CSRF',
  // Timers.
  'setTimeout',
  'setInterval',
  'setImmediate',
  'AbortSignal.timeout',
  'Atomics.wait',
  'Atomics.waitAsync',
  'timers',
  'timers/promises',
  'Bun.sleep',
  'Bun.sleepSync',
  'Bun.cron',
  // The network.
  'fetch',
  'WebSocket',
  'XMLHttpRequest',
  'EventSource',
  'http',
  'https',
  'http2',
  'net',
  'tls',
  'dgram',
  'dns',
  'dns/promises',
  'undici',
  'ws',
  'node-fetch',
  'Bun.fetch',
  'Bun.FetchSession',
  'Bun.serve',
  'Bun.connect',
  'Bun.listen',
  'Bun.udpSocket',
  'Bun.dns',
  'Bun.sql',
  'Bun.SQL',
  'Bun.postgres',
  'Bun.redis',
  'Bun.RedisClient',
  'Bun.s3',
  'Bun.S3Client',
  'Bun.WebView',
  // A text that runs as code can use all of them.
  'eval',
  'Function',
]

/** Parts of the above that give the same answer whenever and wherever they are asked. */
const STEADY = [
  'Date.parse',
  'Date.UTC',
  'Date.prototype',
  'crypto.createHash',
  'crypto.createHmac',
  'crypto.timingSafeEqual',
  'crypto.subtle.digest',
  'net.isIP',
]

const PROCESS = ['process', 'Bun.env', 'Bun.argv', 'Bun.main', 'import.meta.env']

export function ambientUses(source: Source): string[] {
  const { file } = source
  if (file.startsWith('platform/') || file === 'ports.ts') return []
  const uses = usesOf(source).filter((use) => !isSteady(use) && reaches(use.path, AMBIENT))
  return uses.map(({ path }) => `ambient: ${path}`)
}

export function processUses(source: Source): string[] {
  if (source.file === 'main.ts') return []
  const uses = usesOf(source).filter(({ path }) => reaches(path, PROCESS))
  return uses.map(({ path }) => `process: ${path}`)
}

/** `new Date(x)` does not look at the clock. */
const isSteady = ({ path, isFilled }: Use) =>
  (path === 'Date' && isFilled) || STEADY.some((entry) => isWithin(path, entry))

/** Whoever hands on a whole, such as `Math` or `globalThis`, hands on each of its parts. */
export const reaches = (path: string, entries: readonly string[]) =>
  path === 'globalThis' || entries.some((one) => isWithin(path, one) || isWithin(one, path))

const isWithin = (path: string, whole: string) => path === whole || path.startsWith(`${whole}.`)
