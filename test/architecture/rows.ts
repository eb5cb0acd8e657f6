/** Which file may import which. */
import { dirname, join, normalize } from 'node:path'
import { importsOf, type Import } from './imports.ts'
import { reaches } from './outside.ts'
import type { Source } from './source.ts'
import { usesOf } from './uses.ts'

/**
 * The rows of src, the lowest first. A file imports from the rows before its own, and from its
 * own folder; the plain files of one row may import from each other.
 */
export const ROWS: readonly (readonly string[])[] = [
  // The words that everybody uses: tasks, errors, events, the outside world as interfaces.
  ['task.ts', 'errors.ts', 'events.ts', 'ports.ts', 'log.ts', 'version.ts', 'truncation.ts'],
  // The settings.
  ['config'],
  // What is bound to the operating system.
  ['platform'],
  // The destinations: droplets, their health, the way to them, the gate before them.
  ['droplets'],
  // Where the list of the droplets comes from.
  ['registry'],
  // What is remembered: unfinished tasks and the history.
  ['store'],
  // How a task gets to its droplet.
  ['delivery'],
  // Who asks.
  ['access'],
  // What is counted and measured.
  ['telemetry'],
  // What can be done with a task.
  ['tasks'],
  // The service without HTTP and without a database of its own.
  ['engine.ts'],
  // The API.
  ['http'],
  // All of the above, put together.
  ['orchestrator.ts'],
  // The Registry and the droplet that `orchestrator dev` starts.
  ['dev'],
  // The commands of the binary.
  ['commands'],
  // The process.
  ['main.ts'],
]

/** Ways to import that the other rules cannot read. */
const HIDDEN = ['require', 'module', 'import.meta.require']

const room = (file: string) => file.split('/')[0]!
const rowOf = (file: string) => ROWS.findIndex((row) => row.includes(room(file)))

/** A relative import's file, from src. */
export const targetOf = (file: string, name: string) => normalize(join(dirname(file), name))

export function wrongImports(source: Source): string[] {
  const { file } = source
  const rowless = rowOf(file) < 0 ? ['row: none'] : []
  const wrong = importsOf(source).filter((one) => !mayImport(file, one))
  const hidden = usesOf(source).filter(({ path }) => reaches(path, HIDDEN))
  return [
    ...rowless,
    ...wrong.map(({ name }) => `import: ${name ?? 'unreadable'}`),
    ...hidden.map(({ path }) => `import: ${path}`),
  ]
}

function mayImport(file: string, { name }: Import): boolean {
  if (name === null || /^(\/|file:)/.test(name)) return false
  if (!name.startsWith('.')) return true
  const target = targetOf(file, name)
  if (target === '../package.json') return file === 'version.ts'
  return isWithinReach(file, target)
}

function isWithinReach(file: string, target: string): boolean {
  if (rowOf(target) < 0) return false
  if (rowOf(target) < rowOf(file)) return true
  const arePlain = !file.includes('/') && !target.includes('/')
  return rowOf(target) === rowOf(file) && (arePlain || room(target) === room(file))
}

export function strayElysia(source: Source): string[] {
  if (source.file.startsWith('http/')) return []
  return importsOf(source)
    .filter(({ name }) => /^(elysia|@elysiajs)(\/|$)/.test(name ?? ''))
    .map(({ name }) => `elysia: ${name}`)
}
