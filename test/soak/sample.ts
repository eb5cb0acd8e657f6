/** What the system says of a process: what a leak would show in. */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import type { BinaryProcess } from '../support/binary.ts'

export interface Sample {
  /** Since the start of the load, s. */
  readonly at: number
  readonly rssMb: number
  readonly sockets: number
  /** Open file descriptors, sockets among them. */
  readonly descriptors: number
  readonly threads: number
  readonly walMb: number
}

export function sampleOf(
  { pid }: Pick<BinaryProcess, 'pid'>,
  database: string,
  at: number,
): Sample {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1])
  const open = openFiles(pid)
  const wal = statSync(`${database}-wal`, { throwIfNoEntry: false })?.size ?? 0
  return {
    at,
    rssMb: field('VmRSS') / 1024,
    sockets: open.filter((name) => name.startsWith('socket:')).length,
    descriptors: open.length,
    threads: field('Threads'),
    walMb: wal / 2 ** 20,
  }
}

function openFiles(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((descriptor) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${descriptor}`)]
    } catch {
      // It was closed meanwhile.
      return []
    }
  })
}

/** CPU time so far, ms: timers that nobody has stopped use some, even when nothing is to be done. */
export function cpuMsOf({ pid }: Pick<BinaryProcess, 'pid'>): number {
  // After the name, which may hold spaces: fields 14 and 15 of proc_pid_stat(5), in ticks of 10 ms.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}
