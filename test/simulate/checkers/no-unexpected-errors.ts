/** Nothing fails without an error code, and nothing is logged as an error, but for the disk. */
import type { Checker, Context } from '../check/checker.ts'

export function noUnexpectedErrors({ world, disk }: Context): Checker {
  return {
    unexpectedError: ({ text }) => text,

    writeRefused: ({ kind, reason }) =>
      typeof reason === 'object' ? `the disk refuses its ${kind}: ${reason.error}` : null,

    // While the disk can't be read, neither can tasks.
    failed: ({ call, error }) =>
      world.now <= disk.disturbedUntil ? null : `${call.kind} fails: ${error}`,
  }
}
