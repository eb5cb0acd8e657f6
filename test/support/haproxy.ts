/** The real HAProxy, where this machine has one. */
import { writeFileSync } from 'node:fs'
import { startProcess, type BinaryProcess } from './binary.ts'
import { temporaryDir } from './temporary.ts'

// Debian's package puts it where only root looks.
const haproxyPath = Bun.which('haproxy', { PATH: `${process.env.PATH}:/usr/sbin` })

export const hasHaproxy = haproxyPath !== null

/** For the name of a test. */
export const withHaproxy = hasHaproxy
  ? ''
  : ' (skipped: no HAProxy here; apt-get install haproxy brings it)'

/** Runs it with this configuration, from a directory of its own. */
export function startHaproxy(config: string): BinaryProcess {
  const dir = temporaryDir()
  const file = dir.file('haproxy.cfg')
  writeFileSync(file, config)
  const haproxy = startProcess([haproxyPath!, '-W', '-db', '-f', file], { cwd: dir.path })
  void haproxy.exited.then(() => dir[Symbol.dispose]())
  return haproxy
}
