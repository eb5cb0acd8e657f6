import type { LogOptions } from '../log.ts'
import type { Ports } from '../ports.ts'
import { systemClock } from './clock.ts'
import { systemFetch } from './fetch.ts'
import { systemLog } from './log.ts'

/** The real outside world. */
export function systemPorts(log: LogOptions): Ports {
  return {
    clock: systemClock,
    fetch: systemFetch,
    log: systemLog(log, systemClock),
    // UUIDv7 (RFC 9562): sorts by time, so that the id index of the history grows at its end.
    newId: () => Bun.randomUUIDv7(),
  }
}
