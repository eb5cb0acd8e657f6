/**
 * Bun takes some of its limits from the environment at the start of the process, and from nowhere
 * else. So the service replaces itself with these variables set: the pid stays, and it takes
 * about 10 ms.
 */
import { errorText } from '../errors.ts'
import { execve, type Program } from './execve.ts'

const LIMITS = {
  // fetch keeps at most 256 requests in flight in the whole process and lets the rest wait: one
  // droplet that hangs would stop the requests to all others. This is the largest value it takes.
  BUN_CONFIG_MAX_HTTP_REQUESTS: '65535',
  // Look-ups of names, reading of files and decompression share as many threads as there are
  // cores: a few names whose servers hang would stop all of them.
  UV_THREADPOOL_SIZE: '16',
}

/**
 * Starts this program again with the limits raised; an operator's own values stay. Returns null
 * when all are set already, or the reason why it can't be done.
 */
export function restartWithLimits({ argv, env }: Program): string | null {
  const missing = Object.entries(LIMITS).filter(([name]) => env[name] === undefined)
  if (missing.length === 0) return null
  try {
    execve({ argv, env: { ...env, ...Object.fromEntries(missing) } })
    return 'execve failed'
  } catch (error) {
    return errorText(error)
  }
}
