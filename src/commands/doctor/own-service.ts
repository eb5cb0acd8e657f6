import { Type } from 'typebox'
import { Value } from 'typebox/value'
import type { Config } from '../../config/config.ts'
import { ownFetch } from '../../platform/fetch.ts'
import type { Clock } from '../../ports.ts'
import { exchange, type RegistryClientOptions } from '../../registry/client.ts'
import { SERVICE } from '../../version.ts'
import { reachable } from '../health.ts'

const LIMIT_MS = 2000

/** Who answers where the service of these settings listens. */
export type OwnService =
  | {
      readonly kind: 'running'
      readonly url: string
      readonly version: string
      readonly checks: Readonly<Record<string, ReadyCheck>>
    }
  /** Something else; `answer`: what it said. */
  | { readonly kind: 'another'; readonly url: string; readonly answer: string }
  | { readonly kind: 'nobody'; readonly url: string; readonly error: string }
  /** PORT=0: nobody knows where. */
  | { readonly kind: 'unknown' }

export const Health = Type.Object({ service: Type.Literal(SERVICE), version: Type.String() })

const ReadyCheck = Type.Object({
  ok: Type.Boolean(),
  reason: Type.Union([Type.String(), Type.Null()]),
})
export type ReadyCheck = typeof ReadyCheck.static
const Readiness = Type.Object({ checks: Type.Record(Type.String(), ReadyCheck) })

/** Never rejects. */
export async function askOwnService(
  config: Config,
  clock: Clock,
  stop: AbortSignal,
): Promise<OwnService> {
  if (config.port === 0) return { kind: 'unknown' }
  const scheme = config.tls.certFile === null ? 'http' : 'https'
  const url = `${scheme}://${reachable(config.host)}:${config.port}`
  const service: RegistryClientOptions = { url, clock, fetch: ownFetch, timeoutMs: LIMIT_MS, stop }
  const health = await exchange(service, 'GET', '/orchestrator/health')
  if (!health.ok) return { kind: 'nobody', url, error: health.error }
  const { status, json } = health.value
  if (!Value.Check(Health, json)) return { kind: 'another', url, answer: `it answers ${status}` }
  const ready = await exchange(service, 'GET', '/orchestrator/ready')
  const checks = ready.ok && Value.Check(Readiness, ready.value.json) ? ready.value.json.checks : {}
  return { kind: 'running', url, version: json.version, checks }
}
