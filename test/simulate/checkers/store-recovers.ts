/** The store finds out within seconds that the disk takes writes again. */
import type { Checker, Context } from '../check/checker.ts'

const MAX_RECOVERY_MS = 3000

export function storeRecovers({ world, disk }: Context): Checker {
  return {
    watch({ process, report }) {
      if (process.draining || world.now <= disk.disturbedUntil + MAX_RECOVERY_MS) return null
      return report.storeWritable ? null : 'the store does not find out that the disk is healthy'
    },
  }
}
