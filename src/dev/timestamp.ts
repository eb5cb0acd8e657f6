import type { Clock } from '../ports.ts'

/** The time as the mesh writes it: ISO 8601 in UTC, with microseconds. */
export function timestamp(clock: Clock): string {
  return new Date(clock.now()).toISOString().replace('Z', '000Z')
}
