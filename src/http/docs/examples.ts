/** One mesh, seen through every route: the examples of the OpenAPI document. */
const task_id = '019abf5e-7a3c-7000-b1d2-3c4f5a6b7c8d'

export const submitExample = {
  droplet_name: 'echo',
  method: 'POST',
  path: '/greet?lang=en',
  payload: { hello: 'world' },
  meta: { requested_by: 'docs' },
}

export const replayExample = { headers: { authorization: 'Bearer a-new-token' } }

export const outcomeExample = {
  task_id,
  status: 'success',
  target_url: 'http://localhost:9001/greet?lang=en',
  response_status: 200,
  response_body: { method: 'POST', path: '/greet', body: { hello: 'world' } },
  retry_count: 0,
  duration_ms: 4,
}

export const acceptedExample = {
  task_id,
  status: 'queued',
  location: `/orchestrator/tasks/${task_id}`,
}

export const summaryExample = {
  id: task_id,
  droplet_name: 'echo',
  method: 'POST',
  target_url: 'http://localhost:9001/greet?lang=en',
  status: 'success',
  response_status: 200,
  retry_count: 0,
  created_at: 1764000000.125,
  completed_at: 1764000000.129,
  duration_ms: 4,
  error_message: null,
}

export const taskExample = {
  ...summaryExample,
  request_id: '019abf5e-7a3b-7000-8f4e-0d1c2b3a4958',
  trace_id: task_id.replaceAll('-', ''),
  mode: 'sync',
  path: submitExample.path,
  headers: { 'accept-language': 'en' },
  secret_headers: ['authorization'],
  timeout_ms: 30_000,
  deadline_ms: null,
  max_retries: 3,
  due_at: null,
  replay_of: null,
  attempts: [
    {
      attempt: 1,
      started_at: 1764000000.125,
      duration_ms: 4,
      response_status: 200,
      error: null,
    },
  ],
  response_body: outcomeExample.response_body,
  payload: submitExample.payload,
  meta: submitExample.meta,
}

export const cancelledExample = {
  ...taskExample,
  status: 'cancelled',
  response_status: null,
  response_body: null,
  attempts: [],
  error_message: 'cancelled',
}

export const pageExample = {
  tasks: [{ ...summaryExample, target_url: 'http://localhost:9001/greet?lang=REDACTED' }],
  total: 1,
  limit: 100,
  next_cursor: null,
}

export const dropletsExample = {
  droplets: [
    {
      id: 1,
      name: 'echo',
      url: 'http://localhost:9001',
      endpoint: 'http://localhost:9001',
      version: '1.1.0',
      status: 'active',
      reachable: true,
      last_probe: 1764000000.5,
      latency_ms: 2,
      circuit: 'closed',
      in_flight: 3,
      waiting: 0,
      last_error: null,
      last_error_at: null,
    },
  ],
  cache_status: 'active',
  cache_age_seconds: 12,
  served_from: 'registry',
}

export const healthExample = { status: 'ok', service: 'orchestrator', version: '1.1.0' }

const fine = { ok: true, reason: null }
export const readyExample = {
  status: 'ready',
  service: 'orchestrator',
  checks: { registry: fine, store: fine, lifecycle: fine },
}
export const notReadyExample = {
  status: 'not_ready',
  service: 'orchestrator',
  checks: {
    registry: {
      ok: false,
      reason: 'there is no usable list of droplets (http://localhost:8000: it answered 502)',
    },
    store: fine,
    lifecycle: fine,
  },
}

export const infoExample = {
  id: 3,
  name: 'orchestrator',
  version: '1.1.0',
  registry_url: 'http://localhost:8000',
  registered: true,
  last_registry_sync: 1764000000.1,
  cache_status: 'active',
  cache_age_seconds: 12,
  uptime_seconds: 3600,
  bun_version: '1.4.5',
  node: 'web-1:8001',
  nodes: [
    {
      name: 'web-1:8001',
      version: '1.1.0',
      started_at: 1764000000.1,
      seen_seconds_ago: 3.2,
      self: true,
    },
    {
      name: 'web-2:8001',
      version: '1.1.0',
      started_at: 1764000009.4,
      seen_seconds_ago: 8.9,
      self: false,
    },
  ],
}

export const metricsExample = {
  service: 'orchestrator',
  version: '1.1.0',
  uptime_seconds: 3600,
  tasks: {
    total: 250,
    success: 238,
    error: 8,
    timeout: 4,
    cancelled: 0,
    queued: 0,
    running: 2,
    success_rate_percent: 95.2,
    avg_response_time_ms: 234.1,
    p50_response_time_ms: 41,
    p95_response_time_ms: 1200,
    p99_response_time_ms: 4503,
  },
  retry: { total_retries: 12, retry_success_count: 8, retry_final_fail_count: 4 },
  registry: {
    syncs_total: 145,
    syncs_success: 143,
    syncs_error: 2,
    last_sync: 1764000000.1,
    last_sync_duration_ms: 45,
    cache_age_seconds: 12,
    cache_status: 'active',
  },
  gate: { circuits_open: 0, refused_overloaded: 0, refused_circuit_open: 0 },
  store: { commits: 402, writes: 512, failures: 0, writable: true },
  droplets_known: 5,
  droplets_reachable: 5,
}
