const RUNS = 5

/**
 * CPU time that this process needs for the work, ms: unlike elapsed time, it does not grow when
 * other processes are busy. The least of several runs, because a garbage collection may fall into
 * any of them.
 */
export async function cpuTimeOf(work: () => Promise<unknown>): Promise<number> {
  let least = Infinity
  for (let run = 0; run < RUNS; run++) {
    const before = process.cpuUsage()
    await work()
    const { user, system } = process.cpuUsage(before)
    least = Math.min(least, (user + system) / 1000)
  }
  return least
}
