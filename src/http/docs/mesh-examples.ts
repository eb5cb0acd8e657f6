/** The examples of the mesh's conventions. */
import { capabilitiesView } from '../mesh-views.ts'

const timestamp = '2025-11-24T16:00:00.125000Z'

export const meshHealthExample = {
  status: 'active',
  service: 'orchestrator',
  version: '1.1.0',
  timestamp,
}

export const capabilitiesExample = capabilitiesView()

export const stateExample = {
  cpu_percent: 3.4,
  memory_mb: 118.2,
  uptime_seconds: 3600,
  requests_total: 15_234,
  requests_per_minute: 42,
  errors_last_hour: 0,
  last_restart: timestamp,
}

export const dependenciesExample = {
  required: [{ id: 1, name: 'registry', status: 'connected' }],
  optional: [],
  missing: [],
}

const trace_id = '019abf5e-7a3c-7000-b1d2-3c4f5a6b7c8d'

export const messageExample = {
  trace_id,
  source: 'dashboard',
  target: 'orchestrator',
  message_type: 'event',
  payload: { deployed: 'echo' },
  timestamp,
}

export const receiptExample = {
  received: true,
  trace_id,
  processed_at: timestamp,
  result: 'success',
}

export const sendExample = {
  target: 'echo',
  message_type: 'event',
  payload: { deployed: 'dashboard' },
  priority: 'normal',
  retry_count: 3,
}

export const sentExample = {
  sent: true,
  trace_id,
  target: 'echo',
  timestamp,
  result: receiptExample,
}
