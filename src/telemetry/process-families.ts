/** What a scrape tells of the process, and of the requests to it. */
import type { ProcessUsage } from '../ports.ts'
import { VERSION } from '../version.ts'
import { counter, gauge, histogramSamples, type Family } from './family.ts'
import type { RequestDurations } from './request-durations.ts'

export interface ProcessSources {
  readonly requests: RequestDurations
  /** null where it is not known. */
  readonly usage: (() => ProcessUsage) | null
}

/** `lagMs`: how long the last turn of the event loop took. */
export function processFamilies({ requests, usage }: ProcessSources, lagMs: number): Family[] {
  const lag = gauge(
    'orchestrator_event_loop_lag_seconds',
    'How long other work held up the event loop at the scrape',
    lagMs / 1000,
  )
  return [requestFamily(requests), buildFamily(), lag, ...(usage ? usageFamilies(usage()) : [])]
}

function requestFamily(requests: RequestDurations): Family {
  const name = 'http_server_request_duration_seconds'
  return {
    ...{ name, type: 'histogram', help: 'How long requests to this service took' },
    *samples() {
      for (const { method, route, status, histogram } of requests.all()) {
        const labels = {
          http_request_method: method,
          http_route: route,
          http_response_status_code: String(status),
        }
        yield* histogramSamples(name, labels, histogram)
      }
    },
  }
}

function buildFamily(): Family {
  const labels = { version: VERSION, bun_version: Bun.version }
  return {
    name: 'orchestrator_build_info',
    type: 'gauge',
    help: 'Always 1; its labels say what runs',
    samples: () => [{ labels, value: 1 }],
  }
}

function usageFamilies({ cpuMs, memoryBytes, startedAt }: ProcessUsage): Family[] {
  return [
    counter('process_cpu_seconds_total', 'Processor time that the process has used', cpuMs / 1000),
    gauge('process_resident_memory_bytes', 'Resident memory', memoryBytes),
    gauge('process_start_time_seconds', 'When the process started, in Unix time', startedAt / 1000),
  ]
}
