/** What code gets from its surroundings: time, randomness, timers, the network, the process. */
import type { Source } from './source.ts'
import { usesOf, type Use } from './uses.ts'

/** Only src/platform and src/ports.ts may use these. All other files get a port instead. */
const AMBIENT = [
  // Time.
  'Date',
  'Temporal.Now',
  'performance',
  'perf_hooks',
  'process.hrtime',
  'process.uptime',
  'Bun.nanoseconds',
  'os.uptime',
  'console.time',
  'console.timeEnd',
  'console.timeLog',
  // Without a date it shows the present one, and always in the time zone of the machine.
  'Intl.DateTimeFormat',
  // Randomness.
  'Math.random',
  'crypto',
  'Bun.randomUUIDv7',
  'Bun.CSRF',
  // Its salt is random.
  'Bun.password',
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
  // Code in a text, another program or a C library can do all of the above.
  'eval',
  'Function',
  'vm',
  'child_process',
  'cluster',
  'Bun.spawn',
  'Bun.spawnSync',
  'Bun.$',
  'bun:ffi',
]

/** Parts of the above that are always the same, or whose result depends on the arguments only. */
const PURE = [
  'Date.parse',
  'Date.UTC',
  'Date.prototype',
  'Function.prototype',
  'crypto.constants',
  'crypto.hash',
  'crypto.createHash',
  'crypto.createHmac',
  'crypto.timingSafeEqual',
  'crypto.subtle.digest',
  'net.isIP',
  'net.isIPv4',
  'net.isIPv6',
  'http.METHODS',
  'http.STATUS_CODES',
]

/** Only src/main.ts may use these, but for MEASURED. */
const PROCESS = [
  'process',
  'Bun.env',
  'Bun.argv',
  'Bun.main',
  'Bun.stdin',
  'Bun.stdout',
  'Bun.stderr',
  'import.meta.env',
  'import.meta.main',
]

/** What src/platform may read of the process: it changes nothing, and depends on no setting. */
const MEASURED = ['process.cpuUsage', 'process.memoryUsage']

export function ambientUses(source: Source): string[] {
  const { file } = source
  if (isOfPlatform(file) || file === 'ports.ts') return []
  const uses = usesOf(source).filter((use) => !isPure(use) && includesAnyOf(use.path, AMBIENT))
  return uses.map(({ path }) => `ambient: ${path}`)
}

const isOfPlatform = (file: string) => file.startsWith('platform/')

export function processUses(source: Source): string[] {
  const { file } = source
  if (file === 'main.ts') return []
  const uses = usesOf(source)
    .filter(({ path }) => includesAnyOf(path, PROCESS))
    .filter(({ path }) => !(isOfPlatform(file) && MEASURED.some((one) => isWithin(path, one))))
  return uses.map(({ path }) => `process: ${path}`)
}

/** `new Date(x)` does not read the clock. */
const isPure = ({ path, hasArguments }: Use) =>
  (path === 'Date' && hasArguments) || PURE.some((entry) => isWithin(path, entry))

/** Code that passes on a whole, such as `Math` or `globalThis`, passes on each of its parts. */
export const includesAnyOf = (path: string, entries: readonly string[]) =>
  path === 'globalThis' || entries.some((one) => isWithin(path, one) || isWithin(one, path))

const isWithin = (path: string, whole: string) => path === whole || path.startsWith(`${whole}.`)
