import { Value } from 'typebox/value'
import type { Config } from '../../config/config.ts'
import { waitBefore } from '../../delivery/backoff.ts'
import { AllowList } from '../../droplets/allow-list.ts'
import { dialOnly } from '../../droplets/dial.ts'
import type { Fetch } from '../../ports.ts'
import { exchange } from '../../registry/client.ts'
import { isOnThisHost } from '../../registry/public-url.ts'
import type { Check } from './check.ts'
import { failure, ok, warning, type Finding } from './finding.ts'
import { nginxFinding } from './nginx.ts'
import { Health, type OwnService } from './own-service.ts'
import type { DoctorWorld } from './world.ts'

export const PROXY: Check = { name: 'proxy', group: 'service', run: lookAtProxy }

const LIMIT_MS = 5000
const NGINX_FOLDER = '/etc/nginx'

/** How long a proxy in front must wait for an answer, and what can be known of one. */
async function lookAtProxy(world: DoctorWorld): Promise<Finding[]> {
  const { config } = world
  const seconds = Math.ceil(worstCaseMs(config) / 1000)
  const nginx = nginxFinding(NGINX_FOLDER, config.port, seconds)
  const own = await world.ownService()
  const outside = own.kind === 'running' ? await lookFromOutside(world, own, seconds) : []
  const findings = [...(nginx ? [nginx] : []), ...outside]
  if (findings.length > 0) return findings
  return [ok(`a synchronous task takes up to ${seconds} s: a proxy in front must wait longer`)]
}

/** Of a synchronous task with the defaults: its attempts, and the waits between them. */
export function worstCaseMs({ task }: Pick<Config, 'task'>): number {
  const waits = Array.from({ length: task.maxRetries }, (_, retry) => waitBefore(retry))
  return waits.reduce((sum, ms) => sum + ms, task.timeoutMs * (task.maxRetries + 1))
}

type Running = Extract<OwnService, { kind: 'running' }>

/** Asks for our own health at PUBLIC_URL. */
async function lookFromOutside(
  world: DoctorWorld,
  { version }: Running,
  seconds: number,
): Promise<Finding[]> {
  const { publicUrl: url } = world.config
  if (url === null || isOnThisHost(url)) return []
  let headers = new Headers()
  const dial = dialOnly(new AllowList([], url), world)
  const fetch: Fetch = async (target, init) => {
    const response = await dial(target, init)
    headers = response.headers
    return response
  }
  const { clock, stop } = world
  const client = { url, clock, fetch, timeoutMs: LIMIT_MS, stop }
  const health = await exchange(client, 'GET', '/orchestrator/health')
  if (!health.ok) {
    const advice = 'see from another machine: this one may not reach itself under that name'
    return [warning(`PUBLIC_URL=${url}: ${health.error}`, advice)]
  }
  const { status, json } = health.value
  if (!Value.Check(Health, json)) {
    const found = `PUBLIC_URL=${url} leads to something else (it answers ${status})`
    return [failure(found, 'mend PUBLIC_URL, or the proxy there')]
  }
  if (json.version !== version) {
    const found = `PUBLIC_URL=${url} leads to another Orchestrator, of version ${json.version}`
    return [warning(found, 'mend PUBLIC_URL, or the proxy there')]
  }
  return [throughProxy(url, headers, seconds)]
}

/** We send neither header. */
function throughProxy(url: string, headers: Headers, seconds: number): Finding {
  const proxy = headers.get('via') ?? headers.get('server')
  return proxy === null
    ? ok(`PUBLIC_URL=${url} leads here; no proxy shows itself`)
    : ok(`PUBLIC_URL=${url} leads here through ${proxy}, which must wait ${seconds} s or longer`)
}
