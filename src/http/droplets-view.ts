/** The reply of `GET /orchestrator/droplets`. */
import { SLICE, type Droplet } from '../droplets/droplet.ts'
import { jsonArray } from '../droplets/json-array.ts'
import type { Engine } from '../engine.ts'
import { nextTurn } from '../platform/turns.ts'
import type { Clock } from '../ports.ts'
import { failureText } from '../telemetry/problems.ts'
import { JSON_TYPE } from './base.ts'
import { seconds, secondsOrNull } from './seconds.ts'

export type Mesh = Pick<Engine, 'registry' | 'health' | 'gate' | 'latencies'>

/** A long list goes out in slices, each made in a turn of its own when the caller takes it. */
export function dropletsReply(
  mesh: Mesh,
  droplets: readonly Droplet[],
  withRecent: boolean,
  clock: Pick<Clock, 'soon'>,
): object | Response {
  if (droplets.length <= SLICE)
    return { droplets: droplets.map(dropletView(mesh, withRecent)), ...aboutList(mesh) }
  const pieces = jsonPieces(mesh, droplets, withRecent)
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = pieces.next()
      if (done) controller.close()
      else controller.enqueue(encoder.encode(value))
      await nextTurn(clock)
    },
  })
  return new Response(body, { headers: { 'content-type': JSON_TYPE } })
}

export function* jsonPieces(
  mesh: Mesh,
  droplets: readonly Droplet[],
  withRecent = false,
): Generator<string, void> {
  const rest = JSON.stringify(aboutList(mesh)).slice(1)
  yield '{"droplets":'
  yield* jsonArray(droplets, dropletView(mesh, withRecent))
  yield `,${rest}`
}

function aboutList({ registry }: Mesh) {
  return {
    cache_status: registry.cacheStatus(),
    cache_age_seconds: registry.cacheAgeSeconds(),
    served_from: registry.servedFrom(),
  }
}

/** `withRecent`: with how fast it has answered lately. */
export function dropletView({ health, gate, latencies }: Mesh, withRecent: boolean) {
  return (droplet: Droplet) => {
    const { reachable, lastProbe, latencyMs, lastFailure } = health.of(droplet.name)
    const { circuit, inFlight, waiting } = gate.of(droplet.name)
    return {
      id: droplet.id,
      name: droplet.name,
      url: droplet.url,
      endpoint: droplet.url,
      version: droplet.version,
      status: droplet.status,
      reachable,
      last_probe: secondsOrNull(lastProbe),
      latency_ms: latencyMs,
      circuit,
      in_flight: inFlight,
      waiting,
      last_error: lastFailure && failureText(lastFailure),
      last_error_at: lastFailure && seconds(lastFailure.at),
      ...(withRecent ? { recent_latency_ms: latencies.of(droplet.name) } : {}),
    }
  }
}
