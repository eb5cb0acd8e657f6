/** Which file may import which. */
import { isBuiltin } from 'node:module'
import { dirname, join, normalize } from 'node:path'
import { dependencies } from '../../package.json'
import { importsOf, type Import } from './imports.ts'
import { includesAnyOf } from './outside.ts'
import type { Source } from './source.ts'
import { usesOf, type Use } from './uses.ts'

/**
 * The rows of src, the lowest first. A file imports from the rows before its own, and from its
 * own folder; the plain files of one row may import from each other.
 */
export const ROWS: readonly (readonly string[])[] = [
  // What all others use: tasks, errors, events, and the interfaces of the ports.
  [
    'task.ts',
    'trace-context.ts',
    'spans.ts',
    'errors.ts',
    'events.ts',
    'ports.ts',
    'log.ts',
    'version.ts',
    'truncation.ts',
    'json-text.ts',
    'timestamp.ts',
    'text-fault.ts',
    'bag.ts',
  ],
  // The settings.
  ['config'],
  // What is bound to the operating system.
  ['platform'],
  // The droplets: their health, their addresses, the gate before each attempt.
  ['droplets'],
  // Where the list of the droplets comes from.
  ['registry'],
  // The storage of unfinished tasks and of the history.
  ['store'],
  // How a task gets to its droplet.
  ['delivery'],
  // Who sends a request.
  ['access'],
  // What is counted and measured.
  ['telemetry'],
  // What can be done with a task.
  ['tasks'],
  // The service without HTTP and without a database of its own.
  ['engine.ts'],
  // The API.
  ['http'],
  // The client of the API, for the commands and the page.
  ['client'],
  // The page.
  ['web'],
  // All of the above, put together.
  ['orchestrator.ts'],
  // The Registry and the droplet that `orchestrator dev` starts.
  ['dev'],
  // The commands of the binary.
  ['commands'],
  // The process.
  ['main.ts'],
]

/**
 * The files of platform/ that every row above it may use. All others are the real clock, the real
 * network and so on: code that imports them cannot be tested with ports of the test's own, so
 * only orchestrator.ts and the rows after it may.
 */
const PLATFORM_FOR_ALL = new Set([
  'platform/answer-body.ts',
  'platform/body-budget.ts',
  'platform/bounded-body.ts',
  'platform/codings.ts',
  'platform/disk.ts',
  'platform/file-lock.ts',
  'platform/postgres.ts',
  'platform/regular-file.ts',
  'platform/time-limit.ts',
  'platform/turns.ts',
])

/** Ways to load a file that imports.ts does not read. `new Worker(file)` it does. */
const OTHER_WAYS_TO_IMPORT = [
  'require',
  'module',
  'import.meta.require',
  'import.meta.resolve',
  'import.meta.resolveSync',
  'Bun.resolve',
  'Bun.resolveSync',
  'Worker',
]

/** The entry in ROWS: the first folder of the path, or a plain file itself. */
const entryOf = (file: string) => file.split('/')[0]!
const rowOf = (file: string) => ROWS.findIndex((row) => row.includes(entryOf(file)))

/** A relative import's file, from src. */
export const targetOf = (file: string, name: string) => normalize(join(dirname(file), name))

export function wrongImports(source: Source): string[] {
  const { file } = source
  const withoutRow = rowOf(file) < 0 ? ['row: none'] : []
  const wrong = importsOf(source).filter((one) => !mayImport(file, one))
  const others = usesOf(source).filter(isOtherImport)
  return [
    ...withoutRow,
    ...wrong.map(({ name }) => `import: ${name ?? 'unreadable'}`),
    ...others.map(({ path }) => `import: ${path}`),
  ]
}

const isOtherImport = ({ path, hasArguments }: Use) =>
  includesAnyOf(path, OTHER_WAYS_TO_IMPORT) && !(path === 'Worker' && hasArguments)

function mayImport(file: string, { name }: Import): boolean {
  if (name === null) return false
  if (!name.startsWith('.')) return isOfRuntime(name) || isOfDependency(name)
  const target = targetOf(file, name)
  if (target === '../package.json') return file === 'version.ts'
  // What web/build.ts makes of the page.
  if (target.startsWith('../dist/web/')) return file === 'web/assets.ts'
  return isWithinReach(file, target)
}

const isOfRuntime = (name: string) => isBuiltin(name) && !/^(bun|node):test/.test(name)

/** Not of a development dependency: the binary would hold what only tests are meant to use. */
const isOfDependency = (name: string) =>
  Object.keys(dependencies).some((one) => name === one || name.startsWith(`${one}/`))

function isWithinReach(file: string, target: string): boolean {
  if (rowOf(target) < 0) return false
  if (rowOf(target) < rowOf(file)) return isForAll(target) || isAtTop(file)
  const arePlain = !file.includes('/') && !target.includes('/')
  return rowOf(target) === rowOf(file) && (arePlain || entryOf(target) === entryOf(file))
}

const isForAll = (target: string) => !target.startsWith('platform/') || PLATFORM_FOR_ALL.has(target)

const isAtTop = (file: string) => rowOf(file) >= rowOf('orchestrator.ts')

export function elysiaOutsideHttp(source: Source): string[] {
  if (source.file.startsWith('http/')) return []
  return importsOf(source)
    .filter(({ name }) => /^(elysia|@elysiajs)(\/|$)/.test(name ?? ''))
    .map(({ name }) => `elysia: ${name}`)
}
