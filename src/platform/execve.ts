import { dlopen, FFIType, ptr } from 'bun:ffi'

/** A program to run: `argv[0]` is the path of its executable. */
export interface Program {
  argv: readonly string[]
  env: Readonly<Record<string, string | undefined>>
}

/** SIGHUP, SIGUSR1 and SIGUSR2, whose default is to end the process. */
const IGNORED_SIGNALS = [1, 10, 12]
const SIG_IGN = 1

/**
 * execve(2): replaces this process by the program; the pid stays. It ignores signals that would
 * end it until it has handlers for them: over execve, an ignored signal stays ignored, and one with
 * a handler gets its default again. Returns or throws only when execve fails.
 */
export function execve({ argv, env }: Program): void {
  const libc = dlopen('libc.so.6', {
    execve: { args: [FFIType.ptr, FFIType.ptr, FFIType.ptr], returns: FFIType.i32 },
    signal: { args: [FFIType.i32, FFIType.u64], returns: FFIType.u64 },
  })
  const kept: Buffer[] = []
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  const path = cString(argv[0]!, kept)
  for (const signal of IGNORED_SIGNALS) libc.symbols.signal(signal, SIG_IGN)
  libc.symbols.execve(path, cStrings(argv, kept), cStrings(variables, kept))
}

/** A pointer to the text, which `kept` protects from the garbage collector. */
function cString(text: string, kept: Buffer[]) {
  const bytes = Buffer.from(`${text}\0`)
  kept.push(bytes)
  return ptr(bytes)
}

/** A pointer to a null-terminated array of pointers to the texts. */
function cStrings(texts: readonly string[], kept: Buffer[]) {
  const pointers = new BigUint64Array(texts.length + 1)
  texts.forEach((text, index) => (pointers[index] = BigInt(cString(text, kept))))
  kept.push(Buffer.from(pointers.buffer))
  return ptr(pointers)
}
