/**
 * Bun's fetch keeps at most 256 requests in flight in the whole process and lets the rest wait:
 * one droplet that hangs would stop the requests to all others. Only the environment at the
 * start of the process raises that limit. So the service replaces itself with the variable set:
 * the pid stays, and it takes about 10 ms.
 */
import { errorText } from '../errors.ts'
import { execve, type Program } from './execve.ts'

const VARIABLE = 'BUN_CONFIG_MAX_HTTP_REQUESTS'
/** The largest value that Bun takes. */
const MAX_REQUESTS = '65535'

/**
 * Starts this program again with the limit raised. Returns null when the variable is set
 * already, or the reason why it can't be done.
 */
export function raiseFetchLimit({ argv, env }: Program): string | null {
  if (env[VARIABLE] !== undefined) return null
  try {
    execve({ argv, env: { ...env, [VARIABLE]: MAX_REQUESTS } })
    return 'execve failed'
  } catch (error) {
    return errorText(error)
  }
}
