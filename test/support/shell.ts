/** Runs command lines as a reader of our documents types them. */
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runProcess, type Result } from './binary.ts'

/** The commands of a text: lines that end in a backslash go on, comments are none. */
export function commandsOf(text: string): string[] {
  return text
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
}

export interface Shell {
  run(command: string, env?: Record<string, string>): Promise<Result>
}

/**
 * A shell in the directory `cwd`, which looks for programs in `bin` first. On a machine without
 * curl, `curl.ts` replaces it.
 */
export function shellIn(cwd: string, bin: string): Shell {
  const path = process.env.PATH ?? '/usr/bin:/bin'
  if (!Bun.which('curl')) script(bin, 'curl', `exec ${process.execPath} ${CURL} "$@"`)
  return {
    run: (command, env = {}) =>
      runProcess(['/bin/sh', '-c', command], { cwd, env: { PATH: `${bin}:${path}`, ...env } }),
  }
}

const CURL = join(import.meta.dir, 'curl.ts')

/** Puts a program into `bin`. */
export function script(bin: string, name: string, text: string): void {
  const file = join(bin, name)
  writeFileSync(file, `#!/bin/sh\n${text}\n`)
  chmodSync(file, 0o755)
}

/** Why the output of a curl command isn't a success; null when it is. */
export function curlFault({ code, stdout, stderr }: Result): string | null {
  if (code !== 0) return `exit code ${code}: ${stderr}`
  const body = stdout.startsWith('HTTP/') ? stdout.slice(stdout.indexOf('\r\n\r\n') + 4) : stdout
  try {
    const { error } = JSON.parse(body) as { error?: unknown }
    return error === undefined ? null : `an error: ${body}`
  } catch {
    return `not JSON: ${stdout}`
  }
}
