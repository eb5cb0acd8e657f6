/** Debian's Postgres, where this machine has it: its programs, run as a user that they accept. */
import { chownSync, existsSync, readdirSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ProcessOptions } from './binary.ts'

/** Where Debian puts each version; its `postgres` is in no PATH. */
const VERSIONS = '/usr/lib/postgresql'
/** Debian's `nobody`, and its group: initdb and postgres refuse to run as root. */
const NOBODY = 65534

const folder = findPrograms()

export const hasPostgres = folder !== null && Bun.which('setpriv') !== null

/** For the name of a test. */
export const withPostgres = hasPostgres
  ? ''
  : ' (skipped: no Postgres here; apt-get install postgresql-15 brings it)'

function findPrograms(): string | null {
  const onPath = Bun.which('postgres')
  if (onPath) return dirname(realpathSync(onPath))
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS) : []
  const newestFirst = versions.sort((a, b) => Number(b) - Number(a))
  const folders = newestFirst.map((version) => join(VERSIONS, version, 'bin'))
  return folders.find((each) => existsSync(join(each, 'postgres'))) ?? null
}

/** The command and its options for `startProcess` and `runProcess`. */
export function postgresProgram(
  name: string,
  args: readonly string[] = [],
): [command: string[], options: ProcessOptions] {
  // .ci/run may have unpacked the packages: then the libraries are where no loader looks.
  const libraries = process.env['POSTGRES_LIBRARIES']
  const env = { LC_ALL: 'C', TZ: 'UTC', ...(libraries && { LD_LIBRARY_PATH: libraries }) }
  return [[...asNobody(), join(folder!, name), ...args], { env }]
}

const isRoot = () => process.getuid?.() === 0

function asNobody(): string[] {
  if (!isRoot()) return []
  return ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--']
}

/** Lets those programs have the file or folder. */
export function giveToPostgres(path: string): void {
  if (isRoot()) chownSync(path, NOBODY, NOBODY)
}
