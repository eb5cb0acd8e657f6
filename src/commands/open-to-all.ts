import { isLoopback } from '../access/loopback.ts'
import type { Config } from '../config/config.ts'
import type { Log } from '../log.ts'

/** Warns where others can reach a service that lets everybody in. */
export function warnIfOpenToAll({ access, host }: Pick<Config, 'access' | 'host'>, log: Log): void {
  if (access.tokensFile !== null || isLoopback(host)) return
  log.warning('everybody who reaches this address may use the service', {
    host,
    hint: 'set AUTH_TOKENS_FILE, or HOST=127.0.0.1',
  })
}
