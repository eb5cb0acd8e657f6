/** What the figures were measured on: they mean little without it. */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { median, percentile } from './report.ts'

export interface Machine {
  cores: number
  cpu: string
  memory_mb: number
  load_average: number
  bun: string
  load_generator: string
  disk: string
  fsync_p50_ms: number
  fsync_p99_ms: number
}

const IN_MEMORY = new Set(['tmpfs', 'ramfs', 'devtmpfs'])
const PROBES = 100

export function describeMachine(directory: string, loadGenerator: string): Machine {
  const syncs = syncedWriteTimes(directory)
  return {
    cores: cpus().length,
    cpu: cpus()[0]?.model ?? 'unknown',
    memory_mb: Math.round(totalmem() / 2 ** 20),
    load_average: loadavg()[0] ?? 0,
    bun: Bun.version,
    load_generator: loadGenerator,
    disk: fileSystemOf(directory),
    fsync_p50_ms: median(syncs),
    fsync_p99_ms: percentile(syncs, 99),
  }
}

/**
 * An empty directory on a disk: a sync to a file system in memory costs nothing, and every
 * figure with a commit in it would be wrong.
 */
export function diskDirectory(candidates: readonly string[]): string {
  for (const candidate of candidates) {
    mkdirSync(candidate, { recursive: true })
    if (!IN_MEMORY.has(fileSystemOf(candidate))) return candidate
    rmSync(candidate, { recursive: true })
    console.log(`${candidate} is in memory: not measured there`)
  }
  throw new Error(`no directory on a disk among ${candidates.join(', ')}`)
}

/** The type of the file system that a directory is on. */
function fileSystemOf(directory: string): string {
  const path = resolve(directory)
  let found = { mount: '', type: 'unknown' }
  // proc(5): "36 35 98:0 / /mount options … - type source options"
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const [before = '', after = ''] = line.split(' - ')
    const mount = before.split(' ')[4] ?? ''
    const holds = path === mount || path.startsWith(mount.endsWith('/') ? mount : `${mount}/`)
    // Of two at the same place the later hides the earlier.
    if (mount && holds && mount.length >= found.mount.length) {
      found = { mount, type: after.split(' ')[0] ?? 'unknown' }
    }
  }
  return found.type
}

/**
 * How long it takes to have a page on the disk, ms: over others that are there already, as SQLite
 * mostly does with its log. To make a file longer takes more.
 */
export function syncedWriteTimes(directory: string): number[] {
  const file = join(directory, 'fsync-probe')
  const descriptor = openSync(file, 'w')
  const page = Buffer.alloc(4096, 1)
  for (let probe = 0; probe < PROBES; probe++) writeSync(descriptor, page)
  fsyncSync(descriptor)
  const times = Array.from({ length: PROBES }, (_, probe) => {
    const start = performance.now()
    writeSync(descriptor, page, 0, page.length, probe * page.length)
    fsyncSync(descriptor)
    return performance.now() - start
  })
  closeSync(descriptor)
  rmSync(file)
  return times
}
