/** The days of tasks: each has a partition of its own, and an id tells its day. */

const DAY_MS = 86_400_000
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** Of the year 10,000, which has one digit too many for the names of partitions. */
const END = 2_932_897

/** Whether it is an id as `Ports.newId` makes them, written as Postgres writes it. */
export function isTaskId(id: string): boolean {
  return UUID_V7.test(id) && dayOf(id) < END
}

/** Days since the epoch, UTC. `id`: one of `isTaskId`. */
export function dayOf(id: string): number {
  return dayAt(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16))
}

/** `ms`: since the epoch. */
export function dayAt(ms: number): number {
  return Math.floor(ms / DAY_MS)
}

/** The first moment of a day, ms since the epoch. */
export function startOf(day: number): number {
  return day * DAY_MS
}

/** The least of the ids that a day may have. */
export function firstIdOf(day: number): string {
  const digits = startOf(day).toString(16).padStart(12, '0')
  return `${digits.slice(0, 8)}-${digits.slice(8)}-0000-0000-000000000000`
}

/** `20260131`, for the name of a partition. */
export function nameOf(day: number): string {
  return new Date(startOf(day)).toISOString().slice(0, -14).replaceAll('-', '')
}
