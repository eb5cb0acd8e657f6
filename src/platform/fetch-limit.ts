/**
 * Bun's fetch keeps at most 256 requests in flight in the whole process and lets the rest wait:
 * one droplet that hangs would starve all. Only the environment at the start of the process
 * raises that, so the service replaces itself, same pid, with the variable set; about 10 ms.
 */
import { dlopen, FFIType, ptr } from 'bun:ffi'
import type { Environment } from '../config/config.ts'

const VARIABLE = 'BUN_CONFIG_MAX_HTTP_REQUESTS'
// The most that Bun takes.
const MOST = '65535'

/** The words that start this very program: `argv[0]` is the executable's path. */
export interface Program {
  argv: readonly string[]
  env: Environment
}

/**
 * Starts the program anew with room for enough requests. Returns when that is not needed; or
 * not possible, and then with the reason.
 */
export function raiseFetchLimit({ argv, env }: Program): string | null {
  if (env[VARIABLE] !== undefined) return null
  const variables = Object.entries({ ...env, [VARIABLE]: MOST }).map(
    ([name, value]) => `${name}=${value}`,
  )
  try {
    const libc = dlopen('libc.so.6', {
      execve: { args: [FFIType.ptr, FFIType.ptr, FFIType.ptr], returns: FFIType.i32 },
    })
    const kept: Buffer[] = []
    const path = cString(argv[0]!, kept)
    libc.symbols.execve(path, cStrings(argv, kept), cStrings(variables, kept))
    return 'execve failed'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function cString(text: string, kept: Buffer[]) {
  const bytes = Buffer.from(`${text}\0`)
  kept.push(bytes)
  return ptr(bytes)
}

/** A null-terminated array of pointers. `kept` keeps what they point to from the collector. */
function cStrings(texts: readonly string[], kept: Buffer[]) {
  const pointers = new BigUint64Array(texts.length + 1)
  texts.forEach((text, index) => (pointers[index] = BigInt(cString(text, kept))))
  kept.push(Buffer.from(pointers.buffer))
  return ptr(pointers)
}
