/** How often a process waits for its disk: counted by strace, where that is installed. */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Child } from './child.ts'
import type { LoadResult } from './load.ts'

const STRACE = Bun.which('strace')
const ATTACH_MS = 5000

/**
 * Calls of fsync and fdatasync a request; null where strace is missing or not allowed. Of the
 * load itself nothing else is worth telling: it is several times as slow under strace.
 */
export async function syncsPerRequest(
  directory: string,
  { pid }: Child,
  load: () => Promise<LoadResult>,
): Promise<number | null> {
  if (STRACE === null) return null
  const output = join(directory, 'syncs.txt')
  rmSync(output, { force: true })
  const options = ['-f', '-e', 'trace=fsync,fdatasync', '-o', output, '-p', String(pid)]
  const strace = new Child({ name: 'strace', command: [STRACE, ...options], env: {}, directory })
  try {
    if (!(await isTraced(pid))) return null
    const { requests } = await load()
    // strace writes through a buffer: all is there when it has ended.
    await strace.stop()
    // A call that was interrupted has a second line: `<... fsync resumed>`.
    const calls = readFileSync(output, 'utf8').match(/\b(fsync|fdatasync)\(/g) ?? []
    return calls.length / requests
  } finally {
    await strace.stop()
  }
}

async function isTraced(pid: number): Promise<boolean> {
  for (const start = performance.now(); performance.now() - start < ATTACH_MS;) {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    if (!/^TracerPid:\s+0$/m.test(status)) return true
    await Bun.sleep(20)
  }
  return false
}
