import type { Log, Ports } from '../ports.ts'
import { systemClock } from './clock.ts'
import { systemFetch } from './fetch.ts'
import { systemResolver } from './resolver.ts'

/** The real outside world, with the log that the process has opened. */
export function systemPorts(log: Log): Ports {
  return {
    clock: systemClock,
    fetch: systemFetch,
    resolve: systemResolver(),
    log,
    // UUIDv7 (RFC 9562): sorts by time, so that the id index of the history grows at its end.
    newId: () => Bun.randomUUIDv7(),
  }
}
