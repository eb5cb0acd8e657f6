/** An nginx on this machine that is a proxy for us. Its own rules are more than are read here. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ok, warning, type Finding } from './finding.ts'

const MAX_FILES = 500
/** proxy_read_timeout, where it is not set. */
const DEFAULT_SECONDS = 60
const COMMENT = /#.*$/gm
const READ_TIMEOUT = /\bproxy_read_timeout\s+(\d+)(ms|s|m|h|d)?\s*;/g
const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 }

/** null: there is none, as far as can be read. `seconds`: how long it must wait for an answer. */
export function nginxFinding(folder: string, port: number, seconds: number): Finding | null {
  const files = configFiles(folder)
  const ours = files.filter(({ text }) => leadsTo(text, port))
  if (ours.length === 0) return null
  // A file's own setting, or that of a file that includes it.
  const inherited = shortest(files.filter((file) => !ours.includes(file)))
  for (const { path, text } of ours) {
    const set = shortest([{ path, text }]) ?? inherited
    const limit = set ?? DEFAULT_SECONDS
    if (limit >= seconds) continue
    const where = set === null ? ', its default' : ''
    const found = `nginx (${path}) gives up after ${limit} s${where}; a task takes up to ${seconds} s`
    return warning(found, `set proxy_read_timeout ${seconds + 3}s; there, and reload nginx`)
  }
  return ok(`nginx (${ours[0]!.path}) waits for the ${seconds} s that a task may take`)
}

interface ConfigFile {
  readonly path: string
  readonly text: string
}

function configFiles(folder: string): ConfigFile[] {
  try {
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
    return names.slice(0, MAX_FILES).flatMap((name) => read(join(folder, name)))
  } catch {
    return []
  }
}

/** Nothing of what cannot be read: a folder, a file of root's. */
function read(path: string): ConfigFile[] {
  try {
    return [{ path, text: readFileSync(path, 'utf8').replaceAll(COMMENT, '') }]
  } catch {
    return []
  }
}

/** Of proxy_pass, without its path, or of a server in an upstream. */
const ADDRESS = /\b(?:proxy_pass\s+https?:\/\/|server\s+)([^\s;/]+)/g

function leadsTo(text: string, port: number): boolean {
  if (!/\bproxy_pass\s/.test(text)) return false
  return text.matchAll(ADDRESS).some(([, address = '']) => address.endsWith(`:${port}`))
}

/** The shortest limit in the files, s; null: they set none. */
function shortest(files: readonly ConfigFile[]): number | null {
  const limits = files.flatMap(({ text }) =>
    [...text.matchAll(READ_TIMEOUT)].map(([, value, unit = 's']) => Number(value) * SECONDS[unit]!),
  )
  return limits.length === 0 ? null : Math.min(...limits)
}
