import { systemFetch } from '../../src/platform/fetch.ts'
import { AllowList } from '../../src/droplets/allow-list.ts'
import type { Droplet } from '../../src/droplets/droplet.ts'
import { createRegistry, type Registry } from '../../src/registry/registry.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { recordingLog } from '../support/log.ts'
import { memoryCache } from '../support/memory-cache.ts'

export const TIMEOUT_MS = 5000
export const INTERVAL_MS = 60_000
export const EXPIRY_MS = 300_000

/** A Registry client with a fake clock, a real fetch and a Registry at `url`. */
export function meshAt(url: string, options: Partial<ReturnType<typeof defaults>> = {}) {
  const settings = { ...defaults(), ...options }
  const { clock, log, cache, publicUrl, allow, ...registry } = settings
  const config = { publicUrl: publicUrl(), registry: { url, ...registry } }
  const allowList = new AllowList(allow, url)
  const ports = { clock, fetch: systemFetch, log, cache }
  const client = createRegistry({ config, ...ports, publicUrl, allowList })
  return {
    clock,
    log,
    cache,
    registry: client,
    warnings: () => log.lines.filter(({ level }) => level === 'WARNING'),
    /** The next periodic sync, to its end. */
    async nextSync() {
      const before = client.stats().syncsTotal
      await clock.advance(registry.syncIntervalMs)
      await clock.settle(() => client.stats().syncsTotal > before)
    },
    [Symbol.asyncDispose]: () => client.stop(),
  }
}

function defaults() {
  return {
    clock: new FakeClock(),
    log: recordingLog(),
    cache: memoryCache() as Parameters<typeof createRegistry>[0]['cache'] & { writes?: number },
    publicUrl: (): string | null => 'http://localhost:8001',
    allow: [] as readonly string[],
    syncIntervalMs: INTERVAL_MS,
    timeoutMs: TIMEOUT_MS,
    cacheDir: '/nowhere',
    cacheExpiryMs: EXPIRY_MS,
    registerSelf: false,
  }
}

export function names(registry: Registry): readonly string[] {
  return registry
    .directory()
    .droplets.map(({ name }) => name)
    .sort()
}

export function statuses(registry: Registry): Record<string, Droplet['status']> {
  const { droplets } = registry.directory()
  return Object.fromEntries(droplets.map(({ name, status }) => [name, status]))
}

export function droplet(name: string, more: Partial<Droplet> = {}): Droplet {
  const url = `http://${name}.example`
  return { id: 1, name, url, version: null, status: 'active', steward: null, ...more }
}

export function listOf(...namesOfDroplets: string[]) {
  return { droplets: namesOfDroplets.map((name) => droplet(name)) }
}
