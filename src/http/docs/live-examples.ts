/** The examples of the live routes. */
const time = 1_764_000_000

const tasks = { queued: 3, running: 12, oldest_task_age_seconds: 0.4 }
const droplets = { known: 4, reachable: 3, unreachable: 1 }
const problems = [
  {
    kind: 'circuit',
    severity: 'error',
    message: 'billing is not there, its circuit is open: ECONNREFUSED: connection refused',
    droplet: 'billing',
  },
]

export const overviewExample = {
  time,
  version: '1.1.0',
  node: null,
  access: { name: 'grafana', scopes: ['tasks:read'], droplets: null },
  problems,
  tasks,
  droplets,
  series: {
    interval_seconds: 1,
    time: [time - 2, time - 1],
    ended: [118, 121],
    failed: [0, 2],
    p50_ms: [12.3, 11.8],
    p95_ms: [48, 51],
    p99_ms: [112, 130],
    queued: [3, 4],
    running: [12, 15],
    oldest_task_age_seconds: [null, 0.2],
  },
}

export const liveEventExample = {
  event: 'overview',
  data: {
    time,
    problems,
    tasks,
    droplets,
    point: {
      time: time - 1,
      ended: 121,
      failed: 2,
      p50_ms: 11.8,
      p95_ms: 51,
      p99_ms: 130,
      queued: 4,
      running: 15,
      oldest_task_age_seconds: 0.2,
    },
  },
}
